//! Points of load tests beside the recorded past of a service whose truth is known.

use anyhow::{Context as _, Result, ensure};
use model::Span;
use plan::{
    Deployment, KnownLimit, LimitPast, LineOptions, ReleaseCost, ServicePast, Tested, TestedPoints,
    Unknown, load_line, say_line,
};
use testkit::planted::{DAYS, Planted, RELEASE_DAY};

use crate::line::{NOW, confidence, service};

/// What is known of one limit alone, with what a test showed of it.
fn ask(
    planted: &Planted,
    name: &str,
    tested: &[TestedPoints],
    deployments: &[Deployment],
) -> Result<Result<KnownLimit, Unknown>> {
    let service = service()?;
    let at = service.limits.iter().position(|own| own.name == name).context("the limit")?;
    let (_, limit, used) = &planted.used[at];
    let declared = &service.limits[at];
    let past = ServicePast {
        times: &planted.times,
        load: &planted.load,
        replicas: None,
        zones: None,
        limits: vec![LimitPast { declared, used, limit: *limit, copies: None, tested }],
        tested: &[],
        deployments,
        zone: None,
        currency: "",
    };
    let line = load_line(&past, LineOptions { confidence: confidence(), seed: 1 });
    Ok(line.limits.into_iter().next().context("a limit")?.known)
}

/// What a test of memory shows, which is 2,000 and 3 for each request, `times` as much of it.
fn memory(times: f64) -> TestedPoints {
    let loads = (1..=14).map(|at| f64::from(at) * 100.0);
    TestedPoints {
        at: NOW - Span::days(1),
        points: loads.map(|load| (load, times * (2_000.0 + 3.0 * load))).collect(),
        run: Some("5f-1".into()),
        release: None,
        before: None,
        cost: None,
    }
}

#[test]
fn points_of_a_test_turn_a_guess_into_a_line() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let alone = ask(&planted, "memory", &[], &[])??;
    let beside = ask(&planted, "memory", &[memory(1.0)], &[])??;
    ensure!(alone.guess && !beside.guess, "1,518 was never near, and 1,400 was tested");
    ensure!(beside.points_tested.len() == 14 && beside.tested_apart.is_none());
    let by = beside.tested_by.as_ref().context("whose they are")?;
    ensure!(by.run.as_deref() == Some("5f-1") && by.at == NOW - Span::days(1), "{by:?}");
    let wide = |known: &KnownLimit| known.line.map_or(f64::INFINITY, |line| line.high - line.low);
    ensure!(wide(&beside) < 0.7 * wide(&alone), "{:?} {:?}", beside.line, alone.line);
    let line = beside.line.context("a line")?;
    ensure!((line.mid / 1_517.9 - 1.0).abs() < 0.02, "{line:?}");
    Ok(())
}

#[test]
fn points_of_another_system_or_unit_do_not_count_and_that_is_told() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let alone = ask(&planted, "memory", &[], &[])??;
    for times in [1_048_576.0, 2.0, 0.4] {
        let told = ask(&planted, "memory", &[memory(times)], &[])??;
        ensure!(told.points_tested.is_empty() && told.line == alone.line, "{times}");
        let apart = told.tested_apart.context("they are apart")?;
        ensure!((apart / times - 1.0).abs() < 0.1, "{apart} for {times}");
    }
    Ok(())
}

#[test]
fn a_test_tells_of_a_load_that_never_moved() -> Result<()> {
    let mut planted = Planted::until(NOW, 1);
    planted.load.fill(300.0);
    ensure!(ask(&planted, "memory", &[], &[])?.is_err());
    let told = ask(&planted, "memory", &[memory(1.0)], &[])??;
    let line = told.line.context("a line")?;
    ensure!((line.mid / 1_517.9 - 1.0).abs() < 0.02 && told.points.is_empty(), "{line:?}");
    Ok(())
}

#[test]
fn a_test_from_before_a_request_became_dearer_says_nothing_of_now() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let released = NOW - Span::days(DAYS - RELEASE_DAY);
    let cpu = |at| TestedPoints {
        at,
        points: (1..=20).map(|at| f64::from(at) * 50.0).map(|x| (x, 0.05 + 0.000_55 * x)).collect(),
        run: None,
        release: None,
        before: None,
        cost: None,
    };
    let deployed = [Deployment { at: released, name: "4.2".into() }];
    let old = cpu(released - Span::days(2));
    let told = ask(&planted, "cpu", &[old], &deployed)??;
    ensure!(told.points_tested.is_empty() && told.tested_apart.is_none());
    let line = told.line.context("a line")?;
    ensure!((line.mid / 1_090.9 - 1.0).abs() < 0.08, "{line:?}");
    Ok(())
}

/// A test of release 4.3, which takes so many times as much memory as what runs.
fn dearer(times: f64) -> TestedPoints {
    let cost = ReleaseCost { times, between: (times - 0.02, times + 0.02) };
    TestedPoints { release: Some("4.3".into()), cost: Some(cost), ..memory(times) }
}

