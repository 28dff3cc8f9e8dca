//! A run told on one page that needs nothing else: no network, no scripts, light and dark.

use model::Unit;
use stats::Histogram;

use super::{
    PERCENTILES,
    chart::{Chart, Line},
    connections_word, ending_text, profile_text, protocol_word, recovery_text, say_count,
    say_length, say_load, say_quantile, trend_text,
};
use crate::{
    engine::Run,
    record::{Interval, Told},
    verdict::{Verdict, begun_and_due, cpu_share},
};

const STYLE: &str = include_str!("page.css");

/// Shares whose percentiles make the spectrum: it shows the tail, where users wait.
const SPECTRUM: [f64; 12] =
    [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 0.9995, 0.9999];

/// The page.
pub fn html(run: &Run, verdict: &Verdict) -> String {
    let together = run.recording.together();
    let parts = [
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{}: {}</title><style>{STYLE}</style>",
            verdict.word().as_str(),
            escape(&run.plan.name)
        ),
        head(run, verdict),
        rules(verdict),
        figures(run, &together),
        times(&together),
        over_time(run),
        spectrum(&together),
        steps(run),
        troubles(&together),
        generator(run),
    ];
    parts.concat() + "</html>\n"
}

/// A text that cannot be taken for markup.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Letters that no page and no XML may have.
            letter if letter.is_control() && letter != '\n' => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

fn head(run: &Run, verdict: &Verdict) -> String {
    let word = verdict.word().as_str();
    let mut parts = vec![format!(
        "<p class=\"soft\">Load test</p><h1>{}</h1><div class=\"verdict {word}\"><p><b>{word}</b></p>",
        escape(&run.plan.name)
    )];
    for doubt in &verdict.doubts {
        parts.push(format!(
            "<p>Cannot be believed: {}. <span class=\"soft\">Try: {}.</span></p>",
            escape(&doubt.to_string()),
            escape(doubt.help())
        ));
    }
    if verdict.unanswered {
        parts.push("<p>The target answered nothing.</p>".to_owned());
    }
    parts.extend(ending_text(run).map(|ending| format!("<p>{}</p>", escape(&ending))));
    for watching in verdict.trends.iter().filter(|watching| watching.grows()) {
        let text = format!("{}: {}", watching.name, trend_text(watching));
        parts.push(format!("<p>{}</p>", escape(&text)));
    }
    parts.push("</div>".to_owned());
    parts.concat()
}

fn rules(verdict: &Verdict) -> String {
    let rows: Vec<Vec<String>> = verdict
        .rules
        .iter()
        .map(|judged| {
            let word = if judged.kept { "✓ kept" } else { "✗ broken" };
            vec![judged.rule.to_string(), word.to_owned(), judged.rule.say(judged.value)]
        })
        .collect();
    section("Rules", &["rule", "verdict", "measured"], &rows)
}

fn figures(run: &Run, together: &Told) -> String {
    let mut rows = Vec::new();
    for scenario in &run.plan.scenarios {
        let how = format!(
            "{}; connections {}, HTTP/{}",
            say_load(&scenario.load),
            connections_word(scenario.connections),
            protocol_word(scenario.protocol)
        );
        rows.push(vec![format!("load «{}»", scenario.name), how]);
    }
    rows.extend(profile_text(run).map(|text| vec!["profile".to_owned(), text]));
    rows.extend(recovery_text(run).map(|text| vec!["recovery".to_owned(), text]));
    let targets: Vec<String> = run.plan.origins.iter().map(ToString::to_string).collect();
    rows.push(vec!["target".to_owned(), targets.join(", ")]);
    rows.push(vec!["took".to_owned(), say_length(run.took.as_secs_f64())]);
    if let Some((begun, due)) = begun_and_due(run) {
        let text = format!("{} of {} that were due", say_count(begun), say_count(due));
        rows.push(vec!["journeys sent".to_owned(), text]);
    }
    let rate = together.good.count() as f64 / run.took.as_secs_f64();
    let good = format!("{} ({})", say_count(together.good.count()), Unit::PerSecond.say(rate));
    rows.push(vec!["good answers".to_owned(), good]);
    rows.push(vec!["failed".to_owned(), say_count(together.failed.count())]);
    section("What was sent", &["", ""], &rows)
}

fn times(together: &Told) -> String {
    let all = together.all();
    let row = |name: &str, histogram: &Histogram| {
        let mut row = vec![name.to_owned()];
        row.extend(PERCENTILES.map(|(_, q)| say_quantile(histogram, q)));
        row
    };
    let rows = [
        row("response: from due to done", &all.response),
        row("service: from sent to done", &all.service),
        row("send lag: from due to sent", &all.lag),
    ];
    let mut heads = vec![""];
    heads.extend(PERCENTILES.map(|(name, _)| name));
    section("How long it took", &heads, &rows)
}

