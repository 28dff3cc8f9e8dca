//! The log of the store alone: what was acknowledged last, as after `kill -9`.
#![no_main]

#[path = "kit/store.rs"]
mod kit;

libfuzzer_sys::fuzz_target!(|input: &[u8]| kit::run(|path| path.starts_with("log"), input));
