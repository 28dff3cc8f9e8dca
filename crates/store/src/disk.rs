//! What lies on disk for ever: blocks of values, the parts that hold them, the indexes that say whose they are.

pub(crate) mod block;
pub(crate) mod coarse;
mod draft;
pub(crate) mod files;
pub(crate) mod index;
pub(crate) mod part;
