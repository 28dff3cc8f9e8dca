//! What is watched: this host, what is scraped, and what others send here and tell of.

pub(crate) mod baselines;
pub(crate) mod changes;
pub(crate) mod global;
pub(crate) mod host;
pub(crate) mod load;
pub(crate) mod receive;
pub(crate) mod scrape;
