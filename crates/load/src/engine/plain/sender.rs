//! The loop of the plain way: what is due is sent, what is heard is read, what takes too long is given up.

use std::{io, mem::MaybeUninit, sync::mpsc::SyncSender, time::Duration};

use http::HeaderMap;
use rustix::event::epoll::{Event, EventFlags};

use super::{
    Ready, all_ready,
    due::Due,
    line::{Ask, Doing, Heard, Line},
    lines::{HEARD_MAX, Lines},
};
use crate::{
    engine::{
        Stop,
        timer::SHORTEST,
        worker::{LOOK_EVERY, Look, Worker},
    },
    journey::{BodyText, Step},
    record::{Interval, Trouble},
    schedule::nanos,
};

/// Arrivals that are due this soon after one that has left wait and leave together, in nanoseconds: waking up takes
/// twice the processor time of sending, so that a worker would have none left for 20,000 a second and more.
const TOGETHER_NS: u64 = 50_000;
/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;
/// Requests begun in a row before answers get their turn.
const BURST: usize = 64;
/// Reads of one connection in a row before others get their turn.
const READS_IN_A_ROW: usize = 16;

/// Everything that one worker sends with.
pub(super) struct Sender<'w> {
    worker: &'w Worker,
    /// By scenario and journey.
    ready: Vec<Vec<Ready>>,
    lines: Lines,
    due: Due,
    /// No request runs out of time before this.
    expires_ns: u64,
    /// When the last arrival left.
    left_ns: u64,
    room: Box<[u8]>,
    /// Which of the addresses of a target is next.
    turn: usize,
}

impl<'w> Sender<'w> {
    pub(super) fn new(worker: &'w Worker) -> io::Result<Self> {
        let plan = &worker.plan;
        Ok(Self {
            worker,
            ready: all_ready(&plan.scenarios),
            lines: Lines::new(plan.scenarios.len(), plan.origins.len())?,
            due: Due::new(worker),
            expires_ns: nanos(plan.limits.timeout),
            left_ns: 0,
            room: vec![0; READ_BYTES].into_boxed_slice(),
            turn: 0,
        })
    }

    /// Sends until all is over or is to stop.
    pub(super) fn send(
        &mut self,
        stop: &Stop,
        told: &SyncSender<(u64, Interval)>,
    ) -> io::Result<()> {
        let mut heard = [const { MaybeUninit::<Event>::uninit() }; HEARD_MAX];
        loop {
            let before = self.worker.start.saturating_sub(self.worker.clock.elapsed());
            if before.is_zero() {
                break;
            }
            self.lines.wait(&mut heard, (before, 0))?;
        }
        let mut look = Look::new(self.worker);
        let mut look_ns = 0;
        loop {
            let now_ns = self.worker.now_ns();
            if now_ns >= look_ns {
                if look.is_over(self.worker, stop, told) {
                    break;
                }
                look_ns = look.next_ns().min(now_ns + nanos(LOOK_EVERY));
            }
            self.expire(now_ns);
            self.begin_due(BURST);
            if self.worker.is_done() {
                // Nothing is left to wait for.
                look_ns = 0;
            }
            let due_ns = match self.due.next_ns() {
                0 => 0,
                due_ns => due_ns.max(self.left_ns.saturating_add(TOGETHER_NS)),
            };
            let next_ns = due_ns.min(self.expires_ns).min(look_ns);
            let most = Duration::from_nanos(next_ns.saturating_sub(self.worker.now_ns()));
            let most = if most < SHORTEST { Duration::ZERO } else { most };
            for event in self.lines.wait(&mut heard, (most, next_ns))? {
                let Some(place) = self.lines.place_of(event) else { continue };
                self.hear(place, event.flags);
                // What falls due meanwhile does not wait until all are heard.
                self.begin_due(1);
            }
        }
        look.end(self.worker);
        Ok(())
    }

    /// What is on its way when all is over is not finished.
    pub(super) fn give_up(&mut self) {
        let busy = self.lines.each().filter(|(_, line)| !matches!(line.doing, Doing::Rests));
        let busy: Vec<usize> = busy.map(|(place, _)| place).collect();
        for place in busy {
            if let Some(line) = self.lines.remove(place) {
                self.write_down(&line, 0, Some(Trouble::Unfinished));
            }
        }
    }

    /// Begins journeys that are due, at most so many.
    fn begin_due(&mut self, most: usize) {
        for _ in 0..most {
            let Some((ask, late)) = self.due.take(self.worker) else { return };
            self.begin(ask, late);
        }
    }

