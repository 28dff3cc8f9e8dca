//! Over which time an `OpenSLO` objective is kept.

use model::{CalendarUnit, Period, Span};

use super::{Found, Lost, items, text};
use crate::{settings::objective::PERIODS, yaml::Node};

const INSTEAD: &str = "write `period: 30d`, or `week`, `month`, `quarter`, `year`";

/// Reads `timeWindow`, or `timeWindows` as the first version has it.
pub(super) fn read<'d>(found: &mut Found<'d>, own: &str, spec: Node<'d>) -> Result<Period, Lost> {
    let windows = [items(spec, "timeWindow"), items(spec, "timeWindows")].concat();
    let Some(window) = windows.first().copied() else {
        let what = format!("SLO `{own}` has no `timeWindow`");
        found.note(spec.place(), what, "it is kept over 30d", false);
        return Ok(Period::Rolling(Span::days(30)));
    };
    let wrong = || Lost(window.place(), format!("the `timeWindow` of SLO `{own}`"), INSTEAD);
    let (count, unit) = if let Some(duration) = text(window, &["duration"]) {
        split(duration).ok_or_else(wrong)?
    } else {
        let count = text(window, &["count"]).and_then(|text| text.parse().ok());
        let unit = text(window, &["unit"]).and_then(unit_of);
        (count.ok_or_else(wrong)?, unit.ok_or_else(wrong)?)
    };
    let has_calendar = window.get("calendar").is_some_and(|node| !node.is_null());
    let rolling = match text(window, &["isRolling"]) {
        Some(written) => written == "true",
        None => !has_calendar,
    };
    if rolling {
        let days = count.checked_mul(unit.days()).ok_or_else(wrong)?;
        let span = Span::days(days);
        return if PERIODS.contains(&span) { Ok(Period::Rolling(span)) } else { Err(wrong()) };
    }
    let unit = match (count, unit) {
        (1, Unit::Week) => CalendarUnit::Week,
        (1, Unit::Month) => CalendarUnit::Month,
        (1, Unit::Quarter) | (3, Unit::Month) => CalendarUnit::Quarter,
        (1, Unit::Year) | (4, Unit::Quarter) | (12, Unit::Month) => CalendarUnit::Year,
        _ => return Err(wrong()),
    };
    let zone = text(window, &["calendar", "timeZone"]).unwrap_or("UTC").to_owned();
    Ok(Period::Calendar { unit, zone })
}

/// Units of time windows.
#[derive(Clone, Copy)]
enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    /// How long a rolling one is.
    fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
        }
    }
}

fn unit_of(word: &str) -> Option<Unit> {
    Some(match word {
        "d" | "Day" => Unit::Day,
        "w" | "Week" => Unit::Week,
        "M" | "Month" => Unit::Month,
        "Q" | "Quarter" => Unit::Quarter,
        "Y" | "Year" => Unit::Year,
        _ => return None,
    })
}

/// `28d`, `1M`: a number and a unit.
fn split(duration: &str) -> Option<(i64, Unit)> {
    let digits = duration.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = duration.split_at_checked(digits)?;
    Some((number.parse().ok().filter(|number| *number > 0)?, unit_of(unit)?))
}
