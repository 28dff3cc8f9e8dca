//! Load tests that go on now, as they tell second by second; in memory only, since their reports follow.

use std::collections::{BTreeMap, VecDeque};

use model::{Span, Time};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::told::GateRun;

/// Runs that may go on at once.
const LIVE_MAX: usize = 64;
/// Seconds that are kept of each; a chart has no more points.
pub(crate) const ROWS_MAX: usize = 600;
/// A run that tells nothing for so long is lost.
const SILENT: Span = Span::secs(10);
/// And for so long it is shown as such, as is one whose report has come.
const SHOWN: Span = Span::minutes(10);

/// What happened in one second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveRow {
    /// Which, from 1 on.
    pub(crate) second: u64,
    pub(crate) sent: u64,
    pub(crate) good: u64,
    pub(crate) failed: u64,
    pub(crate) in_flight: u64,
    pub(crate) response_p50_ms: Option<f64>,
    pub(crate) response_p95_ms: Option<f64>,
    pub(crate) response_p99_ms: Option<f64>,
}

/// What a run says when it begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RunBegun {
    pub(crate) id: String,
    pub(crate) plan: String,
    pub(crate) service: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) by: String,
    pub(crate) targets: Vec<String>,
    /// How long journeys begin.
    pub(crate) seconds: f64,
    pub(crate) started: Time,
    /// The gate that it is a run of, if it is.
    pub(crate) gate: Option<GateRun>,
}

/// A run that goes on.
#[derive(Clone, Debug)]
pub(crate) struct LiveRun {
    pub(crate) begun: RunBegun,
    pub(crate) rows: VecDeque<LiveRow>,
    /// When it told something last.
    pub(crate) heard: Time,
    /// Why it is to stop; nothing while it may go on.
    pub(crate) stop: Option<String>,
    /// Whether its report has come.
    pub(crate) ended: bool,
    /// Whether it was written down as broken off.
    pub(crate) broken_off: bool,
    /// Good answers that it told of, of all its seconds.
    pub(crate) good: u64,
    /// Those that failed.
    pub(crate) failed: u64,
}

/// What a run is answered when it tells how it goes.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Why it is to stop, if it is.
    pub(crate) stop: Option<String>,
}

impl LiveRun {
    /// `running`, `stopping`, `ended` or `lost`.
    pub(crate) fn word(&self, now: Time) -> &'static str {
        if self.ended {
            "ended"
        } else if now.since(self.heard) > SILENT {
            "lost"
        } else if self.stop.is_some() {
            "stopping"
        } else {
            "running"
        }
    }

    fn is_over(&self, now: Time) -> bool {
        self.ended || now.since(self.heard) > SILENT
    }
}

/// All runs that go on.
#[derive(Debug, Default)]
pub(crate) struct LiveBook(RwLock<BTreeMap<String, LiveRun>>);

impl LiveBook {
    /// Takes in a run that begins; false if there are too many.
    pub(crate) fn begin(&self, begun: RunBegun) -> bool {
        let now = begun.started;
        self.take_in(begun, now)
    }

    /// Takes in a run of which something was heard now; false if there are too many.
    pub(super) fn take_in(&self, begun: RunBegun, now: Time) -> bool {
        let mut all = self.0.write();
        all.retain(|_, run| !run.is_over(now) || now.since(run.heard) <= SHOWN);
        if all.values().filter(|run| !run.is_over(now)).count() >= LIVE_MAX {
            return false;
        }
        while all.len() >= 2 * LIVE_MAX {
            let oldest = all.values().filter(|run| run.is_over(now)).min_by_key(|run| run.heard);
            let Some(id) = oldest.map(|run| run.begun.id.clone()) else { break };
            all.remove(&id);
        }
        let id = begun.id.clone();
        let run = LiveRun {
            begun,
            rows: VecDeque::new(),
            heard: now,
            stop: None,
            ended: false,
            broken_off: false,
            good: 0,
            failed: 0,
        };
        all.insert(id, run);
        true
    }

    /// Takes in what a run tells, and answers; nothing for a run that is not known.
    pub(crate) fn tell(&self, id: &str, rows: Vec<LiveRow>, now: Time) -> Option<Answer> {
        let mut all = self.0.write();
        let run = all.get_mut(id)?;
        run.heard = now;
        for row in rows {
            if run.rows.back().is_none_or(|last| last.second < row.second) {
                run.good = run.good.saturating_add(row.good);
                run.failed = run.failed.saturating_add(row.failed);
                run.rows.push_back(row);
            }
            if run.rows.len() > ROWS_MAX {
                run.rows.pop_front();
            }
        }
        Some(Answer { stop: run.stop.clone() })
    }

    /// Notes that the report of a run has come.
    pub(crate) fn end(&self, id: &str, now: Time) {
        if let Some(run) = self.0.write().get_mut(id) {
            (run.ended, run.heard) = (true, now);
        }
    }

