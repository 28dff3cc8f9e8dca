//! Points of load tests beside the recorded past of a service whose truth is known.

use anyhow::{Context as _, Result, ensure};
use model::Span;
use plan::{
    Deployment, KnownLimit, LimitPast, LineOptions, ReleaseCost, ServicePast, TestedPoints,
    Unknown, load_line,
};
use testkit::planted::{DAYS, Planted, RELEASE_DAY};

use crate::line::{NOW, confidence, service};

/// What is known of one limit alone, with what a test showed of it.
fn ask(
    planted: &Planted,
    name: &str,
    tested: Option<&TestedPoints>,
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
        tested: None,
        deployments,
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
        cost: None,
    }
}

#[test]
fn points_of_a_test_turn_a_guess_into_a_line() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let alone = ask(&planted, "memory", None, &[])??;
    let beside = ask(&planted, "memory", Some(&memory(1.0)), &[])??;
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
    let alone = ask(&planted, "memory", None, &[])??;
    for times in [1_048_576.0, 2.0, 0.4] {
        let told = ask(&planted, "memory", Some(&memory(times)), &[])??;
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
    ensure!(ask(&planted, "memory", None, &[])?.is_err());
    let told = ask(&planted, "memory", Some(&memory(1.0)), &[])??;
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
        cost: None,
    };
    let deployed = [Deployment { at: released, name: "4.2".into() }];
    let old = cpu(released - Span::days(2));
    let told = ask(&planted, "cpu", Some(&old), &deployed)??;
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
    let alone = ask(&planted, "memory", None, &other)??;
    let told = ask(&planted, "memory", Some(&dearer(1.12)), &other)??;
    let announced = told.announced.as_ref().context("it is announced")?;
    ensure!(announced.since.is_none() && announced.release.as_deref() == Some("4.3"));
    ensure!(told.points_tested.is_empty() && told.line == alone.line, "{:?}", told.line);
    Ok(())
}

#[test]
fn a_dearer_release_counts_from_the_hour_it_came_out_until_production_says_itself() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let out = |ago: Span| [Deployment { at: NOW - ago, name: "shop v4.3".into() }];
    let told = ask(&planted, "memory", Some(&dearer(1.12)), &out(Span::hours(3)))??;
    let change = told.change.as_ref().context("a change of cost")?;
    ensure!(change.tested && change.since == NOW - Span::hours(3), "{change:?}");
    ensure!((change.times - 1.12).abs() < 1e-9 && told.points_tested.len() == 14, "{change:?}");
    // 80 % of 8,192 is 6,553.6; a twelve percent dearer 2,000 + 3 x reaches it at 1,284.
    ensure!((line_of(&told)? / 1_283.8 - 1.0).abs() < 0.03, "{:?}", told.line);
    // Ten days on nothing of it is to be seen: the test was wrong of production, and production counts.
    let told = ask(&planted, "memory", Some(&dearer(1.12)), &out(Span::days(10)))??;
    ensure!(told.announced.is_none() && told.change.is_none(), "{:?}", told.change);
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
        cost: Some(ReleaseCost { times: 1.25, between: (1.2, 1.3) }),
    };
    let told = ask(&planted, "cpu", Some(&tested), &deployed)??;
    ensure!(told.points_tested.len() == 20 && told.announced.is_none(), "{:?}", told.change);
    ensure!(told.change.as_ref().is_some_and(|change| !change.tested), "{:?}", told.change);
    ensure!((line_of(&told)? / 1_090.9 - 1.0).abs() < 0.03, "{:?}", told.line);
    Ok(())
}
