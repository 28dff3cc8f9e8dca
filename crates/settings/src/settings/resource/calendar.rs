//! The `calendar` section: days that are not like others, which forecasts are to know.

use jiff::{
    SignedDuration, Timestamp, Zoned,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use model::{Resource, Time};

use super::service::part;
use crate::{
    mistake::Mistake,
    reader::{Field, Placed, Reader},
    settings::watch::baselines::zone,
    table::{Key, Otherwise, Table},
};

/// A stretch of days that are each like another day is no longer than this.
const DAYS_MAX: i32 = 62;
/// A stretch of days in which the load is higher is no longer than a year.
const RAISED_DAYS_MAX: i32 = 366;
/// Days of one entry that are told at most, whatever the time asked for.
const TIMES_MAX: usize = 400;

/// A day, or a stretch of days, that is not like others.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarEntry {
    /// What people call it; entries of one name are alike.
    pub name: String,
    /// The first day.
    first: Date,
    /// The last day.
    last: Date,
    /// Whether it comes back every year.
    yearly: bool,
    /// Like which day of the week it is.
    like: Option<Weekday>,
    /// By what part of itself the load is higher.
    pub raises: Option<f64>,
    /// The resources it is about; all if there are none.
    pub resources: Vec<String>,
    /// The IANA time zone in which days begin.
    zone: String,
}

/// One time of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarTime {
    /// When it begins.
    pub from: Time,
    /// When it is over.
    pub until: Time,
    /// How many days before it the day was that it is like, from 1 to 7.
    pub like_back: Option<u8>,
}

impl CalendarEntry {
    /// Its times that touch what lies between two moments, in order: each day for itself where it is like another or as
    /// it was before, the whole stretch where the load is higher.
    pub fn times(&self, from: Time, to: Time) -> Vec<CalendarTime> {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        let Some((begin, end)) = moment(from, &zone).zip(moment(to, &zone)) else {
            return Vec::new();
        };
        let years = if self.yearly {
            begin.year().saturating_sub(1)..=end.year()
        } else {
            self.first.year()..=self.first.year()
        };
        let length = self.last.since(self.first).map_or(0, |span| span.get_days());
        let mut times = Vec::new();
        for year in years {
            // The 29th of February is no day in most years.
            let Ok(first) = self.first.with().year(year).build() else { continue };
            let whole = self.raises.is_some();
            let each = if whole { length + 1 } else { 1 };
            let mut day = 0;
            while day <= length && times.len() < TIMES_MAX {
                times.extend(self.time(first, (day, each), &zone));
                day += each;
            }
        }
        times.retain(|time| time.until > from && time.from < to);
        times
    }

    fn time(&self, first: Date, (day, days): (i32, i32), zone: &TimeZone) -> Option<CalendarTime> {
        let start = first.checked_add(SignedDuration::from_hours(24 * i64::from(day))).ok()?;
        let end = start.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()?;
        let at = |date: Date| -> Option<Time> {
            Some(Time(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond()))
        };
        let like_back = self.like.map(|like| {
            let since = like.until(start.weekday());
            u8::try_from(if since == 0 { 7 } else { since }).unwrap_or(7)
        });
        Some(CalendarTime { from: at(start)?, until: at(end)?, like_back })
    }
}

fn moment(time: Time, zone: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_millisecond(time.0).ok()?.to_zoned(zone.clone()))
}

/// An entry while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct EntryDraft {
    name: Option<Placed<String>>,
    date: Option<Date>,
    until: Option<Date>,
    yearly: bool,
    like: Option<Weekday>,
    raises: Option<f64>,
    resources: Vec<Placed<String>>,
    zone: Option<String>,
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

pub(in crate::settings) static TABLE: Table<EntryDraft> = Table {
    what: "an entry of the calendar",
    keys: &[
        Key {
            name: "name",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "What people call it. Without `like` and `raises` it will be as it was on earlier days of this name.",
            read: |reader, field, into| into.name = reader.placed(field.node),
        },
        Key {
            name: "date",
            form: "date",
            otherwise: Otherwise::Needed,
            about: "The first day: `2026-12-24`.",
            read: |reader, field, into| into.date = date(reader, field),
        },
        Key {
            name: "until",
            form: "date",
            otherwise: Otherwise::Said("the first day"),
            about: "The last day; it belongs to it.",
            read: |reader, field, into| into.until = date(reader, field),
        },
        Key {
            name: "yearly",
            form: "true or false",
            otherwise: Otherwise::Is("false"),
            about: "Whether it comes back every year on the same date.",
            read: |reader, field, into| into.yearly = reader.truth(field.node).unwrap_or(false),
        },
        Key {
            name: "like",
            form: "day of the week",
            otherwise: Otherwise::Nothing,
            about: "The day of the week that each of its days is like: `sunday` for most holidays.",
            read: |reader, field, into| into.like = reader.word(field.node, &WEEKDAYS),
        },
        Key {
            name: "raises",
            form: "part",
            otherwise: Otherwise::Nothing,
            about: "By what part of itself the load is higher, or how much faster something fills: `20 %` or `0.2`; lower with a minus.",
            read: |reader, field, into| into.raises = part(reader, field),
        },
        Key {
            name: "resources",
            form: "list of names",
            otherwise: Otherwise::Said("all"),
            about: "The resources it is about.",
            read: |reader, field, into| {
                let items = reader.items(field.node).into_iter();
                into.resources = items.filter_map(|item| reader.placed(item)).collect();
            },
        },
        Key {
            name: "zone",
            form: "time zone",
            otherwise: Otherwise::Said("that of `baselines`"),
            about: "The IANA time zone in which its days begin.",
            read: |reader, field, into| into.zone = zone(reader, field),
        },
    ],
    refused: &[("from", "write the first day as `date`")],
};

