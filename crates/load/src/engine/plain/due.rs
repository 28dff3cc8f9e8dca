//! What is to begin next on the plain way: arrivals that are due, and users who join or are done.

use std::{collections::VecDeque, rc::Rc};

use super::line::Ask;
use crate::{
    engine::{
        journey::{chance_of, choose},
        pacer::Open,
        worker::Worker,
    },
    plan::Load,
    schedule::nanos,
};

/// A user of a closed scenario.
#[derive(Clone, Copy, Debug)]
struct User {
    scenario: usize,
    number: u64,
    round: u64,
}

/// The arrivals of one open scenario.
struct Arriving {
    scenario: usize,
    open: Rc<Open>,
    /// Journeys of it that have begun and are not over.
    on_their_way: u32,
    /// Arrivals are due that have found no place.
    saturated: bool,
}

impl Arriving {
    fn has_place(&self) -> bool {
        self.on_their_way < self.open.places_most()
    }
}

/// All that is to begin, of all scenarios.
pub(super) struct Due {
    open: Vec<Arriving>,
    /// Users who have not joined yet, in the order in which they do.
    joining: VecDeque<(u64, User)>,
    /// Users who begin anew as soon as there is time.
    users: VecDeque<User>,
}

impl Due {
    pub(super) fn new(worker: &Worker) -> Self {
        let mut due = Self { open: Vec::new(), joining: VecDeque::new(), users: VecDeque::new() };
        for (scenario, of) in worker.plan.scenarios.iter().enumerate() {
            match &of.load {
                Load::Open { rate, spacing } => {
                    let open = worker.open(scenario, rate, *spacing);
                    due.open.push(Arriving { scenario, open, on_their_way: 0, saturated: false });
                }
                Load::Closed { users, length, ramp } => {
                    let each_ns = nanos(*ramp) / u64::from(*users).max(1);
                    // Who would join after the end never does.
                    let in_time = |number: &u64| each_ns.saturating_mul(*number) < nanos(*length);
                    for number in worker.own_users(*users).filter(in_time) {
                        worker.users.set(worker.users.get() + 1);
                        let user = User { scenario, number, round: 0 };
                        due.joining.push_back((each_ns * number, user));
                    }
                }
            }
        }
        due.joining.make_contiguous().sort_by_key(|(joins_ns, _)| *joins_ns);
        due
    }

    /// When the next of them is due; nought if one waits already.
    pub(super) fn next_ns(&self) -> u64 {
        if !self.users.is_empty() {
            return 0;
        }
        let open = self.open.iter().filter(|arriving| arriving.has_place());
        let arrivals = open.filter_map(|arriving| arriving.open.next_due_ns());
        let joins = self.joining.front().map(|(joins_ns, _)| *joins_ns);
        arrivals.chain(joins).min().unwrap_or(u64::MAX)
    }

    /// The next that is due. With it comes the moment from which its lateness counts as the generator's own.
    pub(super) fn take(&mut self, worker: &Worker) -> Option<(Ask, Option<u64>)> {
        for index in 0..self.open.len() {
            let taken = self.take_arrival(index, worker);
            if taken.is_some() {
                return taken;
            }
        }
        while self.joining.front().is_some_and(|(joins_ns, _)| *joins_ns <= worker.now_ns()) {
            self.users.extend(self.joining.pop_front().map(|(_, user)| user));
        }
        while let Some(user) = self.users.pop_front() {
            match next_round(worker, user) {
                Some(ask) => return Some((ask, None)),
                None => worker.users.set(worker.users.get().saturating_sub(1)),
            }
        }
        None
    }

    fn take_arrival(&mut self, index: usize, worker: &Worker) -> Option<(Ask, Option<u64>)> {
        let arriving = &mut self.open[index];
        let now_ns = worker.now_ns();
        if arriving.open.next_due_ns().is_none_or(|due_ns| due_ns > now_ns) {
            arriving.saturated = false;
            return None;
        }
        if !arriving.has_place() {
            arriving.saturated = true;
            return None;
        }
        let arrival = arriving.open.take_due(now_ns)?;
        arriving.on_their_way += 1;
        // Having waited for a place is not the generator's fault.
        let late = (!arriving.saturated).then_some(arrival.due_ns);
        let journey = journey_of(worker, arriving.scenario, arrival.number);
        let request = (arriving.scenario, journey);
        Some((Ask { request, user: None, due_ns: arrival.due_ns, sent_ns: now_ns }, late))
    }

    /// A journey is over: its place is free, or its user begins anew.
    pub(super) fn over(&mut self, ask: &Ask) {
        let scenario = ask.request.0;
        if let Some((number, round)) = ask.user {
            self.users.push_back(User { scenario, number, round: round + 1 });
        } else if let Some(own) = self.open.iter_mut().find(|own| own.scenario == scenario) {
            own.on_their_way = own.on_their_way.saturating_sub(1);
        }
    }
}

/// What a user asks next; nothing if it is time to go home.
fn next_round(worker: &Worker, user: User) -> Option<Ask> {
    let Load::Closed { users, length, .. } = &worker.plan.scenarios[user.scenario].load else {
        return None;
    };
    let now_ns = worker.now_ns();
    if now_ns >= nanos(*length) || worker.finishing.get() {
        return None;
    }
    // Rounds are numbered so that no two users share a number, whichever worker they are with.
    let number = user.round.saturating_mul(u64::from(*users).max(1)).saturating_add(user.number);
    let request = (user.scenario, journey_of(worker, user.scenario, number));
    Some(Ask { request, user: Some((user.number, user.round)), due_ns: now_ns, sent_ns: now_ns })
}

/// Which journey of a scenario this number takes; the same as on the general way.
fn journey_of(worker: &Worker, scenario: usize, number: u64) -> usize {
    let journeys = &worker.plan.scenarios[scenario].journeys;
    if journeys.len() == 1 {
        return 0;
    }
    let mut chance = chance_of(worker.plan.seed, scenario, number);
    choose(journeys, &mut chance).unwrap_or(0)
}
