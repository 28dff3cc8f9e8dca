//! One thread with one runtime: it sends its stripe of the load and shares nothing until it tells.

use std::{
    cell::{Cell, RefCell},
    io,
    net::SocketAddr,
    rc::Rc,
    sync::{Arc, mpsc::SyncSender},
    time::Duration,
};

use model::Clock;
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, LocalOptions};

use super::{
    Stop,
    connect::{Found, Ways},
    http2::Streams,
    pacer::{self, Open},
    plain,
    timer::{Pace, Timer},
    user,
    wire::Line,
};
use crate::{
    error::LoadError,
    plan::{Load, Plan},
    record::{Ended, Interval, Recording, Times, Trouble},
    schedule::{Arrivals, Rate, Spacing, Stripe, nanos},
};

/// How often a worker looks whether it is to stop, and whether it is done.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);

const SECOND_NS: u64 = 1_000_000_000;

/// What a worker is given.
pub(crate) struct Task {
    pub(crate) plan: Arc<Plan>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) pace: Pace,
    pub(crate) found: Arc<[Found]>,
    pub(crate) stripe: Stripe,
    /// When the run begins, by the clock.
    pub(crate) start: Duration,
    pub(crate) stop: Stop,
    pub(crate) told: SyncSender<(u64, Interval)>,
}

/// What all tasks of a worker share.
pub(crate) struct Worker {
    pub(crate) plan: Arc<Plan>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) pace: Pace,
    pub(crate) stripe: Stripe,
    pub(crate) start: Duration,
    found: Arc<[Found]>,
    /// By scenario.
    pub(crate) ways: Vec<Ways>,
    /// Connections that rest, by scenario and origin.
    pub(crate) resting: RefCell<Vec<Vec<Vec<Line>>>>,
    /// Connections of HTTP/2 that many share, by scenario and origin.
    pub(crate) streams: RefCell<Vec<Vec<Streams>>>,
    pub(crate) recording: RefCell<Recording>,
    interval: RefCell<Interval>,
    /// Journeys on their way.
    pub(crate) journeys: Cell<u64>,
    requests: Cell<u64>,
    /// Users of closed scenarios who have not gone home yet.
    pub(crate) users: Cell<u64>,
    /// No more journeys are to begin.
    pub(crate) finishing: Cell<bool>,
    open: RefCell<Vec<Rc<Open>>>,
    fault: RefCell<Option<io::Error>>,
}

/// Runs until the load is over or is to stop, and answers with all that was written down.
pub(crate) fn work(task: Task) -> Result<Recording, LoadError> {
    let stop = task.stop.clone();
    let told = task.told.clone();
    if plain::fits(&task.plan, task.pace) {
        let worker = Worker::new(task, Vec::new());
        plain::work(&worker, &stop, &told)?;
        return Ok(worker.recorded(&told));
    }
    let mut ways = Vec::with_capacity(task.plan.scenarios.len());
    for scenario in 0..task.plan.scenarios.len() {
        ways.push(Ways::new(&task.plan, scenario, Arc::clone(&task.found))?);
    }
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .map_err(LoadError::Worker)?;
    let worker = Rc::new(Worker::new(task, ways));
    runtime.block_on(worker.oversee(&stop, &told));
    // Requests that are on their way are written down as unfinished when their tasks are dropped.
    drop(runtime);
    let recording = worker.recorded(&told);
    worker.fault.take().map_or(Ok(recording), |error| Err(LoadError::Worker(error)))
}

/// What a worker looks at besides its load: seconds that are over, and whether all is.
pub(crate) struct Look {
    /// The latest moment at which the run may end.
    latest_ns: u64,
    /// The second that has not been told yet.
    second: u64,
    unsent: u64,
}

impl Look {
    pub(crate) fn new(worker: &Worker) -> Self {
        let plan = &worker.plan;
        let latest_ns = nanos(plan.length().saturating_add(plan.limits.drain));
        Self { latest_ns, second: 0, unsent: 0 }
    }

