//! The running server's parts, handed to jobs and requests.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock, atomic::AtomicU64},
    time::Duration,
};

use detect::elements;
use forward::Forwarding;
use journal::{Entry, Journal};
use model::{Batch, Change, Clock, Span, Time};
use parking_lot::Mutex;
use query::{InstantSample, MemoryPool, Meter, Queries, QueryError, Question, Round};
use settings::Settings;
use store::Store;
use tokio::sync::{Notify, Semaphore};
use tracing::error;

use super::{
    Admission, AlertBook, Board, ChangeBook, ClockWatch, Duty, Hub, RuleBook, change_event,
    meters::{self, Meters},
};
use crate::{
    http::{Gate, Receiving},
    jobs::{Post, ReadAnew, Runners},
    runs::LoadBook,
    tasks::Tasks,
};

/// How long one of our own questions may take.
const OWN_QUERY_TIMEOUT: Span = Span::secs(30);

/// Rule groups that may ask at once: a quarter of the threads that may block (`serve` of the command line).
pub(crate) const RULE_TURNS: usize = 16;

/// A sample this much older than now came late.
const LATE_AFTER: Span = Span::hours(1);
/// Late samples come in bursts: an import, a sender that catches up. This long after the last it is over.
const LATE_QUIET: Span = Span::secs(10);

/// The running server's parts.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    /// Where everything is kept.
    pub(crate) data: PathBuf,
    pub(crate) rules: RuleBook,
    pub(crate) rule_runners: Runners,
    /// Who carries messages to receivers.
    pub(crate) post: Post,
    /// How the settings are read anew, if anybody has said.
    pub(crate) read_anew: OnceLock<ReadAnew>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    pub(crate) store: Arc<Store>,
    /// Where samples are written: the store, and what it accepts goes to the queues of receivers.
    pub(crate) sink: Forwarding<Store>,
    pub(crate) journal: Journal,
    /// What this server is called among those that share the journal.
    pub(crate) server_name: String,
    /// Judging: what becomes of alerts, and who is told.
    pub(crate) judging: Duty,
    /// Delivering: carrying messages to receivers.
    pub(crate) delivering: Duty,
    /// Who answers questions: the engine here, or a cluster.
    pub(crate) queries: Arc<dyn Queries>,
    pub(crate) admission: Admission,
    /// What all queries of people and programs hold; our own questions have what they need.
    pub(crate) query_memory: MemoryPool,
    pub(crate) receiving: Receiving,
    /// Rule groups that may ask at once, so that those who wait for a cluster do not take all threads that may block.
    pub(crate) rule_turns: Semaphore,
    pub(crate) alerts: AlertBook,
    /// Changes that others tell of.
    pub(crate) changes: ChangeBook,
    /// Load tests.
    pub(crate) loads: LoadBook,
    /// Notices when somebody sets the clock.
    pub(crate) clock_watch: ClockWatch,
    /// How long nobody was here before the start.
    pub(crate) away: Span,
    pub(crate) board: Board,
    pub(crate) hub: Hub,
    /// Tells that the past of resources was filled.
    pub(crate) past_filled: Notify,
    /// How often the past became another since the start.
    pub(crate) past_changes: AtomicU64,
    /// The oldest sample that came late since the past was last filled from such, and when the
    /// last of them came.
    pub(crate) late: Mutex<Option<(Time, Time)>>,
    pub(crate) meters: Meters,
    pub(crate) started_at: Time,
    pub(crate) host: String,
    pub(crate) external_url: String,
}

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// Too many are asking.
    #[error("too many queries are waiting; come back in a moment")]
    Full,
    /// The query failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The thread that worked on it broke.
    #[error("a bug of ours ended this query")]
    Broken,
}

/// Cancels a query when whoever asked goes away.
struct CancelOnDrop(Meter);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl App {
    /// Works on a question of a person or program: queued, metered, cancelled when they go away.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        timeout: Option<Span>,
        work: impl FnOnce(&Self, &Meter) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, AskError> {
        let _seat = self.admission.enter().await.map_err(|_full| AskError::Full)?;
        let limit = self.settings.query.timeout;
        let timeout = timeout.map_or(limit, |asked| asked.min(limit).max(Span::millis(1)));
        let meter = self.meter(timeout).with_pool(self.query_memory.clone());
        let _cancel = CancelOnDrop(meter.clone());
        let app = Arc::clone(self);
        let started = self.clock.elapsed();
        let working = meter.clone();
        let joined = tokio::task::spawn_blocking(move || work(&app, &working)).await;
        let seconds = self.clock.elapsed().saturating_sub(started).as_secs_f64();
        self.meters.add(meters::QUERY_SECONDS, "", seconds);
        self.meters.add(meters::QUERY_SAMPLES, "", meter.samples() as f64);
        let outcome = match &joined {
            Ok(Ok(_)) => "outcome=\"answered\"".to_owned(),
            Ok(Err(error)) => format!("outcome=\"{}\"", error.error_type()),
            Err(_) => "outcome=\"broken\"".to_owned(),
        };
        self.meters.count(meters::QUERY_ANSWERED, &outcome);
        joined.map_err(|_panicked| AskError::Broken)?.map_err(AskError::Query)
    }

