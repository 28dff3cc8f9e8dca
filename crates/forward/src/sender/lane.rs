//! A lane: one connection's worth of requests, one after the other, each until it is taken or refused.

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use collect::remote_write::Protocol;
use model::Clock;
use parking_lot::Mutex;
use reqwest::{Client, header};
use tokio::sync::{mpsc, watch};

use super::{
    Receiver,
    answer::{Answer, Cut, Random, Verdict, judge, pause},
    settle::Cuts,
    window::Request,
};
use crate::{Dropped, Figures};

/// How much of an answer is read, in bytes: enough for a message.
const ANSWER_BYTES_MAX: usize = 400;
/// How long a request under way may still take when we are told to stop.
const GRACE: Duration = Duration::from_secs(3);
/// Refusals are told this often.
const TELL_EVERY: Duration = Duration::from_mins(1);
/// Those who understand version 2.0 answer how much they have written.
const WRITTEN_HEADER: &str = "x-prometheus-remote-write-samples-written";

/// What all lanes share.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) name: String,
    pub(super) receiver: Receiver,
    pub(super) client: Client,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Random,
    pub(super) figures: Arc<Figures>,
    /// The last try failed.
    pub(super) troubled: AtomicBool,
    /// How refused requests are cut.
    pub(super) cuts: Mutex<Cuts>,
    /// When refusals were last told, and samples refused since.
    pub(super) refused: Mutex<(Option<Duration>, u64)>,
}

/// What a lane says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A request of this window is done with.
    Done(u64),
    /// The receiver does not understand the version of the protocol.
    Unspoken,
}

/// Sends requests until there are no more or it is over.
pub(super) async fn run(
    tools: &Tools,
    protocol: Protocol,
    mut requests: mpsc::UnboundedReceiver<(u64, Request)>,
    words: mpsc::UnboundedSender<Word>,
    mut over: watch::Receiver<bool>,
) {
    while let Some((window, request)) = requests.recv().await {
        let Some(understood) = tools.settle(request, protocol, &mut over).await else { return };
        let word = if understood { Word::Done(window) } else { Word::Unspoken };
        if words.send(word).is_err() || word == Word::Unspoken {
            return;
        }
    }
}

/// How a request ended.
pub(super) enum Outcome {
    Taken,
    Refused { error: String, cut: Cut },
    Unspoken,
}

impl Tools {
    /// Tries until the request is taken or refused; `None` if it is over.
    pub(super) async fn deliver(
        &self,
        request: &Request,
        protocol: Protocol,
        over: &mut watch::Receiver<bool>,
    ) -> Option<Outcome> {
        let mut failed = 0_u32;
        loop {
            if *over.borrow_and_update() {
                return None;
            }
            self.figures.note_request();
            let verdict = tokio::select! {
                verdict = self.send(request, protocol) => verdict,
                () = async { ended(over).await; self.clock.wait(GRACE).await } => return None,
            };
            match verdict {
                Verdict::Taken => {
                    let (samples, bytes) = (request.samples, request.body.len() as u64);
                    self.figures.note_taken(samples, bytes, self.clock.now());
                    if self.troubled.swap(false, Ordering::Relaxed) {
                        tracing::info!(receiver = %self.name, "the receiver is back");
                    }
                    return Some(Outcome::Taken);
                }
                Verdict::Refused { error, cut } => {
                    return Some(Outcome::Refused { error, cut });
                }
                Verdict::Unspoken => return Some(Outcome::Unspoken),
                Verdict::Later { asked, error } => {
                    failed = failed.saturating_add(1);
                    self.figures.note_failed(request.samples);
                    self.figures.complain(&error);
                    if !self.troubled.swap(true, Ordering::Relaxed) {
                        tracing::warn!(receiver = %self.name, error, "the receiver is in trouble");
                    }
                    let pause = pause(failed, asked, &self.receiver.limits, &self.random);
                    tokio::select! {
                        () = self.clock.wait(pause) => {}
                        () = ended(over) => return None,
                    }
                }
            }
        }
    }

    /// Counts samples as refused, and says so now and then.
    pub(super) fn refuse(&self, samples: u64, error: &str) {
        self.figures.drop_samples(Dropped::Refused, samples);
        self.figures.complain(error);
        let elapsed = self.clock.elapsed();
        let mut refused = self.refused.lock();
        refused.1 += samples;
        if refused.0.is_none_or(|told| elapsed.saturating_sub(told) >= TELL_EVERY) {
            let samples = std::mem::take(&mut refused.1);
            refused.0 = Some(elapsed);
            tracing::error!(receiver = %self.name, samples, error, "samples refused by the receiver");
        }
    }

    /// Sends a request once, within the time it may take.
    async fn send(&self, request: &Request, protocol: Protocol) -> Verdict {
        let timeout = self.receiver.limits.timeout;
        tokio::select! {
            verdict = self.ask(request, protocol) => verdict,
            () = self.clock.wait(timeout.to_duration()) => Verdict::Later {
                asked: None,
                error: format!("no answer within {timeout}"),
            },
        }
    }

    async fn ask(&self, request: &Request, protocol: Protocol) -> Verdict {
        let mut asked = self
            .client
            .post(&self.receiver.url)
            .header(header::CONTENT_TYPE, protocol.content_type())
            .header(header::CONTENT_ENCODING, "snappy")
            .header("X-Prometheus-Remote-Write-Version", protocol.version());
        for (name, value) in &self.receiver.headers {
            asked = asked.header(name, value.reveal());
        }
        let asked = match collect::scrape::authorised(asked, &self.receiver.auth).await {
            Ok(asked) => asked.body(request.body.clone()),
            // The file of a token may be back in a moment.
            Err(error) => return Verdict::Later { asked: None, error },
        };
        let mut response = match asked.send().await {
            Ok(response) => response,
            Err(error) => return Verdict::Later { asked: None, error: chain(error) },
        };
        let headers = response.headers();
        let retry_after = headers.get(header::RETRY_AFTER).cloned();
        let says_written = headers.contains_key(WRITTEN_HEADER);
        let mut text = Vec::new();
        // The status has been said; an answer that breaks off after it changes nothing.
        while text.len() < ANSWER_BYTES_MAX
            && let Ok(Some(piece)) = response.chunk().await
        {
            let room = ANSWER_BYTES_MAX - text.len();
            text.extend_from_slice(&piece[..piece.len().min(room)]);
        }
        let answer = Answer {
            status: response.status().as_u16(),
            retry_after: retry_after.as_ref().and_then(|value| value.to_str().ok()),
            says_written,
            text: &String::from_utf8_lossy(&text),
        };
        judge(answer, protocol, self.clock.now())
    }
}

/// Waits until it is over; whoever would say so being gone means the same.
async fn ended(over: &mut watch::Receiver<bool>) {
    if over.wait_for(|over| *over).await.is_err() {
        tracing::debug!("a lane outlived its sender");
    }
}

/// An error with its causes, without the address, which may hold a secret.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