fn line_of(known: &KnownLimit) -> Result<f64> {
    Ok(known.line.context("a line")?.mid)
}

#[test]
fn a_dearer_release_that_is_not_out_is_announced_and_does_not_move_the_line() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let other = [Deployment { at: NOW - Span::days(20), name: "4.2".into() }];
    let alone = ask(&planted, "memory", &[], &other)??;
    let told = ask(&planted, "memory", &[dearer(1.12)], &other)??;
    let announced = told.announced.first().context("it is announced")?;
    ensure!(announced.since.is_none() && announced.release.as_deref() == Some("4.3"));
    ensure!(told.points_tested.is_empty() && told.line == alone.line, "{:?}", told.line);
    Ok(())
}

#[test]
fn a_dearer_release_counts_from_the_hour_it_came_out_until_production_says_itself() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let out = |ago: Span| [Deployment { at: NOW - ago, name: "shop v4.3".into() }];
    let told = ask(&planted, "memory", &[dearer(1.12)], &out(Span::hours(3)))??;
    let change = told.change.as_ref().context("a change of cost")?;
    ensure!(change.tested && change.since == NOW - Span::hours(3), "{change:?}");
    ensure!((change.times - 1.12).abs() < 1e-9 && told.points_tested.len() == 14, "{change:?}");
    // 80 % of 8,192 is 6,553.6; a twelve percent dearer 2,000 + 3 x reaches it at 1,284.
    ensure!((line_of(&told)? / 1_283.8 - 1.0).abs() < 0.03, "{:?}", told.line);
    // Ten days on nothing of it is to be seen: the test was wrong of production, and production counts.
    let told = ask(&planted, "memory", &[dearer(1.12)], &out(Span::days(10)))??;
    ensure!(told.announced.is_empty() && told.change.is_none(), "{:?}", told.change);
    Ok(())
}

#[test]
fn a_test_of_the_release_that_then_came_out_is_of_what_runs() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let released = NOW - Span::days(DAYS - RELEASE_DAY);
    let deployed = [Deployment { at: released, name: "release 4.2".into() }];
    let points = (1..=20).map(|at| f64::from(at) * 70.0);
    let tested = TestedPoints {
        at: released - Span::days(2),
        points: points.map(|x| (x, 0.05 + 1.25 * 0.000_55 * x)).collect(),
        run: None,
        release: Some("4.2".into()),
        before: None,
        cost: Some(ReleaseCost { times: 1.25, between: (1.2, 1.3) }),
    };
    let told = ask(&planted, "cpu", &[tested], &deployed)??;
    ensure!(told.points_tested.len() == 20 && told.announced.is_empty(), "{:?}", told.change);
    ensure!(told.change.as_ref().is_some_and(|change| !change.tested), "{:?}", told.change);
    ensure!((line_of(&told)? / 1_090.9 - 1.0).abs() < 0.03, "{:?}", told.line);
    Ok(())
}

/// A test of release 4.4, a tenth dearer than 4.3, which is a tenth dearer than what ran before; and that of 4.3.
fn in_a_row(before: Option<&str>) -> [TestedPoints; 2] {
    let cost = ReleaseCost { times: 1.1, between: (1.08, 1.12) };
    let first = TestedPoints {
        at: NOW - Span::days(2),
        cost: Some(cost),
        release: Some("4.3".into()),
        ..memory(1.1)
    };
    let before = before.map(str::to_owned);
    let second = TestedPoints { release: Some("4.4".into()), before, ..memory(1.21) };
    [TestedPoints { cost: Some(cost), ..second }, first]
}

fn out(hours: i64, name: &str) -> Deployment {
    Deployment { at: NOW - Span::hours(hours), name: name.into() }
}

#[test]
fn what_two_releases_in_a_row_take_adds_up_where_the_second_was_measured_against_the_first()
-> Result<()> {
    let planted = Planted::until(NOW, 1);
    // 80 % of 8,192 is 6,553.6; 1.21 (2,000 + 3 x) reaches it at 1,138.7.
    for (before, first_out) in [(Some("v4.3"), 10), (None, 26)] {
        let deployed = [out(first_out, "shop v4.3"), out(3, "shop v4.4")];
        let told = ask(&planted, "memory", &in_a_row(before), &deployed)??;
        ensure!((line_of(&told)? / 1_138.7 - 1.0).abs() < 0.03, "{before:?}: {:?}", told.line);
        let since: Vec<_> = told.announced.iter().map(|own| own.since).collect();
        ensure!(since == deployed.map(|own| Some(own.at)), "{:?}", told.announced);
        let change = told.change.context("a change of cost")?;
        ensure!(change.since == NOW - Span::hours(3) && (change.times - 1.1).abs() < 1e-9);
        ensure!(told.points_tested.len() == 14, "those of 4.4");
    }
    // Nothing was deployed between the two: all of it came with the second.
    let told = ask(&planted, "memory", &in_a_row(Some("4.3")), &[out(3, "v4.4")])??;
    ensure!((line_of(&told)? / 1_138.7 - 1.0).abs() < 0.03, "{:?}", told.line);
    ensure!(told.change.is_some_and(|change| (change.times - 1.21).abs() < 1e-9));
    Ok(())
}

