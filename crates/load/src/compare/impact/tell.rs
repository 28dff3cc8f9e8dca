//! An impact told to people and to programs.

use serde_json::{Value, json};

use super::{BudgetWord, Impact, ResourceImpact};

/// The shape of the document; a change that breaks readers gets another number.
const SCHEMA: &str = "plimsoll.load-impact/1";

/// The verdict first, then each resource with what could have been seen.
pub fn impact_text(impact: &Impact) -> String {
    let sides = match (impact.left.as_slice(), impact.right.as_slice()) {
        ([left], [right]) => format!("{left} against {right}"),
        (left, right) => format!("{} runs before against {} after", left.len(), right.len()),
    };
    let mut lines = vec![format!("impact {}: {sides}", impact.word())];
    lines.extend(impact.refused.iter().map(|why| format!("  cannot be compared: {why}")));
    if impact.resources.is_empty() {
        return lines.join("\n") + "\n";
    }
    lines.push(String::new());
    lines.push("what each request takes".to_owned());
    for own in &impact.resources {
        lines.push(format!(
            "  {}: {} before, {} after, {} (19 times of 20 between {} and {}): {}",
            own.name,
            say(own.before),
            say(own.after),
            change(own.difference),
            change(own.between.0),
            change(own.between.1),
            verdict(own)
        ));
    }
    lines.join("\n") + "\n"
}

/// Each resource as a row: name, before, after, change, between, and the verdict.
pub(crate) fn impact_rows(impact: &Impact) -> Vec<Vec<String>> {
    let row = |own: &ResourceImpact| {
        let between = format!("{} … {}", change(own.between.0), change(own.between.1));
        let figures = [say(own.before), say(own.after), change(own.difference), between];
        let mut row = vec![own.name.clone()];
        row.extend(figures);
        row.push(verdict(own));
        row
    };
    impact.resources.iter().map(row).collect()
}

fn verdict(own: &ResourceImpact) -> String {
    let changed = match (own.changed, own.difference > 0.0) {
        (true, true) => "more".to_owned(),
        (true, false) => "less".to_owned(),
        (false, _) => {
            format!(
                "no change (one of {} would have been found 4 times of 5)",
                change(own.detectable)
            )
        }
    };
    match &own.budget {
        None => changed,
        Some((budget, BudgetWord::Kept)) => format!("{changed}; kept {budget}"),
        Some((budget, BudgetWord::Exceeded)) => format!("{changed}; EXCEEDS {budget}"),
    }
}

fn change(difference: f64) -> String {
    format!("{:+.1} %", 100.0 * difference)
}

/// Three digits that count, whatever the unit.
pub(super) fn say(value: f64) -> String {
    if value == 0.0 || (0.01..1e6).contains(&value.abs()) {
        let digits = if value.abs() >= 100.0 { 0 } else { 3 };
        format!("{value:.digits$}")
    } else {
        format!("{value:.2e}")
    }
}

/// The document, described in `docs/reference/load-json.md`.
pub fn impact_json(impact: &Impact) -> Value {
    let resources = impact.resources.iter().map(|own| {
        json!({
            "name": own.name,
            "before": number(own.before),
            "after": number(own.after),
            "difference": number(own.difference),
            "between": [number(own.between.0), number(own.between.1)],
            "detectable": number(own.detectable),
            "likelihood": number(own.likelihood),
            "changed": own.changed,
            "budget": own.budget.as_ref().map(|(budget, word)| json!({
                "text": budget.text,
                "kept": *word == BudgetWord::Kept,
            })),
            "points": own.points.iter().map(|(load, used)| [number(*load), number(*used)]).collect::<Vec<_>>(),
        })
    });
    json!({
        "schema": SCHEMA,
        "word": impact.word(),
        "exit_code": impact.exit_code(),
        "before": impact.left,
        "after": impact.right,
        "refused": impact.refused,
        "ran_ms": impact.ran.map(|(from, to)| [from.millis(), to.millis()]),
        "resources": resources.collect::<Vec<_>>(),
    })
}

pub(super) fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}
