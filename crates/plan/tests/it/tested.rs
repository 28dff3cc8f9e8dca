//! Points of load tests beside the recorded past of a service whose truth is known.

use anyhow::{Context as _, Result, ensure};
use model::Span;
use plan::{
    Deployment, KnownLimit, LimitPast, LineOptions, ServicePast, TestedPoints, Unknown, load_line,
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
    }
}

#[test]
fn points_of_a_test_turn_a_guess_into_a_line() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let alone = ask(&planted, "memory", None, &[])??;
    let beside = ask(&planted, "memory", Some(&memory(1.0)), &[])??;
    ensure!(alone.guess && !beside.guess, "1,518 was never near, and 1,400 was tested");
    ensure!(beside.points_tested.len() == 14 && beside.tested_apart.is_none());
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
    };
    let deployed = [Deployment { at: released, name: "4.2".into() }];
    let old = cpu(released - Span::days(2));
    let told = ask(&planted, "cpu", Some(&old), &deployed)??;
    ensure!(told.points_tested.is_empty() && told.tested_apart.is_none());
    let line = told.line.context("a line")?;
    ensure!((line.mid / 1_090.9 - 1.0).abs() < 0.08, "{line:?}");
    Ok(())
}
