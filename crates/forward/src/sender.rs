//! Carries a queue to its receiver: reads windows ahead, spreads them over lanes by series, and confirms what is done.

mod answer;
mod flight;
mod lane;
mod pass;
mod settle;
mod split;
mod window;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use collect::{remote_write::Protocol, scrape::Auth};
use futures_util::future::join_all;
use model::{Clock, Secret, Span};
use parking_lot::Mutex;
use reqwest::Client;
use tokio::sync::{mpsc, watch};

use crate::{Queue, error::told};
use answer::Random;
use lane::Tools;
use pass::Pass;
use window::Plan;

/// The queue is tended, and lanes are counted anew, this often.
const TEND_EVERY: Duration = Duration::from_secs(1);

/// How samples are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendLimits {
    /// Samples of one request at most.
    pub samples_per_request: usize,
    /// Connections at most.
    pub shards_max: usize,
    /// How long one request may take, answer included.
    pub timeout: Span,
    /// How long a request that is not full waits for more samples.
    pub linger: Span,
    /// The pause after the first failed try; it doubles with each further one.
    pub pause_min: Span,
    /// The longest pause that we choose ourselves.
    pub pause_max: Span,
    /// The longest pause that a receiver may ask for with `Retry-After`.
    pub pause_asked_max: Span,
}

impl Default for SendLimits {
    fn default() -> Self {
        Self {
            // Senders of the field make requests of 2,000 to 10,000; receivers are built for that.
            samples_per_request: 5000,
            shards_max: 8,
            timeout: Span::secs(30),
            linger: Span::secs(1),
            pause_min: Span::millis(250),
            pause_max: Span::secs(30),
            pause_asked_max: Span::minutes(10),
        }
    }
}

/// Who is sent samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Where.
    pub url: String,
    /// Which message; a receiver that does not understand 2.0 gets 1.0.
    pub protocol: Protocol,
    /// How we prove who we are.
    pub auth: Auth,
    /// Headers of every request: a tenant's name, for example.
    pub headers: Vec<(String, Secret)>,
    /// How fast, how long.
    pub limits: SendLimits,
}

impl Receiver {
    /// A receiver that needs no proof.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            protocol: Protocol::default(),
            auth: Auth::None,
            headers: Vec::new(),
            limits: SendLimits::default(),
        }
    }
}

/// Carries a queue to its receiver: at least once, in order within a series.
#[derive(Debug)]
pub struct Sender {
    queue: Arc<Queue>,
    tools: Tools,
}

/// Why a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Stopped,
    /// Go on with so many lanes.
    Resize(usize),
    /// Go on with version 1.0.
    Unspoken,
}

impl Sender {
    /// A sender. The client should follow no redirects; time limits come from the clock. The seed spreads the pauses
    /// between tries.
    pub fn new(
        queue: Arc<Queue>,
        receiver: Receiver,
        client: Client,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Self {
        let tools = Tools {
            name: queue.name().to_owned(),
            receiver,
            client,
            clock,
            random: Random::new(seed),
            figures: Arc::clone(queue.figures()),
            troubled: AtomicBool::new(false),
            cuts: Mutex::default(),
            refused: Mutex::default(),
        };
        Self { queue, tools }
    }

    /// Sends whatever the queue has, until told to stop. What is under way then may still be taken for a moment; then
    /// the queue is closed.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let stopped = watch::Sender::new(false);
        let stop = async {
            stop.await;
            stopped.send_replace(true);
        };
        tokio::join!(stop, self.tend(stopped.subscribe()), self.passes(stopped.subscribe()));
        self.blocking(false, Queue::close).await;
    }

    /// Tends the queue beside the passes, as reading may wait.
    async fn tend(&self, mut stopped: watch::Receiver<bool>) {
        let mut troubled = false;
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = self.tools.clock.wait(TEND_EVERY) => {}
            }
            troubled = !self.blocking(troubled, Queue::tend).await;
        }
    }

    /// Works on the queue where blocking is allowed; says whether that went well, and if not, why, unless that is known.
    async fn blocking(
        &self,
        known: bool,
        work: fn(&Queue) -> Result<(), crate::QueueError>,
    ) -> bool {
        let queue = Arc::clone(&self.queue);
        match tokio::task::spawn_blocking(move || work(&queue)).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) if !known => {
                let name = self.queue.name();
                tracing::error!(receiver = %name, error = %told(&error), "the queue is in trouble");
            }
            Ok(Err(_)) => {}
            Err(error) => tracing::error!(%error, "a bug of ours ended a piece of work"),
        }
        false
    }

    async fn passes(&self, mut stopped: watch::Receiver<bool>) {
        let limits = self.tools.receiver.limits;
        let mut plan = Plan {
            lanes: 1,
            samples_per_request: limits.samples_per_request.max(1),
            protocol: self.tools.receiver.protocol,
        };
        loop {
            match self.pass(plan, &mut stopped).await {
                End::Stopped => return,
                End::Resize(lanes) => plan.lanes = lanes.clamp(1, limits.shards_max.max(1)),
                End::Unspoken => {
                    tracing::warn!(receiver = %self.queue.name(), "the receiver does not understand remote write 2.0; it gets 1.0");
                    plan.protocol = Protocol::V1;
                }
            }
        }
    }

    /// Sends with a fixed number of lanes until that has to change.
    async fn pass(&self, plan: Plan, stopped: &mut watch::Receiver<bool>) -> End {
        self.tools.figures.set_shards(plan.lanes);
        let over = watch::Sender::new(false);
        let (words, heard) = mpsc::unbounded_channel();
        let (doors, lanes): (Vec<_>, Vec<_>) = (0..plan.lanes)
            .map(|_| {
                let (door, requests) = mpsc::unbounded_channel();
                let lane = lane::run(
                    &self.tools,
                    plan.protocol,
                    requests,
                    words.clone(),
                    over.subscribe(),
                );
                (door, lane)
            })
            .unzip();
        drop(words);
        let mut pass = Pass::new(self, plan, doors, heard);
        let fly = async {
            let end = pass.fly(stopped).await;
            over.send_replace(true);
            pass.shut_doors();
            end
        };
        let (end, _) = tokio::join!(fly, join_all(lanes));
        pass.land();
        self.tools.figures.set_oldest(None);
        end
    }
}
