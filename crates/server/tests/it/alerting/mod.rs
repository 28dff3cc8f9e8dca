//! Who is told of alerts and who is not, asked over HTTP.

mod away;
mod heartbeats;
mod silences;