    /// Those that have been silent for so long that they have broken off, and are not written down as such.
    pub(crate) fn silent(&self, now: Time) -> Vec<LiveRun> {
        let all = self.0.read();
        let silent = all.values().filter(|run| {
            !run.ended && !run.broken_off && now.since(run.heard) > super::broken::WAITED
        });
        silent.cloned().collect()
    }

    /// Notes that a run is written down as broken off.
    pub(crate) fn break_off(&self, id: &str) {
        if let Some(run) = self.0.write().get_mut(id) {
            run.broken_off = true;
        }
    }

    /// Tells a run to stop, or all; answers how many that are.
    pub(crate) fn stop(&self, id: Option<&str>, why: &str, now: Time) -> usize {
        let mut all = self.0.write();
        let wanted = all
            .values_mut()
            .filter(|run| id.is_none_or(|id| run.begun.id == id) && !run.is_over(now));
        let mut stopped = 0;
        for run in wanted {
            run.stop.get_or_insert_with(|| why.to_owned());
            stopped += 1;
        }
        stopped
    }

    /// When something was heard last of a run of this gate that did not break off.
    pub(crate) fn heard_of_gate(&self, id: &str) -> Option<Time> {
        let all = self.0.read();
        let is_its = |run: &&LiveRun| {
            !run.broken_off && run.begun.gate.as_ref().is_some_and(|gate| gate.id == id)
        };
        all.values().filter(is_its).map(|run| run.heard).max()
    }

    /// One of them.
    pub(crate) fn get(&self, id: &str) -> Option<LiveRun> {
        self.0.read().get(id).cloned()
    }

    /// All of them, the newest first.
    pub(crate) fn all(&self, now: Time) -> Vec<LiveRun> {
        let all = self.0.read();
        let shown = all.values().filter(|run| now.since(run.heard) <= SHOWN);
        let mut shown: Vec<LiveRun> = shown.cloned().collect();
        shown.sort_by_key(|run| std::cmp::Reverse(run.begun.started));
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(id: &str, at: Time) -> RunBegun {
        RunBegun { id: id.to_owned(), started: at, ..RunBegun::default() }
    }

    fn row(second: u64) -> LiveRow {
        LiveRow { second, ..LiveRow::default() }
    }

    #[test]
    fn a_run_tells_each_second_once_and_in_bounded_room() {
        let book = LiveBook::default();
        assert!(book.begin(begun("a", Time(0))));
        let stop = |answer: Option<Answer>| answer.map(|own| own.stop);
        assert_eq!(stop(book.tell("b", Vec::new(), Time(1))), None, "not known");
        assert_eq!(stop(book.tell("a", (1..=700).map(row).collect(), Time(1))), Some(None));
        assert_eq!(stop(book.tell("a", vec![row(3), row(701)], Time(2))), Some(None));
        let run = book.get("a").unwrap();
        let ends = run.rows.front().zip(run.rows.back()).map(|(a, b)| (a.second, b.second));
        assert_eq!((run.rows.len(), ends), (ROWS_MAX, Some((102, 701))));
    }

    #[test]
    fn whoever_is_silent_is_lost_and_whoever_is_stopped_hears_why() {
        let book = LiveBook::default();
        book.begin(begun("a", Time(0)));
        book.begin(begun("b", Time(5_000)));
        let now = Time(11_000);
        assert_eq!(book.get("a").unwrap().word(now), "lost");
        assert_eq!(book.stop(None, "too much", now), 1);
        let answer = book.tell("b", Vec::new(), now);
        assert_eq!(answer.and_then(|own| own.stop).as_deref(), Some("too much"));
        assert_eq!(book.get("b").unwrap().word(now), "stopping");
        book.end("b", now);
        assert_eq!(book.get("b").unwrap().word(now), "ended");
        let silent =
            |now| book.silent(now).iter().map(|run| run.begun.id.clone()).collect::<Vec<_>>();
        assert!(silent(Time(100_000)).is_empty(), "it may come back");
        assert_eq!(silent(Time(121_000)), ["a"], "the other has ended");
        book.break_off("a");
        assert!(silent(Time(130_000)).is_empty(), "it is written down once");
        assert!(book.all(now + Span::minutes(11)).is_empty());
    }

    #[test]
    fn no_more_go_on_at_once_than_can_be_followed() {
        let book = LiveBook::default();
        for number in 0..LIVE_MAX {
            assert!(book.begin(begun(&number.to_string(), Time(0))));
        }
        assert!(!book.begin(begun("one too many", Time(0))));
        for round in 1..10 {
            let now = Time(20_000 * round);
            for number in 0..LIVE_MAX {
                assert!(book.begin(begun(&format!("{round}-{number}"), now)));
            }
            assert!(book.0.read().len() <= 2 * LIVE_MAX);
        }
    }
}
