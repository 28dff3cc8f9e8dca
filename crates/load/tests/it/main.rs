//! Whole tests: real load on real sockets, against targets that behave badly on purpose, and simulated ones whose truth
//! is known.

#[cfg(test)]
mod bad_targets;
#[cfg(test)]
mod capacity;
#[cfg(test)]
mod compared;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod open_model;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod searches;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod target;
#[cfg(test)]
mod versions;
