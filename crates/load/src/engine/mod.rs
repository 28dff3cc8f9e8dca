//! Sends the load: workers that share nothing, and whoever started them, who adds up what they tell.

#![expect(
    clippy::future_not_send,
    reason = "a worker is one thread: what waits on it never leaves it, and so needs no locks"
)]

mod connect;
mod http2;
mod journey;
mod lines;
mod pacer;
mod plain;
mod timer;
mod tls;
mod user;
mod wire;
mod worker;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use model::{Clock, Span, Time};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
pub use timer::Pace;

use crate::{
    error::LoadError,
    plan::{Load, Plan},
    record::{Interval, Recording, Timeline},
    schedule::Stripe,
    verdict::{Doubt, Watch},
};

/// How long workers have to get ready before the first request is due.
const LEAD: Duration = Duration::from_millis(50);
/// How often the clocks are compared while nobody tells anything.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Seconds that may wait to be taken in, of all workers.
const TOLD_MAX: usize = 1024;
/// File handles for all else: the program's own files, timers, the terminal.
const HANDLES_BESIDE: u64 = 64;

/// Ends a run from outside. Clones are the same switch.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicU8>);

/// Nobody has asked for anything.
const GO: u8 = 0;
/// No more is to be begun.
const FINISH: u8 = 1;
/// All is to end.
const STOP: u8 = 2;

impl Stop {
    /// Ends the run within a tenth of a second; what is on its way is given up.
    pub fn ask(&self) {
        self.0.store(STOP, Ordering::Relaxed);
    }

    /// Whether it is to end.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) == STOP
    }

    /// Begins no more journeys; the run ends when those on their way are done.
    pub fn finish(&self) {
        self.exchange(GO, FINISH);
    }

    /// Whether no more is to begin.
    pub fn is_finishing(&self) -> bool {
        self.0.load(Ordering::Relaxed) == FINISH
    }

    /// Lets the next run begin journeys again, unless all is to end.
    pub fn resume(&self) {
        self.exchange(FINISH, GO);
    }

    /// Whoever asked for more meanwhile is not overruled.
    fn exchange(&self, from: u8, to: u8) {
        let changed = self.0.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
        // Where it was something else, that stands.
        changed.ok();
    }
}

/// What is known while a run goes on, once a second.
#[derive(Clone, Debug)]
pub struct Progress<'p> {
    /// Whole seconds since the start.
    pub seconds: u64,
    /// How long journeys begin.
    pub length: Duration,
    /// What happened in the last second.
    pub interval: &'p Interval,
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All that was due was sent, or its time was over.
    Done,
    /// Somebody stopped it.
    Stopped,
    /// A rule of the plan ended it.
    Aborted {
        /// The rule as it was written.
        rule: String,
    },
}

/// A run that is over.
#[derive(Debug)]
pub struct Run {
    /// The plan.
    pub plan: Arc<Plan>,
    /// When it began.
    pub started: Time,
    /// How long it took, the wait for late answers included.
    pub took: Duration,
    /// How it ended.
    pub ending: Ending,
    /// How many threads sent.
    pub workers: usize,
    /// What was written down.
    pub recording: Recording,
    /// The same over time, without steps.
    pub timeline: Timeline,
    /// The rules with windows, and the greatest step of the wall clock.
    pub watch: Watch,
    /// How many machines sent.
    pub machines: usize,
    /// Reasons not to believe it that do not show in what was written down.
    pub doubts: Vec<Doubt>,
}

/// How a run is made.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// How waits are made.
    pub pace: Pace,
    /// Which part of the load is this machine's.
    pub stripe: Stripe,
    /// Ends the run from outside.
    pub stop: Stop,
    /// When it begins, by the clock; at once if not said.
    pub start: Option<Duration>,
}

