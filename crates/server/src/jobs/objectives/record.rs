//! The events of objectives as series in our own store, so that a restart reads them back and anybody can draw them.

use detect::objectives::{Account, Count, HOURS_KEPT, MINUTES_KEPT, Tally, say_period};
use model::{
    AlertId, Columns, Indicator, Labels, METRIC_NAME, Matcher, Objective, Sample, Selection,
    Series, SourceError, Span, Time, TimeRange, is_stale,
};

use crate::state::App;

/// All events of the minute that ends then, and those that were bad.
const MINUTES: [&str; 2] = ["plimsoll_objective_events", "plimsoll_objective_events_bad"];
/// The same of the hour that ends then.
const HOURS: [&str; 2] = ["plimsoll_objective_hour_events", "plimsoll_objective_hour_events_bad"];
/// How much is read at once, so that memory stays small.
const CHUNK: Span = Span::days(33);

/// Minutes or hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    Minutes,
    Hours,
}

impl Grain {
    fn metrics(self) -> [&'static str; 2] {
        match self {
            Self::Minutes => MINUTES,
            Self::Hours => HOURS,
        }
    }
}

/// What names an objective's series. Events that were counted otherwise are others.
fn labels(objective: &Objective) -> Labels {
    let counted = match &objective.indicator {
        Indicator::Good { good, total } => {
            Labels::from_pairs([("good", good.as_str()), ("total", total)])
        }
        Indicator::Bad { bad, total } => {
            Labels::from_pairs([("bad", bad.as_str()), ("total", total)])
        }
        Indicator::Value { expr, test, line, .. } => Labels::from_pairs([
            ("value", expr.clone()),
            ("test", test.word().to_owned()),
            ("line", line.to_string()),
        ]),
    };
    let indicator = AlertId::of("indicator", &counted).hex();
    Labels::from_pairs([("objective", objective.name.as_str()), ("indicator", &indicator)])
}

/// The series that keep these counts, each of the time that ends at its moment.
pub(super) fn kept(objective: &Objective, grain: Grain, counts: &[(Time, Count)]) -> Vec<Series> {
    if counts.is_empty() {
        return Vec::new();
    }
    let own = labels(objective);
    let values = [|count: &Count| count.total, |count: &Count| count.bad];
    grain
        .metrics()
        .into_iter()
        .zip(values)
        .map(|(metric, value)| {
            let sample =
                |(time, count): &(Time, Count)| Sample { time: *time, value: value(count) };
            Series::new(own.with(METRIC_NAME, metric), counts.iter().map(sample).collect())
        })
        .collect()
}

/// What was kept of an objective, and the last minute of it.
pub(super) fn recall(
    app: &App,
    objective: &Objective,
    now: Time,
) -> Result<(Tally, Option<Time>), SourceError> {
    let hours = read(app, objective, Grain::Hours, TimeRange { from: now - HOURS_KEPT, to: now })?;
    let range = TimeRange { from: now - MINUTES_KEPT - Span::hours(1), to: now };
    let minutes = read(app, objective, Grain::Minutes, range)?;
    let mut tally = Tally::default();
    for (end, count) in &hours {
        tally.set_hour(*end, *count);
    }
    for (end, count) in &minutes {
        let hour = hour_end(*end);
        if hours.binary_search_by_key(&hour, |(end, _)| *end).is_ok() {
            tally.recall_minute(*end, *count);
        } else {
            tally.add_minute(*end, *count);
        }
    }
    Ok((tally, minutes.last().map(|(end, _)| *end)))
}

/// The end of the hour that a minute belongs to.
pub(super) fn hour_end(minute: Time) -> Time {
    let hour = Span::hours(1).as_millis();
    Time((minute.millis() - 1).div_euclid(hour) * hour + hour)
}

fn read(
    app: &App,
    objective: &Objective,
    grain: Grain,
    range: TimeRange,
) -> Result<Vec<(Time, Count)>, SourceError> {
    let [total, bad] = grain.metrics();
    let mut found = std::collections::BTreeMap::new();
    for (metric, is_bad) in [(total, false), (bad, true)] {
        for columns in select(app, &labels(objective).with(METRIC_NAME, metric), range)? {
            for (time, value) in columns.times.iter().zip(&columns.values) {
                if is_stale(*value) || !value.is_finite() {
                    continue;
                }
                let count: &mut Count = found.entry(Time(*time)).or_default();
                *(if is_bad { &mut count.bad } else { &mut count.total }) = *value;
            }
        }
    }
    Ok(found.into_iter().collect())
}

fn select(app: &App, labels: &Labels, range: TimeRange) -> Result<Vec<Columns>, SourceError> {
    use model::SeriesSource as _;
    let matchers: Vec<Matcher> =
        labels.iter().map(|(name, value)| Matcher::equal(name, value)).collect();
    let meter = app.own_meter();
    let (mut from, mut found) = (range.from, Vec::new());
    while from <= range.to {
        let to = (from + CHUNK - Span::millis(1)).min(range.to);
        let selection = Selection::new(&matchers, TimeRange { from, to }, &meter);
        found.extend(app.store.select(&selection)?);
        from = to + Span::millis(1);
    }
    found.retain(|columns| columns.labels == *labels);
    Ok(found)
}

/// The series that Sloth's dashboards read, under the names it gives them: <https://sloth.dev>.
pub(super) fn shown(objective: &Objective, account: &Account) -> Vec<Series> {
    let service = if objective.service.is_empty() { "default" } else { &objective.service };
    let id = format!("{service}-{}", objective.name);
    let own = Labels::from_pairs([
        ("sloth_id", id.as_str()),
        ("sloth_service", service),
        ("sloth_slo", &objective.name),
    ]);
    let mut found = Vec::new();
    let mut add = |metric: &str, window: Option<String>, value: f64| {
        let mut builder = own.to_builder();
        builder.set(METRIC_NAME, metric);
        if let Some(window) = window {
            builder.set("sloth_window", window);
        }
        found.push(Series::new(builder.build(), vec![Sample { time: account.at, value }]));
    };
    let budget = objective.budget();
    add("slo:objective:ratio", None, objective.target.value());
    add("slo:error_budget:ratio", None, budget);
    add("slo:time_period:days", None, account.period.as_secs() / 86_400.0);
    add("slo:period_error_budget_remaining:ratio", None, account.left);
    for burn in &account.burns {
        for (window, count) in [(burn.window.short, burn.short), (burn.window.long, burn.long)] {
            let Some(share) = count.bad_share() else { continue };
            let metric = format!("slo:sli_error:ratio_rate{window}");
            add(&metric, Some(window.to_string()), share);
            if window == Span::minutes(5) {
                add("slo:current_burn_rate:ratio", None, share / budget);
            }
        }
    }
    if let Some(share) = account.events.bad_share() {
        let period = say_period(&objective.period);
        add(&format!("slo:sli_error:ratio_rate{period}"), Some(period), share);
        add("slo:period_burn_rate:ratio", None, share / budget);
    }
    // 6h is the long window of a pair and the short one of another.
    found.sort_by(|left, right| left.labels.cmp(&right.labels));
    found.dedup_by(|left, right| left.labels == right.labels);
    found
}
