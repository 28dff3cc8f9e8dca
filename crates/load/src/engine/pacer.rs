//! The open model: journeys begin when they are due. Arrivals are neither dropped nor held back in silence; those that
//! find no place stay in the schedule, which costs no room, and their waiting is counted.

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use super::{journey::Runner, worker::Worker};
use crate::schedule::{Arrival, Arrivals};

/// Arrivals begun in a row before others get their turn.
const BURST: u32 = 64;

/// The arrivals of one scenario that are one worker's.
pub(crate) struct Open {
    scenario: usize,
    arrivals: RefCell<Arrivals>,
    /// Places without a journey. The last one that became free is taken first, since its connection is the warmest.
    idle: RefCell<Vec<Rc<Place>>>,
    places: Cell<u32>,
    places_most: u32,
    /// No place is free while arrivals are due.
    saturated: Cell<bool>,
    freed: RefCell<Option<Waker>>,
}

/// An arrival that begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) arrival: Arrival,
    /// It had to wait for a place, which is not the generator's fault.
    pub(crate) waited: bool,
}

/// Where one journey after the other takes place.
#[derive(Default)]
struct Place {
    turn: Cell<Option<Turn>>,
    waker: RefCell<Option<Waker>>,
}

impl Place {
    fn give(&self, turn: Turn) {
        self.turn.set(Some(turn));
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    async fn next(&self) -> Turn {
        std::future::poll_fn(|context| {
            if let Some(turn) = self.turn.take() {
                return Poll::Ready(turn);
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

impl Open {
    pub(crate) fn new(scenario: usize, arrivals: Arrivals, places_most: u32) -> Self {
        Self {
            scenario,
            arrivals: RefCell::new(arrivals),
            idle: RefCell::new(Vec::new()),
            places: Cell::new(0),
            places_most,
            saturated: Cell::new(false),
            freed: RefCell::new(None),
        }
    }

    /// Whether every arrival has begun.
    pub(crate) fn is_over(&self) -> bool {
        self.arrivals.borrow().peek().is_none()
    }

    /// How many arrivals were due before now and have not begun.
    pub(crate) fn count_overdue(&self, now_ns: u64) -> u64 {
        let mut arrivals = self.arrivals.borrow_mut();
        let mut count = 0;
        while arrivals.peek().is_some_and(|arrival| arrival.due_ns < now_ns) {
            arrivals.next();
            count += 1;
        }
        count
    }

    /// Lets no more arrivals begin; answers how many were due before now and have not begun.
    pub(crate) fn finish(&self, now_ns: u64) -> u64 {
        let overdue = self.count_overdue(now_ns);
        self.arrivals.borrow_mut().finish();
        overdue
    }

    /// When the next arrival is due.
    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        self.arrivals.borrow().peek().map(|arrival| arrival.due_ns)
    }

    /// How many journeys may be on their way at once.
    pub(crate) fn places_most(&self) -> u32 {
        self.places_most
    }

    /// The next arrival, if it is due.
    pub(crate) fn take_due(&self, now_ns: u64) -> Option<Arrival> {
        let mut arrivals = self.arrivals.borrow_mut();
        let due = arrivals.peek().filter(|arrival| arrival.due_ns <= now_ns);
        if due.is_some() {
            arrivals.next();
        }
        due
    }

    fn free_place(&self) -> Option<Rc<Place>> {
        self.idle.borrow_mut().pop()
    }

    /// What a place that has become free does next; nothing if no arrival is due.
    fn next_here(&self, now_ns: u64) -> Option<Turn> {
        let waited = self.saturated.get();
        let due = self.take_due(now_ns);
        if due.is_none() && waited {
            self.saturated.set(false);
            if let Some(waker) = self.freed.borrow_mut().take() {
                waker.wake();
            }
        }
        due.map(|arrival| Turn { arrival, waited })
    }

    /// Waits until a place is free and no arrival is overdue any more.
    async fn room(&self) {
        self.saturated.set(true);
        std::future::poll_fn(|context| {
            if !self.saturated.get() {
                return Poll::Ready(());
            }
            *self.freed.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// Begins journeys when they are due, until there are none left.
pub(crate) async fn pace(worker: Rc<Worker>, open: Rc<Open>) {
    if let Err(error) = keep_pace(&worker, &open).await {
        worker.fail(error);
    }
}

async fn keep_pace(worker: &Rc<Worker>, open: &Rc<Open>) -> io::Result<()> {
    let timer = worker.timer()?;
    let mut in_a_row = 0;
    loop {
        let Some(next) = open.arrivals.borrow().peek() else { return Ok(()) };
        let now_ns = worker.now_ns();
        if next.due_ns > now_ns {
            timer.wait(Duration::from_nanos(next.due_ns - now_ns)).await?;
            in_a_row = 0;
            continue;
        }
        let free = open.free_place();
        if free.is_none() && open.places.get() >= open.places_most {
            open.room().await;
            continue;
        }
        let Some(arrival) = open.take_due(now_ns) else { continue };
        let turn = Turn { arrival, waited: false };
        if let Some(place) = free {
            place.give(turn);
        } else {
            open.places.set(open.places.get() + 1);
            tokio::task::spawn_local(take_place(Rc::clone(worker), Rc::clone(open), turn));
        }
        in_a_row += 1;
        if in_a_row >= BURST {
            in_a_row = 0;
            tokio::task::yield_now().await;
        }
    }
}

/// One journey after the other, as long as there are any.
#[expect(clippy::infinite_loop, reason = "it ends with the runtime, which drops it")]
async fn take_place(worker: Rc<Worker>, open: Rc<Open>, first: Turn) {
    let place = Rc::new(Place::default());
    let mut runner = Runner::new(Rc::clone(&worker), open.scenario);
    let mut turn = first;
    loop {
        let late = (!turn.waited).then_some(turn.arrival.due_ns);
        runner.journey(turn.arrival.number, turn.arrival.due_ns, late).await;
        // A journey that never waits must not keep others from their turn.
        tokio::task::coop::consume_budget().await;
        turn = if let Some(next) = open.next_here(worker.now_ns()) {
            next
        } else {
            open.idle.borrow_mut().push(Rc::clone(&place));
            place.next().await
        };
    }
}
