//! A comparison told to people and to programs.

use model::Unit;
use serde_json::{Value, json};

use super::{Change, Compared, Figure, Outcome};

/// The shape of the document; a change that breaks readers gets another number.
const SCHEMA: &str = "plimsoll.load-compare/1";

/// The verdict first, then each figure with what it could have seen.
pub fn compared_text(outcome: &Outcome) -> String {
    let mut lines = vec![format!("{}: {}", outcome.word().as_str(), sides(outcome))];
    lines.extend(outcome.refused.iter().map(|why| format!("  cannot be compared: {why}")));
    if outcome.figures.is_empty() {
        return lines.join("\n") + "\n";
    }
    lines.push(String::new());
    let head = ["", "before", "after", "change", "19 times of 20", ""];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(outcome.figures.iter().map(row));
    let widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let padded = match column {
                0 | 5 => format!("{cell:<width$}  "),
                _ => format!("{cell:>width$}  "),
            };
            line.push_str(&padded);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.push(String::new());
    lines.push(format!(
        "smaller changes than {} count as none; equal runs are called different at most once in 20 times",
        Unit::Share.say(outcome.rules.relevant)
    ));
    lines.join("\n") + "\n"
}

fn sides(outcome: &Outcome) -> String {
    match (outcome.left.as_slice(), outcome.right.as_slice()) {
        ([left], [right]) => format!("{left} against {right}"),
        (left, right) => format!("{} runs before against {} after", left.len(), right.len()),
    }
}

fn row(compared: &Compared) -> [String; 6] {
    let figure = compared.figure;
    let subject = compared.subject.as_deref();
    let name = match subject {
        Some(subject) => format!("{} of {subject}", figure.as_str()),
        None => figure.as_str().to_owned(),
    };
    let (low, high) = compared.between;
    [
        name,
        value(figure, compared.left),
        value(figure, compared.right),
        change(figure, compared.difference),
        format!("{} … {}", change(figure, low), change(figure, high)),
        verdict(compared),
    ]
}

fn verdict(compared: &Compared) -> String {
    match compared.change {
        Change::Worse => "worse".to_owned(),
        Change::Better => "better".to_owned(),
        Change::None => format!(
            "no change (one of {} would have been found 4 times of 5)",
            change(compared.figure, compared.detectable)
        ),
    }
}

fn value(figure: Figure, value: f64) -> String {
    match figure {
        Figure::P50 | Figure::P95 | Figure::P99 => Unit::Seconds.say(value),
        Figure::Errors => Unit::Share.say(value),
        Figure::Throughput => Unit::PerSecond.say(value),
    }
}

fn change(figure: Figure, difference: f64) -> String {
    if figure.is_share() {
        format!("{:+.2} points", 100.0 * difference)
    } else {
        format!("{:+.1} %", 100.0 * difference)
    }
}

/// The figures as people read them: name, before, after, change, between what it lies, and what that means.
pub(crate) fn compared_rows(outcome: &Outcome) -> Vec<[String; 6]> {
    outcome.figures.iter().map(row).collect()
}

/// For a comment on a change.
pub fn compared_markdown(outcome: &Outcome) -> String {
    let mut lines =
        vec![format!("### Load comparison: {}", outcome.word().as_str()), String::new()];
    let plain = |text: &str| text.replace(['|', '<', '`', '\n'], " ");
    lines.extend(outcome.refused.iter().map(|why| format!("- cannot be compared: {}", plain(why))));
    if !outcome.figures.is_empty() {
        lines.push("| figure | before | after | change | 19 times of 20 | |".to_owned());
        lines.push("| --- | ---: | ---: | ---: | --- | --- |".to_owned());
    }
    for compared in &outcome.figures {
        let cells = row(compared).map(|cell| plain(&cell));
        lines.push(format!("| {} |", cells.join(" | ")));
    }
    lines.join("\n") + "\n"
}

/// The document, described in `docs/reference/load-json.md`.
pub fn compared_json(outcome: &Outcome) -> Value {
    let figures = outcome.figures.iter().map(|compared| {
        let word = match compared.change {
            Change::None => "none",
            Change::Better => "better",
            Change::Worse => "worse",
        };
        json!({
            "step": compared.subject,
            "figure": compared.figure.as_str(),
            "before": number(compared.left),
            "after": number(compared.right),
            "difference": number(compared.difference),
            "between": [number(compared.between.0), number(compared.between.1)],
            "detectable": number(compared.detectable),
            "likelihood": number(compared.likelihood),
            "change": word,
        })
    });
    json!({
        "schema": SCHEMA,
        "word": outcome.word().as_str(),
        "exit_code": outcome.word().exit_code(),
        "before": outcome.left,
        "after": outcome.right,
        "refused": outcome.refused,
        "relevant": number(outcome.rules.relevant),
        "noise": number(outcome.rules.noise),
        "figures": figures.collect::<Vec<_>>(),
    })
}

/// JSON has no number for what is not one.
fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}
