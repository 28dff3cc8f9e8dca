//! What was done to a past before it was learnt from, in words.

use model::{Span, Time};

use super::{history::times, known::Level, say::say_date};

/// Gaps shorter than this part of the time are not worth the word.
const GAPS_MIN: f64 = 0.02;
/// No more steps or changes are named.
const NAMED_MAX: usize = 3;

/// What was left out of a past.
#[derive(Clone, Debug, Default)]
pub(crate) struct Left {
    /// How long the gap was before which everything was left out.
    pub before_gap: Option<Span>,
    /// How many cells had no sample.
    pub gaps: usize,
    /// How many values were wild.
    pub spikes: usize,
    /// One-off steps: the first cell after each, and its size.
    pub steps: Vec<(usize, f64)>,
    /// How many cells there are.
    pub cells: usize,
}

/// What there is to say of a past, dates not yet in words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    left: Left,
    steps: Vec<(Time, f64)>,
    changes: Vec<String>,
    since: Vec<Time>,
}

impl Notes {
    pub(crate) fn of(left: &Left, (end, step): (Time, Span), levels: &[Level]) -> Self {
        let begins = |cell: usize| end - times(step, left.cells.saturating_sub(cell));
        let changes = levels.iter().map(|level| {
            let much = match level {
                _ if level.of_pace && level.shift > 0.0 => "faster".to_owned(),
                _ if level.of_pace => "slower".to_owned(),
                _ if level.shift == 0.0 => format!("{:+.0} %", (level.scale - 1.0) * 100.0),
                _ if level.shift > 0.0 => "higher".to_owned(),
                _ => "lower".to_owned(),
            };
            format!("{much} since «{}»", level.cause.name)
        });
        Self {
            steps: left.steps.iter().map(|(cell, size)| (begins(*cell), *size)).collect(),
            changes: changes.collect(),
            since: levels.iter().map(|level| level.cause.at).collect(),
            left: left.clone(),
        }
    }

    /// Each in a sentence, with the special days that lie ahead.
    pub(crate) fn say(&self, special: &[String], now: Time) -> Vec<String> {
        let Left { before_gap, gaps, spikes, cells, .. } = &self.left;
        let mut said = Vec::new();
        said.extend(before_gap.map(|gap| format!("what lies before a gap of {gap} is left out")));
        let empty = *gaps as f64 / (*cells).max(1) as f64;
        if empty >= GAPS_MIN {
            said.push(format!("{:.0} % of the time has no samples and is bridged", empty * 100.0));
        }
        match spikes {
            0 => {}
            1 => said.push("one wild value does not count".to_owned()),
            count => said.push(format!("{count} wild values do not count")),
        }
        for (at, size) in self.steps.iter().take(NAMED_MAX) {
            let way = if *size < 0.0 { "down" } else { "up" };
            said.push(format!("a step {way} on {} counts as happening once", say_date(*at, now)));
        }
        for (change, at) in self.changes.iter().zip(&self.since).rev().take(NAMED_MAX) {
            said.push(format!("{change} on {}", say_date(*at, now)));
        }
        for name in special.iter().take(NAMED_MAX) {
            said.push(format!("«{name}» is told as a day of its own"));
        }
        said
    }
}
