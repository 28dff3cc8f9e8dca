//! One receiver's lane: its messages, one after the other, and its pauses.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use journal::{Journal, JournalError, Message};
use model::{Clock, Span, Time};
use reqwest::{Client, RequestBuilder, header};
use tokio::sync::Mutex;

use super::{
    Delivered, DeliveryLimits,
    answer::{self, Verdict},
    random::Random,
};
use crate::Receiver;

/// Messages read at once; bodies may be large.
const READ_MAX: u32 = 16;
/// Messages delivered before others may have their turn.
const TURN_MAX: u64 = 256;
/// How much of an answer is read for the error message, in bytes.
const ANSWER_BYTES_MAX: usize = 400;

/// What all lanes share.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) client: Client,
    pub(crate) clock: std::sync::Arc<dyn Clock>,
    pub(crate) random: Random,
    pub(crate) limits: DeliveryLimits,
    /// Messages under way are finished, no more are begun.
    pub(crate) stopping: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) receiver: Receiver,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The receiver is in trouble: nothing is sent before this moment (of the clock that never
    /// goes back).
    paused_until: Duration,
    /// Delivered, but the journal could not take it down: not to be sent again.
    unmarked: BTreeSet<i64>,
    /// The last try failed.
    troubled: bool,
}

enum Step {
    Sent,
    Retried,
    GivenUp,
}

impl Lane {
    pub(crate) fn new(receiver: Receiver) -> Self {
        Self { receiver, state: Mutex::default() }
    }

    /// Delivers what is due, until nothing is, the receiver is in trouble, or others want their
    /// turn. Does nothing if a delivery is under way already.
    pub(crate) async fn deliver(
        &self,
        tools: &Tools,
        journal: &Journal,
        now: Time,
    ) -> Result<Delivered, JournalError> {
        let mut delivered = Delivered::default();
        let Ok(mut state) = self.state.try_lock() else {
            return Ok(delivered);
        };
        while delivered.all() < TURN_MAX && tools.clock.elapsed() >= state.paused_until {
            let due = self.due(tools, journal, now).await?;
            if due.is_empty() {
                break;
            }
            for message in due {
                if tools.stopping.load(Ordering::Relaxed) {
                    return Ok(delivered);
                }
                match self.step(tools, journal, &mut state, &message).await? {
                    Step::Sent => delivered.sent += 1,
                    Step::GivenUp => delivered.given_up += 1,
                    Step::Retried => {
                        delivered.retried += 1;
                        break;
                    }
                }
            }
        }
        Ok(delivered)
    }

    /// What is due. A time further ahead than any pause means that somebody has set the clock back
    /// since; what waits for such a time is due as well.
    async fn due(
        &self,
        tools: &Tools,
        journal: &Journal,
        now: Time,
    ) -> Result<Vec<Message>, JournalError> {
        let name = &self.receiver.name;
        let due = journal.due_for(name, now, READ_MAX).await?;
        if !due.is_empty() {
            return Ok(due);
        }
        match journal.next_due(name).await? {
            Some(next) if next > now + tools.limits.pause_asked_max => {
                journal.due_for(name, next, READ_MAX).await
            }
            _ => Ok(due),
        }
    }

    /// How long until there is something to do, at most `longest`.
    pub(crate) async fn rest(
        &self,
        tools: &Tools,
        journal: &Journal,
        longest: Duration,
    ) -> Result<Duration, JournalError> {
        let Some(due) = journal.next_due(&self.receiver.name).await? else {
            return Ok(longest);
        };
        let until_due = due.since(tools.clock.now()).to_duration();
        let paused_until = self.state.lock().await.paused_until;
        let pause = paused_until.saturating_sub(tools.clock.elapsed());
        Ok(until_due.max(pause).min(longest))
    }

