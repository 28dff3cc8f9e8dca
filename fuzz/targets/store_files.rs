//! Files of the store: parts, index, log, in format and lock.
#![no_main]

#[path = "kit/store.rs"]
mod kit;

libfuzzer_sys::fuzz_target!(|input: &[u8]| kit::run(|_| true, input));
