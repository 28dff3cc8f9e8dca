//! The early warning: a resource will run out before more of it can be had.

use std::collections::BTreeMap;

use model::{AlertId, Nature, Outlook, Resource, ResourceId, Share, Span, Time, Unit};

use super::{
    Observed, Watch,
    ladder::Side,
    words::{title, with_advice},
};
use crate::state::{ActiveAlerts, Transition};

/// The name of the early warning.
const RUNS_OUT: &str = "ResourceRunsOut";
/// How long a forecast must say so before it is an alert, at the least: forecasts move a little
/// with every sample, and nothing about days is urgent within minutes.
const HOLD: Span = Span::minutes(10);
/// How long a forecast must say otherwise before the alert ends.
const RELEASE: Span = Span::hours(1);
/// How long the alert stays when there is no forecast.
const MISSING_MAX: Span = Span::hours(6);

/// From this chance on it is a warning on the pages: one in ten.
const CHANCE_WARNING: f64 = 0.1;
/// From this chance on receivers are told: as likely as not.
const CHANCE_TOLD: f64 = 0.5;
/// A chance must fall below this part of either to count as lower.
const CHANCE_LEFT: f64 = 0.6;

/// What is told of one reading's future.
#[derive(Clone, Debug, PartialEq)]
pub struct Prospect {
    /// The reading.
    pub id: ResourceId,
    /// When its line is reached.
    pub outlook: Outlook,
    /// How likely that is in time; nothing where only the outlook is known.
    pub chances: Option<Chances>,
}

/// How likely a line is reached before more of the resource can be had.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chances {
    /// Within the lead time, from 0 to 1.
    pub lead: f64,
    /// Within a quarter of the lead time.
    pub soon: f64,
    /// Whether the future is told as far as the lead time. Where it is not, `lead` is the least it is.
    pub sees: bool,
}

/// Judges the forecasts of a resource: all of its readings, at one time.
///
/// `line` is the share the outlooks speak of, such as 1 for the limit itself. The alert begins when
/// one possible future in ten reaches the line within the resource's lead time; receivers are told
/// when half of them do; it is critical when half reach it within a quarter of the lead time. It
/// ends when the chance has been clearly lower for an hour. Where only dates are known, the earliest
/// stands for one in ten and the likely one for half. A reading without a forecast keeps its alert
/// for six hours.
pub fn judge_outlook(
    resource: &Resource,
    line: Share,
    prospects: &[Prospect],
    active: &mut ActiveAlerts,
    now: Time,
) -> Vec<Transition> {
    let watch = Watch {
        source: format!("forecast/{}", resource.name),
        alertname: RUNS_OUT,
        resource,
        hold: resource.hold.max(HOLD),
        release: RELEASE,
        missing_max: MISSING_MAX,
        missing_why: "there has been no forecast for",
        now,
    };
    let mut seen = BTreeMap::new();
    for prospect in prospects {
        let Some(sides) = sides(prospect, resource.lead_time, now) else { continue };
        seen.insert(
            AlertId::of(&watch.source, &prospect.id.labels),
            Observed {
                id: prospect.id.clone(),
                sides,
                value: days_left(&prospect.outlook, now),
                summary: summary(resource, line, prospect, now),
                description: description(resource, prospect),
            },
        );
    }
    watch.judge(seen, active)
}

/// Where a prospect stands to the four lines of an alert; nothing without a forecast.
fn sides(prospect: &Prospect, lead: Span, now: Time) -> Option<[Side; 4]> {
    let outlook = &prospect.outlook;
    match (outlook, prospect.chances) {
        // That the line is crossed is the other alert's to say: it keeps this one, and begins none.
        (Outlook::Now, _) => Some([Side::Near; 4]),
        (Outlook::TooLittleHistory(_), _) => None,
        (_, Some(Chances { lead, soon, sees })) => {
            let to = |line: f64, chance: f64, sees: bool| {
                if chance >= line {
                    Side::Above
                } else if chance >= line * CHANCE_LEFT || !sees {
                    Side::Near
                } else {
                    Side::Below
                }
            };
            let (early, told) = (to(CHANCE_WARNING, lead, sees), to(CHANCE_TOLD, lead, sees));
            Some([early, early, told, to(CHANCE_TOLD, soon, true)])
        }
        (_, None) => {
            let [early, late] = sides_of_dates(outlook, lead, now)?;
            Some([early, early, early, late])
        }
    }
}

