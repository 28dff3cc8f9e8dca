//! The coordinator: reaches the workers, hands out plan and moment, hears every second, judges the whole while it goes
//! on, and stops all when one is lost.

use std::{
    io,
    net::{TcpStream, ToSocketAddrs as _},
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use model::{Clock, Secret, Span};

use super::{
    FleetError, Job,
    merge::{Part, Whole, merge},
    seal::{Incoming, Outgoing, Side, greet},
    word::{FromWorker, ToWorker},
};
use crate::{
    engine::{Progress, Run, Stop},
    error::LoadError,
    plan::Plan,
    record::Timeline,
    verdict::Watch,
};

/// Whoever was not heard for so long is lost: five pings.
pub(super) const SILENT_MAX: Duration = Duration::from_secs(5);
/// Most workers of one run.
const WORKERS_MAX: usize = 200;
/// How long workers may take to read the plan.
const READY_MAX: Duration = Duration::from_mins(1);
/// How long workers may take to hand over what they wrote down.
const DONE_MAX: Duration = Duration::from_mins(1);
/// How often workers are asked whether they are there.
const PING_EVERY: Duration = Duration::from_secs(1);
/// How often all else is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Round trips by which the way to a worker is measured; the shortest counts.
const PINGS: u64 = 5;
/// How far ahead of now the beginning lies, so that every worker has heard of it.
const LEAD: Duration = Duration::from_millis(500);

/// How often a worker that does not listen yet is asked again, and how long each time takes at most.
const ASK_EVERY: Duration = Duration::from_millis(500);
const ASK_MAX: Duration = Duration::from_secs(3);

type News = (usize, Result<FromWorker, FleetError>);

/// Several machines that send together.
#[derive(Debug)]
pub struct Fleet {
    clock: Arc<dyn Clock>,
    stop: Stop,
    hands: Vec<Hand>,
    told: Receiver<News>,
}

/// One worker.
#[derive(Debug)]
struct Hand {
    name: String,
    out: Outgoing,
    /// When it was heard last.
    heard: Duration,
    /// The shortest way there and back.
    way: Duration,
    lost: Option<String>,
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.out.close();
    }
}

/// A run while it goes on.
struct Going {
    parts: Vec<Part>,
    timeline: Timeline,
    watch: Watch,
    told_stop: bool,
    told_finish: bool,
    pinged: Duration,
    /// When everything has to be over.
    latest: Duration,
}

/// Hands on the next word of a worker; false once there are no more.
fn hear(at: usize, incoming: &mut Incoming, teller: &Sender<News>) -> bool {
    let word = incoming.receive::<FromWorker>();
    let goes_on = word.is_ok();
    teller.send((at, word)).is_ok() && goes_on
}

/// Whether anybody listens there.
fn ask(name: &str) -> io::Result<()> {
    let mut told = io::Error::new(io::ErrorKind::NotFound, "it has no address");
    for address in name.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, ASK_MAX) {
            Ok(_) => return Ok(()),
            Err(error) => told = error,
        }
    }
    Err(told)
}

impl Fleet {
    /// Waits until all workers listen, which those that were only just placed do not at once. Blocks the thread.
    pub fn expect(
        addresses: &[String],
        clock: &Arc<dyn Clock>,
        longest: Duration,
    ) -> Result<(), FleetError> {
        let until = clock.elapsed().saturating_add(longest);
        for name in addresses {
            while let Err(source) = ask(name) {
                if clock.elapsed() >= until {
                    return Err(FleetError::Connect { worker: name.clone(), source });
                }
                thread::park_timeout(ASK_EVERY);
            }
        }
        Ok(())
    }

