//! Changes in a server: told by API and by web hooks, kept once, and shown by every alert.

mod hooks;
mod told;