impl EntryDraft {
    /// The entry, if enough of it could be read.
    pub(in crate::settings) fn finish(
        self,
        reader: &Reader<'_>,
        resources: &[Resource],
        zone: &str,
    ) -> Option<CalendarEntry> {
        let name = self.name?;
        let first = self.date?;
        let last = self.until.unwrap_or(first);
        let days = last.since(first).map_or(0, |span| span.get_days());
        let most = if self.raises.is_some() { RAISED_DAYS_MAX } else { DAYS_MAX };
        if self.like.is_some() && self.raises.is_some() {
            let message = format!("`{}` is both like another day and raised", name.value);
            let help = "leave out `like` or `raises`";
            reader.report(Mistake::at(name.place, message).help(help));
        }
        if !(0..most).contains(&days) {
            let message = format!("`{}` lasts {} days", name.value, days.saturating_add(1));
            let help = format!("`until` may lie up to {} days after `date`", most - 1);
            reader.report(Mistake::at(name.place, message).help(help));
        }
        for own in &self.resources {
            if !resources.iter().any(|known| known.name == own.value) {
                let message = format!("no resource is called `{}`", own.value);
                let help = "name one that is declared under `resources` or in the policy";
                reader.report(Mistake::at(own.place, message).help(help));
            }
        }
        Some(CalendarEntry {
            name: name.value,
            first,
            last,
            yearly: self.yearly,
            like: self.like,
            raises: self.raises,
            resources: self.resources.into_iter().map(|own| own.value).collect(),
            zone: self.zone.unwrap_or_else(|| zone.to_owned()),
        })
    }
}

fn date<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Date> {
    let time = reader.date(field.node)?;
    Some(moment(time, &TimeZone::UTC)?.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(first: Date, last: Date) -> CalendarEntry {
        CalendarEntry {
            name: "holiday".into(),
            first,
            last,
            yearly: false,
            like: None,
            raises: None,
            resources: Vec::new(),
            zone: "Europe/Berlin".into(),
        }
    }

    const YEARS: (Time, Time) = (Time(1_704_067_200_000), Time(1_830_297_600_000));

    #[test]
    fn christmas_comes_every_year_and_is_like_the_sunday_before_it() {
        let christmas = CalendarEntry {
            yearly: true,
            like: Some(Weekday::Sunday),
            ..entry(Date::constant(2025, 12, 25), Date::constant(2025, 12, 26))
        };
        let times = christmas.times(YEARS.0, YEARS.1);
        // 2024 to 2027, each day for itself.
        assert_eq!(times.len(), 8);
        // 25 December 2026 is a Friday, and begins at 23:00 UTC in Berlin.
        assert_eq!(times[4].from, Time(1_798_153_200_000));
        assert_eq!(times[4].like_back, Some(5));
        assert_eq!(times[5].like_back, Some(6));
        assert_eq!(times[4].until, times[5].from);
    }

    #[test]
    fn a_day_like_itself_is_the_one_a_week_before() {
        let sunday = CalendarEntry {
            like: Some(Weekday::Sunday),
            ..entry(Date::constant(2026, 11, 22), Date::constant(2026, 11, 22))
        };
        assert_eq!(sunday.times(YEARS.0, YEARS.1)[0].like_back, Some(7));
    }

    #[test]
    fn a_sale_is_one_stretch_although_the_clocks_change_in_it() {
        let sale = CalendarEntry {
            raises: Some(0.2),
            ..entry(Date::constant(2026, 10, 24), Date::constant(2026, 10, 25))
        };
        let times = sale.times(YEARS.0, YEARS.1);
        assert_eq!(times.len(), 1);
        assert_eq!(times[0].until.since(times[0].from), model::Span::hours(49));
    }

    #[test]
    fn the_leap_day_is_no_day_in_other_years_and_what_is_past_is_not_told() {
        let leap = CalendarEntry {
            yearly: true,
            ..entry(Date::constant(2024, 2, 29), Date::constant(2024, 2, 29))
        };
        assert_eq!(leap.times(YEARS.0, YEARS.1).len(), 1);
        assert_eq!(leap.times(Time(1_735_689_600_000), YEARS.1), []);
        assert_eq!(leap.times(Time::MAX, Time::MAX), []);
    }
}
