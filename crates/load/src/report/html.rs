//! A run told on one page that needs nothing else: no network, no scripts, light and dark.

use model::Unit;
use stats::Histogram;

use super::{
    Beside, PERCENTILES,
    beside::{comparison_html, resources_html, taken_html},
    chart::{Chart, Line, time_marks},
    connections_word,
    course::drawn_rows,
    ending_text, profile_text, protocol_word, recovery_text, say_count, say_length, say_load,
    say_moment, say_quantile, trend_text,
};
use crate::{
    engine::Run,
    plan::Measure,
    record::{Interval, Told},
    verdict::{Verdict, begun_and_due, cpu_share},
};

const STYLE: &str = include_str!("page.css");

/// Shares whose percentiles make the spectrum: it shows the tail, where users wait.
const SPECTRUM: [f64; 15] = [
    0.0, 0.25, 0.5, 0.75, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9975, 0.999, 0.9995, 0.9998,
    0.9999,
];
/// Those of them that have a word below.
const NAMED: [(&str, f64); 6] =
    [("p0", 0.0), ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];

/// The page.
pub fn html(run: &Run, verdict: &Verdict, beside: &Beside<'_>) -> String {
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
        tiles(run, &together),
        rules(verdict),
        comparison_html(beside),
        charts(run, &together),
        times(&together),
        steps(run),
        resources_html(beside),
        taken_html(beside),
        troubles(&together),
        figures(run, &together),
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
    let targets: Vec<String> = run.plan.origins.iter().map(ToString::to_string).collect();
    let broken = verdict.rules.iter().filter(|rule| !rule.kept).count();
    let rules = match (verdict.rules.len(), broken) {
        (0, _) => "no rules".to_owned(),
        (all, 0) => format!("all rules kept ({all})"),
        (all, broken) => format!("{broken} of {all} rules broken"),
    };
    let mut parts = vec![format!(
        "<p class=\"soft\">Load test of {}, {}, {}</p><h1>{}</h1><div class=\"verdict {word}\"><p><b>{word}</b> · {rules}</p>",
        escape(&targets.join(", ")),
        say_moment(run.started),
        say_length(run.took.as_secs_f64()),
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

/// The figures that are asked for first.
fn tiles(run: &Run, together: &Told) -> String {
    let all = together.all();
    let seconds = run.took.as_secs_f64();
    let rate = Unit::PerSecond.say(together.good.count() as f64 / seconds);
    let due = begun_and_due(run).map_or_else(
        || format!("{} good answers", say_count(together.good.count())),
        |(begun, due)| format!("{} of {} due were sent", say_count(begun), say_count(due)),
    );
    let tiles = [
        ("good answers", rate, due),
        ("p50", say_quantile(&all.response, 0.5), "response, from due to done".to_owned()),
        ("p95", say_quantile(&all.response, 0.95), "one user in 20 waits longer".to_owned()),
        ("p99", say_quantile(&all.response, 0.99), "one in 100".to_owned()),
        ("longest", say_quantile(&all.response, 1.0), "nobody waited longer".to_owned()),
        (
            "failed",
            say_failed(together),
            format!("{} requests", say_count(together.failed.count())),
        ),
    ];
    let tiles = tiles.map(|(name, value, about)| {
        format!(
            "<div><dt>{name}</dt><dd><b>{}</b><span>{}</span></dd></div>",
            escape(&value),
            escape(&about)
        )
    });
    format!("<dl class=\"tiles\">{}</dl>", tiles.concat())
}

/// The share that failed, if anything was asked.
fn say_failed(told: &Told) -> String {
    if told.count() == 0 { "–".to_owned() } else { Unit::Share.say(told.failed_share()) }
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
    rows.push(vec!["began".to_owned(), say_moment(run.started)]);
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

/// Requests, waits and what is on its way over time, and the waits by how rare they are.
fn charts(run: &Run, together: &Told) -> String {
    let seconds = run.timeline.seconds as f64;
    let rows = drawn_rows(&run.timeline, run.took);
    let length = rows.len() as f64 * seconds;
    let points = |value: &dyn Fn(&Interval) -> Option<f64>| {
        rows.iter().enumerate().map(|(at, (_, row))| (at as f64 * seconds, value(row))).collect()
    };
    let rates = |count: &dyn Fn(&Interval) -> u64| {
        let rate = |(at, (seconds, row)): (usize, &(f64, Interval))| {
            (at as f64 * run.timeline.seconds as f64, Some(count(row) as f64 / seconds))
        };
        rows.iter().enumerate().map(rate).collect()
    };
    let quantile = |row: &Interval, q: f64| row.response.quantile(q).map(|ns| ns as f64 / 1e9);
    let per_second = |value| Unit::PerSecond.say(value);
    let load = Chart {
        title: "requests a second over time",
        lines: vec![
            Line { name: "sent", class: "one", points: rates(&|row| row.sent) },
            Line { name: "good", class: "three", points: rates(&|row| row.good) },
            Line { name: "failed", class: "two", points: rates(&|row| row.failed) },
        ],
        marks: time_marks(length),
        bounds: Vec::new(),
        say: &per_second,
    };
    let response = Chart {
        title: "response time over time",
        lines: vec![
            Line { name: "p99", class: "two", points: points(&|row| quantile(row, 0.99)) },
            Line { name: "p95", class: "three", points: points(&|row| quantile(row, 0.95)) },
            Line { name: "p50", class: "one", points: points(&|row| quantile(row, 0.5)) },
        ],
        marks: time_marks(length),
        bounds: bounds(run),
        say: &say_seconds,
    };
    let on_their_way = Chart {
        title: "requests on their way over time",
        lines: vec![Line {
            name: "on their way at the end of a second",
            class: "one",
            points: points(&|row| Some(row.in_flight as f64)),
        }],
        marks: time_marks(length),
        bounds: Vec::new(),
        say: &|value| format!("{value:.0}"),
    };
    let drawn = [
        ("Requests a second", load.svg()),
        ("Response time", response.svg()),
        ("By percentile", spectrum(together)),
        ("On their way", on_their_way.svg()),
    ];
    let drawn = drawn.map(|(title, svg)| format!("<section><h2>{title}</h2>{svg}</section>"));
    format!("<div class=\"charts\">{}</div>", drawn.concat())
}

fn say_seconds(value: f64) -> String {
    Unit::Seconds.say(value)
}

/// The rules about waits of all requests, as lines that should not be passed.
fn bounds(run: &Run) -> Vec<(f64, String)> {
    let about_waits = run
        .plan
        .thresholds
        .iter()
        .filter(|rule| rule.step.is_none() && matches!(rule.measure, Measure::Response(_)));
    about_waits.map(|rule| (rule.bound, rule.to_string())).collect()
}

/// Percentiles over how rare they are: each step to the right is ten times rarer.
fn spectrum(together: &Told) -> String {
    let all = together.all();
    let rarity = |q: f64| -(1.0 - q).log10();
    let points = |histogram: &Histogram| {
        let point = |q: f64| (rarity(q), histogram.quantile(q).map(|ns| ns as f64 / 1e9));
        SPECTRUM.map(point).to_vec()
    };
    let chart = Chart {
        title: "response and service time by percentile",
        lines: vec![
            Line { name: "response", class: "one", points: points(&all.response) },
            Line { name: "service", class: "two", points: points(&all.service) },
        ],
        marks: NAMED.map(|(name, q)| (rarity(q), name.to_owned())).to_vec(),
        bounds: Vec::new(),
        say: &say_seconds,
    };
    chart.svg()
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
            Unit::PerSecond.say(told.good.count() as f64 / run.took.as_secs_f64()),
            say_count(told.good.count()),
            say_count(told.failed.count()),
            say_failed(told),
            say_quantile(&response, 0.5),
            say_quantile(&response, 0.95),
            say_quantile(&response, 0.99),
            say_quantile(&response, 1.0),
        ]);
    }
    section(
        "Steps",
        &["step", "a second", "good", "failed", "share", "p50", "p95", "p99", "max"],
        &rows,
    )
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

/// A table of texts.
pub(super) fn section(title: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    let escaped = rows.iter().map(|row| row.iter().map(|cell| escape(cell)).collect());
    table(title, heads, &escaped.collect::<Vec<_>>())
}

/// A table whose cells are markup; nothing without rows.
pub(super) fn table(title: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let title =
        if title.is_empty() { String::new() } else { format!("<h2>{}</h2>", escape(title)) };
    // A name and a text may take several lines; columns of numbers are rather scrolled.
    let has_heads = heads.iter().any(|head| !head.is_empty());
    let table = if has_heads { "<table>" } else { "<table class=\"pairs\">" };
    let mut parts = vec![format!("{title}<div class=\"wide\">{table}")];
    if has_heads {
        parts.push("<tr>".to_owned());
        parts.extend(heads.iter().map(|head| format!("<th>{}</th>", escape(head))));
        parts.push("</tr>".to_owned());
    }
    for row in rows {
        parts.push("<tr>".to_owned());
        parts.extend(row.iter().map(|cell| format!("<td>{cell}</td>")));
        parts.push("</tr>".to_owned());
    }
    parts.push("</table></div>".to_owned());
    parts.concat()
}
