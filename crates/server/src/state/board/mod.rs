//! What was seen last: readings, futures, targets, troubles. Jobs write it, pages read it.

mod rules;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use collect::scrape::TargetReport;
use detect::{
    Chances,
    baselines::Watch,
    objectives::{Account, Tally},
};
use model::{
    DateRange, Forecast, HistoryNeed, Level, Metadata, Objective, Outlook, Reading, Resource,
    ResourceId, Span, Time,
};
use parking_lot::{Mutex, RwLock};
use plan::{DatesScore, LineDates, LoadLine, Score};

use crate::jobs::sizing::SizeReview;

pub(crate) use rules::{Cost, Evaluation, Going, OwnGroup, RuleBook, cost_of};

/// Bytes kept of one text about a metric.
const METADATA_TEXT_MAX: usize = 2048;
/// Metrics whose metadata is remembered; more would be somebody's runaway names.
const METADATA_MAX: usize = 50_000;
/// Kinds remembered for one metric that different targets describe differently.
const METADATA_PER_METRIC_MAX: usize = 5;

/// One resource as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) resource: Arc<Resource>,
    pub(crate) title: String,
    pub(crate) reading: Reading,
}

impl Standing {
    /// Its level; nothing when it has no usable figures. Where its lines mean nothing it is fine wherever it is.
    pub(crate) fn level(&self) -> Option<Level> {
        let level = self.resource.thresholds.level(self.reading.share())?;
        Some(if self.resource.alerts { level } else { Level::Fine })
    }
}

/// What is known of one resource's future.
#[derive(Clone, Debug)]
pub(crate) struct Future {
    pub(crate) forecast: Result<Forecast, HistoryNeed>,
    pub(crate) warning: Outlook,
    pub(crate) critical: Outlook,
    pub(crate) limit: Outlook,
    /// More of the three lines, in this order; nothing where too little is known.
    pub(crate) glances: [Option<Glance>; 3],
    /// How likely the critical line is reached before more can be had; nothing where too little is known.
    pub(crate) chances: Option<Chances>,
    /// What was left out of the past, bridged, or taken from changes and the calendar: a sentence each.
    pub(crate) notes: Vec<String>,
    /// How earlier forecasts have fared.
    pub(crate) record: Arc<Record>,
}

/// What possible futures say of a line beside its dates.
#[derive(Clone, Debug)]
pub(crate) struct Glance {
    /// How likely it is reached before more can be had, from 0 to 1; nothing where that lies beyond the horizon.
    pub(crate) chance_lead: Option<f64>,
    /// The dates between which it is reached with 80 % confidence.
    pub(crate) dates_narrow: Option<DateRange>,
    /// How likely it is reached by each of some moments up to the horizon.
    pub(crate) curve: Vec<(Time, f64)>,
}

/// How the forecasts of a resource have fared, once their time had come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// By how far ahead they looked.
    pub(crate) leads: Vec<(Span, Score)>,
    /// Of the dates of the critical line.
    pub(crate) dates: Option<DatesScore>,
}

/// How much load a service carries, as it was told last.
#[derive(Clone, Debug)]
pub(crate) struct ToldLine {
    pub(crate) at: Time,
    pub(crate) line: Arc<LoadLine>,
    /// When it is reached; nothing where there is no line.
    pub(crate) dates: Option<LineDates>,
    /// All of it in one sentence.
    pub(crate) text: String,
}

/// One objective as it stands.
#[derive(Clone, Debug)]
pub(crate) struct ObjectiveStanding {
    pub(crate) objective: Arc<Objective>,
    /// Its events; the job adds to them.
    pub(crate) tally: Arc<Mutex<Tally>>,
    /// Where it stood at the end of the last minute that was counted.
    pub(crate) account: Option<Account>,
}

/// One target as it stands.
#[derive(Clone, Debug)]
pub(crate) struct TargetStanding {
    pub(crate) job: String,
    pub(crate) instance: String,
    pub(crate) url: String,
    pub(crate) labels: model::Labels,
    pub(crate) interval: Span,
    pub(crate) report: TargetReport,
}

/// Something that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) subject: String,
    pub(crate) error: String,
}