    /// Tells of seconds that are over; answers whether the run is.
    pub(crate) fn is_over(
        &mut self,
        worker: &Worker,
        stop: &Stop,
        told: &SyncSender<(u64, Interval)>,
    ) -> bool {
        let now = worker.now_ns();
        while self.next_ns() <= now {
            worker.tell(self.second, told);
            self.second += 1;
        }
        if stop.is_finishing() && !worker.finishing.replace(true) {
            self.unsent += worker.open.borrow().iter().map(|open| open.finish(now)).sum::<u64>();
            self.latest_ns =
                self.latest_ns.min(now.saturating_add(nanos(worker.plan.limits.drain)));
        }
        let broken = worker.fault.borrow().is_some();
        broken || stop.is_asked() || now >= self.latest_ns || worker.is_done()
    }

    /// When the next second is over.
    pub(crate) fn next_ns(&self) -> u64 {
        (self.second + 1) * SECOND_NS
    }

    /// Writes down what was due and not sent.
    pub(crate) fn end(self, worker: &Worker) {
        let now = worker.now_ns();
        let overdue = worker.open.borrow().iter().map(|open| open.count_overdue(now)).sum::<u64>();
        worker.recording.borrow_mut().unsent = self.unsent + overdue;
    }
}

impl Worker {
    fn new(task: Task, ways: Vec<Ways>) -> Self {
        let Task { plan, clock, pace, found, stripe, start, .. } = task;
        let (scenarios, origins) = (plan.scenarios.len(), plan.origins.len());
        let recording = Recording::new(plan.steps().count(), scenarios);
        let lines = || (0..origins).map(|_| Vec::new()).collect();
        let streams = || (0..origins).map(|_| Streams::default()).collect();
        Self {
            plan,
            clock,
            pace,
            stripe,
            start,
            found,
            ways,
            resting: RefCell::new((0..scenarios).map(|_| lines()).collect()),
            streams: RefCell::new((0..scenarios).map(|_| streams()).collect()),
            recording: RefCell::new(recording),
            interval: RefCell::new(Interval::default()),
            journeys: Cell::new(0),
            requests: Cell::new(0),
            users: Cell::new(0),
            finishing: Cell::new(false),
            open: RefCell::new(Vec::new()),
            fault: RefCell::new(None),
        }
    }

    /// Nanoseconds since the start of the run.
    pub(crate) fn now_ns(&self) -> u64 {
        nanos(self.clock.elapsed().saturating_sub(self.start))
    }

    /// Ends the run for an error of this machine.
    pub(crate) fn fail(&self, error: io::Error) {
        self.fault.borrow_mut().get_or_insert(error);
    }

