//! Who is told what, read from Alertmanager's own configuration: routes, silent times, inhibition, receivers.

mod config;
mod directory;
mod inhibit;
mod integrations;
mod intervals;
mod matchers;
mod named;
mod render;
mod tree;

pub use config::{Alertmanager, Note, read_alertmanager};
pub use directory::{Directory, DirectoryError, Way};
pub use inhibit::InhibitRule;
pub(crate) use inhibit::Inhibition;
pub use integrations::NamedReceiver;
pub use intervals::TimeInterval;
pub(crate) use intervals::{read_days, read_weekdays};
pub use matchers::{
    Comparison, LabelMatcher, MatcherError, all_match, matchers_text, parse_matchers,
};
pub use render::{render, render_all};
pub use tree::{NamedIntervals, Route, Timing};
