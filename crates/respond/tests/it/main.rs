//! Telling receivers: what is told, and that it arrives at a real web hook whatever happens.

#[cfg(test)]
mod again;
#[cfg(test)]
mod common;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod hook;
#[cfg(test)]
mod people;
#[cfg(test)]
mod quiet;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod telling;
#[cfg(test)]
mod via;
