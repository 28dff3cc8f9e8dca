//! Rules that say more of how they are judged: looser conditions, missing data, flapping.

use super::*;
use crate::rules::{Care, NoData};

fn rule(care: Care) -> AlertRule {
    AlertRule {
        source: "group/High".into(),
        name: "High".into(),
        expr: "x > 5".into(),
        hold: Span::ZERO,
        keep_firing_for: Span::ZERO,
        labels: vec![("severity".into(), "critical".into())],
        annotations: vec![
            ("plimsoll_no_data".into(), "keep".into()),
            ("summary".into(), "s".into()),
        ],
        care,
    }
}

/// What happens minute by minute to a series with these values; nothing where there is none.
fn story(care: &Care, values: &[Option<f64>]) -> Vec<(usize, &'static str)> {
    run(care, values, None)
}

/// The same with a restart before one of the minutes.
fn run(care: &Care, values: &[Option<f64>], restart: Option<usize>) -> Vec<(usize, &'static str)> {
    let rule = rule(care.clone());
    let external_labels = Labels::empty();
    let mut active = ActiveAlerts::default();
    let mut journal: Vec<Alert> = Vec::new();
    let mut told = Vec::new();
    for (minute, value) in values.iter().enumerate() {
        if restart == Some(minute) {
            active = ActiveAlerts::from_alerts(journal.clone());
        }
        let now = Time(0) + Span::minutes(i64::try_from(minute).unwrap());
        let element = |value| InstantSample::float(Labels::from_pairs([("host", "a")]), now, value);
        let above = |line: f64| -> Vec<InstantSample> {
            value.filter(|value| *value > line).map(element).into_iter().collect()
        };
        let ask = |expr: &str| match expr {
            "x" => Ok(value.map(element).into_iter().collect()),
            "x > 3" => Ok(above(3.0)),
            other => Err(format!("nobody answers {other}")),
        };
        let around = Surroundings {
            limit: 0,
            external_labels: &external_labels,
            external_url: "",
            returned_at: None,
            query: &|_| Ok(Vec::new()),
            ask: &ask,
        };
        let found = judge_alert(&rule, &above(5.0), &mut active, now, &around).unwrap_or_default();
        for transition in found {
            told.push((minute, transition.word()));
            journal.push(transition.alert().clone());
        }
    }
    told
}

fn values(text: &str) -> Vec<Option<f64>> {
    text.split_whitespace().map(|word| word.parse().ok()).collect()
}

#[test]
fn an_alert_ends_when_the_looser_condition_ends() {
    let care = Care { resolve_expr: Some("x > 3".into()), ..Care::default() };
    assert_eq!(story(&care, &values("6 4 6 4 2 4")), [(0, "firing"), (4, "resolved")]);
    assert_eq!(
        story(&Care::default(), &values("6 4 6")),
        [(0, "firing"), (1, "resolved"), (2, "firing")]
    );
}

#[test]
fn a_question_without_an_answer_ends_no_alert() {
    let care = Care { resolve_expr: Some("y > 3".into()), ..Care::default() };
    assert_eq!(story(&care, &values("6 2 2 2")), [(0, "firing")]);
}

#[test]
fn missing_data_keep_an_alert_for_a_while_and_false_ends_it() {
    let care = Care {
        no_data: NoData::Keep(Span::minutes(3)),
        subject: Some("x".into()),
        ..Care::default()
    };
    assert_eq!(
        story(&care, &values("6 - - 6 2")),
        [(0, "firing"), (1, "noted"), (3, "noted"), (4, "resolved")]
    );
    assert_eq!(story(&care, &values("6 - - - -")), [(0, "firing"), (1, "noted"), (4, "resolved")]);
    assert_eq!(story(&care, &values("6 - 2")), [(0, "firing"), (1, "noted"), (2, "resolved")]);
}

#[test]
fn that_nothing_is_there_can_be_an_alert() {
    let care = Care {
        no_data: NoData::Fire(Span::minutes(2)),
        subject: Some("x".into()),
        ..Care::default()
    };
    assert_eq!(
        story(&care, &values("1 - - - 1")),
        [(1, "pending"), (3, "firing"), (4, "resolved")]
    );
    assert_eq!(story(&care, &values("1 - 1 -")), [(1, "pending"), (2, "dropped"), (3, "pending")]);
}

#[test]
fn an_alert_that_comes_and_goes_is_held_until_it_is_quiet() {
    let care = Care { flap_hold: Some(Span::hours(1)), ..Care::default() };
    let values = values("6 2 6 2 6 2 6 2 2 2 2 6");
    let told = story(&care, &values);
    let wanted = [
        (0, "firing"),
        (1, "resolved"),
        (2, "firing"),
        (3, "resolved"),
        (4, "firing"),
        (5, "changed"),
        (6, "noted"),
        (7, "noted"),
        (9, "resolved"),
        (11, "firing"),
    ];
    assert_eq!(told, wanted);
    for minute in 1..values.len() {
        assert_eq!(run(&care, &values, Some(minute)), wanted, "restart at {minute}");
    }
}

#[test]
fn nobody_is_told_of_what_a_rule_says_of_itself() {
    let rule = rule(Care::default());
    let mut active = ActiveAlerts::default();
    let element = InstantSample::float(Labels::empty(), Time(0), 6.0);
    let empty = Labels::empty();
    let nothing = |_: &str| Ok(Vec::new());
    let around = Surroundings {
        limit: 0,
        external_labels: &empty,
        external_url: "",
        returned_at: None,
        query: &nothing,
        ask: &nothing,
    };
    judge_alert(&rule, &[element], &mut active, Time(0), &around).unwrap();
    assert_eq!(active.alerts()[0].annotations.to_string(), "{summary=\"s\"}");
}
