//! Data points that are not taken, and what the sender is told of them.

use std::collections::BTreeMap;

/// Bytes of the name of a metric in a message, at most.
const NAME_BYTES_MAX: usize = 200;

/// Why a data point is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It tells the change since the last one; only totals can be kept.
    Delta,
    /// It does not say whether it tells a change or a total.
    Temporality,
    /// It has no value, and does not say so either.
    Value,
    /// The name of its metric leaves nothing that could be a name.
    Name,
    /// Its labels have no name, or are too many or too long.
    Labels,
    /// Its buckets make no sense, or are finer or wider than what can be kept.
    Histogram,
    /// It is older or newer than what the store keeps.
    Late,
    /// Its series is new and beyond a limit.
    Limit,
}

impl Reason {
    /// A short word for it, as a label of a counter.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delta => "delta",
            Self::Temporality => "temporality",
            Self::Value => "value",
            Self::Name => "name",
            Self::Labels => "labels",
            Self::Histogram => "histogram",
            Self::Late => "out_of_range",
            Self::Limit => "limit",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Delta => {
                "delta temporality is not taken: send cumulative values, or put a deltatocumulative processor in between"
            }
            Self::Temporality => "the aggregation temporality is not given",
            Self::Value => "there is no value",
            Self::Name => "the metric's name has no letter or digit",
            Self::Labels => "the attributes do not make labels",
            Self::Histogram => "the histogram cannot be kept",
            Self::Late => "the time lies outside of what is kept",
            Self::Limit => "a limit is reached",
        }
    }
}

/// What was refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pile {
    points: usize,
    /// The first of them.
    metric: String,
    detail: String,
}

/// Data points that were not taken, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    piles: BTreeMap<Reason, Pile>,
}

impl Refused {
    /// How many.
    pub fn points(&self) -> usize {
        self.piles.values().map(|pile| pile.points).sum()
    }

    /// How many for each reason.
    pub fn by_reason(&self) -> impl Iterator<Item = (Reason, usize)> + '_ {
        self.piles.iter().map(|(reason, pile)| (*reason, pile.points))
    }

    /// What to tell the sender; empty if nothing was refused.
    pub fn message(&self) -> String {
        let told = self.piles.iter().map(|(reason, Pile { points, metric, detail })| {
            let colon = if detail.is_empty() { "" } else { ": " };
            let plural = if *points == 1 { "" } else { "s" };
            let why = reason.sentence();
            let first = if metric.is_empty() {
                String::new()
            } else {
                format!(", the first of metric {metric:?}")
            };
            format!("{points} data point{plural} refused{first}: {why}{colon}{detail}")
        });
        told.collect::<Vec<_>>().join("; ")
    }

    /// Adds data points that the store did not keep because of their time.
    pub fn add_late(&mut self, points: usize) {
        self.add(Reason::Late, points, "", String::new());
    }

    /// Adds data points whose series the store left out because of a limit; `what` says which.
    pub fn add_beyond_limit(&mut self, points: usize, what: String) {
        self.add(Reason::Limit, points, "", what);
    }

    pub(super) fn add(&mut self, reason: Reason, points: usize, metric: &str, detail: String) {
        if points == 0 {
            return;
        }
        if let Some(pile) = self.piles.get_mut(&reason) {
            pile.points += points;
            return;
        }
        let metric = metric.chars().take(NAME_BYTES_MAX).collect();
        self.piles.insert(reason, Pile { points, metric, detail });
    }
}
