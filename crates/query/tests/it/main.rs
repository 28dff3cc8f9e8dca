//! Whole tests of the query room: Prometheus' own test scripts, our cases, and limits.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod beside_prometheus;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod compare;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod limits;
mod native;
#[cfg(test)]
mod reuse;
#[cfg(test)]
mod script;
