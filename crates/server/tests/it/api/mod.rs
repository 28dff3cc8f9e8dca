//! The API as its descriptions have it.

mod description;
mod prometheus;
