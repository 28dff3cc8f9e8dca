//! A clock that stands still until a test turns it.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use model::{Clock, Span, Time, Wait};

/// A clock that tests turn. Clones show the same time.
#[derive(Clone, Debug)]
pub struct TurnedClock(Arc<Mutex<Hands>>);

#[derive(Debug)]
struct Hands {
    wall: Time,
    elapsed: Duration,
    sleepers: Vec<(Duration, Waker)>,
}

impl TurnedClock {
    /// A clock that shows this moment.
    pub fn at(wall: Time) -> Self {
        Self(Arc::new(Mutex::new(Hands { wall, elapsed: Duration::ZERO, sleepers: Vec::new() })))
    }

    /// Lets time pass, and wakes whoever waited for it.
    pub fn turn(&self, span: Span) {
        let mut hands = self.hands();
        hands.wall = hands.wall + span;
        hands.elapsed += span.to_duration();
        let now = hands.elapsed;
        let (due, rest) = std::mem::take(&mut hands.sleepers)
            .into_iter()
            .partition::<Vec<_>, _>(|(until, _)| *until <= now);
        hands.sleepers = rest;
        drop(hands);
        for (_, waker) in due {
            waker.wake();
        }
    }

    /// Sets the wall clock, as an operator or a time server would; no time passes.
    pub fn jump(&self, wall: Time) {
        self.hands().wall = wall;
    }

    /// How many are waiting.
    pub fn sleepers(&self) -> usize {
        self.hands().sleepers.len()
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Time {
        self.hands().wall
    }

    fn elapsed(&self) -> Duration {
        self.hands().elapsed
    }

    fn wait(&self, duration: Duration) -> Wait {
        let until = self.hands().elapsed + duration;
        Box::pin(Sleep { clock: self.clone(), until })
    }
}

struct Sleep {
    clock: TurnedClock,
    until: Duration,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut hands = self.clock.hands();
        if hands.elapsed >= self.until {
            return Poll::Ready(());
        }
        hands.sleepers.push((self.until, context.waker().clone()));
        Poll::Pending
    }
}
