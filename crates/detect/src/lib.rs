//! Is something wrong: thresholds, rule files and objectives become alerts; pure.
//!
//! Every judgement takes what a query answered, the alerts that are active, and the time, and says
//! what became different. Asking, recording and telling are the caller's work. When a query fails,
//! the caller judges nothing, so a failed evaluation never ends an alert.

pub mod baselines;
mod judge;
pub mod objectives;
mod resources;
pub mod rules;
mod state;
mod suspects;
pub mod template;

pub use judge::{
    Complaint, GroupHealth, JudgeError, LateTick, Surroundings, elements, judge_alert,
    judge_complaints, judge_late, judge_recording,
};
pub use objectives::judge_objective;
pub use resources::{
    Chances, Prospect, judge_outlook, judge_resource, readings, resource_of, title,
};
pub use rules::{AlertRule, RecordRule, Rule, RuleGroup};
pub use state::{
    ActiveAlerts, Condition, GENERATOR, Patience, SENT, SILENT_SINCE, SentAlert, Trail, Transition,
    conditions_differ, judge_conditions, judge_sent, judge_silence, without_notes,
};
pub use suspects::{LOOK_BACK, may_be_cause, suspects};
