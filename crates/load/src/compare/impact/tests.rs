//! Impacts of which the truth is known.

use serde_json::json;
use stats::Chance;

use super::*;

/// A run of so many seconds at 100 a second whose requests take so much of the processor, seen every 5 s with 2 % of
/// noise.
fn seen(seconds: u64, each: f64, (seed, started): (u64, i64)) -> Seen {
    let rows: Vec<_> = (0..seconds)
        .map(|_| json!({"good": 100, "failed": 0, "response_buckets": [700, 100]}))
        .collect();
    let report = json!({
        "schema": "plimsoll.load/1", "started_ms": started, "took_seconds": seconds,
        "ending": {"how": "done"}, "verdict": {"word": "passed"},
        "plan": {"model": "open", "scenarios": [{"name": "a", "seconds": seconds,
            "load": {"model": "open", "arrivals": 100 * seconds, "rate_max": 100.0}}]},
        "requests": {}, "steps": [], "timeline": {"seconds": 1, "rows": rows},
    });
    let mut chance = Chance::new(seed);
    let points = (0..seconds / 5).map(|at| {
        let noise = 1.0 + 0.04 * (chance.share() - 0.5);
        (Time(started + i64::try_from(at).unwrap() * 5_000), 100.0 * each * noise)
    });
    let resources = vec![Watched { name: "cpu".to_owned(), points: points.collect() }];
    Seen { run: Kept::of("run", &report).unwrap(), resources }
}

fn judged(each: f64, budget: &str) -> Impact {
    let (left, right) = (seen(300, 0.004, (1, 0)), seen(300, each, (2, 1_000_000)));
    impact(&[left], &[right], &[budget.parse().unwrap()], Rules::default())
}

#[test]
fn what_a_request_takes_is_found_and_judged_by_its_budget() {
    let more = judged(0.0046, "cpu <= +5%");
    let cpu = &more.resources[0];
    assert!((cpu.before - 0.004).abs() < 1e-4 && (cpu.after - 0.0046).abs() < 1e-4, "{cpu:?}");
    assert!(cpu.changed && (cpu.difference - 0.15).abs() < 0.02, "{cpu:?}");
    assert_eq!((more.word(), more.exit_code()), ("failed", 1));
    assert!(impact_text(&more).contains("EXCEEDS cpu <= +5%"), "{}", impact_text(&more));
    assert_eq!(judged(0.0046, "cpu <= +20%").word(), "passed");
    assert_eq!(judged(0.0046, "cpu <= 0.0044").word(), "failed");
    assert_eq!(judged(0.0046, "cpu <= 0.005").word(), "passed");
}

#[test]
fn equal_releases_are_not_called_different_and_it_is_said_what_could_be_seen() {
    let same = judged(0.004, "cpu <= +5%");
    let cpu = &same.resources[0];
    assert!(!cpu.changed && cpu.detectable > 0.0 && cpu.detectable < 0.1, "{cpu:?}");
    assert!(impact_text(&same).contains("no change (one of +"), "{}", impact_text(&same));
    let document = impact_json(&same);
    assert_eq!(document["resources"][0]["points"].as_array().map(Vec::len), Some(10));
    assert_eq!(document["resources"][0]["budget"]["kept"], true);
    assert_eq!(document["ran_ms"], json!([1_000_000, 1_300_000]));
}

#[test]
fn of_a_hundred_equal_pairs_hardly_any_is_called_different_seed_by_seed() {
    let wrong = (0..100_u64).filter(|seed| {
        let left = seen(300, 0.004, (2 * seed + 10, 0));
        let right = seen(300, 0.004, (2 * seed + 11, 1_000_000));
        impact(&[left], &[right], &[], Rules::default()).resources[0].changed
    });
    assert!(wrong.count() <= 5);
}

#[test]
fn what_cannot_be_seen_is_refused() {
    let short =
        impact(&[seen(60, 0.004, (1, 0))], &[seen(60, 0.004, (2, 100_000))], &[], Rules::default());
    assert_eq!((short.word(), short.exit_code()), ("refused", 4));
    let unseen = judged(0.004, "memory <= +5%");
    assert_eq!(unseen.word(), "refused");
    assert!(unseen.refused[0].contains("`memory` was not seen"), "{:?}", unseen.refused);
}

#[test]
fn several_runs_of_each_side_tell_their_own_spread() {
    let side = |each: f64, shift: i64| -> Vec<Seen> {
        (0..5_i64)
            .map(|run| {
                seen(60, each, (run.unsigned_abs() + shift.unsigned_abs(), 200_000 * run + shift))
            })
            .collect()
    };
    let more = impact(&side(0.004, 0), &side(0.0044, 100_000), &[], Rules::default());
    assert!(more.refused.is_empty(), "{:?}", more.refused);
    let cpu = &more.resources[0];
    assert!(cpu.changed && (cpu.difference - 0.1).abs() < 0.02 && cpu.points.len() == 5, "{cpu:?}");
}

#[test]
fn one_run_tells_what_each_request_took_and_what_is_different_from_its_baseline() {
    let (first, second) = (seen(300, 0.004, (1, 0)), seen(300, 0.0046, (2, 1_000_000)));
    let before = taken(&first, None, Rules::default());
    let cpu = &before.resources[0];
    let (low, high) = cpu.between.unwrap();
    assert!((cpu.each - 0.004).abs() < 1e-4 && low < 0.004 && 0.004 < high, "{cpu:?}");
    assert!(high / low < 1.02 && before.compared.is_none() && before.refused.is_none());
    // A baseline whose report does not have it is compared with in nothing.
    assert!(taken(&second, Some(&first.run), Rules::default()).compared.is_none());
    let baseline = Kept { taken: read_back(&before), ..first.run };
    let after = taken(&second, Some(&baseline), Rules::default());
    let impact = after.compared.as_ref().unwrap();
    let cpu = &impact.resources[0];
    assert!(cpu.changed && (cpu.difference - 0.15).abs() < 0.02, "{cpu:?}");
    let text = taken_text(&after);
    assert!(text.starts_with("each took   cpu: ") && text.contains("after, +14.7 %"), "{text}");
    assert_eq!(taken_json(&after)["impact"]["resources"][0]["changed"], true);
}

fn read_back(taken: &Taken) -> Vec<(String, Points)> {
    let report = json!({ "taken": taken_json(taken) });
    let read = taken::read(&report);
    assert_eq!(read[0].1, taken.resources[0].points);
    read
}

#[test]
fn a_run_that_is_too_short_says_so_and_shorter_stretches_can_be_asked_for() {
    let short = seen(20, 0.004, (1, 0));
    let refused = taken(&short, None, Rules::default());
    assert!(refused.refused.as_ref().is_some_and(|why| why.contains("30 s")), "{refused:?}");
    assert!(taken_text(&refused).contains("cannot be said"), "{}", taken_text(&refused));
    let rules = Rules { stretch: 20.0, ..Rules::default() };
    let one = taken(&short, None, rules);
    assert!(one.resources[0].between.is_none(), "{one:?}");
    assert!(taken_text(&one).contains("how it varies was not seen"), "{}", taken_text(&one));
    let rules = Rules { stretch: 5.0, ..Rules::default() };
    assert_eq!(taken(&short, None, rules).resources[0].points.len(), 4);
    let wrong = json!({"taken": {"resources": [
        {"name": "a", "points": [[1.0, 2.0], [0.0, 1.0], [1.0, -1.0], ["x", 1.0], [1.0]]},
        {"points": []}, 7,
    ]}});
    assert_eq!(taken::read(&wrong), [("a".to_owned(), vec![(1.0, 2.0)])]);
}
