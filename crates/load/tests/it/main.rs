//! Whole tests: real load on real sockets, against targets that behave badly on purpose.

#[cfg(test)]
mod bad_targets;
#[cfg(test)]
mod open_model;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod target;
#[cfg(test)]
mod versions;
