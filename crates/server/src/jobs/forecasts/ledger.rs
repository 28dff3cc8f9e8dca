//! The ledger: what was told of resources is kept as series beside their readings, and scored by them when its time
//! has come.

use model::{
    Budget, Labels, METRIC_NAME, Matcher, Outlook, Sample, Selection, Series, SeriesSource,
    SourceError, Span, Time, TimeRange,
};
use plan::{DatesTold, History, LEADS, Projection, Told};
use tracing::warn;

use super::Past;
use crate::{
    http::chain,
    state::{App, Record, Standing, history},
};

/// What was told, at the time of the sample, of the hour that ends `ahead` later, in the resource's unit.
const FORECAST: &str = "plimsoll_resource_forecast";
/// When the critical line was said to be reached, in seconds since 1970.
const REACHED_AT: &str = "plimsoll_resource_reached_at_seconds";
const AHEAD: &str = "ahead";
const BOUND: &str = "bound";
const BOUNDS: [&str; 3] = ["low", "mid", "high"];
const DATES: [&str; 3] = ["earliest", "likely", "latest"];
/// Only what was told since then is scored.
const LOOKED_BACK: Span = Span::days(30);

/// The series that keep what is told of a resource now.
pub(super) fn notes(
    standing: &Standing,
    projection: &Projection,
    critical: &Outlook,
    now: Time,
) -> Vec<Series> {
    let mut notes = Vec::new();
    let sample = |value| vec![Sample { time: now, value }];
    for lead in LEADS {
        let Some(told) = projection.told(lead, now) else { continue };
        for (bound, value) in BOUNDS.iter().zip([told.low, told.mid, told.high]) {
            notes.push(Series::new(forecast_labels(standing, lead, bound), sample(value)));
        }
    }
    if let Outlook::Expected(range) = critical {
        let dates = [Some(range.earliest), range.likely, range.latest];
        for (bound, date) in DATES.iter().zip(dates) {
            let Some(date) = date else { continue };
            notes.push(Series::new(date_labels(standing, bound), sample(date.seconds())));
        }
    }
    notes
}

/// How what was told of a resource has fared by now.
pub(super) fn record(app: &App, standing: &Standing, past: &Past, now: Time) -> Record {
    let (times, values) = past;
    let came = History { times, values };
    match read_record(app.store.as_ref(), standing, came, (&app.own_meter(), now)) {
        Ok(record) => record,
        Err(error) => {
            let resource = &standing.reading.id;
            warn!(%resource, error = chain(&error), "what was forecast cannot be read back");
            Record::default()
        }
    }
}

fn read_record(
    source: &dyn SeriesSource,
    standing: &Standing,
    came: History<'_>,
    (budget, now): (&dyn Budget, Time),
) -> Result<Record, SourceError> {
    let range = TimeRange { from: now - LOOKED_BACK, to: now };
    let read = |labels: &Labels| samples(source, labels, range, budget);
    let mut record = Record::default();
    for lead in LEADS {
        let [low, mid, high] = BOUNDS.map(|bound| read(&forecast_labels(standing, lead, bound)));
        let (low, mid, high) = (low?, mid?, high?);
        let told: Vec<Told> = mid
            .iter()
            .filter_map(|&(at, mid)| {
                let (low, high) = (value_at(&low, at)?, value_at(&high, at)?);
                Some(Told { at: Time(at), low, mid, high })
            })
            .collect();
        let score = plan::score(&told, lead, came, standing.resource.nature);
        record.leads.extend(score.map(|score| (lead, score)));
    }
    let [earliest, likely, latest] = DATES.map(|bound| read(&date_labels(standing, bound)));
    let (earliest, likely, latest) = (earliest?, likely?, latest?);
    #[expect(clippy::cast_possible_truncation, reason = "seconds become the nearest millisecond")]
    let date = |seconds: f64| Time((seconds * 1000.0) as i64);
    let told: Vec<DatesTold> = earliest
        .iter()
        .map(|&(at, earliest)| DatesTold {
            at: Time(at),
            earliest: date(earliest),
            likely: value_at(&likely, at).map(date),
            latest: value_at(&latest, at).map(date),
        })
        .collect();
    let line = standing.reading.limit * standing.resource.thresholds.critical().value();
    record.dates = plan::score_dates(&told, &plan::reached(came, line));
    Ok(record)
}