/// Where dates alone stand to «before more can be had» and to «very soon».
fn sides_of_dates(outlook: &Outlook, lead: Span, now: Time) -> Option<[Side; 2]> {
    match outlook {
        Outlook::Now | Outlook::TooLittleHistory(_) => None,
        Outlook::NotFilling => Some([Side::Below; 2]),
        Outlook::NotBefore(moment) => {
            let early = within(*moment, lead, now);
            // It is not said that it comes at all: enough to keep an alert, not to begin one.
            Some([if early == Side::Below { Side::Below } else { Side::Near }, Side::Below])
        }
        Outlook::Expected(range) => {
            let earliest = within(range.earliest, lead, now);
            let Some(likely) = range.likely else {
                let early = if earliest == Side::Below { Side::Below } else { Side::Near };
                return Some([early, Side::Below]);
            };
            let soon = within(likely, Span::millis(lead.as_millis().saturating_mul(2)), now);
            let late = within(likely, Span::millis(lead.as_millis() / 4), now);
            Some([worse_of(earliest, soon), late])
        }
    }
}

/// Both must be above for above; either is below for below.
fn worse_of(left: Side, right: Side) -> Side {
    match (left, right) {
        (Side::Above, Side::Above) => Side::Above,
        (Side::Below, _) | (_, Side::Below) => Side::Below,
        _ => Side::Near,
    }
}

fn within(moment: Time, span: Span, now: Time) -> Side {
    let left = moment.since(now);
    if left <= span {
        Side::Above
    } else if left.as_millis() <= span.as_millis().saturating_add(span.as_millis() / 4) {
        Side::Near
    } else {
        Side::Below
    }
}

/// Days until it is as likely as not, or may happen at the earliest.
fn days_left(outlook: &Outlook, now: Time) -> f64 {
    let moment = match outlook {
        Outlook::Now => now,
        Outlook::Expected(range) => range.likely.unwrap_or(range.earliest),
        Outlook::NotBefore(moment) => *moment,
        Outlook::NotFilling | Outlook::TooLittleHistory(_) => return f64::INFINITY,
    };
    (moment.since(now).as_secs() / 86_400.0).max(0.0)
}

fn summary(resource: &Resource, line: Share, prospect: &Prospect, now: Time) -> String {
    let title = title(resource, &prospect.id.labels);
    let full = line.value() >= 1.0;
    let what = match (full, resource.nature) {
        (true, _) => "run out".to_owned(),
        (false, Nature::Stock) => format!("be {} full", Unit::Share.say(line.value())),
        (false, Nature::Flow) => format!("be {} in use", Unit::Share.say(line.value())),
    };
    let (lead, outlook) = (resource.lead_time, &prospect.outlook);
    match (outlook, prospect.chances) {
        (Outlook::Now, _) if full => format!("{title} has run out"),
        (Outlook::Now, _) => format!("{title} has reached {}", Unit::Share.say(line.value())),
        (_, Some(chances)) if chances.lead < CHANCE_WARNING * CHANCE_LEFT => {
            format!("{title} will hardly {what} within {lead} ({})", say_chance(chances))
        }
        (_, Some(chances)) if chances.lead < CHANCE_TOLD => {
            format!("{title} may {what} within {lead} ({})", say_chance(chances))
        }
        (Outlook::NotFilling, _) => format!("{title} will not {what} as it looks now"),
        (_, Some(chances)) => {
            let days = say_days(days_left(outlook, now));
            format!("{title} will {what} in about {days} ({} within {lead})", say_chance(chances))
        }
        (_, None) => format!("{title} will {what} in about {}", say_days(days_left(outlook, now))),
    }
}

/// A chance in whole percent, and never that of a certainty.
fn say_chance(chances: Chances) -> String {
    let least = if chances.sees { "" } else { "at least " };
    match (chances.lead * 100.0).round() {
        percent if percent < 1.0 => "less than 1 % likely".to_owned(),
        percent if percent > 99.0 => format!("{least}99 % likely"),
        percent => format!("{least}{percent} % likely"),
    }
}

fn say_days(days: f64) -> String {
    let hours = (days * 24.0).round();
    match days.round() {
        _ if hours < 1.0 => "an hour".to_owned(),
        _ if hours < 48.0 => format!("{hours} hour{}", if hours > 1.5 { "s" } else { "" }),
        days => format!("{days} days"),
    }
}

fn description(resource: &Resource, prospect: &Prospect) -> String {
    let lead = resource.lead_time;
    let text = match &prospect.outlook {
        Outlook::Now => format!("It takes {lead} to get more of it."),
        Outlook::Expected(range) => {
            let mut when = vec![format!("At the earliest on {}", day(range.earliest))];
            when.extend(range.likely.map(|likely| format!("most likely on {}", day(likely))));
            when.extend(range.latest.map(|latest| format!("at the latest on {}", day(latest))));
            format!("{}. It takes {lead} to get more of it.", when.join(", "))
        }
        Outlook::NotBefore(moment) => {
            format!("Not before {}. It takes {lead} to get more of it.", day(*moment))
        }
        Outlook::NotFilling | Outlook::TooLittleHistory(_) => {
            "It is not filling any more.".to_owned()
        }
    };
    with_advice(text, resource)
}

/// A day in UTC.
fn day(moment: Time) -> String {
    let text = crate::state::say_time(moment);
    text.split('T').next().unwrap_or_default().to_owned()
}
