//! The cheapest declared step that moves a load line.

use model::Step;

use super::{LimitPast, Unknown, learn::Learnt, least_of};

/// A step that moves the line by less is none.
const GAIN_MIN: f64 = 0.02;

/// The cheapest way to carry more.
#[derive(Clone, Debug, PartialEq)]
pub struct NextStep {
    /// Which limit it moves.
    pub limit: String,
    /// The step.
    pub step: Step,
    /// By what part the line moves.
    pub gain: f64,
    /// Where the line lies then.
    pub line: f64,
    /// What its money is called; empty where nobody said.
    pub currency: String,
}

/// Of the declared steps that move the line, the cheapest; of those that cost the same, the one that moves it most.
pub(super) fn next_step(
    known: &[(Result<Learnt, Unknown>, &LimitPast<'_>)],
    mid: f64,
    currency: &str,
) -> Option<NextStep> {
    let mut best: Option<NextStep> = None;
    for (at, (_, own)) in known.iter().enumerate() {
        for step in &own.declared.steps {
            let moved = least_of(known, &|limit| {
                let here = std::ptr::eq(limit, known[at].1);
                (if here { step.times } else { 1.0 }, 1.0)
            });
            let Some(line) = moved.last().copied().filter(|line| line.is_finite()) else {
                continue;
            };
            let gain = line / mid - 1.0;
            let better = best
                .as_ref()
                .is_none_or(|best| (step.cost_month, -gain) < (best.step.cost_month, -best.gain));
            if gain >= GAIN_MIN && better {
                let limit = own.declared.name.clone();
                let (step, currency) = (step.clone(), currency.to_owned());
                best = Some(NextStep { limit, step, gain, line, currency });
            }
        }
    }
    best
}
