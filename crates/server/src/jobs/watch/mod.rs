//! Samples come in: from this host, and from targets that are scraped.

pub(super) mod host;
pub(super) mod scrape;