    /// Writes down that a request leaves.
    pub(crate) fn begin(&self, step: usize, due_ns: u64, sent_ns: u64) -> OnItsWay<'_> {
        self.count_sent();
        OnItsWay { worker: self, step, due_ns, sent_ns, ended: false }
    }

    /// Counts a request that leaves.
    pub(crate) fn count_sent(&self) {
        self.interval.borrow_mut().sent += 1;
        self.requests.set(self.requests.get() + 1);
    }

    /// Writes down how a request of a step ended that was due and sent then, and answers when.
    pub(crate) fn ended(
        &self,
        (step, due_ns, sent_ns): (usize, u64, u64),
        status: u16,
        body_bytes: u64,
        trouble: Option<Trouble>,
    ) -> u64 {
        let done_ns = self.now_ns();
        let times = Times {
            response_ns: done_ns.saturating_sub(due_ns),
            service_ns: done_ns.saturating_sub(sent_ns),
            lag_ns: sent_ns.saturating_sub(due_ns),
        };
        let ended = Ended { times, status, body_bytes, trouble };
        if let Some(step) = self.recording.borrow_mut().steps.get_mut(step) {
            step.add(&ended);
        }
        let mut interval = self.interval.borrow_mut();
        interval.response.record(times.response_ns);
        if trouble.is_none() {
            interval.good += 1;
        } else {
            interval.failed += 1;
        }
        self.requests.set(self.requests.get().saturating_sub(1));
        done_ns
    }

    async fn oversee(self: &Rc<Self>, stop: &Stop, told: &SyncSender<(u64, Interval)>) {
        let before = self.start.saturating_sub(self.clock.elapsed());
        self.clock.wait(before).await;
        self.begin_scenarios();
        let mut look = Look::new(self);
        while !look.is_over(self, stop, told) {
            let to_second = Duration::from_nanos(look.next_ns().saturating_sub(self.now_ns()));
            self.clock.wait(to_second.min(LOOK_EVERY)).await;
        }
        look.end(self);
    }

    fn begin_scenarios(self: &Rc<Self>) {
        for (index, scenario) in self.plan.scenarios.iter().enumerate() {
            match &scenario.load {
                Load::Open { rate, spacing } => {
                    let open = self.open(index, rate, *spacing);
                    tokio::task::spawn_local(pacer::pace(Rc::clone(self), open));
                }
                Load::Closed { users, .. } => {
                    for number in self.own_users(*users) {
                        self.users.set(self.users.get() + 1);
                        tokio::task::spawn_local(user::live(Rc::clone(self), index, number));
                    }
                }
            }
        }
    }

    /// The arrivals of an open scenario that are this worker's.
    pub(crate) fn open(&self, scenario: usize, rate: &Rate, spacing: Spacing) -> Rc<Open> {
        let arrivals = Arrivals::new(rate.clone(), spacing, self.stripe);
        let share = self.plan.limits.in_flight.div_ceil(worker_count(self.stripe));
        let open = Rc::new(Open::new(scenario, arrivals, share.max(1)));
        self.open.borrow_mut().push(Rc::clone(&open));
        open
    }

    /// The users of a closed scenario who are this worker's.
    pub(crate) fn own_users(&self, users: u32) -> impl Iterator<Item = u64> + use<> {
        let stripe = self.stripe;
        (0..u64::from(users)).filter(move |number| number % stripe.of == stripe.own)
    }

    /// Where a target is.
    pub(crate) fn addresses(&self, origin: usize) -> &[SocketAddr] {
        self.found.get(origin).map(|found| found.addresses.as_slice()).unwrap_or_default()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.journeys.get() == 0
            && self.users.get() == 0
            && self.open.borrow().iter().all(|open| open.is_over())
    }

    /// Hands over what happened in a second. If nobody takes it now, it goes along with the next.
    fn tell(&self, second: u64, told: &SyncSender<(u64, Interval)>) {
        let mut interval = self.interval.take();
        interval.in_flight = self.requests.get();
        let cpu = cpu_ns();
        let mut recording = self.recording.borrow_mut();
        interval.cpu_ns = cpu.saturating_sub(recording.cpu_ns);
        recording.cpu_ns = cpu;
        if let Err(error) = told.try_send((second, interval)) {
            let (std::sync::mpsc::TrySendError::Full((_, kept))
            | std::sync::mpsc::TrySendError::Disconnected((_, kept))) = error;
            *self.interval.borrow_mut() = kept;
        }
    }

    /// Tells of the last second, and hands over all that was written down.
    fn recorded(&self, told: &SyncSender<(u64, Interval)>) -> Recording {
        self.tell(self.now_ns() / SECOND_NS, told);
        let mut recording = self.recording.replace(Recording::new(0, 0));
        recording.cpu_ns = cpu_ns();
        recording
    }

    /// A timer that is as precise as the run wants it.
    pub(crate) fn timer(&self) -> io::Result<Timer> {
        Timer::new(self.pace, &self.clock)
    }
}

fn worker_count(stripe: Stripe) -> u32 {
    u32::try_from(stripe.of).unwrap_or(u32::MAX)
}

/// Processor time of this thread.
fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let part = |number: i64| u64::try_from(number).unwrap_or(0);
    part(time.tv_sec) * SECOND_NS + part(time.tv_nsec)
}

/// A request on its way. If nobody says how it ended, it was not finished.
pub(crate) struct OnItsWay<'w> {
    worker: &'w Worker,
    step: usize,
    due_ns: u64,
    sent_ns: u64,
    ended: bool,
}

impl OnItsWay<'_> {
    /// Writes down how it ended, and answers when.
    pub(crate) fn end(mut self, status: u16, body_bytes: u64, trouble: Option<Trouble>) -> u64 {
        self.write(status, body_bytes, trouble)
    }

    fn write(&mut self, status: u16, body_bytes: u64, trouble: Option<Trouble>) -> u64 {
        self.ended = true;
        let times = (self.step, self.due_ns, self.sent_ns);
        self.worker.ended(times, status, body_bytes, trouble)
    }
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.write(0, 0, Some(Trouble::Unfinished));
        }
    }
}
