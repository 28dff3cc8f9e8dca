//! Waiting to the microsecond: the runtime's own timers count whole milliseconds.

use std::{io, os::fd::OwnedFd, sync::Arc, task::Context, task::Poll, time::Duration};

use model::{Clock, Wait};
use rustix::{
    fs::Timespec,
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create,
        timerfd_settime,
    },
};
use tokio::io::unix::AsyncFd;

/// Shorter waits than this cost more than they are worth: others get their turn instead.
pub(crate) const SHORTEST: Duration = Duration::from_micros(15);

/// How waits are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// By a timer of the system's own (`timerfd`), some microseconds late.
    Precise,
    /// By the clock that was handed in, for tests that turn it.
    Clock,
}

/// A timer for one task.
#[derive(Debug)]
pub(crate) enum Timer {
    Precise(AsyncFd<OwnedFd>),
    Clock(Arc<dyn Clock>),
}

impl Timer {
    /// Must be made within a runtime.
    pub(crate) fn new(pace: Pace, clock: &Arc<dyn Clock>) -> io::Result<Self> {
        match pace {
            Pace::Clock => Ok(Self::Clock(Arc::clone(clock))),
            Pace::Precise => {
                let timer = system_timer()?;
                #[expect(
                    deprecated,
                    reason = "its successor is unsafe; a handle that is owned here and nowhere else keeps the promise"
                )]
                let timer = AsyncFd::new(timer)?;
                Ok(Self::Precise(timer))
            }
        }
    }

    /// Waits about this long; may come back early, so the caller looks at its clock again.
    pub(crate) async fn wait(&self, length: Duration) -> io::Result<()> {
        if length < SHORTEST {
            tokio::task::yield_now().await;
            return Ok(());
        }
        match self {
            Self::Clock(clock) => clock.wait(length).await,
            Self::Precise(timer) => {
                set_once(timer.get_ref(), length)?;
                // Setting it anew forgets that it went off, so that there is nothing to read.
                timer.readable().await?.clear_ready();
            }
        }
        Ok(())
    }
}

/// A timer of the system's own, which can be waited for like a socket.
pub(crate) fn system_timer() -> io::Result<OwnedFd> {
    let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
    Ok(timerfd_create(TimerfdClockId::Monotonic, flags)?)
}

/// Lets a timer go off once, after this long, whatever it was set to before.
pub(crate) fn set_once(timer: &OwnedFd, length: Duration) -> io::Result<()> {
    let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    let it_value = Timespec { tv_sec: seconds, tv_nsec: i64::from(length.subsec_nanos()) };
    let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
    timerfd_settime(timer, TimerfdTimerFlags::empty(), &once)?;
    Ok(())
}

/// A moment by which something must be done. It keeps one wait for many such moments, since nearly all of them are
/// in time: the wait is made anew only when it has run out.
pub(crate) struct Deadline {
    clock: Arc<dyn Clock>,
    wait: Option<(Duration, Wait)>,
}

impl Deadline {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, wait: None }
    }

    /// Whether the clock has passed this moment; otherwise the task is woken when it does.
    pub(crate) fn poll_past(&mut self, until: Duration, context: &mut Context<'_>) -> bool {
        loop {
            if self.wait.as_ref().is_none_or(|(wakes, _)| *wakes > until) {
                let now = self.clock.elapsed();
                if now >= until {
                    return true;
                }
                self.wait = Some((until, self.clock.wait(until.saturating_sub(now))));
            }
            let Some((_, wait)) = &mut self.wait else { return false };
            match wait.as_mut().poll(context) {
                Poll::Pending => return false,
                Poll::Ready(()) => self.wait = None,
            }
        }
    }

    /// The outcome of a future, or nothing if it takes longer than until then.
    pub(crate) async fn within<F: Future>(
        &mut self,
        until: Duration,
        work: F,
    ) -> Option<F::Output> {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.poll_past(until, context) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use model::{Span, Time};
    use testkit::TurnedClock;

    use super::*;

    #[tokio::test]
    async fn a_deadline_serves_one_request_after_the_other() {
        let clock = TurnedClock::at(Time(0));
        let mut deadline = Deadline::new(Arc::new(clock.clone()));
        let at = Duration::from_secs;
        assert_eq!(deadline.within(at(10), async { 1 }).await, Some(1));
        clock.turn(Span::secs(9));
        assert_eq!(deadline.within(at(19), async { 2 }).await, Some(2));
        assert!(clock.sleepers() <= 1, "no new wait for each request");
        let turn = clock.clone();
        let (late, ()) =
            tokio::join!(deadline.within(at(19), std::future::pending::<()>()), async {
                turn.turn(Span::secs(5));
                tokio::task::yield_now().await;
                turn.turn(Span::secs(5));
            });
        assert_eq!(late, None);
    }

    #[tokio::test]
    async fn the_precise_timer_waits_at_least_as_long_as_asked() {
        let clock: Arc<dyn Clock> = Arc::new(TurnedClock::at(Time(0)));
        let timer = Timer::new(Pace::Precise, &clock).unwrap();
        for _ in 0..3 {
            let started = tokio::time::Instant::now();
            timer.wait(Duration::from_millis(2)).await.unwrap();
            assert!(started.elapsed() >= Duration::from_millis(2));
        }
    }
}