    async fn step(
        &self,
        tools: &Tools,
        journal: &Journal,
        state: &mut State,
        message: &Message,
    ) -> Result<Step, JournalError> {
        let verdict = if state.unmarked.contains(&message.id) {
            Verdict::Done
        } else {
            self.send(tools, message).await
        };
        let now = tools.clock.now();
        match verdict {
            Verdict::Done => {
                state.unmarked.insert(message.id);
                settled(journal.done(message.id, now).await)?;
                state.unmarked.remove(&message.id);
                state.paused_until = Duration::ZERO;
                if std::mem::take(&mut state.troubled) {
                    tracing::info!(receiver = %self.receiver.name, "the receiver is back");
                }
                Ok(Step::Sent)
            }
            Verdict::Never { error } => {
                self.give_up(journal, message, now, &error).await?;
                Ok(Step::GivenUp)
            }
            Verdict::Later { asked, error } => {
                let failed = message.attempts.saturating_add(1);
                let asked = asked.unwrap_or(Span::ZERO).min(tools.limits.pause_asked_max);
                let pause = tools.limits.pause(failed, &tools.random).max(asked);
                state.paused_until = tools.clock.elapsed() + pause.to_duration();
                let age = now.since(message.first_due);
                if age >= tools.limits.age_max || failed >= tools.limits.attempts_max {
                    self.give_up(journal, message, now, &error).await?;
                    return Ok(Step::GivenUp);
                }
                if !std::mem::replace(&mut state.troubled, true) {
                    tracing::warn!(receiver = %self.receiver.name, %error, "the receiver is in trouble");
                }
                settled(journal.retry(message.id, now + pause, &error).await)?;
                Ok(Step::Retried)
            }
        }
    }

    async fn give_up(
        &self,
        journal: &Journal,
        message: &Message,
        now: Time,
        error: &str,
    ) -> Result<(), JournalError> {
        tracing::error!(receiver = %self.receiver.name, key = %message.key, error, "message given up");
        settled(journal.give_up(message.id, now, error).await)
    }

    /// Sends a message, within the time a try may take.
    async fn send(&self, tools: &Tools, message: &Message) -> Verdict {
        let request = match self.request(tools, message) {
            Ok(request) => request,
            // A file that cannot be read now may be back soon.
            Err(error) => {
                let error = format!("cannot read a secret: {error}");
                return Verdict::Later { asked: None, error };
            }
        };
        tokio::select! {
            verdict = ask(&tools.client, request, tools.clock.now()) => verdict,
            () = tools.clock.wait(tools.limits.timeout.to_duration()) => Verdict::Later {
                asked: None,
                error: format!("no answer within {}", tools.limits.timeout),
            },
        }
    }
}

impl Lane {
    fn request(&self, tools: &Tools, message: &Message) -> std::io::Result<RequestBuilder> {
        let request = self.receiver.via.request(&tools.client, message)?;
        Ok(request
            .header(header::USER_AGENT, concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .header("Idempotency-Key", &message.key))
    }
}

async fn ask(client: &Client, request: RequestBuilder, now: Time) -> Verdict {
    // A URL or header that cannot be sent will not be better later.
    let request = match request.build() {
        Ok(request) => request,
        Err(error) => return Verdict::Never { error: chain(error) },
    };
    let asked = request.url().clone();
    let mut response = match client.execute(request).await {
        Ok(response) => response,
        Err(error) => return Verdict::Later { asked: None, error: chain(error) },
    };
    // A client that follows redirects turns a POST into a GET; its answer says nothing about us.
    if *response.url() != asked {
        let error = "the receiver has moved: give its new address in the settings".to_owned();
        return Verdict::Never { error };
    }
    let status = response.status().as_u16();
    let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
    let mut text = Vec::new();
    // The status has been said; an answer that breaks off after it changes nothing.
    while text.len() < ANSWER_BYTES_MAX
        && let Ok(Some(piece)) = response.chunk().await
    {
        let room = ANSWER_BYTES_MAX - text.len();
        text.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    let retry_after = retry_after.as_ref().and_then(|value| value.to_str().ok());
    answer::judge(status, retry_after, &String::from_utf8_lossy(&text), now)
}

/// An error with its causes, without the URL, which may hold a secret.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// A message that is no longer waiting was given up meanwhile to make room; that is settled too.
fn settled(result: Result<(), JournalError>) -> Result<(), JournalError> {
    match result {
        Err(JournalError::NotWaiting { .. }) => Ok(()),
        other => other,
    }
}
