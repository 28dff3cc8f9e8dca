//! The load line in one sentence.

use model::{DateRange, Outlook, Service, Time, Unit};

use super::{LimitLine, LineDates, LoadLine, Lost, NextStep, Tested};
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
        let mut parts = vec![nothing_known(line)];
        parts.extend(line.tested_ahead.as_ref().map(|own| say_ahead(own, &load, now)));
        return parts.join("; ");
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
    parts.extend(line.binds().into_iter().flat_map(|binds| say_announced(binds, now)));
    parts.extend(line.tested_ahead.as_ref().map(|own| say_ahead(own, &load, now)));
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

/// What load tests say that releases take, where production has not shown it yet.
fn say_announced(limit: &LimitLine, now: Time) -> Vec<String> {
    let Ok(known) = &limit.known else { return Vec::new() };
    let amount = |times: f64| {
        let size = Unit::Share.say((times - 1.0).abs());
        format!("{size} {}", if times > 1.0 { "more" } else { "less" })
    };
    let mut parts = Vec::new();
    for (at, own) in known.announced.iter().enumerate() {
        let release = own
            .release
            .as_ref()
            .map_or_else(|| "the release".to_owned(), |own| format!("release {own}"));
        let of = if at == 0 {
            format!("of {} for each request", limit.title)
        } else {
            "than that".to_owned()
        };
        let stands = match own.since {
            Some(since) => format!("counted since {}", say_date(since, now)),
            None => "not out as far as is known, and not counted".to_owned(),
        };
        let (more, day) = (amount(own.cost.times), say_date(own.at, now));
        parts.push(format!("{release} takes {more} {of} by the load test of {day}, {stands}"));
    }
    if parts.len() > 1 {
        let all = known.announced.iter().map(|own| own.cost.times).product();
        parts.push(format!("together {}", amount(all)));
    }
    parts
}

/// What a release bore that is not out: «release 4.4, tested on 20 November, bears 800 /s and is not out …».
fn say_ahead(tested: &Tested, load: &dyn Fn(f64) -> String, now: Time) -> String {
    let release = tested.release.as_deref().unwrap_or_default();
    let bears = match (tested.holds, tested.breaks) {
        (Some(holds), _) => format!("bears {}", load(holds)),
        (None, Some(breaks)) => format!("gave way at {}", load(breaks)),
        (None, None) => "told no load that it bears".to_owned(),
    };
    let day = say_date(tested.at, now);
    format!(
        "release {release}, tested on {day}, {bears}; it is not out as far as is known, and not counted"
    )
}

fn nothing_known(line: &LoadLine) -> String {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for limit in &line.limits {
        let why = match &limit.known {
            Err(why) => why.to_string(),
            Ok(_) => "no load reaches its target".to_owned(),
        };
        // What is true of several is said once.
        match reasons.iter_mut().find(|(own, _)| *own == why) {
            Some((_, titles)) => titles.push(&limit.title),
            None => reasons.push((why, vec![&limit.title])),
        }
    }
    let reasons: Vec<String> =
        reasons.iter().map(|(why, titles)| format!("{}: {why}", titles.join(", "))).collect();
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
    let amount = Unit::Count.say(next.step.cost_month.abs());
    let money = format!("{amount} {}", next.currency);
    let money = money.trim_end();
    let cost = if next.step.cost_month > 0.0 {
        format!("{money} a month")
    } else if next.step.cost_month < 0.0 {
        format!("saves {money} a month")
    } else {
        "no cost".to_owned()
    };
    format!("{}, +{}, {cost}", next.step.title, Unit::Share.say(next.gain))
}
