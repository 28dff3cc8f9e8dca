//! Nouns as the API shows them.

pub(super) mod views;

use std::{cmp::Reverse, collections::BTreeMap};

use model::{Alert, DateRange, Level, Outlook, ResourceId, Time};

use self::views::{AlertView, ForecastView, LineView, OutlookView, ResourceView, ThresholdsView};
use super::resources::record::{RecordView, record_view};
use crate::state::{Future, Glance, Standing, history};

/// Labels as a map.
pub(super) fn map_of(labels: &model::Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A resource's identity in addresses.
pub(super) fn resource_key(id: &ResourceId) -> String {
    history::key_of(id)
}

/// A level's word; nothing known is a word as well.
pub(super) fn level_word(level: Option<Level>) -> &'static str {
    level.map_or("unknown", Level::word)
}

pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// The last hour's share of a resource.
#[derive(Clone, Debug, Default)]
pub(super) struct Spark {
    pub(super) from: i64,
    pub(super) step: i64,
    pub(super) shares: Vec<Option<f64>>,
}

/// A resource as the API shows it.
pub(super) fn resource_view(
    standing: &Standing,
    future: Option<&Future>,
    spark: Spark,
    now: Time,
) -> ResourceView {
    let Standing { resource, title, reading } = standing;
    let lines = &resource.thresholds;
    let share = reading.share();
    ResourceView {
        id: resource_key(&reading.id),
        name: resource.name.clone(),
        title: title.clone(),
        labels: map_of(&reading.id.labels),
        unit: resource.unit.word().to_owned(),
        nature: resource.nature.word().to_owned(),
        owner: resource.owner.clone(),
        used: finite(reading.used),
        limit: finite(reading.limit),
        share: finite(share),
        headroom: finite(reading.headroom()),
        at: reading.at.millis(),
        level: level_word(standing.level()).to_owned(),
        used_text: resource.unit.say(reading.used),
        limit_text: resource.unit.say(reading.limit),
        headroom_text: resource.unit.say(reading.headroom()),
        share_text: model::Unit::Share.say(share),
        thresholds: ThresholdsView {
            notice: lines.notice().value(),
            warning: lines.warning().value(),
            alert: lines.alert().value(),
            critical: lines.critical().value(),
        },
        spark: spark.shares,
        spark_from: spark.from,
        spark_step: spark.step,
        outlook: outlook_view(standing, future, now),
    }
}

fn outlook_view(standing: &Standing, future: Option<&Future>, now: Time) -> OutlookView {
    let lines = &standing.resource.thresholds;
    let line = lines.critical().value();
    let Some(future) = future else {
        let (kind, text) = if standing.resource.alerts {
            ("too_little_history", "not told yet: the first forecast comes within seconds")
        } else {
            ("not_filling", "use may come to it and beyond, so no date is told")
        };
        let text = text.to_owned();
        return OutlookView {
            kind: kind.to_owned(),
            text: text.clone(),
            line,
            earliest: None,
            likely: None,
            latest: None,
            ready_at: None,
            warning_text: text.clone(),
            limit_text: text,
        };
    };
    let range = range_of(&future.critical);
    let ready_at = match &future.critical {
        Outlook::TooLittleHistory(need) => Some(need.ready_at.millis()),
        _ => None,
    };
    OutlookView {
        kind: outlook_word(&future.critical).to_owned(),
        text: say(&future.critical, line, now),
        line,
        earliest: range.map(|range| range.earliest.millis()),
        likely: range.and_then(|range| range.likely).map(Time::millis),
        latest: range.and_then(|range| range.latest).map(Time::millis),
        ready_at,
        warning_text: say(&future.warning, lines.warning().value(), now),
        limit_text: say(&future.limit, 1.0, now),
    }
}

fn say(outlook: &Outlook, share: f64, now: Time) -> String {
    plan::say(outlook, &model::Unit::Share.say(share), now)
}

fn outlook_word(outlook: &Outlook) -> &'static str {
    match outlook {
        Outlook::Now => "now",
        Outlook::Expected(_) => "expected",
        Outlook::NotBefore(_) => "not_before",
        Outlook::NotFilling => "not_filling",
        Outlook::TooLittleHistory(_) => "too_little_history",
    }
}

fn range_of(outlook: &Outlook) -> Option<&DateRange> {
    match outlook {
        Outlook::Expected(range) => Some(range),
        _ => None,
    }
}

