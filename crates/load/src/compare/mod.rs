//! Whether a release costs more than the one before: runs compared without crying wolf.
//!
//! Two runs are compared by a bootstrap of blocks of their seconds, several of each side by what they differ among
//! themselves. What is tested together is corrected for (Holm 1979), and every «no change» says what it could have
//! seen.

mod gate;
mod impact;
mod kept;
mod pair;
mod student;
mod tell;

pub use impact::{
    Budget, BudgetError, BudgetWord, Impact, ResourceImpact, Seen, Taken, TakenOf, impact,
    impact_json, impact_text, taken, taken_json, taken_text,
};
pub(crate) use impact::{impact_rows, taken_rows};
use kept::Figures;
pub use kept::{Kept, KeptError};
pub(crate) use student::distance;
pub(crate) use tell::compared_rows;
pub use tell::{compared_json, compared_markdown, compared_text};

/// How often equal runs may be called different.
const ALARMS: f64 = 0.05;
/// The share of real differences of the size that is told as detectable that are found: four of five. Two-sided, that
/// leaves twice a fifth outside.
const MISSED_TWO_SIDED: f64 = 0.4;
/// Runs whose lengths differ by more have not had the same load.
const LENGTH_SHARE: f64 = 0.02;

/// The shortest stretch if nobody says: what is asked of a server is often a rate over 30 s.
const STRETCH_SECONDS: f64 = 30.0;

/// What counts as a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Smaller differences than this part of a figure matter to nobody.
    pub relevant: f64,
    /// The same for the share of failures, in shares.
    pub relevant_failed: f64,
    /// By how much two runs of the same thing differ beyond what one run shows of itself: the standard deviation from
    /// run to run, as a part of the figure. Used where there is one run of each side only.
    pub noise: f64,
    /// The shortest stretch into which a run is cut to see what its requests take, in seconds.
    pub stretch: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { relevant: 0.03, relevant_failed: 0.001, noise: 0.01, stretch: STRETCH_SECONDS }
    }
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The median of the time from due to done.
    P50,
    /// Its 95th percentile.
    P95,
    /// Its 99th percentile.
    P99,
    /// The share of requests that failed.
    Errors,
    /// Good answers a second; where users wait for answers.
    Throughput,
}

impl Figure {
    /// As rules call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P50 => "response p50",
            Self::P95 => "response p95",
            Self::P99 => "response p99",
            Self::Errors => "errors",
            Self::Throughput => "throughput",
        }
    }

    fn is_share(self) -> bool {
        self == Self::Errors
    }

    /// Whether more of it is better.
    fn is_good(self) -> bool {
        self == Self::Throughput
    }

    /// Times in seconds.
    fn of(self, figures: &Figures) -> f64 {
        match self {
            Self::P50 => figures.p50_ms / 1e3,
            Self::P95 => figures.p95_ms / 1e3,
            Self::P99 => figures.p99_ms / 1e3,
            Self::Errors => figures.failed_share,
            Self::Throughput => figures.good_per_second,
        }
    }
}

/// A difference with what is known of its spread.
#[derive(Clone, Debug, PartialEq)]
struct Effect {
    subject: Option<String>,
    figure: Figure,
    left: f64,
    right: f64,
    /// A logarithm of the ratio, or a difference of shares.
    difference: f64,
    spread: f64,
    freedom: f64,
    /// How likely a difference of this size is where there is none.
    likelihood: f64,
}

/// What became of one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// No difference that can be told and matters.
    None,
    /// Better than before.
    Better,
    /// Worse than before.
    Worse,
}

/// One figure of both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Which step; all together if not said.
    pub subject: Option<String>,
    /// What.
    pub figure: Figure,
    /// Before: seconds, a share, or a second. Of several runs the geometric mean, of shares the mean.
    pub left: f64,
    /// After.
    pub right: f64,
    /// By how much it is more: a part of `left`, or of shares the difference.
    pub difference: f64,
    /// Between these the difference lies, 19 times of 20.
    pub between: (f64, f64),
    /// The smallest difference that would have been found four times of five.
    pub detectable: f64,
    /// How likely such a difference is between equal runs, on its own.
    pub likelihood: f64,
    /// What became of it, with all that was tested beside it corrected for.
    pub change: Change,
}

/// What a comparison comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The reports of the side before.
    pub left: Vec<String>,
    /// The reports of the side after.
    pub right: Vec<String>,
    /// Why nothing can be said; empty if it can.
    pub refused: Vec<String>,
    /// Every figure.
    pub figures: Vec<Compared>,
    /// By what it was judged.
    pub rules: Rules,
}

/// The outcome in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeWord {
    /// No figure changed.
    NoChange,
    /// Some figure is better and none worse.
    Better,
    /// Some figure is worse.
    Worse,
    /// These runs cannot be compared.
    Refused,
}

impl OutcomeWord {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoChange => "no change",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Refused => "refused",
        }
    }

    /// What a pipeline sees: 0 no worse, 1 worse, 4 nothing can be said.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::NoChange | Self::Better => 0,
            Self::Worse => 1,
            Self::Refused => 4,
        }
    }
}

