//! The API as its descriptions have it.

mod access;
mod bad_input;
mod description;
mod load;
mod prometheus;
