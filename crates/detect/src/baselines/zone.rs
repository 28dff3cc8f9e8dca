//! Hours of the week in a time zone.

use jiff::{Timestamp, tz::TimeZone};
use model::{Kind, Time};
use stats::Moment;

/// A time zone by its IANA name.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

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
    /// Universal time, which every machine knows.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone of this name; the machine's own data base is asked.
    pub fn named(name: &str) -> Result<Self, ZoneError> {
        let found = TimeZone::get(name);
        found.map(Self).map_err(|_unknown| ZoneError { name: name.to_owned() })
    }

    /// The moment as clocks of the zone show it. Times beyond the calendar are those at its end.
    pub fn moment(&self, at: Time) -> Moment {
        let (first, last) = (Timestamp::MIN, Timestamp::MAX);
        let millis = at.millis().clamp(first.as_millisecond(), last.as_millisecond());
        let stamp = Timestamp::from_millisecond(millis).unwrap_or(first);
        let local = self.0.to_datetime(stamp);
        let over = i64::from(local.minute()) * 60 + i64::from(local.second());
        let day = i32::from(local.weekday().to_monday_zero_offset());
        Moment {
            hour: u8::try_from(day * 24 + i32::from(local.hour())).unwrap_or_default(),
            start: stamp.as_second() - over,
            part: (over as f64 + f64::from(local.millisecond()) / 1000.0) / 3600.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn the_week_begins_on_monday() {
        let moment = Zone::UTC.moment(at("2026-11-23T00:15:00Z"));
        assert_eq!((moment.hour, moment.part), (0, 0.25));
        assert_eq!(moment.start, at("2026-11-23T00:00:00Z").millis() / 1000);
        assert_eq!(Zone::UTC.moment(at("2026-11-22T23:59:59Z")).hour, 167);
    }

    #[test]
    fn nine_o_clock_stays_nine_o_clock_when_summer_time_begins_and_ends() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let hour = |text| berlin.moment(at(text)).hour;
        // Monday before and after the last Sunday of March, and the last of October.
        assert_eq!((hour("2026-03-23T08:00:00Z"), hour("2026-03-30T07:00:00Z")), (9, 9));
        assert_eq!((hour("2026-10-19T07:00:00Z"), hour("2026-10-26T08:00:00Z")), (9, 9));
    }

    #[test]
    fn an_hour_is_left_out_in_spring_and_comes_twice_in_autumn() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let hour = |text| berlin.moment(at(text)).hour % 24;
        assert_eq!((hour("2026-03-29T00:30:00Z"), hour("2026-03-29T01:30:00Z")), (1, 3));
        assert_eq!((hour("2026-10-25T00:30:00Z"), hour("2026-10-25T01:30:00Z")), (2, 2));
    }

    #[test]
    fn hours_may_begin_at_the_half_of_ours() {
        let kolkata = Zone::named("Asia/Kolkata").unwrap();
        let moment = kolkata.moment(at("2026-11-23T00:45:00Z"));
        assert_eq!((moment.hour, moment.part), (6, 0.25));
    }

    #[test]
    fn what_is_no_zone_is_told() {
        let error = Zone::named("Europe/Atlantis").unwrap_err();
        assert!(error.to_string().contains("Atlantis"), "{error}");
        for end in [Time::MIN, Time::MAX] {
            assert!(Zone::UTC.moment(end).hour < 168);
        }
    }
}