impl Outcome {
    /// In one word.
    pub fn word(&self) -> OutcomeWord {
        let any = |change| self.figures.iter().any(|figure| figure.change == change);
        if !self.refused.is_empty() {
            OutcomeWord::Refused
        } else if any(Change::Worse) {
            OutcomeWord::Worse
        } else if any(Change::Better) {
            OutcomeWord::Better
        } else {
            OutcomeWord::NoChange
        }
    }
}

/// Compares runs before with runs after: one with one, or at least three with three.
pub fn compare(left: &[Kept], right: &[Kept], rules: Rules) -> Outcome {
    let mut refused = unfit(left, right);
    let mut effects = Vec::new();
    if refused.is_empty() {
        match (left, right) {
            ([left], [right]) => match pair::effects(left, right, &rules) {
                Some(found) => {
                    effects = found;
                    refused
                        .extend(unsteady(left, &rules).into_iter().chain(unsteady(right, &rules)));
                }
                None => refused.push(format!(
                    "the runs are too short: there must be {} blocks of 3 s at least",
                    pair::BLOCKS_MIN
                )),
            },
            _ => effects = gate::effects(left, right),
        }
        if effects.is_empty() && refused.is_empty() {
            refused.push("there is no figure that both sides have".to_owned());
        }
    }
    let names = |runs: &[Kept]| runs.iter().map(ToString::to_string).collect();
    let figures = judge(effects, &rules);
    Outcome { left: names(left), right: names(right), refused, figures, rules }
}

fn unfit(left: &[Kept], right: &[Kept]) -> Vec<String> {
    let mut reasons = Vec::new();
    for run in left.iter().chain(right) {
        reasons.extend(run.unfit.as_ref().map(|why| format!("{run}: {why}")));
    }
    let Some(first) = left.first() else { return vec!["there is no run before".to_owned()] };
    if right.is_empty() {
        return vec!["there is no run after".to_owned()];
    }
    for run in left.iter().chain(right).skip(1) {
        let is_as_long = (run.seconds - first.seconds).abs() <= LENGTH_SHARE * first.seconds;
        let same_steps =
            run.steps.iter().map(|step| &step.0).eq(first.steps.iter().map(|step| &step.0));
        if run.load != first.load
            || !is_as_long
            || !same_steps
            || run.row_seconds != first.row_seconds
        {
            reasons.push(format!("{run} had another load than {first}"));
        }
    }
    if left.len() == 1 && right.len() == 1 {
        return reasons;
    }
    if left.len().min(right.len()) < gate::RUNS_MIN {
        reasons.push(format!(
            "there are {} runs before and {} after; it takes one of each, or {} of each at least and 5 to see a change of 10 %",
            left.len(),
            right.len(),
            gate::RUNS_MIN
        ));
    } else if !gate::take_turns(left, right) {
        reasons.push(
            "the runs of both sides did not take turns (before, after, before, after …): what drifted with time would be taken for a difference".to_owned(),
        );
    }
    reasons
}

fn unsteady(run: &Kept, rules: &Rules) -> Option<String> {
    let drift = pair::drift(run, rules)?;
    let by = model::Unit::Share.say(drift.difference.exp_m1());
    Some(format!(
        "{run} was not steady: its {} changed by {by} from its first half to its second; let it warm up first",
        drift.figure.as_str()
    ))
}

/// Judges all figures together: the likeliest difference must be sure enough for all of them, the next for the rest.
fn judge(effects: Vec<Effect>, rules: &Rules) -> Vec<Compared> {
    let count = effects.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| effects[*a].likelihood.total_cmp(&effects[*b].likelihood));
    let mut sure = vec![false; count];
    for (rank, index) in order.into_iter().enumerate() {
        if effects[index].likelihood > ALARMS / (count - rank) as f64 {
            break;
        }
        sure[index] = true;
    }
    let told = effects.into_iter().zip(sure);
    told.map(|(effect, sure)| tell_effect(effect, sure, count, rules)).collect()
}

fn tell_effect(effect: Effect, sure: bool, count: usize, rules: &Rules) -> Compared {
    let is_share = effect.figure.is_share();
    let told = |difference: f64| if is_share { difference } else { difference.exp_m1() };
    let relevant = if is_share { rules.relevant_failed } else { rules.relevant.ln_1p() };
    let matters = sure && effect.difference.abs() >= relevant;
    let change = match (matters, (effect.difference > 0.0) == effect.figure.is_good()) {
        (false, _) => Change::None,
        (true, true) => Change::Better,
        (true, false) => Change::Worse,
    };
    let four_of_five = distance(MISSED_TWO_SIDED, effect.freedom);
    let needed = distance(ALARMS / count as f64, effect.freedom) * effect.spread;
    let detectable = needed.max(relevant) + four_of_five * effect.spread;
    let half = distance(ALARMS, effect.freedom) * effect.spread;
    Compared {
        subject: effect.subject,
        figure: effect.figure,
        left: effect.left,
        right: effect.right,
        difference: told(effect.difference),
        between: (told(effect.difference - half), told(effect.difference + half)),
        detectable: told(detectable),
        likelihood: effect.likelihood,
        change,
    }
}
