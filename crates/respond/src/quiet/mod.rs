//! Why nobody is told: silences of people, alerts that stand for others, times in which a route is silent.

mod events;
mod hush;
mod silences;
mod windows;

pub use events::{SILENCE, is_silence_over, restore_silences};
pub use hush::{Hush, Quiet};
pub use silences::{Silence, SilenceDraft, SilenceError, SilenceState, Silences};
pub use windows::{Window, WindowText};
