//! A run told to people at a terminal.

use model::Unit;
use stats::Histogram;

use super::{
    PERCENTILES, ending_text, profile_text, recovery_text, say_count, say_length, say_load, say_ns,
    say_quantile, trend_text,
};
use crate::{
    engine::{Progress, Run},
    record::Told,
    verdict::{Verdict, begun_and_due, cpu_share},
};

/// Widest name of a step in the table.
const NAME_LETTERS_MAX: usize = 28;

/// Ways out that are told: more would hide the figures.
const HELPS_MAX: usize = 3;

/// The run in some twenty lines: the verdict first, then what it rests on.
pub fn text(run: &Run, verdict: &Verdict) -> String {
    let together = run.recording.together();
    let mut lines = vec![format!("{}: {}", verdict.word().as_str(), run.plan.name)];
    lines.extend(ending_text(run).map(|text| format!("  {text}")));
    for doubt in &verdict.doubts {
        lines.push(format!("  cannot be believed: {doubt}"));
        lines.push(format!("    try: {}", doubt.help()));
    }
    if verdict.unanswered {
        lines.push("  the target answered nothing".to_owned());
    }
    for judged in &verdict.rules {
        let word = if judged.kept { "kept  " } else { "broken" };
        let value = judged.rule.say(judged.value);
        lines.push(format!("  {word}  {}   (was {value})", judged.rule));
    }
    lines.push(String::new());
    for scenario in &run.plan.scenarios {
        lines.push(row("load", &format!("{}, {}", scenario.name, say_load(&scenario.load))));
    }
    lines.extend(profile_text(run).map(|text| row("profile", &text)));
    lines.push(row("sent", &sent(run, &together)));
    lines.push(row("answers", &answers(run, &together)));
    let troubles = together.troubles.listed().into_iter();
    let helps = troubles.filter_map(|(trouble, _)| Some((trouble.word(), trouble.help()?)));
    lines.extend(helps.take(HELPS_MAX).map(|(word, help)| row("", &format!("{word}: {help}"))));
    lines.extend(recovery_text(run).map(|text| row("recovery", &text)));
    for watching in &verdict.trends {
        lines.push(row("watched", &format!("{}: {}", watching.name, trend_text(watching))));
    }
    lines.push(String::new());
    times(&mut lines, &together);
    lines.push(String::new());
    steps(&mut lines, run);
    lines.push(row("generator", &generator(run)));
    lines.push(row("connections", &connections(run)));
    lines.join("\n") + "\n"
}

/// One line for a terminal, while the run goes on.
pub fn progress(progress: &Progress<'_>) -> String {
    let interval = progress.interval;
    let quantile = |q| say_ns(interval.response.quantile(q));
    format!(
        "{} of {}  sent {}  good {}  failed {}  on their way {}  response p50 {} p99 {}",
        say_length(progress.seconds as f64),
        say_length(progress.length.as_secs_f64()),
        Unit::PerSecond.say(interval.sent as f64),
        Unit::PerSecond.say(interval.good as f64),
        interval.failed,
        interval.in_flight,
        quantile(0.5),
        quantile(0.99)
    )
}

fn row(name: &str, text: &str) -> String {
    format!("{name:<12}{text}")
}

fn sent(run: &Run, together: &Told) -> String {
    let journeys = match begun_and_due(run) {
        Some((begun, due)) => {
            format!("{} of {} journeys that were due, ", say_count(begun), say_count(due))
        }
        None => String::new(),
    };
    format!(
        "{journeys}{} requests in {}",
        say_count(together.count()),
        say_length(run.took.as_secs_f64())
    )
}

fn answers(run: &Run, together: &Told) -> String {
    let seconds = run.took.as_secs_f64();
    let mut said = vec![format!(
        "{} good ({}), {} failed",
        say_count(together.good.count()),
        Unit::PerSecond.say(together.good.count() as f64 / seconds),
        say_count(together.failed.count())
    )];
    for (trouble, count) in together.troubles.listed() {
        said.push(format!("{} {} ({})", say_count(count), trouble.word(), trouble.about()));
    }
    let statuses = together.statuses.iter().map(|(status, count)| format!("{status}: {count}"));
    if !together.statuses.is_empty() {
        said.push(format!("by status {}", statuses.collect::<Vec<_>>().join(", ")));
    }
    said.join("; ")
}

fn times(lines: &mut Vec<String>, together: &Told) {
    let all = together.all();
    let heads = PERCENTILES.map(|(name, _)| format!("{name:>9}"));
    lines.push(row("", &heads.concat()));
    let told: [(&str, &Histogram, &str); 3] = [
        ("response", &all.response, "from due to done: what users wait"),
        ("service", &all.service, "from sent to done: what the target takes"),
        ("send lag", &all.lag, "from due to sent: how late it left"),
    ];
    for (name, histogram, about) in told {
        let cells = PERCENTILES.map(|(_, q)| format!("{:>9}", say_quantile(histogram, q)));
        lines.push(row(name, &format!("{}   {about}", cells.concat())));
    }
}

fn steps(lines: &mut Vec<String>, run: &Run) {
    if run.recording.steps.len() < 2 {
        return;
    }
    lines.push(format!(
        "{:<NAME_LETTERS_MAX$}{:>11}{:>9}{:>10}{:>10}{:>10}",
        "step", "good", "failed", "p50", "p95", "p99"
    ));
    for (scenario, step) in run.plan.steps() {
        let Some(told) = run.recording.steps.get(step.index) else { continue };
        let name = format!("{}/{}", scenario.name, step.name);
        let name: String = name.chars().take(NAME_LETTERS_MAX - 1).collect();
        let response = told.all().response;
        lines.push(format!(
            "{name:<NAME_LETTERS_MAX$}{:>11}{:>9}{:>10}{:>10}{:>10}",
            say_count(told.good.count()),
            say_count(told.failed.count()),
            say_quantile(&response, 0.5),
            say_quantile(&response, 0.95),
            say_quantile(&response, 0.99)
        ));
    }
    lines.push(String::new());
}

fn generator(run: &Run) -> String {
    let lateness = &run.recording.lateness;
    let mut late = String::new();
    if !lateness.is_empty() {
        let (p50, p99) = (say_quantile(lateness, 0.5), say_quantile(lateness, 0.99));
        late = format!("; late by itself p50 {p50}, p99 {p99}");
    }
    let workers = if run.workers == 1 { "worker" } else { "workers" };
    format!(
        "{} {workers}, {} of a processor each{late}",
        run.workers,
        Unit::Share.say(cpu_share(run))
    )
}

fn connections(run: &Run) -> String {
    let connects = &run.recording.connects;
    let stale = match run.recording.stale {
        0 => String::new(),
        count => format!("; {} kept ones had been closed by the target", say_count(count)),
    };
    format!(
        "{} made, p50 {}, p99 {}{stale}",
        say_count(connects.count()),
        say_quantile(connects, 0.5),
        say_quantile(connects, 0.99)
    )
}
