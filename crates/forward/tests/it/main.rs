//! A queue and its sender against receivers that fail in every way they know.

#[cfg(test)]
mod outages;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod sending;
