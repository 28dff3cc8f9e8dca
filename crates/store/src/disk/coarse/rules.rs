//! Of which series samples are kept how long at which resolution.

use std::sync::Arc;

use hashbrown::HashMap;
use model::{MatchOp, Matcher, Span};
use xxhash_rust::xxh3::xxh3_64;

use super::Resolution;
use crate::{
    StoreError,
    disk::index::Index,
    disk::part::{Cache, DAY_MILLIS},
};

/// Names of counters as they are written today; what ends otherwise may be one all the same.
const COUNTER_NAMES: &str = "(?s).+_(total|count|sum|bucket)";

/// How long the samples of some series are kept as they came, and how long what is made of them.
#[derive(Clone, Debug)]
pub struct KeepRule {
    /// Which series: all of these must hold; none means all series.
    pub matchers: Vec<Matcher>,
    /// Up to which age samples are kept as they came.
    pub raw: Span,
    /// Up to which age one row for five minutes is kept.
    pub five_minutes: Option<Span>,
    /// Up to which age one row for an hour is kept.
    pub hour: Option<Span>,
}

/// What is left of a series at some age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// Samples as they came.
    Samples,
    /// Down-sampled rows.
    Coarse(Resolution),
    /// Nothing.
    Nothing,
}

impl KeepRule {
    /// What is left of a day that ended so long ago: of the ages that are not over the one with the finest rows.
    fn target(&self, age: Span) -> Target {
        if age <= self.raw {
            Target::Samples
        } else if self.five_minutes.is_some_and(|most| age <= most) {
            Target::Coarse(Resolution::FiveMinutes)
        } else if self.hour.is_some_and(|most| age <= most) {
            Target::Coarse(Resolution::Hour)
        } else {
            Target::Nothing
        }
    }
}

/// All rules: of a series the first that matches counts. Series that none matches stay as they came.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    rules: Vec<KeepRule>,
    /// What the names of counters pass; always there but for a fault of ours.
    counters: Option<Matcher>,
}

impl Default for Keeping {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Keeping {
    pub(crate) fn new(rules: Vec<KeepRule>) -> Self {
        let counters = Matcher::new(model::METRIC_NAME, MatchOp::Regex, COUNTER_NAMES).ok();
        Self { rules, counters }
    }

    /// What the rules make of a day now: a number that stands for it, 0 if all of it stays as it came.
    pub(crate) fn number(&self, day: i64, now: i64) -> u64 {
        let targets = self.targets(day, now);
        if targets.iter().all(|target| *target == Target::Samples) {
            return 0;
        }
        let mut text = String::new();
        for (rule, target) in self.rules.iter().zip(targets) {
            for matcher in &rule.matchers {
                text.push_str(&matcher.to_string());
                text.push(',');
            }
            text.push_str(match target {
                Target::Samples => "samples\n",
                Target::Coarse(Resolution::FiveMinutes) => "5m\n",
                Target::Coarse(Resolution::Hour) => "1h\n",
                Target::Nothing => "nothing\n",
            });
        }
        xxh3_64(text.as_bytes()).max(1)
    }

    fn targets(&self, day: i64, now: i64) -> Vec<Target> {
        let age = Span::millis(now.saturating_sub((day + 1).saturating_mul(DAY_MILLIS)));
        self.rules.iter().map(|rule| rule.target(age)).collect()
    }

    /// What is to become of each series of a day.
    pub(crate) fn plan(
        &self,
        (day, now): (i64, i64),
        indexes: &[Arc<Index>],
        cache: &Cache,
    ) -> Result<Plan, StoreError> {
        let targets = self.targets(day, now);
        let mut plan = Plan::default();
        for index in indexes {
            let keys = index.keys(cache)?;
            if let Some(counters) = &self.counters {
                let own = index.find(cache, std::slice::from_ref(counters))?;
                for key in own.iter().filter_map(|place| keys.get(place)) {
                    plan.of.entry(key.id).or_insert((Target::Samples, true));
                }
            }
            let mut open: roaring::RoaringBitmap = (0..index.series()).collect();
            for (rule, target) in self.rules.iter().zip(&targets) {
                let own = index.find(cache, &rule.matchers)? & &open;
                open -= &own;
                if *target == Target::Samples {
                    continue;
                }
                for key in own.iter().filter_map(|place| keys.get(place)) {
                    plan.of.entry(key.id).or_insert((Target::Samples, false)).0 = *target;
                }
            }
        }
        Ok(plan)
    }
}

/// What is to become of series, and which of them are counters by their names.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    of: HashMap<u64, (Target, bool)>,
}

impl Plan {
    /// How coarse any series becomes.
    pub(crate) fn coarsest(&self) -> Option<Resolution> {
        let resolution = |(target, _): &(Target, bool)| match target {
            Target::Coarse(resolution) => Some(*resolution),
            Target::Samples | Target::Nothing => None,
        };
        self.of.values().filter_map(resolution).max()
    }

    /// What is to become of the series with this number, and whether it is a counter.
    pub(crate) fn of(&self, id: u64) -> (Target, bool) {
        self.of.get(&id).copied().unwrap_or((Target::Samples, false))
    }
}
