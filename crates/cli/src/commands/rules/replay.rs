//! `plimsoll rules replay`

use std::{
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
};

use detect::{
    AlertRule, Rule, RuleGroup,
    rules::{
        self,
        replay::{self, Answers, Replayed, WalkError, walk},
    },
};
use jiff::Timestamp;
use model::{Kind, Labels, Span, Time};
use query::{InstantSample, Steps};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{super::small_runtime, files};
use crate::{args::rules::Replay as Wanted, client::Remote, fault::Fault, output::Output};

/// Evaluations asked for at once; servers answer 11,000 points at most.
const EVALUATIONS_AT_ONCE: i64 = 10_000;
/// Evaluations of one rule: two years at a minute.
const EVALUATIONS_MAX: i64 = 1_100_000;

/// From when to when, and who is asked.
struct Past {
    remote: Remote,
    runtime: Runtime,
    from: Time,
    to: Time,
    /// From one evaluation to the next of a group that does not say so.
    every: Span,
}

/// Why a server gave no answer.
struct Unasked(Fault);

impl std::fmt::Display for Unasked {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.text)
    }
}

/// What a rule would have done, or why nobody knows.
struct Told<'g> {
    group: &'g RuleGroup,
    rule: &'g AlertRule,
    outcome: Result<Replayed, String>,
}

/// Asks a server for the answers of every alerting rule over some past, and says what would have come of them.
pub(super) fn run(command: &Wanted, output: &Output) -> Result<ExitCode, Fault> {
    let now = Time(Timestamp::now().as_millisecond());
    let to = command.to.as_deref().map_or(Ok(now), |text| moment(text, now))?;
    let past = Past {
        remote: Remote::new(&command.server)?,
        runtime: small_runtime()?,
        from: moment(&command.from, now)?,
        to,
        every: span(&command.interval)?,
    };
    if past.from >= past.to {
        return Err(Fault::new(Kind::Invalid, "--from lies behind --to"));
    }
    let mut groups = Vec::new();
    for path in &command.files {
        groups.push(files::groups(path)?);
    }
    let groups = rules::join(groups);
    tell_recorded(&groups, output);
    let mut told = Vec::new();
    for group in &groups {
        for rule in &group.rules {
            let Rule::Alert(rule) = rule else { continue };
            told.push(Told { group, rule, outcome: past.replay(group, rule)? });
        }
    }
    show(&told, &past, output)?;
    Ok(ExitCode::SUCCESS)
}

/// Rules that read what rules of the same files record find it only where it was recorded.
fn tell_recorded(groups: &[RuleGroup], output: &Output) {
    let all = || groups.iter().flat_map(|group| &group.rules);
    let recorded: BTreeSet<&str> =
        all().filter(|rule| matches!(rule, Rule::Record(_))).map(Rule::name).collect();
    let mut read = BTreeSet::new();
    for rule in all().filter(|rule| matches!(rule, Rule::Alert(_))) {
        let metrics = query::check(rule.expr()).map(|own| own.metrics).unwrap_or_default();
        read.extend(metrics.into_iter().filter(|name| recorded.contains(name.as_str())));
    }
    if !read.is_empty() {
        let names: Vec<String> = read.into_iter().collect();
        output.note(&format!(
            "note: these series are recorded by rules of the same files, and count only as far as the server has them: {}",
            names.join(", ")
        ));
    }
}

