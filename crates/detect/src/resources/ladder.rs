//! The four lines of a resource, each crossed only after a while and left only after another.

use model::{Alert, AlertState, Severity, Span, Time};

use crate::state::{LINES, read_time, say_time};

/// The lines by name, rising.
const NAMES: [&str; 4] = ["notice", "warning", "alert", "critical"];

/// Where a reading stands to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Clearly below.
    Below,
    /// Below, but within the margin: nothing begins and nothing ends here.
    Near,
    /// On it or above.
    Above,
}

/// A line and what it waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    #[default]
    Off,
    /// Crossed since then, not yet for long enough.
    Rising(Time),
    On,
    /// Left since then, not yet for long enough.
    Falling(Time),
}

/// How high an alert stands: what its severity is, and whether people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rung {
    Notice,
    Warning,
    Alert,
    Critical,
}

impl Rung {
    const ALL: [Self; 4] = [Self::Notice, Self::Warning, Self::Alert, Self::Critical];

    pub(super) fn severity(self) -> Severity {
        match self {
            Self::Notice => Severity::Info,
            Self::Warning | Self::Alert => Severity::Warning,
            Self::Critical => Severity::Critical,
        }
    }

    pub(super) fn told(self) -> bool {
        self >= Self::Alert
    }

    /// Where an alert stands.
    pub(super) fn of(alert: &Alert) -> Self {
        match (alert.severity, alert.told) {
            (Severity::Critical, _) => Self::Critical,
            (_, true) => Self::Alert,
            (Severity::Warning, false) => Self::Warning,
            (Severity::Info, false) => Self::Notice,
        }
    }
}

/// The four lines: notice, warning, alert, critical.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ladder([Line; 4]);

impl Ladder {
    /// The lines of an alert, from its note or, without one, from where it stands.
    pub(super) fn of(alert: &Alert) -> Self {
        alert.annotations.get(LINES).and_then(read).unwrap_or_else(|| Self::usual(alert))
    }

    /// What an alert's lines are if nothing waits that its state does not tell.
    fn usual(alert: &Alert) -> Self {
        let mut lines = [Line::Off; 4];
        if alert.state == AlertState::Pending {
            lines[0] = Line::Rising(alert.active_at);
        } else {
            let stands = Rung::of(alert);
            for (line, _) in lines.iter_mut().zip(Rung::ALL).filter(|(_, rung)| *rung <= stands) {
                *line = Line::On;
            }
        }
        Self(lines)
    }

    /// Notes the lines in the alert if they are not the usual ones.
    pub(super) fn note(&self, alert: &mut Alert) {
        let text = if *self == Self::usual(alert) { String::new() } else { self.write() };
        alert.annotations = alert.annotations.with(LINES, &text);
    }

    fn write(&self) -> String {
        let words: Vec<String> = NAMES
            .iter()
            .zip(self.0)
            .map(|(name, line)| match line {
                Line::Off => format!("{name} off"),
                Line::Rising(since) => format!("{name} rising {}", say_time(since)),
                Line::On => format!("{name} on"),
                Line::Falling(since) => format!("{name} falling {}", say_time(since)),
            })
            .collect();
        words.join(", ")
    }

    /// Takes in where the reading stands now.
    pub(super) fn step(&mut self, sides: [Side; 4], hold: Span, release: Span, now: Time) {
        for (line, side) in self.0.iter_mut().zip(sides) {
            *line = match (*line, side) {
                (Line::Off, Side::Above) => raise(now, hold, now),
                (Line::Rising(since), Side::Above) => raise(since, hold, now),
                (Line::Off, _) | (Line::Rising(_), Side::Below) => Line::Off,
                (Line::Rising(since), Side::Near) => Line::Rising(since),
                (Line::On, Side::Below) => lower(now, release, now),
                (Line::Falling(since), Side::Below) => lower(since, release, now),
                (Line::On | Line::Falling(_), _) => Line::On,
            };
        }
    }

    pub(super) fn is_off(&self) -> bool {
        self.0.iter().all(|line| *line == Line::Off)
    }

    /// The highest line that counts as crossed.
    pub(super) fn highest_on(&self) -> Option<Rung> {
        self.highest(|line| matches!(line, Line::On | Line::Falling(_)))
    }

    /// The highest line that is about to count.
    pub(super) fn highest_rising(&self) -> Rung {
        self.highest(|line| matches!(line, Line::Rising(_))).unwrap_or(Rung::Notice)
    }

    fn highest(&self, test: impl Fn(Line) -> bool) -> Option<Rung> {
        let found = self.0.iter().zip(Rung::ALL).filter(|(line, _)| test(**line));
        found.last().map(|(_, rung)| rung)
    }
}

fn raise(since: Time, hold: Span, now: Time) -> Line {
    if now.since(since) >= hold { Line::On } else { Line::Rising(since) }
}

fn lower(since: Time, release: Span, now: Time) -> Line {
    if now.since(since) >= release { Line::Off } else { Line::Falling(since) }
}

fn read(text: &str) -> Option<Ladder> {
    let mut lines = [Line::Off; 4];
    let mut parts = text.split(", ");
    for (line, name) in lines.iter_mut().zip(NAMES) {
        let mut words = parts.next()?.split(' ');
        if words.next()? != name {
            return None;
        }
        *line = match (words.next()?, words.next().map(read_time)) {
            ("off", None) => Line::Off,
            ("on", None) => Line::On,
            ("rising", Some(Some(since))) => Line::Rising(since),
            ("falling", Some(Some(since))) => Line::Falling(since),
            _ => return None,
        };
    }
    Some(Ladder(lines))
}

/// Lets the waiting lines of an alert wait longer, after a time in which nobody looked.
pub(crate) fn delay_lines(alert: &mut Alert, away: Span) {
    let Some(mut ladder) = alert.annotations.get(LINES).and_then(read) else { return };
    for line in &mut ladder.0 {
        *line = match *line {
            Line::Rising(since) => Line::Rising(since + away),
            Line::Falling(since) => Line::Falling(since + away),
            other => other,
        };
    }
    ladder.note(alert);
}
