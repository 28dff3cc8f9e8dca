//! What stands beside a run in its report: what the machines did meanwhile, and how it compares with its baseline.

use model::Unit;
use serde_json::{Value, json};

use super::{
    chart::small,
    html::{escape, section, table},
};
use crate::{
    capacity::Watched,
    compare::{Outcome, Taken, compared_rows, impact_rows, taken_rows},
};

/// A resource that is in use to this share is near its end.
const NEARLY_FULL: f64 = 0.8;
/// A value that stays below this is a share of something.
const SHARE_MAX: f64 = 1.5;
/// Resources that are shown.
const RESOURCES_MAX: usize = 60;

/// What is known besides the run itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'b> {
    /// The run against its baseline.
    pub compared: Option<&'b Outcome>,
    /// What a server that watched the target saw meanwhile.
    pub resources: &'b [Watched],
    /// What each request took of the machines.
    pub taken: Option<&'b Taken>,
}

/// One resource over the run.
struct Used<'u> {
    name: &'u str,
    mean: f64,
    most: f64,
    is_share: bool,
    points: Vec<(f64, f64)>,
}

/// Resources of which something was seen; shares that came nearest to their end first.
fn used(resources: &[Watched]) -> Vec<Used<'_>> {
    let mut all: Vec<Used<'_>> = resources.iter().filter_map(of_resource).collect();
    let nearest = |own: &Used<'_>| if own.is_share { own.most } else { -1.0 };
    all.sort_by(|a, b| nearest(b).total_cmp(&nearest(a)));
    all.truncate(RESOURCES_MAX);
    all
}

fn of_resource(resource: &Watched) -> Option<Used<'_>> {
    let seen = resource.points.iter().filter(|(_, value)| value.is_finite());
    let points: Vec<(f64, f64)> =
        seen.map(|(time, value)| (time.millis() as f64 / 1e3, *value)).collect();
    let most = points.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max);
    let least = points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let mean = points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64;
    let is_share = least >= 0.0 && most <= SHARE_MAX;
    (!points.is_empty()).then(|| Used { name: &resource.name, mean, most, is_share, points })
}

impl Used<'_> {
    fn say(&self, value: f64) -> String {
        if self.is_share { Unit::Share.say(value) } else { plain(value) }
    }

    fn word(&self) -> &'static str {
        if self.is_share && self.most >= NEARLY_FULL { "✗ nearly full" } else { "" }
    }
}

/// A number of any unit with three digits that count.
fn plain(value: f64) -> String {
    let steps = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let found = steps.into_iter().find(|(least, _)| value.abs() >= *least);
    let (value, letter) = found.map_or((value, ""), |(least, letter)| (value / least, letter));
    let digits = match value.abs() {
        value if value >= 100.0 || value == 0.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        _ => 4,
    };
    format!("{value:.digits$} {letter}").trim_end().to_owned()
}

/// The part of the page about what the machines did.
pub(super) fn resources_html(beside: &Beside<'_>) -> String {
    let row = |own: &Used<'_>| {
        let mut cells: Vec<String> =
            [own.name, &own.say(own.mean), &own.say(own.most)].map(escape).to_vec();
        cells.extend([small(&own.points), own.word().to_owned()]);
        cells
    };
    let rows: Vec<Vec<String>> = used(beside.resources).iter().map(row).collect();
    table("What the machines did meanwhile", &["resource", "mean", "most", "course", ""], &rows)
}

/// The part of the page about what each request took.
pub(super) fn taken_html(beside: &Beside<'_>) -> String {
    let Some(taken) = beside.taken else { return String::new() };
    let escaped = |rows: Vec<Vec<String>>| -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| escape(cell)).collect()).collect()
    };
    let heads = ["resource", "each", "19 times of 20"];
    let mut parts = vec![table("What each request took", &heads, &escaped(taken_rows(taken)))];
    if let Some(impact) = &taken.compared {
        let heads = ["resource", "before", "after", "change", "19 times of 20", ""];
        parts.push(table("Against its baseline", &heads, &escaped(impact_rows(impact))));
    }
    let refused = taken.refused.iter().chain(taken.compared.iter().flat_map(|own| &own.refused));
    parts.extend(refused.map(|why| format!("<p>Cannot be said: {}</p>", escape(why))));
    parts.concat()
}

/// The part of the page about the baseline.
pub(super) fn comparison_html(beside: &Beside<'_>) -> String {
    let Some(outcome) = beside.compared else { return String::new() };
    let rows: Vec<Vec<String>> = compared_rows(outcome).iter().map(|row| row.to_vec()).collect();
    let heads = ["", "before", "after", "change", "19 times of 20", ""];
    let mut parts = vec![format!(
        "<h2>Against its baseline: {}</h2><p class=\"soft\">{}</p>",
        escape(outcome.word().as_str()),
        escape(&outcome.left.join(", "))
    )];
    let refused = outcome.refused.iter();
    parts.extend(refused.map(|why| format!("<p>Cannot be compared: {}</p>", escape(why))));
    parts.push(section("", &heads, &rows));
    parts.concat()
}

/// What the machines did, for the JSON report.
pub fn resources_json(resources: &[Watched]) -> Value {
    let number =
        |value: f64| serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number);
    let told = used(resources).into_iter().map(|own| {
        json!({"name": own.name, "mean": number(own.mean), "most": number(own.most),
            "is_share": own.is_share})
    });
    told.collect()
}

/// What the machines did, for people at a terminal.
pub fn resources_text(resources: &[Watched]) -> String {
    let lines = used(resources).into_iter().map(|own| {
        let word = own.word();
        let gap = if word.is_empty() { "" } else { "   " };
        let (mean, most) = (own.say(own.mean), own.say(own.most));
        format!("meanwhile   {}: {mean} in the mean, {most} at most{gap}{word}\n", own.name)
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use model::Time;

    use super::*;

    fn resource(name: &str, values: &[f64]) -> Watched {
        let times = (0_i64..).map(|at| Time(at * 5_000));
        Watched { name: name.to_owned(), points: times.zip(values.iter().copied()).collect() }
    }

    #[test]
    fn what_is_nearly_full_comes_first_and_what_was_not_seen_is_left_out() {
        let all = [
            resource("memory bytes", &[2.5e9, 3.5e9]),
            resource("cpu", &[0.2, 0.4, f64::NAN]),
            resource("gone", &[f64::NAN]),
            resource("pool <x>", &[0.5, 0.9]),
        ];
        let text = resources_text(&all);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(
            lines[0],
            "meanwhile   pool <x>: 70 % in the mean, 90 % at most   ✗ nearly full"
        );
        assert_eq!(lines[2], "meanwhile   memory bytes: 3.00 G in the mean, 3.50 G at most");
        let page = resources_html(&Beside { resources: &all, ..Beside::default() });
        assert!(page.contains("pool &lt;x&gt;") && page.contains("<svg class=\"small\""), "{page}");
        assert_eq!(resources_json(&all)[1]["name"], "cpu");
        assert_eq!(resources_html(&Beside::default()), "");
    }
}