fn over_time(run: &Run) -> String {
    let rows = &run.timeline.rows;
    let seconds = run.timeline.seconds as f64;
    let points = |value: &dyn Fn(&Interval) -> Option<f64>| {
        rows.iter().enumerate().map(|(at, row)| (at as f64 * seconds, value(row))).collect()
    };
    let rate = |count: u64| Some(count as f64 / seconds);
    let quantile = |row: &Interval, q: f64| row.response.quantile(q).map(|ns| ns as f64 / 1e9);
    let ends = || ("0 s".to_owned(), say_length(rows.len() as f64 * seconds));
    let load = Chart {
        title: "requests a second over time",
        lines: vec![
            Line { name: "sent", class: "one", points: points(&|row| rate(row.sent)) },
            Line { name: "good", class: "three", points: points(&|row| rate(row.good)) },
            Line { name: "failed", class: "two", points: points(&|row| rate(row.failed)) },
        ],
        ends: ends(),
        say: &|value| Unit::PerSecond.say(value),
    };
    let response = Chart {
        title: "response time over time",
        lines: vec![
            Line { name: "p99", class: "two", points: points(&|row| quantile(row, 0.99)) },
            Line { name: "p95", class: "three", points: points(&|row| quantile(row, 0.95)) },
            Line { name: "p50", class: "one", points: points(&|row| quantile(row, 0.5)) },
        ],
        ends: ends(),
        say: &|value| Unit::Seconds.say(value),
    };
    format!("<h2>Requests a second</h2>{}<h2>Response time</h2>{}", load.svg(), response.svg())
}

/// Percentiles over how rare they are: each step to the right is ten times rarer.
fn spectrum(together: &Told) -> String {
    let all = together.all();
    let points = |histogram: &Histogram| {
        let point = |q: f64| {
            let rarity = -(1.0 - q).log10();
            (rarity, histogram.quantile(q).map(|ns| ns as f64 / 1e9))
        };
        SPECTRUM.map(point).to_vec()
    };
    let chart = Chart {
        title: "response and service time by percentile",
        lines: vec![
            Line { name: "response", class: "one", points: points(&all.response) },
            Line { name: "service", class: "two", points: points(&all.service) },
        ],
        ends: ("p0".to_owned(), "p99.99".to_owned()),
        say: &|value| Unit::Seconds.say(value),
    };
    format!("<h2>By percentile, from p0 over p90, p99 and p99.9</h2>{}", chart.svg())
}

fn steps(run: &Run) -> String {
    if run.recording.steps.len() < 2 {
        return String::new();
    }
    let mut rows = Vec::new();
    for (scenario, step) in run.plan.steps() {
        let Some(told) = run.recording.steps.get(step.index) else { continue };
        let response = told.all().response;
        rows.push(vec![
            format!("{} / {}", scenario.name, step.name),
            say_count(told.good.count()),
            say_count(told.failed.count()),
            say_quantile(&response, 0.5),
            say_quantile(&response, 0.95),
            say_quantile(&response, 0.99),
            say_quantile(&response, 1.0),
        ]);
    }
    section("Steps", &["step", "good", "failed", "p50", "p95", "p99", "max"], &rows)
}

fn troubles(together: &Told) -> String {
    let troubles = together.troubles.listed().into_iter().map(|(trouble, count)| {
        vec![format!("{}: {}", trouble.word(), trouble.about()), say_count(count)]
    });
    let statuses = together
        .statuses
        .iter()
        .map(|(status, count)| vec![format!("status {status}"), say_count(*count)]);
    let rows: Vec<Vec<String>> = troubles.chain(statuses).collect();
    section("Answers and failures", &["", "count"], &rows)
}

fn generator(run: &Run) -> String {
    let recording = &run.recording;
    let rows = [
        vec!["workers".to_owned(), run.workers.to_string()],
        vec!["of a processor, each".to_owned(), Unit::Share.say(cpu_share(run))],
        vec!["late by itself, p50".to_owned(), say_quantile(&recording.lateness, 0.5)],
        vec!["late by itself, p99".to_owned(), say_quantile(&recording.lateness, 0.99)],
        vec!["connections made".to_owned(), say_count(recording.connects.count())],
        vec!["connection made in, p99".to_owned(), say_quantile(&recording.connects, 0.99)],
        vec!["kept ones closed by the target".to_owned(), say_count(recording.stale)],
        vec!["seed".to_owned(), run.plan.seed.to_string()],
    ];
    section("The generator", &["", ""], &rows)
}

fn section(title: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    // A name and a text may take several lines; columns of numbers are rather scrolled.
    let has_heads = heads.iter().any(|head| !head.is_empty());
    let table = if has_heads { "<table>" } else { "<table class=\"pairs\">" };
    let mut parts = vec![format!("<h2>{}</h2><div class=\"wide\">{table}", escape(title))];
    if has_heads {
        parts.push("<tr>".to_owned());
        parts.extend(heads.iter().map(|head| format!("<th>{}</th>", escape(head))));
        parts.push("</tr>".to_owned());
    }
    for row in rows {
        parts.push("<tr>".to_owned());
        parts.extend(row.iter().map(|cell| format!("<td>{}</td>", escape(cell))));
        parts.push("</tr>".to_owned());
    }
    parts.push("</table></div>".to_owned());
    parts.concat()
}
