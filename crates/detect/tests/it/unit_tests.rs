//! The unit tests of rules that Prometheus' `promtool test rules` runs: those that pass there pass here, and those
//! that fail there fail here.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail, ensure};
use detect::{ActiveAlerts, Rule, RuleGroup, Surroundings, elements, judge_alert, judge_recording};
use model::{AlertState, HistogramSample, Labels, SampleSink as _, Span, Time, Unlimited};
use query::{Engine, InstantSample, parse_duration};
use serde::Deserialize;
use testkit::{MemoryStore, Point, describe, parse_histogram};

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    rule_files: Vec<String>,
    evaluation_interval: Option<String>,
    #[serde(default)]
    fuzzy_compare: bool,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    interval: Option<String>,
    name: Option<String>,
    start_timestamp: Option<String>,
    #[serde(default)]
    input_series: Vec<Input>,
    #[serde(default)]
    #[serde(rename = "promql_expr_test")]
    questions: Vec<Question>,
    #[serde(default)]
    #[serde(rename = "alert_rule_test")]
    alert_questions: Vec<AlertQuestion>,
}

#[derive(Deserialize)]
struct Input {
    series: String,
    values: String,
}

#[derive(Deserialize)]
struct Question {
    expr: String,
    eval_time: String,
    #[serde(default)]
    exp_samples: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    #[serde(default)]
    labels: String,
    #[serde(default)]
    value: f64,
    histogram: Option<String>,
}

#[derive(Deserialize)]
struct AlertQuestion {
    eval_time: String,
    alertname: String,
    #[serde(default)]
    exp_alerts: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    #[serde(default)]
    exp_labels: BTreeMap<String, String>,
    #[serde(default)]
    exp_annotations: BTreeMap<String, String>,
}

/// Files, and which of their tests fail, by number.
const FILES: [(&str, &[usize]); 9] = [
    ("unittest.yml", &[]),
    ("failing.yml", &[0, 1]),
    ("rules_run.yml", &[1]),
    ("rules_run_fuzzy.yml", &[1]),
    ("rules_run_no_fuzzy.yml", &[0]),
    ("no-test-group-interval.yml", &[]),
    ("at-modifier-test.yml", &[]),
    ("negative-offset-test.yml", &[]),
    ("start-time-test.yml", &[]),
];

#[test]
fn unit_tests_of_rules_pass_and_fail_as_with_promtool() -> Result<()> {
    let Some(folder) = testkit::shared("data/promql/promtool-unittests") else { return Ok(()) };
    let mut files = FILES.to_vec();
    files.push(("long-period.yml", &[]));
    for (name, failing) in files {
        let text = fs::read_to_string(folder.join(name))?;
        let file: File = serde_saphyr::from_str(&text).with_context(|| name.to_owned())?;
        for (number, test) in file.tests.iter().enumerate() {
            let outcome = run(&folder, &file, test);
            let place = format!("{name}: test {number} {:?}", test.name);
            match (outcome, failing.contains(&number)) {
                (Ok(()), true) => bail!("{place} passes and should not"),
                (Err(error), false) => return Err(error.context(place)),
                _ => {}
            }
        }
    }
    Ok(())
}

fn span(text: &str) -> Result<Span> {
    parse_duration(text).with_context(|| format!("not a duration: {text}"))
}

fn run(folder: &Path, file: &File, test: &Test) -> Result<()> {
    let mut groups: Vec<RuleGroup> = Vec::new();
    for path in &file.rule_files {
        groups.extend(detect::rules::parse(path, &fs::read_to_string(folder.join(path))?)?);
    }
    let every = span(file.evaluation_interval.as_deref().unwrap_or("1m"))?;
    let interval = test.interval.as_deref().map_or(Ok(every), span)?;
    let start = match &test.start_timestamp {
        Some(text) => moment(text)?,
        None => Time(0),
    };
    let house = House { store: MemoryStore::new(), engine: Engine::default(), start };
    house.load(test, interval)?;
    let moments = test.questions.iter().map(|own| &own.eval_time);
    let moments = moments.chain(test.alert_questions.iter().map(|own| &own.eval_time));
    let mut last = Span::ZERO;
    for moment in moments {
        last = last.max(span(moment)?);
    }
    let mut alerts = ActiveAlerts::default();
    let mut at = Span::ZERO;
    while at <= last {
        house.evaluate(&groups, &mut alerts, start + at)?;
        for asked in &test.alert_questions {
            let when = span(&asked.eval_time)?;
            if when >= at && when.as_millis() < at.as_millis() + every.as_millis() {
                check_alerts(asked, &alerts)?;
            }
        }
        at = Span(at.as_millis() + every.as_millis());
    }
    test.questions.iter().try_for_each(|asked| house.check(asked, file.fuzzy_compare))
}