#[test]
fn releases_that_were_measured_against_the_same_do_not_add_up() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let [mut second, mut first] = in_a_row(Some("4.2"));
    (first.before, second.points) = (Some("4.2".into()), memory(1.1).points);
    let told = ask(&planted, "memory", &[second, first], &[out(10, "v4.3"), out(3, "v4.4")])??;
    // 1.1 (2,000 + 3 x) reaches 6,553.6 at 1,319.3.
    ensure!((line_of(&told)? / 1_319.3 - 1.0).abs() < 0.03, "{:?}", told.line);
    ensure!(told.announced.len() == 1, "{:?}", told.announced);
    Ok(())
}

#[test]
fn a_release_that_is_out_counts_though_the_next_one_was_tested_and_is_not() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let told = ask(&planted, "memory", &in_a_row(Some("4.3")), &[out(3, "v4.3")])??;
    ensure!((line_of(&told)? / 1_319.3 - 1.0).abs() < 0.03, "{:?}", told.line);
    let since: Vec<_> = told.announced.iter().map(|own| own.since.is_some()).collect();
    ensure!(since == [true, false], "{:?}", told.announced);
    let by = told.tested_by.and_then(|by| by.release);
    ensure!(by.as_deref() == Some("4.3") && told.points_tested.len() == 14, "{by:?}");
    Ok(())
}

/// A search that bore 300 and gave way at 340, of a release.
fn search(release: Option<&str>) -> Tested {
    Tested {
        at: NOW - Span::days(1),
        name: "checkout".into(),
        run: None,
        release: release.map(str::to_owned),
        holds: Some(300.0),
        breaks: Some(340.0),
        limit: None,
        steps: Vec::new(),
    }
}

#[test]
fn a_search_of_a_release_bounds_the_line_from_when_that_is_out() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let service = service()?;
    let line = |tested: &[Tested], deployments: &[Deployment]| {
        let limits = service.limits.iter().zip(&planted.used);
        let limits = limits.map(|(declared, (_, limit, used))| LimitPast {
            declared,
            used,
            limit: *limit,
            copies: None,
            tested: &[],
        });
        let past = ServicePast {
            times: &planted.times,
            load: &planted.load,
            replicas: None,
            zones: None,
            limits: limits.collect(),
            tested,
            deployments,
            zone: None,
            currency: "",
        };
        load_line(&past, LineOptions { confidence: confidence(), seed: 1 })
    };
    let (ahead, unnamed) = (search(Some("4.3")), search(None));
    let alone = line(&[], &[]);
    let others = [out(20, "v4.2")];
    let told = line(std::slice::from_ref(&ahead), &others);
    ensure!(told.line == alone.line && !told.by_test && told.tested.is_none());
    ensure!(told.tested_ahead.as_ref() == Some(&ahead));
    let text = say_line(&service, &told, None, "90 %", NOW);
    ensure!(text.contains("release 4.3, tested on") && text.contains("bears 300"), "{text}");
    // It is out; or nobody tells what comes out.
    for deployments in [&[out(20, "v4.2"), out(2, "shop v4.3")][..], &[]] {
        let told = line(std::slice::from_ref(&ahead), deployments);
        ensure!(told.by_test && told.tested_ahead.is_none(), "{:?}", told.line);
    }
    // An older search without a release is of what runs, and goes on counting.
    let told = line(&[ahead, unnamed.clone()], &others);
    ensure!(told.by_test && told.tested.as_ref() == Some(&unnamed), "{:?}", told.tested);
    ensure!(told.tested_ahead.is_some());
    Ok(())
}

#[test]
fn a_search_of_the_release_that_made_a_request_dearer_is_not_outdated_by_it() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let released = NOW - Span::days(DAYS - RELEASE_DAY);
    let service = service()?;
    let limits = service.limits.iter().zip(&planted.used);
    let limits = limits.map(|(declared, (_, limit, used))| LimitPast {
        declared,
        used,
        limit: *limit,
        copies: None,
        tested: &[],
    });
    let search = Tested { at: released - Span::days(2), ..search(Some("4.2")) };
    let past = ServicePast {
        times: &planted.times,
        load: &planted.load,
        replicas: None,
        zones: None,
        limits: limits.collect(),
        tested: &[search],
        deployments: &[Deployment { at: released, name: "release 4.2".into() }],
        zone: None,
        currency: "",
    };
    let told = load_line(&past, LineOptions { confidence: confidence(), seed: 1 });
    ensure!(told.by_test && !told.tested_stale, "{:?}", told.line);
    Ok(())
}
