//! Objectives: events are counted by the minute, a budget follows from the target, and alerts from how fast it burns.
//!
//! [`Measure`] turns an objective's expressions into questions and their answers into a [`Count`] for each minute, a
//! [`Tally`] keeps them, an [`Account`] is what follows from it, and [`judge_objective`] judges that.

mod account;
mod burn;
mod costs;
mod judge;
mod measure;
mod period;
mod tally;
mod words;

pub use account::{Account, Flow, Policy, left_at};
pub use burn::{Burn, Window, share_at_least, windows};
pub use costs::{Cost, CostLabel, costs};
pub use judge::{judge_objective, source_of};
pub use measure::{Measure, MeasureError, Meter, Part};
pub use period::{knows_zone, period_at, say_period};
pub use tally::{Count, HOURS_KEPT, MINUTES_KEPT, Tally};
pub use words::{say_span, say_target};

#[cfg(test)]
mod tests;
