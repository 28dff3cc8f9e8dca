//! What is watched: this host, what is scraped, and what others send here.

pub(crate) mod baselines;
pub(crate) mod host;
pub(crate) mod receive;
pub(crate) mod scrape;