impl Engine {
    /// All of the load, with precise timers.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let stripe = Stripe { own: 0, of: 1 };
        Self { clock, pace: Pace::Precise, stripe, stop: Stop::default(), start: None }
    }

    /// Runs a plan to its end. Blocks the thread; `watcher` is called once a second.
    pub fn run(
        &self,
        plan: Plan,
        watcher: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<Run, LoadError> {
        let plan = Arc::new(plan);
        let found = Arc::from(connect::find(&plan)?);
        allow_handles(&plan)?;
        let workers = worker_count(&plan);
        let (teller, told) = mpsc::sync_channel(TOLD_MAX);
        let now = self.clock.elapsed();
        let start = self.start.unwrap_or(now + LEAD);
        let ahead = self.start.map_or(Duration::ZERO, |start| start.saturating_sub(now));
        let started =
            self.clock.now() + Span::millis(i64::try_from(ahead.as_millis()).unwrap_or(0));
        let mut threads = Vec::with_capacity(workers);
        for own in 0..workers as u64 {
            let stripe = Stripe {
                own: self.stripe.own + own * self.stripe.of,
                of: self.stripe.of * workers as u64,
            };
            let task = worker::Task {
                plan: Arc::clone(&plan),
                clock: Arc::clone(&self.clock),
                pace: self.pace,
                found: Arc::clone(&found),
                stripe,
                start,
                stop: self.stop.clone(),
                told: teller.clone(),
            };
            let named = thread::Builder::new().name(format!("load-{own}"));
            threads.push(named.spawn(move || worker::work(task)).map_err(LoadError::Worker)?);
        }
        drop(teller);
        let mut timeline = Timeline::new(workers);
        let mut watch = Watch::new(&plan);
        self.listen(&told, &mut timeline, &mut watch, watcher);
        let steps = plan.steps().count();
        let mut recording = Recording::new(steps, plan.scenarios.len());
        for thread in threads {
            recording.merge(&thread.join().ok().ok_or(LoadError::Panicked)??);
        }
        timeline.close();
        let took = self.clock.elapsed().saturating_sub(start);
        let ending = match watch.broken() {
            Some(rule) => Ending::Aborted { rule: rule.text.clone() },
            None if self.stop.is_asked() => Ending::Stopped,
            None => Ending::Done,
        };
        Ok(Run {
            plan,
            started,
            took,
            ending,
            workers,
            recording,
            timeline,
            watch,
            machines: 1,
            doubts: Vec::new(),
        })
    }

    /// Takes in what workers tell until the last of them is done.
    fn listen(
        &self,
        told: &Receiver<(u64, Interval)>,
        timeline: &mut Timeline,
        watch: &mut Watch,
        watcher: &mut dyn FnMut(&Progress<'_>),
    ) {
        loop {
            watch.compare_clocks(self.clock.now(), self.clock.elapsed());
            let (second, interval) = match told.recv_timeout(LOOK_EVERY) {
                Ok(news) => news,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let Some(whole) = timeline.take(second, &interval) else { continue };
            watcher(&Progress { seconds: second + 1, length: watch.length(), interval: &whole });
            watch.take(&whole);
            if watch.broken().is_some() {
                self.stop.ask();
            }
        }
    }
}

/// One thread less than there are processors, so that one is left for this one and for the target's packets.
fn worker_count(plan: &Plan) -> usize {
    let processors = thread::available_parallelism().map_or(2, usize::from);
    plan.limits.workers.unwrap_or_else(|| processors.saturating_sub(1)).clamp(1, 256)
}

/// Sees to it that as many connections can be opened as the load may need at once. Closed scenarios need one for each
/// user. What open ones need depends on the target, so they are only given what there is.
fn allow_handles(plan: &Plan) -> Result<(), LoadError> {
    let (mut sure, mut possible) = (HANDLES_BESIDE, HANDLES_BESIDE);
    for scenario in &plan.scenarios {
        match scenario.load {
            Load::Open { .. } => possible += u64::from(plan.limits.in_flight),
            Load::Closed { users, .. } => {
                sure += u64::from(users);
                possible += u64::from(users);
            }
        }
    }
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX);
    if limit.current.is_some_and(|current| current < possible) {
        let raised = Rlimit { current: Some(possible.min(most)), maximum: limit.maximum };
        setrlimit(Resource::Nofile, raised).map_err(|errno| LoadError::Worker(errno.into()))?;
    }
    if sure > most {
        return Err(LoadError::Handles { wanted: sure, have: most });
    }
    Ok(())
}
