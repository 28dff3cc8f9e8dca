//! Whole tests: real programs, real sockets.

mod host;
