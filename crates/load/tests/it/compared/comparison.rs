//! Runs against runs: calibration in small, and what is refused.

use anyhow::Result;
use load::{Change, Figure, Kept, OutcomeWord, Rules, compare};
use serde_json::{Value, json};

use super::calibration::{QUEUE, outcomes};
use crate::simulated::{Queue, report};

fn kept(document: &Value) -> Kept {
    Kept::of("run.json", document).unwrap()
}

fn light(scale: f64, seed: u64) -> Value {
    report(&Queue { rate: 100.0, service: 0.001, servers: 4, scale }, 60, seed)
}

#[test]
fn two_equal_runs_are_seldom_called_different_and_a_tenth_more_is_seen() -> Result<()> {
    let equal = outcomes(8, 1, 300, 1.0)?;
    assert!(equal.worse + equal.better <= 1, "{equal:?}");
    let changed = outcomes(8, 1, 300, 1.1)?;
    assert!(changed.worse >= 6 && changed.better == 0, "{changed:?}");
    Ok(())
}

#[test]
fn five_runs_of_each_side_see_a_tenth_more_in_a_minute_each() -> Result<()> {
    let equal = outcomes(5, 5, 60, 1.0)?;
    assert!(equal.worse + equal.better <= 1, "{equal:?}");
    let changed = outcomes(5, 5, 60, 1.1)?;
    assert!(changed.worse >= 4 && changed.better == 0, "{changed:?}");
    Ok(())
}

#[test]
fn no_change_says_what_it_could_have_seen() {
    let outcome = compare(&[kept(&light(1.0, 1))], &[kept(&light(1.0, 2))], Rules::default());
    assert_eq!(outcome.word(), OutcomeWord::NoChange, "{outcome:?}");
    for figure in &outcome.figures {
        assert!(figure.detectable > 0.03 && figure.detectable < 0.5, "{figure:?}");
        assert!(figure.between.0 < figure.difference && figure.difference < figure.between.1);
    }
    let text = load::compared_text(&outcome);
    assert!(text.contains("would have been found 4 times of 5"), "{text}");
    assert_eq!(load::compared_json(&outcome)["exit_code"], 0);
}

#[test]
fn what_is_slower_is_worse_and_what_is_faster_better() {
    let (before, after) = (light(1.0, 3), light(1.3, 4));
    let slower = compare(&[kept(&before)], &[kept(&after)], Rules::default());
    assert_eq!((slower.word(), slower.word().exit_code()), (OutcomeWord::Worse, 1), "{slower:?}");
    let faster = compare(&[kept(&after)], &[kept(&before)], Rules::default());
    assert_eq!((faster.word(), faster.word().exit_code()), (OutcomeWord::Better, 0), "{faster:?}");
    let markdown = load::compared_markdown(&slower);
    assert!(markdown.contains("| response p50 |") && markdown.contains("worse"), "{markdown}");
}

#[test]
fn failures_that_were_not_there_before_are_worse() {
    let mut after = light(1.0, 5);
    for row in after["timeline"]["rows"].as_array_mut().unwrap() {
        row["good"] = json!(row["good"].as_u64().unwrap() - 2);
        row["failed"] = json!(2);
    }
    let outcome = compare(&[kept(&light(1.0, 6))], &[kept(&after)], Rules::default());
    let errors = outcome.figures.iter().find(|figure| figure.figure == Figure::Errors).unwrap();
    assert_eq!(errors.change, Change::Worse, "{errors:?}");
    assert!((errors.difference - 0.02).abs() < 0.005, "{errors:?}");
}

#[test]
fn runs_that_say_nothing_are_never_compared() {
    let good = kept(&light(1.0, 7));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut document = light(1.0, 8);
        change(&mut document);
        let outcome = compare(std::slice::from_ref(&good), &[kept(&document)], Rules::default());
        assert_eq!(outcome.word().exit_code(), 4, "{outcome:?}");
        assert!(load::compared_text(&outcome).starts_with("refused: "), "{outcome:?}");
        outcome.refused.join("; ")
    };
    assert!(with(&|run| run["verdict"]["word"] = json!("invalid")).contains("believed"));
    assert!(with(&|run| run["verdict"]["word"] = json!("unanswered")).contains("nothing"));
    assert!(with(&|run| run["ending"]["how"] = json!("stopped")).contains("early"));
    assert!(with(&|run| run["plan"]["compressed"] = json!(60)).contains("compressed"));
    assert!(
        with(&|run| run["plan"]["scenarios"][0]["load"]["rate_max"] = json!(99))
            .contains("another")
    );
    let unsteady = with(&|run| {
        let slow = report(&Queue { rate: 100.0, service: 0.001, servers: 4, scale: 2.0 }, 60, 9);
        let rows = run["timeline"]["rows"].as_array_mut().unwrap();
        rows[30..].clone_from_slice(&slow["timeline"]["rows"].as_array().unwrap()[30..]);
    });
    assert!(unsteady.contains("not steady"), "{unsteady}");
    let short = |seed| {
        kept(&report(&Queue { rate: 100.0, service: 0.001, servers: 4, scale: 1.0 }, 10, seed))
    };
    let outcome = compare(&[short(1)], &[short(2)], Rules::default());
    assert!(outcome.refused[0].contains("too short"), "{outcome:?}");
}

#[test]
fn a_gate_wants_enough_runs_that_took_turns() {
    let runs = |seeds: &[u64]| -> Vec<Kept> {
        seeds.iter().map(|seed| kept(&report(&QUEUE, 10, *seed))).collect()
    };
    let outcome = compare(&runs(&[1, 2]), &runs(&[3, 4]), Rules::default());
    assert!(outcome.refused[0].contains("it takes one of each"), "{outcome:?}");
    let outcome = compare(&runs(&[1, 2, 3]), &runs(&[4, 5, 6]), Rules::default());
    assert!(outcome.refused[0].contains("take turns"), "{outcome:?}");
    let outcome = compare(&runs(&[1, 3, 5]), &runs(&[2, 4, 6]), Rules::default());
    assert!(outcome.refused.is_empty(), "{outcome:?}");
    // Three runs of ten seconds could only have seen a lot, and say so.
    assert!(outcome.figures.iter().any(|figure| figure.detectable > 0.05), "{outcome:?}");
}

#[test]
fn texts_that_are_no_reports_are_refused() {
    let why = |text: &str| Kept::parse("x.json", text).unwrap_err().to_string();
    assert!(why("{").contains("no JSON"));
    assert!(why("{}").contains("no report of a load test"));
    assert!(why("{\"schema\": \"plimsoll.load/1\"}").contains("verdict"));
    let with = |buckets: Value| {
        let mut document = light(1.0, 1);
        document["timeline"]["rows"][0]["response_buckets"] = buckets;
        Kept::of("x.json", &document).unwrap_err().to_string()
    };
    for wrong in [json!(null), json!([1]), json!([-1, 2]), json!([99_999_999, 1])] {
        assert!(with(wrong).contains("timeline"));
    }
}
