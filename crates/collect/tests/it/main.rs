//! Whole tests: real programs, real sockets.

#[cfg(test)]
mod host;
#[cfg(test)]
mod scrape;