/// How many samples came in lately.
#[derive(Debug, Default)]
pub(crate) struct Rates(VecDeque<(Time, u64)>);

impl Rates {
    /// Notes a running total.
    pub(crate) fn note(&mut self, now: Time, total: u64) {
        self.0.push_back((now, total));
        while self.0.len() > 2
            && self.0.front().is_some_and(|(at, _)| *at > now || now.since(*at) > Span::minutes(1))
        {
            self.0.pop_front();
        }
    }

    /// Samples a second over the last minute.
    pub(crate) fn per_second(&self) -> f64 {
        match (self.0.front(), self.0.back()) {
            (Some((from, before)), Some((to, after))) if to > from => {
                after.saturating_sub(*before) as f64 / to.since(*from).as_secs()
            }
            _ => 0.0,
        }
    }
}

/// What was seen last.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) standings: RwLock<BTreeMap<ResourceId, Standing>>,
    pub(crate) objectives: RwLock<BTreeMap<String, ObjectiveStanding>>,
    pub(crate) futures: RwLock<BTreeMap<ResourceId, Future>>,
    /// By the names of services, which the settings bound.
    pub(crate) lines: RwLock<BTreeMap<String, ToldLine>>,
    /// The review of sizes that was made last.
    pub(crate) sizes: RwLock<Option<Arc<SizeReview>>>,
    pub(crate) targets: RwLock<BTreeMap<String, TargetStanding>>,
    pub(crate) complaints: RwLock<Vec<String>>,
    pub(crate) rates: RwLock<Rates>,
    troubles: RwLock<BTreeMap<String, String>>,
    metadata: RwLock<BTreeMap<String, Vec<Metadata>>>,
    /// What is normal for the series that are watched.
    pub(crate) baselines: RwLock<Vec<Watch>>,
}

impl Board {
    /// Notes that something could not be evaluated, or can again.
    pub(crate) fn trouble(&self, subject: &str, error: Option<String>) {
        let mut troubles = self.troubles.write();
        match error {
            Some(error) => drop(troubles.insert(subject.to_owned(), error)),
            None => drop(troubles.remove(subject)),
        }
    }

    /// What cannot be evaluated now, by subject.
    pub(crate) fn troubles(&self) -> Vec<Trouble> {
        let troubles = self.troubles.read();
        troubles
            .iter()
            .map(|(subject, error)| Trouble { subject: subject.clone(), error: error.clone() })
            .collect()
    }

    /// Remembers what sources say of their metrics.
    pub(crate) fn describe(&self, metadata: impl IntoIterator<Item = Metadata>) {
        let mut known = self.metadata.write();
        for mut one in metadata {
            if one.metric.len() > METADATA_TEXT_MAX {
                continue;
            }
            for text in [&mut one.help, &mut one.unit] {
                text.truncate(text.floor_char_boundary(METADATA_TEXT_MAX));
            }
            if known.len() >= METADATA_MAX && !known.contains_key(&one.metric) {
                continue;
            }
            let told = known.entry(one.metric.clone()).or_default();
            if told.len() < METADATA_PER_METRIC_MAX && !told.contains(&one) {
                told.push(one);
            }
        }
    }

    /// What is known of metrics, or of one.
    pub(crate) fn metadata(&self, metric: Option<&str>) -> BTreeMap<String, Vec<Metadata>> {
        let known = self.metadata.read();
        match metric {
            None => known.clone(),
            Some(metric) => known
                .get(metric)
                .map(|told| BTreeMap::from([(metric.to_owned(), told.clone())]))
                .unwrap_or_default(),
        }
    }

    /// Takes in a round of readings of one resource: those of other resources stay.
    pub(crate) fn put_standings(&self, resource: &str, standings: Vec<Standing>) {
        let mut all = self.standings.write();
        all.retain(|id, _| id.resource != resource);
        all.extend(standings.into_iter().map(|standing| (standing.reading.id.clone(), standing)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_look_back_a_minute() {
        let mut rates = Rates::default();
        assert!(rates.per_second().abs() < f64::EPSILON);
        for second in 0..120 {
            rates.note(Time::from_secs(second), u64::try_from(second).unwrap() * 200);
        }
        assert!((rates.per_second() - 200.0).abs() < 1e-9);
    }
}
