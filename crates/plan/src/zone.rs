//! The clocks of a place: by how much they differ from UTC, and since when, summer time and all.

use jiff::{Timestamp, tz::TimeZone};
use model::{Kind, Span, Time};

use crate::forecast::HORIZON_MAX;

/// Clocks are turned twice a year; more turns than of five hundred years are not kept.
const TURNS_MAX: usize = 1_000;

/// The clocks of a place over some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Since when, in milliseconds of UTC, and by how many clocks are ahead of it; rising. None where it is UTC.
    turns: Vec<(i64, i64)>,
}

/// The name is none of a time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone {name:?}; the IANA data base has names like Europe/Berlin")]
pub struct ZoneError {
    name: String,
}

impl ZoneError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Zone {
    /// The clocks of a place by its IANA name, from some moment until as far beyond `now` as any forecast looks; the
    /// machine's own data base is asked.
    pub fn named(name: &str, from: Time, now: Time) -> Result<Self, ZoneError> {
        let zone = TimeZone::get(name).map_err(|_unknown| ZoneError { name: name.to_owned() })?;
        let (first, last) = (Timestamp::MIN, Timestamp::MAX);
        let stamp = |at: Time| {
            let millis = at.0.clamp(first.as_millisecond(), last.as_millisecond());
            Timestamp::from_millisecond(millis).unwrap_or(first)
        };
        let (from, until) = (stamp(from - Span::days(1)), stamp(now + HORIZON_MAX + Span::days(9)));
        let millis = |seconds: i32| 1_000 * i64::from(seconds);
        let mut turns = vec![(i64::MIN, millis(zone.to_offset(from).seconds()))];
        let later = zone.following(from).take(TURNS_MAX);
        turns.extend(
            later
                .take_while(|turn| turn.timestamp() <= until)
                .map(|turn| (turn.timestamp().as_millisecond(), millis(turn.offset().seconds()))),
        );
        turns.dedup_by_key(|(_, ahead)| *ahead);
        if turns.iter().all(|(_, ahead)| *ahead == 0) {
            turns.clear();
        }
        Ok(Self { turns })
    }

    /// Whether its clocks show UTC.
    pub(crate) fn is_utc(&self) -> bool {
        self.turns.is_empty()
    }

    /// What clocks show at a moment, counted as if it were UTC.
    pub(crate) fn local(&self, at: Time) -> Time {
        let turn = self.turns.partition_point(|(since, _)| *since <= at.0).saturating_sub(1);
        Time(at.0.saturating_add(self.turns.get(turn).map_or(0, |(_, ahead)| *ahead)))
    }

    /// The moment at which clocks show this. Of an hour that comes twice it is the second; one that is left out is over
    /// as it begins. Never falls as what clocks show rises.
    pub(crate) fn utc(&self, local: Time) -> Time {
        let begun = |&(since, ahead): &(i64, i64)| since.saturating_add(ahead) <= local.0;
        let turn = self.turns.partition_point(begun).saturating_sub(1);
        let Some((_, ahead)) = self.turns.get(turn) else { return local };
        let until = self.turns.get(turn + 1).map_or(i64::MAX, |(since, _)| *since);
        Time(local.0.saturating_sub(*ahead).min(until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(text: &str) -> Time {
        Time(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn berlin() -> Zone {
        Zone::named("Europe/Berlin", at("2026-01-01T00:00:00Z"), at("2026-12-01T00:00:00Z"))
            .unwrap()
    }

    #[test]
    fn nine_o_clock_stays_nine_o_clock_when_summer_time_begins_and_ends() {
        let zone = berlin();
        for (utc, local) in [
            ("2026-03-28T08:00:00Z", "2026-03-28T09:00:00Z"),
            ("2026-03-30T07:00:00Z", "2026-03-30T09:00:00Z"),
            ("2026-10-24T07:00:00Z", "2026-10-24T09:00:00Z"),
            ("2026-10-26T08:00:00Z", "2026-10-26T09:00:00Z"),
        ] {
            assert_eq!((zone.local(at(utc)), zone.utc(at(local))), (at(local), at(utc)));
        }
    }

    #[test]
    fn an_hour_left_out_or_twice_there_never_turns_time_back() {
        let zone = berlin();
        assert_eq!(zone.utc(at("2026-03-29T02:30:00Z")), at("2026-03-29T01:00:00Z"));
        assert_eq!(zone.utc(at("2026-10-25T02:30:00Z")), at("2026-10-25T01:30:00Z"));
        for day in ["2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z"] {
            let told: Vec<Time> =
                (0..48).map(|half| zone.utc(Time(at(day).0 + half * HOUR / 2))).collect();
            assert!(told.is_sorted(), "{told:?}");
        }
    }

    #[test]
    fn utc_has_no_turns_and_what_is_no_zone_is_told() {
        let zone = Zone::named("UTC", Time(0), Time(HOUR)).unwrap();
        assert!(zone.is_utc() && zone.local(Time(5)) == Time(5) && zone.utc(Time(5)) == Time(5));
        let error = Zone::named("Europe/Atlantis", Time(0), Time(HOUR)).unwrap_err();
        assert!(error.to_string().contains("Atlantis"), "{error}");
        let zone = Zone::named("Asia/Kolkata", Time::MIN, Time::MAX).unwrap();
        assert_eq!(zone.local(Time(i64::MAX)), Time(i64::MAX));
    }
}
