//! The load line in one sentence.

use model::{DateRange, Outlook, Service, Time, Unit};

use super::{LimitLine, LineDates, LoadLine, Lost, NextStep};
use crate::{
    drivers::Range,
    forecast::{say, say_date},
};

/// Says what a service carries, what limits it, when that is reached and what to do next, in one sentence:
/// «carries 812 /s, limited by database connections; now at 430 /s (53 %); reached on 14 March …».
pub fn say_line(
    service: &Service,
    line: &LoadLine,
    dates: Option<&LineDates>,
    confidence: &str,
    now: Time,
) -> String {
    let unit = service.load_unit;
    let load = |value: f64| unit.say(value);
    let Some((range, limited, guess)) = line.line.and_then(|range| limited_by(line, range, now))
    else {
        return nothing_known(line);
    };
    let perhaps = if guess { "perhaps " } else { "" };
    let mut parts = vec![format!("carries {perhaps}{}, limited by {limited}", load(range.mid))];
    let share = Unit::Share.say(line.load_now / range.mid);
    parts.push(format!("now at {} ({share})", load(line.load_now)));
    if let Some(dates) = dates {
        parts.push(say_dates(dates, confidence, now));
    }
    if guess {
        parts.push(format!("never seen above {}, a load test would tell", load(line.load_seen)));
    }
    parts.extend(line.without.iter().filter(|own| !own.carries).map(|own| {
        let lost = match &own.lost {
            Lost::Copy(of) => format!("one of {} {of}", Unit::Count.say(own.count)),
            other => format!("one {}", other.word()),
        };
        if own.count < 2.0 {
            format!("with {lost} gone nothing is left")
        } else {
            format!("with {lost} gone only {}", load(own.line))
        }
    }));
    parts.extend(line.binds().and_then(|binds| say_announced(binds, now)));
    parts.push(match &line.next {
        Some(next) => format!("cheapest next step: {}", say_step(next)),
        None => "no step is declared that would move it".to_owned(),
    });
    parts.join("; ")
}

/// What limits it, in words, and whether that is a guess.
fn limited_by(line: &LoadLine, range: Range, now: Time) -> Option<(Range, String, bool)> {
    if let (true, Some(tested)) = (line.by_test, &line.tested) {
        let day = say_date(tested.at, now);
        let broke = tested.limit.as_ref().map_or_else(String::new, |own| format!(" ({own})"));
        return Some((range, format!("what the load test of {day} found{broke}"), false));
    }
    let binds = line.binds()?;
    Some((range, binds.title.clone(), binds.known.as_ref().is_ok_and(|known| known.guess)))
}

/// What a load test says that a release takes, where production has not shown it yet.
fn say_announced(limit: &LimitLine, now: Time) -> Option<String> {
    let own = limit.known.as_ref().ok()?.announced.as_ref()?;
    let release = own
        .release
        .as_ref()
        .map_or_else(|| "the release".to_owned(), |own| format!("release {own}"));
    let change = own.cost.times - 1.0;
    let size = Unit::Share.say(change.abs());
    let more = if change > 0.0 { "more" } else { "less" };
    let day = say_date(own.at, now);
    let stands = match own.since {
        Some(since) => format!("counted since {}", say_date(since, now)),
        None => "not out as far as is known, and not counted".to_owned(),
    };
    Some(format!(
        "{release} takes {size} {more} of {} for each request by the load test of {day}, {stands}",
        limit.title
    ))
}

fn nothing_known(line: &LoadLine) -> String {
    let reasons = line.limits.iter().map(|limit| match &limit.known {
        Err(why) => format!("{}: {why}", limit.title),
        Ok(_) => format!("{}: no load reaches its target", limit.title),
    });
    let reasons: Vec<String> = reasons.collect();
    format!("no telling what it carries; {}", reasons.join("; "))
}

fn say_dates(dates: &LineDates, confidence: &str, now: Time) -> String {
    let mut said = say_outlook(&dates.outlook, confidence, now);
    for (launch, outlook) in &dates.with {
        let with = match outlook {
            Outlook::Expected(DateRange { likely: Some(likely), .. }) => {
                format!("on {}", say_date(*likely, now))
            }
            other => say_outlook(other, confidence, now),
        };
        said.push_str(", ");
        said.push_str(&with);
        said.push_str(" if ");
        said.push_str(&launch.name);
        said.push_str(" happens");
    }
    said
}

fn say_outlook(outlook: &Outlook, confidence: &str, now: Time) -> String {
    match outlook {
        Outlook::Expected(range) => {
            let likely = range.likely.unwrap_or(range.earliest);
            let to = range.latest.map_or_else(|| "open".to_owned(), |latest| say_date(latest, now));
            format!(
                "reached on {} ({confidence}: {} – {to})",
                say_date(likely, now),
                say_date(range.earliest, now)
            )
        }
        Outlook::NotBefore(_) => format!("{} reached", say(outlook, confidence, now)),
        other => say(other, confidence, now),
    }
}

fn say_step(next: &NextStep) -> String {
    let cost = if next.step.cost_month > 0.0 {
        format!("{} a month", Unit::Count.say(next.step.cost_month))
    } else if next.step.cost_month < 0.0 {
        format!("saves {} a month", Unit::Count.say(-next.step.cost_month))
    } else {
        "no cost".to_owned()
    };
    format!("{}, +{}, {cost}", next.step.title, Unit::Share.say(next.gain))
}
