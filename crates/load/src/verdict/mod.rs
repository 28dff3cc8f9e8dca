//! Whether a run can be believed, and whether it kept its rules.

mod recovery;
mod trend;
mod validity;
mod watch;

pub use recovery::{Recovery, recovery};
pub use trend::{Trend, trend};
pub use validity::Doubt;
pub(crate) use validity::{begun_and_due, cpu_share, doubts};
pub use watch::Watch;

use crate::{
    engine::{Ending, Run},
    plan::{Measure, Shape, Threshold},
    record::{Interval, Told},
};

/// One rule with what came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The rule.
    pub rule: Threshold,
    /// What was measured; with a window the worst of all of them. Not-a-number if there was nothing to measure.
    pub value: f64,
    /// Whether it was kept.
    pub kept: bool,
}

/// What a run comes to.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Verdict {
    /// Why the run cannot be believed; empty if it can.
    pub doubts: Vec<Doubt>,
    /// The rules in their order.
    pub rules: Vec<Judged>,
    /// The run was ended early, by a rule or from outside.
    pub cut_short: bool,
    /// A rule of the plan ended it: it did nothing but harm.
    pub aborted: bool,
    /// Not one request was answered.
    pub unanswered: bool,
    /// What became of values that should stay as they are, of runs that watch for it.
    pub trends: Vec<Watching>,
}

/// A value that was watched for what grows.
#[derive(Clone, Debug, PartialEq)]
pub struct Watching {
    /// What.
    pub name: String,
    /// What became of it.
    pub trend: Trend,
}

impl Watching {
    /// Whether it surely grows.
    pub fn grows(&self) -> bool {
        matches!(self.trend, Trend::Grows { .. })
    }
}

/// The verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Believable, and every rule was kept.
    Passed,
    /// Believable, and a rule was broken.
    Failed,
    /// Not believable: it says nothing about the target, whatever the figures.
    Invalid,
    /// The target never answered.
    Unanswered,
}

impl Word {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Unanswered => "unanswered",
        }
    }

    /// What a pipeline sees: 0 passed, 1 a rule was broken, 4 the run is invalid, 5 the target never answered.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Invalid => 4,
            Self::Unanswered => 5,
        }
    }
}

impl Verdict {
    /// Judges a run.
    pub fn of(run: &Run) -> Self {
        let together = run.recording.together();
        let rules = run.plan.thresholds.iter().map(|rule| judge(run, rule, &together)).collect();
        let answered = together.statuses.iter().map(|(_, count)| count).sum::<u64>();
        Self {
            doubts: doubts(run, &together),
            rules,
            cut_short: run.ending != Ending::Done,
            aborted: matches!(run.ending, Ending::Aborted { .. }),
            unanswered: together.count() > 0 && answered == 0,
            trends: own_trends(run),
        }
    }

    /// Watches something else that was seen meanwhile: its values over seconds.
    pub fn watch(&mut self, name: &str, points: &[(f64, f64)]) {
        self.trends.push(Watching { name: name.to_owned(), trend: trend(points) });
    }

    /// In one word.
    pub fn word(&self) -> Word {
        let broken = self.aborted
            || self.rules.iter().any(|rule| !rule.kept)
            || self.trends.iter().any(Watching::grows);
        // What broke before somebody stopped it was broken; what held until then may not have held on.
        let only_stopped = self.doubts.iter().all(|doubt| *doubt == Doubt::Stopped);
        if self.unanswered && !self.doubts.iter().any(Doubt::explains_silence) {
            Word::Unanswered
        } else if broken && only_stopped {
            Word::Failed
        } else if !self.doubts.is_empty() {
            Word::Invalid
        } else {
            Word::Passed
        }
    }
}

/// A sustained load stays the same, so waits and what is on its way should, too.
fn own_trends(run: &Run) -> Vec<Watching> {
    if run.plan.profile.is_none_or(|profile| profile.shape != Shape::Sustained) {
        return Vec::new();
    }
    let length = run.plan.length().as_secs_f64();
    let width = run.timeline.seconds as f64;
    let points = |value: &dyn Fn(&Interval) -> f64| -> Vec<(f64, f64)> {
        let rows = run.timeline.rows().enumerate();
        let placed = rows.map(|(index, row)| (index as f64 * width, value(&row)));
        placed.filter(|(time, _)| time + width <= length).collect()
    };
    let quantile = |row: &Interval, q: f64| {
        row.response.quantile(q).map_or(f64::NAN, |nanos| nanos as f64 / 1e9)
    };
    let all = [
        ("response p50 (seconds)", points(&|row| quantile(row, 0.5))),
        ("response p95 (seconds)", points(&|row| quantile(row, 0.95))),
        ("requests on their way", points(&|row| row.in_flight as f64)),
    ];
    let told = all
        .into_iter()
        .map(|(name, points)| Watching { name: name.to_owned(), trend: trend(&points) });
    told.collect()
}

fn judge(run: &Run, rule: &Threshold, together: &Told) -> Judged {
    let value = match (&rule.step, rule.window) {
        (_, Some(_)) => run.watch.worst(rule),
        (Some(name), None) => {
            let mut told = Told::default();
            for (_, step) in run.plan.steps().filter(|(_, step)| step.name == *name) {
                if let Some(step) = run.recording.steps.get(step.index) {
                    told.merge(step);
                }
            }
            measure(&rule.measure, &told, run.took.as_secs_f64())
        }
        (None, None) => measure(&rule.measure, together, run.took.as_secs_f64()),
    };
    Judged { rule: rule.clone(), value, kept: rule.holds(value) }
}

/// What a whole run comes to.
fn measure(measure: &Measure, told: &Told, seconds: f64) -> f64 {
    let quantile = |histogram: &stats::Histogram, q: f64| {
        histogram.quantile(q).map_or(f64::NAN, |nanos| nanos as f64 / 1e9)
    };
    match measure {
        Measure::Response(q) => quantile(&told.all().response, *q),
        Measure::Service(q) => quantile(&told.all().service, *q),
        Measure::Errors => told.failed_share(),
        Measure::Throughput => told.good.count() as f64 / seconds,
    }
}

/// What a stretch of time comes to. Service times are not kept by the second, so response times stand in.
fn measure_interval(measure: &Measure, interval: &Interval, seconds: f64) -> f64 {
    match measure {
        Measure::Response(q) | Measure::Service(q) => {
            interval.response.quantile(*q).map_or(f64::NAN, |nanos| nanos as f64 / 1e9)
        }
        Measure::Errors => interval.failed_share(),
        Measure::Throughput => interval.good as f64 / seconds,
    }
}