impl Past {
    fn replay(
        &self,
        group: &RuleGroup,
        rule: &AlertRule,
    ) -> Result<Result<Replayed, String>, Fault> {
        let every = group.interval.unwrap_or(self.every);
        let past =
            replay::Past { from: self.from, to: self.to, every, at_once: EVALUATIONS_AT_ONCE };
        let count = past.evaluations();
        if count > EVALUATIONS_MAX {
            let text = format!("that would be {count} evaluations of each rule");
            return Err(Fault::new(Kind::Invalid, text).help("begin later with --from"));
        }
        let ask = |expr: &str, steps: Steps| self.answers(expr, steps).map_err(Unasked);
        match walk((group, rule), past, &Labels::empty(), &ask, &|| true) {
            Ok(walked) => Ok(Ok(walked.replayed)),
            Err(WalkError::Asking(Unasked(fault)))
                if fault.kind == Kind::Upstream || fault.kind == Kind::Denied =>
            {
                Err(fault)
            }
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// The elements of the answer at each step.
    fn answers(&self, expr: &str, steps: Steps) -> Result<Answers, Fault> {
        let seconds = |time: Time| format!("{:.3}", time.seconds());
        let (start, end) = (seconds(steps.from), seconds(steps.to));
        let step = format!("{:.3}", steps.step.as_secs());
        let query = [("query", expr), ("start", &start), ("end", &end), ("step", &step)];
        let answer = self.runtime.block_on(self.remote.get("/api/v1/query_range", &query))?;
        let mut found = Answers::new();
        for row in answer["data"]["result"].as_array().into_iter().flatten() {
            let pairs = row["metric"].as_object().into_iter().flatten();
            let labels = Labels::from_pairs(
                pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default())),
            );
            for key in ["values", "histograms"] {
                for point in row[key].as_array().into_iter().flatten() {
                    let time = Time(millis(&point[0]));
                    let value = point[1].as_str().and_then(|text| text.parse().ok()).unwrap_or(0.0);
                    let element = InstantSample::float(labels.clone(), time, value);
                    found.entry(time.millis()).or_default().push(element);
                }
            }
        }
        Ok(found)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of any date fit")]
fn millis(seconds: &Value) -> i64 {
    (seconds.as_f64().unwrap_or_default() * 1000.0).round() as i64
}

fn span(text: &str) -> Result<Span, Fault> {
    let found = query::parse_duration(text).filter(|span| *span > Span::ZERO);
    found.ok_or_else(|| {
        Fault::new(Kind::Invalid, format!("`{text}` is not a duration"))
            .help("write `30d`, `6h` or `15s`")
    })
}

/// A length of time before now, a moment, or seconds since 1970.
fn moment(text: &str, now: Time) -> Result<Time, Fault> {
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Ok(Time(stamp.as_millisecond()));
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(Time::from_secs(seconds));
    }
    Ok(now - span(text)?)
}

fn say(time: Time) -> String {
    Timestamp::from_millisecond(time.millis())
        .map_or_else(|_| time.millis().to_string(), |stamp| stamp.to_string())
}

/// To the second, for people.
fn short(time: Time) -> String {
    say(Time(time.millis().div_euclid(1000) * 1000))
}

fn show(told: &[Told<'_>], past: &Past, output: &Output) -> Result<(), Fault> {
    if output.is_json() {
        let rules: Vec<Value> = told.iter().map(|own| document(own, past)).collect();
        return output.json(&json!({ "from": say(past.from), "to": say(past.to), "rules": rules }));
    }
    let mut rows = Vec::new();
    let (mut pages, mut failed) = (0, Vec::new());
    for own in told {
        let name = format!("{}/{}", own.group.name, own.rule.name);
        let replayed = match &own.outcome {
            Ok(replayed) => replayed,
            Err(error) => {
                failed.push(format!("{name}: {error}"));
                continue;
            }
        };
        pages += replayed.pages.len();
        let (sum, longest) = replayed.lengths(past.to);
        let seconds = |span: Span| Span(span.as_millis() / 1000 * 1000).to_string();
        let never = replayed.episodes.is_empty();
        let last =
            replayed.episodes.last().map_or_else(|| "never".to_owned(), |own| short(own.from));
        rows.push(vec![
            name,
            replayed.pages.len().to_string(),
            replayed.episodes.len().to_string(),
            if never { "-".to_owned() } else { seconds(longest) },
            if never { "-".to_owned() } else { seconds(sum) },
            last,
        ]);
    }
    output.table(&["rule", "pages", "alerts", "longest", "in all", "last"], rows)?;
    for text in failed {
        output.note(&format!("not replayed: {text}"));
    }
    output.note(&format!(
        "{pages} pages from {} to {}; a page is when something of a rule fires and nothing of it did before",
        short(past.from),
        short(past.to)
    ));
    Ok(())
}

fn document(told: &Told<'_>, past: &Past) -> Value {
    let (group, rule) = (&told.group.name, &told.rule.name);
    let replayed = match &told.outcome {
        Ok(replayed) => replayed,
        Err(error) => return json!({ "group": group, "rule": rule, "error": error }),
    };
    let (sum, longest) = replayed.lengths(past.to);
    let episodes: Vec<Value> = replayed
        .episodes
        .iter()
        .map(|own| {
            let labels: BTreeMap<&str, &str> = own.labels.iter().collect();
            json!({ "labels": labels, "from": say(own.from), "to": own.to.map(say) })
        })
        .collect();
    json!({
        "group": group,
        "rule": rule,
        "error": null,
        "pages": replayed.pages.iter().map(|page| say(*page)).collect::<Vec<_>>(),
        "dropped": replayed.dropped,
        "firing_seconds": sum.as_secs(),
        "longest_seconds": longest.as_secs(),
        "episodes": episodes,
    })
}