    /// Answers one of our own questions now; blocks.
    pub(crate) fn instant(&self, text: &str, at: Time) -> Result<Vec<InstantSample>, QueryError> {
        // What is asked for a moment once need not be kept. What is missing is not over.
        let meter = self.own_meter();
        let answer = self.queries.instant(Question::new(text, &meter).fresh().whole(), at)?;
        Ok(elements(answer.value).unwrap_or_default())
    }

    /// The same for one of the questions of a round, which compute once what they have in common.
    pub(crate) fn instant_in(
        &self,
        round: &Round,
        text: &str,
        at: Time,
    ) -> Result<Vec<InstantSample>, QueryError> {
        let meter = self.own_meter();
        let question = Question::new(text, &meter).fresh().whole().in_round(round);
        Ok(elements(self.queries.instant(question, at)?.value).unwrap_or_default())
    }

    /// From when on there may be something to ask for.
    pub(crate) fn oldest(&self, now: Time) -> Time {
        match &self.settings.query.remote {
            // How far back a cluster goes only answers tell, and no more is kept here than this.
            Some(_) => now - self.settings.store.retention,
            None => self.store.stats().oldest.unwrap_or(now),
        }
    }

    /// The clocks by which people live (`zone` of `baselines`), for a forecast of what was recorded since then; nothing
    /// where the machine does not know the zone.
    pub(crate) fn clocks(&self, since: Time, now: Time) -> Option<plan::Zone> {
        plan::Zone::named(&self.settings.baselines.zone, since, now).ok()
    }

    /// The budget of our own questions.
    pub(crate) fn own_meter(&self) -> Meter {
        self.meter(OWN_QUERY_TIMEOUT)
    }

    /// The budget of one of our own questions that may not take long.
    pub(crate) fn brief_meter(&self, timeout: Duration) -> Meter {
        self.meter(Span::millis(i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX)))
    }

    fn meter(&self, timeout: Span) -> Meter {
        let samples_max = usize::try_from(self.settings.query.samples_max).unwrap_or(usize::MAX);
        let memory_max = usize::try_from(self.settings.query.memory_max).unwrap_or(usize::MAX);
        // One query alone cannot take what all of them have.
        Meter::new(Arc::clone(&self.clock), timeout, samples_max).with_memory_max(memory_max / 2)
    }

    /// Notes samples that came long after their time, so that resources' past is filled from them.
    pub(crate) fn note_late(&self, batch: &Batch) {
        let now = self.clock.now();
        let (kept, recent) = (now - self.settings.store.retention, now - LATE_AFTER);
        let floats = batch.iter().flat_map(|series| series.samples).map(|own| own.time);
        let native = batch.iter().flat_map(|series| series.histograms).map(|own| own.time);
        let oldest = floats.chain(native).filter(|time| *time >= kept).min();
        if let Some(oldest) = oldest.filter(|oldest| *oldest < recent) {
            let mut late = self.late.lock();
            let known = late.map_or(oldest, |(known, _)| known.min(oldest));
            *late = Some((known, now));
        }
    }

    /// The oldest sample that came late since this was last asked, once no more are coming.
    pub(crate) fn take_late(&self, now: Time) -> Option<Time> {
        let mut late = self.late.lock();
        let (oldest, _) = late.filter(|(_, noted)| now.since(*noted) >= LATE_QUIET)?;
        *late = None;
        Some(oldest)
    }

    /// Puts changes into the journal; if it fails, that is logged and counted, as nobody waits for it.
    pub(crate) async fn note_changes(&self, changes: &[Change]) {
        let events = changes.iter().map(change_event).collect();
        match self.journal.record(Entry { events, outbox: Vec::new() }).await {
            Ok(written) => self.meters.add(meters::JOURNAL_EVENTS, "", written.len() as f64),
            Err(error) => {
                self.meters.count(meters::JOURNAL_ERRORS, "");
                error!(error = crate::http::chain(&error), "cannot record a change");
            }
        }
    }
}
