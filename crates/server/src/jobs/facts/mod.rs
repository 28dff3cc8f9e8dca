//! The journal's own work: who of several servers does what, and what is folded and let go of.

pub(super) mod duty;
pub(super) mod upkeep;