/// Worst first: by level, then by the date the critical line is reached, then by share.
pub(super) fn worst_first(rows: &mut [(Standing, Option<Future>)]) {
    let date = |future: &Option<Future>| match future.as_ref().map(|future| &future.critical) {
        Some(Outlook::Now) => i64::MIN,
        Some(Outlook::Expected(range)) => range.likely.unwrap_or(range.earliest).millis(),
        _ => i64::MAX,
    };
    rows.sort_by(|(a, a_future), (b, b_future)| {
        let key = |standing: &Standing| Reverse(standing.level());
        key(a)
            .cmp(&key(b))
            .then_with(|| date(a_future).cmp(&date(b_future)))
            .then_with(|| b.reading.share().total_cmp(&a.reading.share()))
            .then_with(|| a.title.cmp(&b.title))
    });
}

/// A resource's future as the API shows it.
pub(super) fn forecast_view(
    standing: &Standing,
    future: Option<&Future>,
    now: Time,
) -> ForecastView {
    let mut view = ForecastView {
        kind: "too_little_history".to_owned(),
        from: None,
        step: None,
        confidence: None,
        model: None,
        error_past: None,
        trials: None,
        points: Vec::new(),
        have_ms: None,
        need_ms: None,
        ready_at: None,
        notes: Vec::new(),
        outlooks: Vec::new(),
        record: RecordView::default(),
    };
    let Some(future) = future else { return view };
    let lines = &standing.resource.thresholds;
    view.outlooks = [
        ("warning", lines.warning().value(), &future.warning),
        ("critical", lines.critical().value(), &future.critical),
        ("limit", 1.0, &future.limit),
    ]
    .into_iter()
    .zip(&future.glances)
    .map(|((line, share, outlook), glance)| LineView {
        text: say(outlook, share, now),
        ..line_view((line, share), outlook, glance.as_ref())
    })
    .collect();
    view.record = record_view(&future.record);
    view.notes.clone_from(&future.notes);
    match &future.forecast {
        Ok(forecast) => {
            "ready".clone_into(&mut view.kind);
            view.from = Some(forecast.from.millis());
            view.step = Some(forecast.step.as_millis());
            view.confidence = Some(forecast.confidence.value());
            view.model = Some(forecast.model.clone());
            view.error_past = finite(forecast.error_past);
            view.trials = Some(forecast.trials);
            view.points = forecast
                .points
                .iter()
                .map(|point| [point.at.millis() as f64, point.low, point.mid, point.high])
                .collect();
        }
        Err(need) => {
            view.have_ms = Some(need.have.as_millis());
            view.need_ms = Some(need.need.as_millis());
            view.ready_at = Some(need.ready_at.millis());
        }
    }
    view
}

fn line_view((line, share): (&str, f64), outlook: &Outlook, glance: Option<&Glance>) -> LineView {
    let range = range_of(outlook);
    // Dates are told where they are expected, and not where futures merely may come to the line.
    let narrow = glance.and_then(|glance| glance.dates_narrow).filter(|_| range.is_some());
    LineView {
        line: line.to_owned(),
        share,
        text: String::new(),
        earliest: range.map(|range| range.earliest.millis()),
        likely: range.and_then(|range| range.likely).map(Time::millis),
        latest: range.and_then(|range| range.latest).map(Time::millis),
        earliest_80: narrow.map(|range| range.earliest.millis()),
        latest_80: narrow.and_then(|range| range.latest).map(Time::millis),
        chance_lead: glance.and_then(|glance| glance.chance_lead),
        chances: glance.map_or_else(Vec::new, |glance| {
            let moments = glance.curve.iter();
            moments.map(|(at, chance)| [at.millis() as f64, *chance]).collect()
        }),
    }
}

/// An alert as the API shows it.
pub(super) fn alert_view(
    alert: &Alert,
    expr: Option<String>,
    resource_id: Option<String>,
) -> AlertView {
    let annotation = |name| alert.annotations.get(name).unwrap_or_default().to_owned();
    AlertView {
        id: alert.id.hex(),
        name: alert.name().to_owned(),
        source: alert.source.clone(),
        severity: alert.severity.word().to_owned(),
        state: alert.state.word().to_owned(),
        told: alert.told,
        quiet_because: Vec::new(),
        summary: annotation("summary"),
        description: annotation("description"),
        labels: map_of(&alert.labels),
        annotations: map_of(&alert.annotations),
        value: finite(alert.value),
        evidence: (&alert.evidence).into(),
        active_at: alert.active_at.millis(),
        fired_at: alert.fired_at.map(Time::millis),
        resolved_at: alert.resolved_at.map(Time::millis),
        expr,
        resource_id,
    }
}