/// One series' samples, in order of time.
fn samples(
    source: &dyn SeriesSource,
    labels: &Labels,
    range: TimeRange,
    budget: &dyn Budget,
) -> Result<Vec<(i64, f64)>, SourceError> {
    let matchers: Vec<Matcher> =
        labels.iter().map(|(name, value)| Matcher::equal(name, value)).collect();
    let found = source.select(&Selection::new(&matchers, range, budget))?;
    let own = found.iter().filter(|columns| columns.labels == *labels);
    let pairs =
        own.flat_map(|columns| columns.times.iter().copied().zip(columns.values.iter().copied()));
    Ok(pairs.filter(|(_, value)| value.is_finite()).collect())
}

fn value_at(samples: &[(i64, f64)], at: i64) -> Option<f64> {
    let place = samples.binary_search_by_key(&at, |(time, _)| *time).ok()?;
    samples.get(place).map(|(_, value)| *value)
}

fn forecast_labels(standing: &Standing, lead: Span, bound: &str) -> Labels {
    let mut builder = standing.reading.id.labels.to_builder();
    builder
        .set(METRIC_NAME, FORECAST)
        .set(history::RESOURCE_LABEL, &*standing.reading.id.resource)
        .set(AHEAD, lead.to_string())
        .set(BOUND, bound);
    builder.build()
}

fn date_labels(standing: &Standing, bound: &str) -> Labels {
    let mut builder = standing.reading.id.labels.to_builder();
    builder
        .set(METRIC_NAME, REACHED_AT)
        .set(history::RESOURCE_LABEL, &*standing.reading.id.resource)
        .set(BOUND, bound);
    builder.build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{
        Nature, Reading, Resource, ResourceId, SampleSink as _, Share, Thresholds, Unit, Unlimited,
    };
    use plan::ForecastOptions;
    use testkit::MemoryStore;

    use super::*;

    const HOUR: i64 = 3_600_000;
    const NOW: Time = Time(1_795_176_000_000);

    fn standing() -> Standing {
        let share = |value| Share::new(value).unwrap();
        let resource = Resource {
            name: "disk".into(),
            title: "Disk".into(),
            used: String::new(),
            limit: String::new(),
            unit: Unit::Count,
            nature: Nature::Stock,
            thresholds: Thresholds::new(share(0.5), share(0.6), share(0.7), share(0.9)).unwrap(),
            hold: Span::ZERO,
            lead_time: Span::days(7),
            owner: String::new(),
            advice: String::new(),
            quota: None,
            cache: None,
            alerts: true,
        };
        let id = ResourceId {
            resource: "disk".into(),
            labels: Labels::from_pairs([("mountpoint", "/")]),
        };
        let reading = Reading { id, at: NOW, used: 0.0, limit: 500.0 };
        Standing { resource: Arc::new(resource), title: "Disk".into(), reading }
    }

    #[test]
    fn what_is_told_every_hour_is_scored_when_it_has_come() {
        // A disk that gains one an hour, looked at for ten days; its critical line of 450 is reached on the twelfth.
        let times: Vec<i64> = (0..480).map(|hour| NOW.0 + (hour - 200) * HOUR).collect();
        let values: Vec<f64> = (0..480).map(|hour| 176.0 + f64::from(hour)).collect();
        let (standing, store) = (standing(), MemoryStore::new());
        for hour in (0..40).step_by(8) {
            let now = NOW + Span::hours(hour);
            let known = times.partition_point(|&time| time <= now.0);
            let history = History { times: &times[..known], values: &values[..known] };
            let options = ForecastOptions {
                nature: Nature::Stock,
                confidence: Share::new(0.9).unwrap(),
                horizon: None,
                upper_bound: None,
                lower_bound: Some(0.0),
                seed: 1,
            };
            let told = plan::forecast(history, &options, now);
            let critical = plan::outlook(history, &told, 450.0, now);
            store.write(&notes(&standing, &told.unwrap(), &critical, now)).unwrap();
        }
        let scored = |hours| {
            let now = NOW + Span::hours(hours);
            let known = times.partition_point(|&time| time <= now.0);
            let came = History { times: &times[..known], values: &values[..known] };
            read_record(&store, &standing, came, (&Unlimited, now)).unwrap()
        };
        assert!(scored(20).leads.is_empty(), "nothing has had its time yet");
        let record = scored(250);
        let leads: Vec<_> =
            record.leads.iter().map(|(lead, score)| (*lead, score.scored)).collect();
        assert_eq!(leads, [(Span::days(1), 5), (Span::days(7), 5)]);
        assert!(record.leads.iter().all(|(_, score)| score.error < 1.5), "{record:?}");
        let dates = record.dates.unwrap();
        assert_eq!(dates.scored, 5);
        assert!(dates.error.unwrap() < 0.05 && dates.covered > 0.7, "{dates:?}");
    }
}
