//! What alerts about objectives say.

use model::{Objective, Share, Span, Time, Unit};

use super::{
    account::{Account, Flow, Policy},
    burn::Burn,
    period::say_period,
};
use crate::state::say_time;

/// Annotation: what the budget says of releases.
pub(super) const POLICY: &str = "budget_policy";

pub(super) type Texts = Vec<(&'static str, String)>;

/// The pair of windows that speaks: the most urgent that burns, else the one in which it burns fastest for its factor.
pub(super) fn fastest(account: &Account) -> Burn {
    let speaks = account.burns.iter().find(|burn| burn.is_too_fast());
    let ratio = |burn: &&Burn| burn.rate_long.unwrap_or(0.0) / burn.window.factor;
    let most = account.burns.iter().max_by(|left, right| ratio(left).total_cmp(&ratio(right)));
    *speaks.or(most).unwrap_or(&account.burns[0])
}

/// «API errors: 4.2 % of 1.2 k events in the last 1h were bad, 42 times faster than the budget allows»
pub(super) fn burning(objective: &Objective, account: &Account) -> Texts {
    let burn = fastest(account);
    let share = Unit::Share.say(burn.long.bad_share().unwrap_or(0.0));
    let events = Unit::Count.say(burn.long.total.round());
    let rate = Unit::Count.say(burn.rate_long.unwrap_or(0.0));
    let title = &objective.title;
    let window = burn.window.long;
    let summary = format!(
        "{title}: {share} of {events} events in the last {window} were bad, {rate} times what the budget allows"
    );
    let gone = match account.gone_at {
        Some(gone) if gone > account.at => {
            format!(
                "At the pace of the last hour it is gone in {}.",
                say_span(gone.since(account.at))
            )
        }
        Some(_) => "It is gone.".to_owned(),
        None => "In the last hour it did not burn.".to_owned(),
    };
    let left = Unit::Share.say(account.left.max(0.0));
    let mut texts = vec![
        ("summary", summary),
        ("description", with_reason(format!("{left} of the budget is left. {gone}"), objective)),
        ("burn_rate", rate),
        ("burn_windows", format!("{} and {}", burn.window.long, burn.window.short)),
    ];
    texts.extend(common(objective, account));
    texts
}

/// «API errors: 18 % of its budget for 30d is left»
pub(super) fn low(objective: &Objective, account: &Account) -> Texts {
    let title = &objective.title;
    let period = say_period(&objective.period);
    let (summary, what) = match account.policy() {
        Policy::Freeze => (
            format!("{title}: nothing is left of its budget for {period}"),
            "Release only what makes it better.",
        ),
        Policy::Warn | Policy::Free => (
            format!(
                "{title}: {} of its budget for {period} is left",
                Unit::Share.say(account.left)
            ),
            "Release with care.",
        ),
    };
    let bad = Unit::Count.say(account.events.bad.round());
    let total = Unit::Count.say(account.events.total.round());
    let text = format!("{bad} of {total} events since {} were bad. {what}", day(account.from));
    let mut texts = vec![
        ("summary", summary),
        ("description", with_reason(text, objective)),
        (POLICY, account.policy().word().to_owned()),
    ];
    texts.extend(common(objective, account));
    texts
}

/// «API errors: no data since 2026-11-21T10:00:00Z»
pub(super) fn quiet(objective: &Objective, account: &Account) -> Texts {
    let title = &objective.title;
    let (summary, text) = match account.flow {
        Flow::Silent { since: Some(since) } => (
            format!("{title}: no data since {}", say_time(since)),
            "Nobody can say whether it is kept. See whether what it counts is still collected.",
        ),
        Flow::Silent { since: None } => (
            format!("{title}: there has never been any data"),
            "See whether its expressions name what is collected.",
        ),
        Flow::Idle { since, due } => (
            format!(
                "{title}: no events since {}, about {} were due",
                say_time(since),
                Unit::Count.say(due.round())
            ),
            "What is counted is still there, so requests do not arrive. Without events nothing is bad, and nothing is well.",
        ),
        Flow::Busy | Flow::Waiting => (format!("{title}: events come"), "It is counted again."),
    };
    let mut texts =
        vec![("summary", summary), ("description", with_reason(text.to_owned(), objective))];
    texts.extend(common(objective, account));
    texts
}

fn common(objective: &Objective, account: &Account) -> Texts {
    let gone = account.gone_at.filter(|gone| *gone > account.at);
    vec![
        ("budget_left", Unit::Share.say(account.left)),
        ("budget_gone_in", gone.map(|gone| say_span(gone.since(account.at))).unwrap_or_default()),
        (
            "target",
            format!("{} over {}", say_target(objective.target), say_period(&objective.period)),
        ),
    ]
}

fn with_reason(text: String, objective: &Objective) -> String {
    let reason = objective.reason.trim();
    if reason.is_empty() { text } else { format!("{text} {reason}") }
}

fn day(moment: Time) -> String {
    say_time(moment).split('T').next().unwrap_or_default().to_owned()
}

/// A target with the digits that matter: `99.95 %`.
pub fn say_target(target: Share) -> String {
    let text = format!("{:.4}", target.percent());
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A length of time as people say it, in two units at most: `2d 3h`, `45m`.
pub fn say_span(span: Span) -> String {
    let minutes = (span.as_millis() / 60_000).max(0);
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, minutes) {
        (days, _, _) if days > 365 => "more than a year".to_owned(),
        (days, _, _) if days >= 10 => format!("{days}d"),
        (days, hours, _) if days > 0 => format!("{days}d {hours}h"),
        (_, hours, minutes) if hours > 0 => format!("{hours}h {minutes}m"),
        (_, _, 0) => "less than a minute".to_owned(),
        (_, _, minutes) => format!("{minutes}m"),
    }
}
