//! What is known of a series by the clocks of a place: an hour of the day is the same hour before and after summer time.

use std::borrow::Cow;

use model::{HistoryNeed, Span, Time};

use super::{Known, SpecialDay};
use crate::{forecast::History, line::Deployment, zone::Zone};

/// Below this much history nothing is known of days, and an hour that clocks leave out would be a large gap.
const HISTORY_MIN: Span = Span::days(3);

/// A history with what is known beside it, in times as clocks show them.
pub(crate) struct Local<'a> {
    pub(crate) zone: Zone,
    pub(crate) now: Time,
    real_now: Time,
    times: Cow<'a, [i64]>,
    values: &'a [f64],
    changes: Cow<'a, [Deployment]>,
    days: Cow<'a, [SpecialDay]>,
}

impl<'a> Local<'a> {
    pub(crate) fn of(history: History<'a>, known: &Known<'a>, now: Time) -> Self {
        let oldest = history.times.iter().copied().min().unwrap_or(now.0);
        let zone = known
            .zone
            .filter(|zone| !zone.is_utc() && now.0.saturating_sub(oldest) >= HISTORY_MIN.0);
        let Some(zone) = zone.cloned() else {
            return Self {
                zone: Zone::default(),
                now,
                real_now: now,
                times: Cow::Borrowed(history.times),
                values: history.values,
                changes: Cow::Borrowed(known.changes),
                days: Cow::Borrowed(known.days),
            };
        };
        let changes = known
            .changes
            .iter()
            .map(|own| Deployment { at: zone.local(own.at), name: own.name.clone() });
        let days = known.days.iter().map(|own| SpecialDay {
            from: zone.local(own.from),
            until: zone.local(own.until),
            ..own.clone()
        });
        Self {
            now: zone.local(now),
            real_now: now,
            times: history.times.iter().map(|&time| zone.local(Time(time)).0).collect(),
            values: history.values,
            changes: changes.collect(),
            days: days.collect(),
            zone,
        }
    }

    pub(crate) fn history(&self) -> History<'_> {
        History { times: &self.times, values: self.values }
    }

    pub(crate) fn known(&self) -> Known<'_> {
        Known { changes: &self.changes, days: &self.days, zone: None }
    }

    /// What is missing, as told to those who look at it now.
    pub(crate) fn need(&self, need: HistoryNeed) -> HistoryNeed {
        HistoryNeed { ready_at: self.real_now + need.ready_at.since(self.now), ..need }
    }
}
