//! What a running server holds: the rooms' handles, what was seen last, and what it counts.

mod admission;
mod alerts;
mod app;
mod board;
mod cluster;
mod duty;
pub(crate) mod facts;
pub(crate) mod history;
mod hub;
pub(crate) mod meters;
mod own;
mod records;

pub(crate) use admission::Admission;
pub(crate) use alerts::{
    AlertBook, ChangeBook, ClockWatch, JudgementLost, Kept, Remembered, SilenceLost,
};
pub use alerts::{DirectoryFault, check_tellings};
pub(crate) use alerts::{
    HEARTBEAT, HEARTBEATS_MAX, Heartbeat, Tellings, Wanted, doubts_text, join, read_changes,
    seen_lately, tellings,
};
pub(crate) use app::{App, AskError, RULE_TURNS};
pub(crate) use board::{
    Board, Cost, Evaluation, Future, Glance, Going, ObjectiveStanding, OwnGroup, Record, RuleBook,
    Standing, TargetStanding, ToldLine, cost_of,
};
pub use cluster::ClusterError;
pub(crate) use cluster::{ClusterOptions, queries};
pub(crate) use duty::Duty;
pub(crate) use hub::{Hub, News, Topic};
pub(crate) use own::own_figures;
pub(crate) use records::{ALERT, CHANGE, TOLD, alert_of, change_event, change_of};