    fn begin(&mut self, ask: Ask, late: Option<u64>) {
        let worker = self.worker;
        worker.journeys.set(worker.journeys.get() + 1);
        worker.count_sent();
        if let Some(due_ns) = late {
            let lateness = ask.sent_ns.saturating_sub(due_ns);
            worker.recording.borrow_mut().lateness.record(lateness);
            self.left_ns = ask.sent_ns;
        }
        let (scenario, journey) = ask.request;
        let origin = self.ready[scenario][journey].origin;
        match self.lines.rested(scenario, origin) {
            None => self.connect(ask, 0),
            Some(place) => {
                if let Some(line) = self.lines.get(place) {
                    (line.ask, line.has_rested) = (ask, true);
                }
                self.ask(place);
            }
        }
    }

    /// Makes a connection for a request, to the address whose turn it is; `attempt` addresses have been tried.
    fn connect(&mut self, ask: Ask, attempt: usize) {
        let (scenario, journey) = ask.request;
        let worker = self.worker;
        let addresses = worker.addresses(self.ready[scenario][journey].origin);
        let begun_ns = self.worker.now_ns();
        let mut trouble = Trouble::Unreachable;
        for attempt in attempt..addresses.len() {
            let address = addresses[self.turn.wrapping_add(attempt) % addresses.len()];
            let doing = Doing::Connects { begun_ns, attempt };
            let made = Line::connect(address, doing, ask).and_then(|line| self.lines.add(line));
            match made {
                Ok(_) => {
                    self.turn = self.turn.wrapping_add(usize::from(attempt == 0));
                    return;
                }
                Err(error) => trouble = Trouble::of_io(&error),
            }
        }
        self.end(ask, 0, 0, Some(trouble));
    }

    /// Sends the request that a connection has been given.
    fn ask(&mut self, place: usize) {
        let Some(line) = self.lines.get(place) else { return };
        let (scenario, journey) = line.ask.request;
        let ready = &self.ready[scenario][journey];
        line.doing = Doing::Asks;
        line.written = 0;
        line.frame.begin(ready.is_head, ready.keep);
        self.write(place);
    }

    fn write(&mut self, place: usize) {
        let Some(line) = self.lines.get(place) else { return };
        let (scenario, journey) = line.ask.request;
        let done = line.write(&self.ready[scenario][journey].bytes);
        let (waits, waited) = (matches!(done, Ok(false)), line.waits_to_write);
        line.waits_to_write = waits;
        let heard = if waits == waited { Ok(()) } else { self.lines.hear(place, waits) };
        if let Some(error) = done.err().or_else(|| heard.err()) {
            self.lose(place, Trouble::of_io(&error));
        }
    }

