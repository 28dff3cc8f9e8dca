//! The closed model: a number of users, each of whom begins anew when done.

use std::{rc::Rc, time::Duration};

use super::{journey::Runner, worker::Worker};
use crate::{plan::Load, schedule::nanos};

/// One user from joining until the end of the run.
pub(crate) async fn live(worker: Rc<Worker>, scenario: usize, number: u64) {
    let Some(Load::Closed { users, length, ramp }) =
        worker.plan.scenarios.get(scenario).map(|scenario| scenario.load.clone())
    else {
        return;
    };
    let users = u64::from(users).max(1);
    let joins_ns = nanos(ramp) / users * number;
    let ends_ns = nanos(length);
    let now_ns = worker.now_ns();
    if joins_ns < ends_ns && joins_ns > now_ns {
        worker.clock.wait(Duration::from_nanos(joins_ns - now_ns)).await;
    }
    let mut runner = Runner::new(Rc::clone(&worker), scenario);
    let mut round = 0_u64;
    loop {
        let now_ns = worker.now_ns();
        if now_ns >= ends_ns || worker.finishing.get() {
            break;
        }
        // Rounds are numbered so that no two users share a number, whichever worker they are with.
        runner.journey(round.saturating_mul(users).saturating_add(number), now_ns, None).await;
        round += 1;
        tokio::task::coop::consume_budget().await;
    }
    worker.users.set(worker.users.get().saturating_sub(1));
}