    /// Reaches all workers, each `host:port`.
    pub fn gather(
        addresses: &[String],
        token: &Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, FleetError> {
        if addresses.is_empty() || addresses.len() > WORKERS_MAX {
            return Err(FleetError::Count(WORKERS_MAX));
        }
        let (teller, told) = mpsc::channel();
        let mut hands = Vec::with_capacity(addresses.len());
        for (at, name) in addresses.iter().enumerate() {
            let stream = TcpStream::connect(name)
                .map_err(|source| FleetError::Connect { worker: name.clone(), source })?;
            let (out, mut incoming) = greet(stream, token, (Side::Coordinator, name))?;
            let teller = teller.clone();
            let listen = move || {
                while hear(at, &mut incoming, &teller) {}
            };
            let named = thread::Builder::new().name(format!("worker-{at}"));
            named
                .spawn(listen)
                .map_err(|source| FleetError::Own { what: "start a thread", source })?;
            let heard = clock.elapsed();
            hands.push(Hand {
                name: name.clone(),
                out,
                heard,
                way: Duration::from_secs(1),
                lost: None,
            });
        }
        Ok(Self { clock, stop: Stop::default(), hands, told })
    }

    /// Ends a run from outside.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Where time comes from.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Runs a plan to its end. Blocks the thread; `watcher` is called for every second that all workers have told.
    pub fn run(
        &mut self,
        job: &Job,
        plan: Plan,
        watcher: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<Run, LoadError> {
        self.prepare(job)?;
        self.measure()?;
        let begin = self.clock.elapsed() + LEAD;
        let started =
            self.clock.now() + Span::millis(i64::try_from(LEAD.as_millis()).unwrap_or_default());
        for hand in &mut self.hands {
            let left = begin.saturating_sub(self.clock.elapsed() + hand.way / 2);
            let micros = u64::try_from(left.as_micros()).unwrap_or_default();
            hand.out.send(&ToWorker::Start { micros })?;
            hand.heard = begin;
        }
        let plan = Arc::new(plan);
        let longest = plan.length().saturating_add(plan.limits.drain).saturating_add(DONE_MAX);
        let part = |hand: &Hand| Part {
            name: hand.name.clone(),
            done: None,
            seconds: Timeline::new(1),
            lost: None,
        };
        let mut going = Going {
            parts: self.hands.iter().map(part).collect(),
            timeline: Timeline::new(self.hands.len()),
            watch: Watch::new(&plan),
            told_stop: false,
            told_finish: false,
            pinged: begin,
            latest: begin.saturating_add(longest),
        };
        while going.parts.iter().any(|part| part.done.is_none() && part.lost.is_none()) {
            self.look(&mut going);
            match self.told.recv_timeout(LOOK_EVERY) {
                Ok((at, Ok(word))) => self.take(&mut going, at, word, watcher),
                Ok((at, Err(error))) => self.lose(&mut going, at, &error.to_string()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    for at in 0..self.hands.len() {
                        self.lose(&mut going, at, "its connection ended");
                    }
                }
            }
        }
        let took = self.clock.elapsed().saturating_sub(begin);
        let stopped = self.stop.is_asked();
        let whole = Whole { plan, started, took, watch: going.watch, stopped };
        Ok(merge(whole, going.parts)?)
    }

    /// Hands out the plan, and waits until all have taken it.
    fn prepare(&mut self, job: &Job) -> Result<(), FleetError> {
        let of = self.hands.len() as u64;
        for (own, hand) in self.hands.iter_mut().enumerate() {
            let job = Box::new(job.clone());
            hand.out.send(&ToWorker::Prepare { job, own: own as u64, of })?;
        }
        let mut ready = vec![false; self.hands.len()];
        let until = self.clock.elapsed() + READY_MAX;
        while ready.contains(&false) {
            match self.next(until)? {
                (at, FromWorker::Ready) => ready[at] = true,
                (at, FromWorker::Refused { why }) => {
                    return Err(FleetError::Refused { worker: self.hands[at].name.clone(), why });
                }
                // Of a run before, or a ping.
                _ => {}
            }
        }
        Ok(())
    }

    /// Measures the way to each worker, so that all begin at one moment whatever their clocks say.
    fn measure(&mut self) -> Result<(), FleetError> {
        self.hands.iter_mut().for_each(|hand| hand.way = Duration::MAX);
        for number in 0..PINGS {
            let mut left = vec![Duration::ZERO; self.hands.len()];
            for (hand, left) in self.hands.iter_mut().zip(&mut left) {
                *left = self.clock.elapsed();
                hand.out.send(&ToWorker::Ping { number })?;
            }
            let until = self.clock.elapsed() + SILENT_MAX;
            let mut waiting = self.hands.len();
            while waiting > 0 {
                let (at, word) = self.next(until)?;
                if !matches!(word, FromWorker::Pong { number: answered } if answered == number) {
                    continue;
                }
                let way = self.clock.elapsed().saturating_sub(left[at]);
                let hand = &mut self.hands[at];
                hand.way = hand.way.min(way);
                waiting -= 1;
            }
        }
        Ok(())
    }

    /// The next word before a run; whoever is gone then is an error.
    fn next(&self, until: Duration) -> Result<(usize, FromWorker), FleetError> {
        let left = until.saturating_sub(self.clock.elapsed());
        match self.told.recv_timeout(left) {
            Ok((at, word)) => Ok((at, word?)),
            Err(error) => Err(FleetError::Gone {
                who: "a worker".to_owned(),
                why: format!("no answer in time ({error})"),
            }),
        }
    }

    /// What is due whether anybody says something or not.
    fn look(&mut self, going: &mut Going) {
        let now = self.clock.elapsed();
        going.watch.compare_clocks(self.clock.now(), now);
        if self.stop.is_asked() && !std::mem::replace(&mut going.told_stop, true) {
            self.tell_all(going, &ToWorker::Stop);
            going.latest = going.latest.min(now + DONE_MAX);
        }
        if self.stop.is_finishing() && !std::mem::replace(&mut going.told_finish, true) {
            self.tell_all(going, &ToWorker::Finish);
        }
        if now.saturating_sub(going.pinged) >= PING_EVERY {
            going.pinged = now;
            self.tell_all(going, &ToWorker::Ping { number: u64::MAX });
        }
        for at in 0..self.hands.len() {
            let is_over = going.parts[at].done.is_some() || going.parts[at].lost.is_some();
            if is_over {
                continue;
            }
            if now.saturating_sub(self.hands[at].heard) > SILENT_MAX {
                self.lose(going, at, "nothing was heard of it for 5 s");
            } else if now > going.latest {
                self.lose(going, at, "it did not come to its end");
            }
        }
    }

    fn tell_all(&mut self, going: &mut Going, word: &ToWorker) {
        for at in 0..self.hands.len() {
            if going.parts[at].lost.is_some() {
                continue;
            }
            if let Err(error) = self.hands[at].out.send(word) {
                self.lose(going, at, &error.to_string());
            }
        }
    }

    fn take(
        &mut self,
        going: &mut Going,
        at: usize,
        word: FromWorker,
        watcher: &mut dyn FnMut(&Progress<'_>),
    ) {
        self.hands[at].heard = self.hands[at].heard.max(self.clock.elapsed());
        match word {
            FromWorker::Second { second, interval } => {
                let Some(interval) = interval.read() else {
                    return self.lose(going, at, "it told what makes no sense");
                };
                going.parts[at].seconds.take(second, &interval);
                let Some(whole) = going.timeline.take(second, &interval) else { return };
                let length = going.watch.length();
                watcher(&Progress { seconds: second + 1, length, interval: &whole });
                going.watch.take(&whole);
                if going.watch.broken().is_some() {
                    self.stop.ask();
                }
            }
            FromWorker::Done(done) => going.parts[at].done = Some(done),
            FromWorker::Failed { why } => self.lose(going, at, &why),
            FromWorker::Pong { .. } | FromWorker::Ready | FromWorker::Refused { .. } => {}
        }
    }

    /// Gives a worker up, and with it the run: what is left is not what was asked for.
    fn lose(&mut self, going: &mut Going, at: usize, why: &str) {
        let part = &mut going.parts[at];
        let is_gone = self.hands[at].lost.get_or_insert_with(|| why.to_owned()).clone();
        if part.done.is_none() {
            part.lost.get_or_insert(is_gone);
            self.stop.ask();
        }
    }
}
