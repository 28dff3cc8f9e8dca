//! Whole tests: real programs, real sockets.

#[cfg(test)]
mod host;
#[cfg(test)]
mod otlp;
#[cfg(test)]
mod redirect;
#[cfg(test)]
mod remote_write;
#[cfg(test)]
mod scrape;
#[cfg(test)]
mod tls;
