//! Index segments of the store alone: the day is found without them, or with what is left of them.
#![no_main]

#[path = "kit/store.rs"]
mod kit;

libfuzzer_sys::fuzz_target!(|input: &[u8]| kit::run(|path| path.extension().is_some_and(|ending| ending == "index"), input));
