//! What happened: the journal, and changes that others are told of.

pub(crate) mod audit;
pub(crate) mod change;
