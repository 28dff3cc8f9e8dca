//! Prometheus rule files as they are: groups of recording and alerting rules.

mod care;
mod check;
mod condition;
mod export;
mod read;
pub mod replay;
pub mod trial;

use std::collections::BTreeSet;

use model::Span;

pub(crate) use care::PREFIX;
pub use care::{Care, NoData};
pub(crate) use check::mark;
pub use condition::compared;
pub use export::export;
pub use read::{Found, parse, read};

/// Rules that are evaluated together, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleGroup {
    /// Its name, unique in its file.
    pub name: String,
    /// The file it was read from, as it was named.
    pub file: String,
    /// How often it is evaluated; the server's own interval if not given.
    pub interval: Option<Span>,
    /// How many alerts or series one rule may give; any number if nought.
    pub limit: usize,
    /// How far in the past the rules look; the server's own offset if not given.
    pub query_offset: Option<Span>,
    /// Labels that every rule of the group adds, in the order they are written.
    pub labels: Vec<(String, String)>,
    /// The rules, in the order they are evaluated.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Writes what an expression answers as a new series.
    Record(RecordRule),
    /// Alerts while an expression answers anything.
    Alert(AlertRule),
}

impl RuleGroup {
    /// The source of alerts about the group itself: that it cannot be evaluated.
    pub fn own_source(&self) -> String {
        format!("{OWN_SOURCE}/{}/{}", self.file, self.name)
    }
}

impl Rule {
    /// The name of the alert or of the recorded series.
    pub fn name(&self) -> &str {
        match self {
            Self::Record(rule) => &rule.name,
            Self::Alert(rule) => &rule.name,
        }
    }

    /// The PromQL expression.
    pub fn expr(&self) -> &str {
        match self {
            Self::Record(rule) => &rule.expr,
            Self::Alert(rule) => &rule.expr,
        }
    }
}

/// Writes what an expression answers as a new series.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordRule {
    /// The metric name of the series.
    pub name: String,
    /// The PromQL expression.
    pub expr: String,
    /// Labels the series get: the group's, then the rule's own.
    pub labels: Vec<(String, String)>,
}

/// Alerts while an expression answers anything.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRule {
    /// Who it is among all rules, over every change of the file that leaves its group, its name
    /// and its labels as they are; the `source` of its alerts.
    pub source: String,
    /// The `alertname`.
    pub name: String,
    /// The PromQL expression.
    pub expr: String,
    /// `for`: how long the expression must answer before the alert fires.
    pub hold: Span,
    /// How long the alert keeps firing when the expression answers no more.
    pub keep_firing_for: Span,
    /// Templates of labels the alerts get: the group's, then the rule's own.
    pub labels: Vec<(String, String)>,
    /// Templates of annotations.
    pub annotations: Vec<(String, String)>,
    /// What the annotations `plimsoll_*` say.
    pub care: Care,
}

/// Joins the groups of all rule files, and gives each alerting rule a source of its own.
///
/// A source is group, name and labels of a rule; of rules that are alike in all three, the later
/// ones get a number.
pub fn join(files: impl IntoIterator<Item = Vec<RuleGroup>>) -> Vec<RuleGroup> {
    let mut groups: Vec<RuleGroup> = files.into_iter().flatten().collect();
    let mut taken = BTreeSet::new();
    for group in &mut groups {
        for rule in &mut group.rules {
            if let Rule::Alert(alert) = rule {
                alert.source = source(&group.name, alert, &mut taken);
            }
        }
    }
    groups
}

/// Resources, forecasts and what groups say of themselves have sources of their own that begin with these words.
const OTHER_SOURCES: [&str; 3] = ["resource", "forecast", OWN_SOURCE];
/// What the source of alerts about a group itself begins with.
const OWN_SOURCE: &str = "rule group";

fn source(group: &str, alert: &AlertRule, taken: &mut BTreeSet<String>) -> String {
    let labels = model::Labels::from_pairs(
        alert.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let labels = if labels.is_empty() { String::new() } else { labels.to_string() };
    let rules = if OTHER_SOURCES.contains(&group) { "rules/" } else { "" };
    let wanted = format!("{rules}{group}/{}{labels}", alert.name);
    let mut source = wanted.clone();
    let mut number = 2_u64;
    while !taken.insert(source.clone()) {
        source = format!("{wanted}#{number}");
        number += 1;
    }
    source
}

#[cfg(test)]
mod tests;
