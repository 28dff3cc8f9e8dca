//! What people are sent: one message after the other as long as there are few, and one for all that
//! waited when there are many or when they could not be reached.

use std::{collections::BTreeSet, time::Duration};

use journal::{Journal, JournalError, Message};
use model::{Span, Time};

use super::{
    lane::{Lane, State, Tools},
    parcel::{Parcel, Summary},
};

/// Messages read at once.
const PAGE: u32 = 256;
/// What waited for so long is told in one message with all else that waited.
const LATE: Span = Span::minutes(1);
/// Storms are counted over so long.
const MINUTE: Duration = Duration::from_mins(1);
/// So many messages may go out within a second; Slack allows about one, and short bursts:
/// <https://docs.slack.dev/apis/web-api/rate-limits#posting-messages>.
const BURST: usize = 3;
const SECOND: Duration = Duration::from_secs(1);
/// In a storm, what is new is gathered for so long.
pub(super) const GATHERED: Duration = Duration::from_secs(15);

impl Lane {
    /// What is to be sent next, if it is time.
    pub(super) async fn gather(
        &self,
        tools: &Tools,
        journal: &Journal,
        state: &mut State,
        now: Time,
    ) -> Result<Option<Parcel>, JournalError> {
        let elapsed = tools.clock.elapsed();
        while state.recent.front().is_some_and(|at| elapsed.saturating_sub(*at) >= MINUTE) {
            state.recent.pop_front();
        }
        let page = self.page(journal, state, 0).await?;
        let Some(first) = page.first() else {
            // What was tried last was given up meanwhile.
            return Ok(state.upto.take().and(None));
        };
        let quick = |at: &&Duration| elapsed.saturating_sub(**at) < SECOND;
        if state.recent.iter().filter(quick).count() >= BURST {
            state.paused_until = elapsed + SECOND;
            return Ok(None);
        }
        let (first_due, tried) = (first.first_due, first.attempts > 0);
        let lanes: BTreeSet<&str> = page.iter().map(|own| own.lane.as_str()).collect();
        let room = tools.limits.storm_after.saturating_sub(state.recent.len());
        let late = state.away_since.is_some() || now.since(first_due) >= LATE;
        let mut parcel = if lanes.len() > 1 && (late || lanes.len() > room) {
            let away = late.then(|| state.away_since.unwrap_or(first_due));
            self.summary(journal, state, page).await?.parcel(now, away)
        } else {
            let lane = first.lane.clone();
            Parcel::of_group(page.into_iter().filter(|own| own.lane == lane).collect())
        };
        if let Some(parcel) = &mut parcel {
            // A program before this one may have sent it and not lived to say so.
            parcel.maybe_told = tried || state.begun.is_some_and(|begun| first_due < begun);
            let waits = room == 0 && parcel.lane.is_some() && parcel.words.severity != "critical";
            if waits && !late {
                state.paused_until = elapsed + GATHERED;
                return Ok(None);
            }
        }
        Ok(parcel)
    }

    async fn summary(
        &self,
        journal: &Journal,
        state: &State,
        mut page: Vec<Message>,
    ) -> Result<Summary, JournalError> {
        let mut summary = Summary::default();
        loop {
            if !page.iter().all(|message| summary.take(message)) {
                return Ok(summary);
            }
            let Some(last) = page.last().filter(|_| page.len() >= PAGE as usize) else {
                return Ok(summary);
            };
            page = self.page(journal, state, last.id).await?;
        }
    }

    async fn page(
        &self,
        journal: &Journal,
        state: &State,
        after: i64,
    ) -> Result<Vec<Message>, JournalError> {
        let mut page = journal.waiting(&self.receiver.name, after, PAGE).await?;
        if let Some(upto) = state.upto {
            page.retain(|message| message.id <= upto);
        }
        Ok(page)
    }
}
