//! How rows flow: one by one, through several threads, into lists or folds, with every byte counted.

pub(crate) mod held;
mod pipeline;
pub(crate) mod ranks;
pub(crate) mod slider;
pub(crate) mod stream;
pub(crate) mod tiles;
pub(crate) mod workers;