    /// Something is to be done on a connection.
    fn hear(&mut self, place: usize, flags: EventFlags) {
        let Some(line) = self.lines.get(place) else { return };
        match line.doing {
            Doing::Rests => {
                // The target closed it, or says something that nobody asked for.
                self.lines.wake(place);
                self.lines.remove(place);
                self.worker.recording.borrow_mut().stale += 1;
            }
            Doing::Connects { begun_ns, attempt } => self.connected(place, begun_ns, attempt),
            Doing::Asks => {
                if flags.contains(EventFlags::OUT) {
                    self.write(place);
                }
                if flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
                    self.read(place);
                }
            }
        }
    }

    fn connected(&mut self, place: usize, begun_ns: u64, attempt: usize) {
        let Some(line) = self.lines.get(place) else { return };
        let ask = line.ask;
        let made = line.connected().and_then(|()| self.lines.hear(place, false));
        if let Err(error) = made {
            self.lines.remove(place);
            let (scenario, journey) = ask.request;
            let addresses = self.worker.addresses(self.ready[scenario][journey].origin).len();
            if attempt + 1 < addresses {
                self.connect(ask, attempt + 1);
            } else {
                self.end(ask, 0, 0, Some(Trouble::of_io(&error)));
            }
            return;
        }
        let took_ns = self.worker.now_ns().saturating_sub(begun_ns);
        self.worker.recording.borrow_mut().connects.record(took_ns);
        self.ask(place);
    }

    fn read(&mut self, place: usize) {
        for _ in 0..READS_IN_A_ROW {
            let Some(line) = self.lines.get(place) else { return };
            let is_whole = match line.read(&mut self.room) {
                Ok(Heard::Nothing) => return,
                Ok(Heard::End) => line.frame.end().map(|()| true),
                Ok(Heard::Bytes(count)) => {
                    let is_whole = line.frame.take(&self.room[..count]);
                    // Where it did not fill the room there is no more to read.
                    if is_whole == Ok(false) && count < self.room.len() {
                        return;
                    }
                    is_whole
                }
                Err(error) => Err(broken(&error, line.frame.has_begun())),
            };
            match is_whole {
                Ok(true) => return self.answered(place),
                Ok(false) => {}
                Err(trouble) => return self.lose(place, trouble),
            }
        }
    }

    /// An answer is complete.
    fn answered(&mut self, place: usize) {
        let Some(line) = self.lines.get(place) else { return };
        let (ask, status, bytes) = (line.ask, line.frame.status, line.frame.content.count);
        // Who has answered before all of the question was sent cannot be asked anything else.
        let keeps = line.frame.keeps && !line.waits_to_write;
        line.doing = Doing::Rests;
        let (scenario, journey) = ask.request;
        let step = &self.worker.plan.scenarios[scenario].journeys[journey].steps[0];
        let trouble = trouble_of(step, status, &line.frame.content.kept);
        line.frame.content.forget();
        if keeps {
            let origin = self.ready[scenario][journey].origin;
            self.lines.rest(place, scenario, origin);
        } else {
            self.lines.remove(place);
        }
        self.end(ask, status, bytes, trouble);
    }

    /// A connection is of no use any more. One that had rested is replaced once, as on the general way.
    fn lose(&mut self, place: usize, trouble: Trouble) {
        let Some(line) = self.lines.remove(place) else { return };
        let is_gone = matches!(trouble, Trouble::Closed | Trouble::Reset);
        if is_gone && line.has_rested && line.frame.status == 0 {
            self.worker.recording.borrow_mut().stale += 1;
            return self.connect(line.ask, 0);
        }
        self.end(line.ask, line.frame.status, 0, Some(trouble));
    }

    /// Gives up what has taken too long. What is sent from now on cannot run out before the time limit has passed,
    /// so there is nothing to look at until the oldest does.
    fn expire(&mut self, now_ns: u64) {
        if now_ns < self.expires_ns {
            return;
        }
        let timeout = nanos(self.worker.plan.limits.timeout);
        let mut next_ns = now_ns.saturating_add(timeout);
        let mut late = Vec::new();
        for (place, line) in self.lines.each() {
            let until_ns = line.ask.sent_ns.saturating_add(timeout);
            if matches!(line.doing, Doing::Rests) {
                // It may rest as long as it likes.
            } else if until_ns <= now_ns {
                late.push(place);
            } else {
                next_ns = next_ns.min(until_ns);
            }
        }
        self.expires_ns = next_ns;
        for place in late {
            if let Some(line) = self.lines.remove(place) {
                self.end(line.ask, 0, 0, Some(Trouble::Timeout));
            }
        }
    }

    /// A journey is over.
    fn end(&mut self, ask: Ask, status: u16, body_bytes: u64, trouble: Option<Trouble>) {
        let worker = self.worker;
        let (scenario, journey) = ask.request;
        let step = self.ready[scenario][journey].step;
        let done_ns = worker.ended((step, ask.due_ns, ask.sent_ns), status, body_bytes, trouble);
        {
            let mut recording = worker.recording.borrow_mut();
            match trouble {
                None => {
                    let took_ns = done_ns.saturating_sub(ask.due_ns);
                    recording.journeys[scenario].record(took_ns);
                }
                Some(_) => recording.journeys_broken[scenario] += 1,
            }
        }
        worker.journeys.set(worker.journeys.get().saturating_sub(1));
        self.due.over(&ask);
    }

    fn write_down(&self, line: &Line, status: u16, trouble: Option<Trouble>) {
        let (scenario, journey) = line.ask.request;
        let step = self.ready[scenario][journey].step;
        self.worker.ended((step, line.ask.due_ns, line.ask.sent_ns), status, 0, trouble);
    }
}

/// What is wrong with an answer, if anything is: the same as on the general way.
fn trouble_of(step: &Step, status: u16, body: &[u8]) -> Option<Trouble> {
    if !step.accepts(status) {
        return Some(Trouble::Status);
    }
    let (headers, mut body) = (HeaderMap::new(), BodyText::new(body));
    let holds = step.checks.iter().all(|check| check.holds(&headers, &mut body));
    (!holds).then_some(Trouble::Check)
}

/// What an error of reading means.
fn broken(error: &io::Error, has_begun: bool) -> Trouble {
    match Trouble::of_io(error) {
        Trouble::Unreachable | Trouble::Tls if has_begun => Trouble::CutShort,
        other => other,
    }
}
