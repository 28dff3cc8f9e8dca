//! Doubts about a run: reasons why its figures say something about the generator instead of the target.

use std::{fmt, time::Duration};

use crate::{
    engine::{Ending, Run},
    plan::Load,
    record::{Told, Trouble},
};

/// A generator that is later than this by itself measures itself.
const LATENESS_MAX: Duration = Duration::from_millis(5);
/// Or, where the target is slow, later than this share of the response time: it changes no figure by more.
const LATENESS_SHARE_MAX: f64 = 0.05;
/// How much of a processor a worker may use; above it, requests wait for the generator.
const CPU_SHARE_MAX: f64 = 0.85;
/// How much of what was asked has to be sent.
const SENT_SHARE_MIN: f64 = 0.99;
/// A wall clock that is set makes nonsense of what other machines said at the time. Preempted between two readings,
/// this machine seems to step by some tens of milliseconds.
const CLOCK_STEP_MAX: Duration = Duration::from_millis(500);

/// A reason not to believe a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// Requests left late although places were free.
    Late {
        /// How late, at the 99th percentile.
        p99: Duration,
        /// How late it may be.
        most: Duration,
    },
    /// The generator had hardly any processor time left.
    Busy {
        /// The share of a processor that each worker used.
        share: f64,
    },
    /// Less was sent than asked.
    TooFew {
        /// Journeys that began.
        begun: u64,
        /// Journeys that were due.
        asked: u64,
    },
    /// This machine ran out of file handles or ports.
    Exhausted {
        /// What ran out.
        trouble: Trouble,
        /// How often.
        count: u64,
    },
    /// The wall clock was set meanwhile.
    ClockStep {
        /// By how much.
        step: Duration,
    },
    /// Nothing was sent at all.
    Nothing,
    /// It was stopped from outside before its end.
    Stopped,
    /// A machine that sent its part was lost.
    Lost {
        /// Which.
        worker: String,
        /// Why.
        why: String,
    },
    /// The part of one machine cannot be believed.
    OfWorker {
        /// Which.
        worker: String,
        /// Why.
        text: String,
    },
}

impl Doubt {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Late { .. } => "late",
            Self::Busy { .. } => "busy",
            Self::TooFew { .. } => "too_few",
            Self::Exhausted { .. } => "exhausted",
            Self::ClockStep { .. } => "clock_step",
            Self::Nothing => "nothing_sent",
            Self::Stopped => "stopped",
            Self::Lost { .. } => "lost_worker",
            Self::OfWorker { .. } => "of_worker",
        }
    }

    /// Whether it alone may be why nothing was answered.
    pub fn explains_silence(&self) -> bool {
        matches!(self, Self::Exhausted { .. } | Self::Lost { .. })
    }

    /// What to try.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Late { .. } | Self::Busy { .. } => {
                "ask for less, allow more workers, or keep other work off this machine"
            }
            Self::TooFew { .. } => {
                "the target did not take the load: ask for less, or allow more in flight and a longer drain"
            }
            Self::Exhausted { trouble: Trouble::FileHandles, .. } => {
                "raise the limit of open files (ulimit -n), or allow less in flight"
            }
            Self::Exhausted { .. } => "share connections, or widen net.ipv4.ip_local_port_range",
            Self::ClockStep { .. } => "run it again while nobody sets the clock",
            Self::Nothing => "let it run longer",
            Self::Stopped => "let it run to its end: nobody saw what the rest would have shown",
            Self::Lost { .. } => {
                "run it again with workers that stay: the rest was not the load that was asked for"
            }
            Self::OfWorker { .. } => {
                "ask for less, take more workers, or keep other work off that machine"
            }
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let say = |length: &Duration| model::Unit::Seconds.say(length.as_secs_f64());
        match self {
            Self::Late { p99, most } => write!(
                formatter,
                "requests left {} late (99th percentile) while places were free; {} at most",
                say(p99),
                say(most)
            ),
            Self::Busy { share } => write!(
                formatter,
                "each worker used {} of a processor; {} at most",
                model::Unit::Share.say(*share),
                model::Unit::Share.say(CPU_SHARE_MAX)
            ),
            Self::TooFew { begun, asked } => {
                write!(formatter, "{begun} of {asked} that were due were sent")
            }
            Self::Exhausted { trouble, count } => {
                write!(formatter, "{}, {count} times", trouble.about())
            }
            Self::ClockStep { step } => write!(formatter, "the clock was set by {}", say(step)),
            Self::Nothing => formatter.write_str("nothing was sent"),
            Self::Stopped => formatter.write_str("it was stopped before its end"),
            Self::Lost { worker, why } => write!(formatter, "the worker {worker} was lost: {why}"),
            Self::OfWorker { worker, text } => write!(formatter, "on {worker}: {text}"),
        }
    }
}

/// Every reason not to believe a run; none if there is none.
pub(crate) fn doubts(run: &Run, together: &Told) -> Vec<Doubt> {
    let recording = &run.recording;
    let mut found = Vec::new();
    if together.count() == 0 {
        found.push(Doubt::Nothing);
    }
    let nanos = |q: Option<u64>| Duration::from_nanos(q.unwrap_or(0));
    let p99 = nanos(recording.lateness.quantile(0.99));
    let most = nanos(together.all().response.quantile(0.99)).mul_f64(LATENESS_SHARE_MAX);
    let most = most.max(LATENESS_MAX);
    if p99 > most {
        found.push(Doubt::Late { p99, most });
    }
    let share = cpu_share(run);
    if share > CPU_SHARE_MAX {
        found.push(Doubt::Busy { share });
    }
    found.extend(too_few(run));
    for trouble in Trouble::ALL.into_iter().filter(|trouble| trouble.is_ours()) {
        let count = together.troubles.count(trouble);
        if count > 0 {
            found.push(Doubt::Exhausted { trouble, count });
        }
    }
    let step = run.watch.clock_step();
    if step > CLOCK_STEP_MAX {
        found.push(Doubt::ClockStep { step });
    }
    found.extend(run.doubts.iter().cloned());
    // Where a worker was lost the rest was stopped for that.
    if run.ending == Ending::Stopped && run.doubts.is_empty() {
        found.push(Doubt::Stopped);
    }
    found
}

/// The share of a processor that each worker used, over the run.
pub(crate) fn cpu_share(run: &Run) -> f64 {
    let seconds = run.took.as_secs_f64() * run.workers as f64;
    if seconds > 0.0 { run.recording.cpu_ns as f64 / 1e9 / seconds } else { 0.0 }
}

/// Journeys that open scenarios have begun, and those that were due until the run ended.
pub(crate) fn begun_and_due(run: &Run) -> Option<(u64, u64)> {
    let recording = &run.recording;
    let mut begun = 0;
    let mut is_open = false;
    for (index, scenario) in run.plan.scenarios.iter().enumerate() {
        if matches!(scenario.load, Load::Open { .. }) {
            is_open = true;
            begun += recording.journeys.get(index).map_or(0, stats::Histogram::count);
            begun += recording.journeys_broken.get(index).copied().unwrap_or(0);
        }
    }
    let on_their_way = recording.together().troubles.count(Trouble::Unfinished);
    let begun = begun + on_their_way;
    is_open.then_some((begun, begun + recording.unsent))
}

fn too_few(run: &Run) -> Option<Doubt> {
    // A run that was stopped has not had the time that the rest of its load would have needed.
    if run.ending != Ending::Done {
        return None;
    }
    let (begun, asked) = begun_and_due(run)?;
    let is_short = (begun as f64) < SENT_SHARE_MIN * asked as f64;
    is_short.then_some(Doubt::TooFew { begun, asked })
}
