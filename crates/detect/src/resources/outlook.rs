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

/// Judges the forecasts of a resource: all of its readings, at one time.
///
/// `line` is the share the outlooks speak of, such as 1 for the limit itself. The alert begins when
/// the line may be reached within the resource's lead time and is as likely as not reached within
/// twice of it; it is critical when a quarter of the lead time is likely all that is left. It ends
/// when the dates are a quarter beyond that, for an hour. A reading without a forecast keeps its
/// alert for six hours.
pub fn judge_outlook(
    resource: &Resource,
    line: Share,
    outlooks: &[(ResourceId, Outlook)],
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
    for (id, outlook) in outlooks {
        let Some([early, late]) = sides(outlook, resource.lead_time, now) else { continue };
        seen.insert(
            AlertId::of(&watch.source, &id.labels),
            Observed {
                id: id.clone(),
                sides: [early, early, early, late],
                value: days_left(outlook, now),
                summary: summary(resource, line, id, outlook, now),
                description: description(resource, outlook),
            },
        );
    }
    watch.judge(seen, active)
}

/// Where the outlook stands to «before more can be had» and to «very soon»; nothing without a forecast.
fn sides(outlook: &Outlook, lead: Span, now: Time) -> Option<[Side; 2]> {
    match outlook {
        // That the line is crossed is the other alert's to say: it keeps this one, and begins none.
        Outlook::Now => Some([Side::Near; 2]),
        Outlook::TooLittleHistory(_) => None,
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

fn summary(
    resource: &Resource,
    line: Share,
    id: &ResourceId,
    outlook: &Outlook,
    now: Time,
) -> String {
    let title = title(resource, &id.labels);
    let full = line.value() >= 1.0;
    let what = match (full, resource.nature) {
        (true, _) => "run out".to_owned(),
        (false, Nature::Stock) => format!("be {} full", Unit::Share.say(line.value())),
        (false, Nature::Flow) => format!("be {} in use", Unit::Share.say(line.value())),
    };
    match outlook {
        Outlook::Now if full => format!("{title} has run out"),
        Outlook::Now => format!("{title} has reached {}", Unit::Share.say(line.value())),
        Outlook::NotFilling => format!("{title} will not {what} as it looks now"),
        _ => format!("{title} will {what} in about {}", say_days(days_left(outlook, now))),
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

fn description(resource: &Resource, outlook: &Outlook) -> String {
    let lead = resource.lead_time;
    let text = match outlook {
        Outlook::Now => format!("It takes {lead} to get more of it."),
        Outlook::Expected(range) => {
            let mut when = vec![format!("At the earliest on {}", day(range.earliest))];
            when.extend(range.likely.map(|likely| format!("most likely on {}", day(likely))));
            when.extend(range.latest.map(|latest| format!("at the latest on {}", day(latest))));
            format!("{}. It takes {lead} to get more of it.", when.join(", "))
        }
        Outlook::NotBefore(moment) => format!("Not before {}.", day(*moment)),
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
