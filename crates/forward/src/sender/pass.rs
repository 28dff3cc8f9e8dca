//! A pass: reads windows ahead of a fixed number of lanes, hands them out, and confirms what is done.

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, watch};

use super::{
    End, Sender, TEND_EVERY,
    flight::Flight,
    lane::Word,
    window::{self, Plan, Request, Window},
};
use crate::{Position, error::told};

/// Windows under way at once: one that is being sent, one that waits, one that is late.
const WINDOWS_MAX: usize = 3;
/// The pause after the queue could not be read.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);
/// So many counts in a row without a backlog, and half of the lanes go.
const QUIET_TENDS: u32 = 60;

/// A pass: reads, hands out and confirms.
pub(super) struct Pass<'s> {
    sender: &'s Sender,
    plan: Plan,
    doors: Vec<mpsc::UnboundedSender<(u64, Request)>>,
    heard: mpsc::UnboundedReceiver<Word>,
    flight: Flight,
    /// Where reading goes on.
    next: Position,
    /// Since when something waits to be read.
    waits_since: Option<Duration>,
    /// The queue could not be read the last time; that is told once.
    blind: bool,
    /// Tends without a backlog.
    quiet: u32,
    /// Requests that had failed when lanes were last counted.
    retried: u64,
}

impl<'s> Pass<'s> {
    /// A pass that hands requests to lanes by these doors, and hears of them.
    pub(super) fn new(
        sender: &'s Sender,
        plan: Plan,
        doors: Vec<mpsc::UnboundedSender<(u64, Request)>>,
        heard: mpsc::UnboundedReceiver<Word>,
    ) -> Self {
        Self {
            sender,
            plan,
            doors,
            heard,
            flight: Flight::default(),
            next: sender.queue.position(),
            waits_since: None,
            blind: false,
            quiet: 0,
            retried: sender.tools.figures.requests_failed(),
        }
    }

    /// No more requests follow.
    pub(super) fn shut_doors(&mut self) {
        self.doors.clear();
    }

    /// Goes on until told to stop, or until lanes have to be others.
    pub(super) async fn fly(&mut self, stopped: &mut watch::Receiver<bool>) -> End {
        let clock = Arc::clone(&self.sender.tools.clock);
        let mut wanted = self.plan.lanes;
        let mut counted = clock.elapsed();
        loop {
            if *stopped.borrow() {
                return End::Stopped;
            }
            let now = clock.elapsed();
            if now.saturating_sub(counted) >= TEND_EVERY {
                counted = now;
                wanted = self.lanes_wanted();
            }
            let resize = wanted != self.plan.lanes;
            if resize && self.flight.len() == 0 {
                return End::Resize(wanted);
            }
            let room = !resize && self.flight.len() < WINDOWS_MAX;
            let mut pause = if room { self.linger(now) } else { TEND_EVERY };
            if pause == Duration::ZERO {
                if self.read().await {
                    continue;
                }
                pause = TROUBLE_PAUSE;
            }
            tokio::select! {
                _ = stopped.changed() => {}
                word = self.heard.recv() => match word {
                    Some(Word::Done(window)) => self.done(window),
                    Some(Word::Unspoken) | None => return End::Unspoken,
                },
                // What is appended does not help who cannot read.
                () = self.sender.queue.appended(), if room && !self.blind => {}
                () = clock.wait(pause) => {}
            }
        }
    }

    /// How long to wait before reading on: until there is a whole request, or what is there has waited long enough.
    fn linger(&mut self, now: Duration) -> Duration {
        let unread = self.sender.queue.samples_after(self.next);
        if unread == 0 {
            self.waits_since = None;
            return TEND_EVERY;
        }
        let since = *self.waits_since.get_or_insert(now);
        if unread >= self.plan.samples_per_request as u64 {
            return Duration::ZERO;
        }
        let linger = self.sender.tools.receiver.limits.linger.to_duration();
        linger.saturating_sub(now.saturating_sub(since))
    }

    /// More lanes if the queue grows ahead of those that work well; fewer after a while of quiet.
    fn lanes_wanted(&mut self) -> usize {
        let (lanes, tools) = (self.plan.lanes, &self.sender.tools);
        let failed = tools.figures.requests_failed();
        let healthy = failed == std::mem::replace(&mut self.retried, failed);
        let backlog = self.sender.queue.samples_after(self.next) > self.plan.window_samples();
        if backlog && self.flight.len() == WINDOWS_MAX {
            self.quiet = 0;
            // A receiver in trouble is not helped by more of us.
            return if healthy {
                (lanes * 2).min(tools.receiver.limits.shards_max.max(1))
            } else {
                lanes
            };
        }
        self.quiet += 1;
        if self.quiet >= QUIET_TENDS { (lanes / 2).max(1) } else { lanes }
    }

    /// Reads a window and hands it out; `false` if the queue cannot be read.
    async fn read(&mut self) -> bool {
        let (queue, from, plan) = (Arc::clone(&self.sender.queue), self.next, self.plan);
        let read = tokio::task::spawn_blocking(move || window::read(&queue, from, plan)).await;
        match read {
            Ok(Ok(window)) => {
                self.blind = false;
                let further = window.next != self.next;
                self.waits_since = None;
                self.hand_out(window);
                further
            }
            Ok(Err(error)) => {
                if !self.blind {
                    let name = self.sender.queue.name();
                    tracing::error!(receiver = %name, error = %told(&error), "cannot read the queue");
                }
                self.blind = true;
                false
            }
            Err(error) => {
                tracing::error!(%error, "a bug of ours ended a piece of work");
                self.blind = true;
                false
            }
        }
    }

    fn hand_out(&mut self, window: Window) {
        self.next = window.next;
        let requests = window.lanes.iter().map(Vec::len).sum();
        let number = self.flight.add(window.next, requests, window.appended);
        for (door, requests) in self.doors.iter().zip(window.lanes) {
            for request in requests {
                if door.send((number, request)).is_err() {
                    // Its lane has ended, and says why.
                    break;
                }
            }
        }
        self.confirm();
    }

    fn done(&mut self, window: u64) {
        self.flight.done(window);
        self.confirm();
    }

    fn confirm(&mut self) {
        if let Some(landed) = self.flight.landed() {
            self.sender.queue.confirm(landed);
        }
        self.sender.tools.figures.set_oldest(self.flight.oldest());
    }

    /// Takes in what lanes said last.
    pub(super) fn land(&mut self) {
        while let Ok(word) = self.heard.try_recv() {
            if let Word::Done(window) = word {
                self.done(window);
            }
        }
    }
}