/// A day as the tests write it, or seconds since 1970.
fn moment(text: &str) -> Result<Time> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(Time::from_secs(seconds));
    }
    let known = [("2024-01-01T00:00:00Z", 1_704_067_200)];
    let found = known.into_iter().find(|(known, _)| *known == text);
    Ok(Time::from_secs(found.with_context(|| format!("unknown day {text}"))?.1))
}

struct House {
    store: MemoryStore,
    engine: Engine,
    start: Time,
}

impl House {
    fn load(&self, test: &Test, interval: Span) -> Result<()> {
        for input in &test.input_series {
            let described = describe(&format!("{} {}", input.series, input.values))?;
            let mut time = self.start;
            for point in &described.points {
                match point {
                    Point::Gap => {}
                    Point::Value(value) => {
                        self.store.add(&described.labels, [(time.millis(), *value)]);
                    }
                    Point::Histogram(noted) => {
                        let histogram = Arc::new(noted.histogram.clone());
                        let sample = HistogramSample { time, histogram };
                        self.store.add_histograms(&described.labels, [sample]);
                    }
                }
                time = time + interval;
            }
        }
        Ok(())
    }

    fn ask(&self, text: &str, at: Time) -> Result<Vec<InstantSample>> {
        let answer = self.engine.instant(&self.store, text, at, &Unlimited)?;
        elements(answer.value).context("neither a vector nor a number")
    }

    fn evaluate(&self, groups: &[RuleGroup], alerts: &mut ActiveAlerts, now: Time) -> Result<()> {
        let query = |text: &str| self.ask(text, now).map_err(|error| error.to_string());
        for group in groups {
            let around = Surroundings {
                limit: group.limit,
                external_labels: &Labels::empty(),
                external_url: "",
                query: &query,
            };
            for rule in &group.rules {
                self.judge(rule, alerts, now, &around)?;
            }
        }
        self.store.write(&alerts.alerts_series(now))?;
        Ok(())
    }

    fn judge(
        &self,
        rule: &Rule,
        alerts: &mut ActiveAlerts,
        now: Time,
        around: &Surroundings<'_>,
    ) -> Result<()> {
        match rule {
            Rule::Record(rule) => {
                let answer = self.ask(&rule.expr, now)?;
                self.store.write(&judge_recording(rule, &answer, now, around.limit)?)?;
            }
            Rule::Alert(rule) => {
                let answer = self.ask(&rule.expr, now)?;
                judge_alert(rule, &answer, alerts, now, around)?;
            }
        }
        Ok(())
    }

    fn check(&self, asked: &Question, fuzzy: bool) -> Result<()> {
        let at = self.start + span(&asked.eval_time)?;
        let found = self.ask(&asked.expr, at)?;
        let count = asked.exp_samples.len();
        ensure!(found.len() == count, "{}: {found:?} instead of {count}", asked.expr);
        for wanted in &asked.exp_samples {
            let labels = describe(&wanted.labels)?.labels;
            let own = found.iter().find(|own| own.labels == labels);
            let own = own.with_context(|| format!("{}: no {labels} in {found:?}", asked.expr))?;
            match (&wanted.histogram, &own.histogram) {
                (None, None) => ensure!(
                    same(own.value, wanted.value, fuzzy),
                    "{}: {} instead of {}",
                    asked.expr,
                    own.value,
                    wanted.value
                ),
                (Some(wanted), Some(found)) => {
                    let mut wanted = parse_histogram(wanted)?.histogram;
                    // What is said of resets depends on how a store cuts its chunks.
                    wanted.reset = found.reset;
                    ensure!(wanted == **found, "{}: {found:?} instead of {wanted:?}", asked.expr);
                }
                _ => bail!("{}: {own:?} is of another kind", asked.expr),
            }
        }
        Ok(())
    }
}

/// Fuzzy means: next to each other among the floats.
fn same(a: f64, b: f64, fuzzy: bool) -> bool {
    let nearest = fuzzy && (a.next_up() - b).abs().min((a.next_down() - b).abs()) <= 0.0;
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) || nearest
}

fn check_alerts(asked: &AlertQuestion, alerts: &ActiveAlerts) -> Result<()> {
    let mut found: Vec<(BTreeMap<String, String>, BTreeMap<String, String>)> = Vec::new();
    let pairs = |labels: &Labels| -> BTreeMap<String, String> {
        labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    for alert in alerts.alerts().iter().filter(|own| own.state == AlertState::Firing) {
        if alert.labels.get("alertname") == Some(&asked.alertname) {
            found.push((pairs(&alert.labels), pairs(&alert.annotations)));
        }
    }
    let expected = asked.exp_alerts.iter().map(|own| {
        let mut labels = own.exp_labels.clone();
        labels.insert("alertname".to_owned(), asked.alertname.clone());
        (labels, own.exp_annotations.clone())
    });
    let mut expected: Vec<_> = expected.collect();
    found.sort();
    expected.sort();
    ensure!(found == expected, "at {}: {found:?} instead of {expected:?}", asked.eval_time);
    Ok(())
}
