//! Sees a request through, until each of its samples is taken, or refused and counted.

use std::time::Duration;

use collect::remote_write::Protocol;
use tokio::sync::watch;

use super::{
    answer::Cut,
    lane::{Outcome, Tools},
    split::{Halves, split},
    window::Request,
};

/// Refused requests are cut so often a minute at most, to find the samples that are meant.
const CUTS_MAX: usize = 1000;
/// The minute in which cuts are counted.
const CUTS_PER: Duration = Duration::from_mins(1);
/// So many tries in a row that are all too large, and the receiver takes nothing at all: more than it takes to cut the
/// largest request, of 100,000 samples, down to one, twice over.
const TOO_LARGE_MAX: usize = 36;

/// How refused requests are cut.
#[derive(Debug)]
pub(super) struct Cuts {
    /// Whether it is worth it: not since nothing of one was taken, until something is taken again.
    worth: bool,
    /// The minute that is counted, and cuts in it.
    since: Duration,
    count: usize,
}

impl Default for Cuts {
    fn default() -> Self {
        Self { worth: true, since: Duration::ZERO, count: 0 }
    }
}

/// A request and what has become of it so far.
struct Case {
    protocol: Protocol,
    /// Its parts that are still to be sent, the next one last.
    waiting: Vec<Request>,
    taken: bool,
    /// It was cut to find the samples that are meant.
    blamed: bool,
    /// Tries since something was taken that were all too large.
    too_large: usize,
    /// Counted once all of it is settled: until then all of it may come again.
    refused: u64,
    error: String,
}

impl Case {
    fn refuse(&mut self, samples: u64, error: String) {
        self.refused += samples;
        self.error = error;
    }
}

impl Tools {
    /// Sends a request until all of it is taken or refused: `true`. `false` if it is not understood, `None` if it is
    /// over; then nothing of it counts as done with.
    pub(super) async fn settle(
        &self,
        request: Request,
        protocol: Protocol,
        over: &mut watch::Receiver<bool>,
    ) -> Option<bool> {
        let waiting = vec![request];
        let (refused, error) = (0, String::new());
        let (taken, blamed, too_large) = (false, false, 0);
        let mut case = Case { protocol, waiting, taken, blamed, too_large, refused, error };
        while let Some(request) = case.waiting.pop() {
            let (error, cut) = match self.deliver(&request, protocol, over).await? {
                Outcome::Unspoken => return Some(false),
                Outcome::Taken => {
                    (case.taken, case.too_large) = (true, 0);
                    continue;
                }
                Outcome::Refused { error, cut } => (error, cut),
            };
            case.too_large += usize::from(cut == Cut::Size);
            let worth = match cut {
                Cut::Never => false,
                Cut::Blame => self.may_cut(),
                Cut::Size => case.too_large <= TOO_LARGE_MAX,
            };
            let samples = request.samples;
            let parts = if worth { halves(request, protocol, cut).await } else { None };
            case.blamed |= parts.is_some() && cut == Cut::Blame;
            match parts {
                None => case.refuse(samples, error),
                Some(Halves::Series(both)) if cut == Cut::Blame => {
                    if !self.narrow(both, &mut case, over).await? {
                        return Some(false);
                    }
                }
                Some(Halves::Times([first, second]) | Halves::Series([first, second])) => {
                    case.waiting.extend([second, first]);
                }
            }
        }
        if case.taken || case.blamed {
            self.cuts.lock().worth = case.taken;
        }
        if case.refused > 0 {
            self.refuse(case.refused, &case.error);
        }
        Some(true)
    }

    /// Finds the series that is meant, as long as half of what is left is taken. If nothing is, they are all meant.
    /// `false` if it is not understood.
    async fn narrow(
        &self,
        mut both: [Request; 2],
        case: &mut Case,
        over: &mut watch::Receiver<bool>,
    ) -> Option<bool> {
        loop {
            let mut refused = Vec::new();
            for request in both {
                match self.deliver(&request, case.protocol, over).await? {
                    Outcome::Unspoken => return Some(false),
                    Outcome::Taken => case.taken = true,
                    // That is another matter, for which it is cut in another way.
                    Outcome::Refused { cut: Cut::Size, .. } => case.waiting.push(request),
                    Outcome::Refused { error, .. } => refused.push((request, error)),
                }
            }
            let rest = match &refused[..] {
                [(request, _)] if self.may_cut() => {
                    halves(request.clone(), case.protocol, Cut::Blame).await
                }
                _ => None,
            };
            let Some(Halves::Series(halves)) = rest else {
                for (request, error) in refused {
                    case.refuse(request.samples, error);
                }
                return Some(true);
            };
            both = halves;
        }
    }

    /// Whether a request may be cut to find samples: if that was worth it the last time, and not too often.
    fn may_cut(&self) -> bool {
        let elapsed = self.clock.elapsed();
        let mut cuts = self.cuts.lock();
        if elapsed.saturating_sub(cuts.since) >= CUTS_PER {
            (cuts.since, cuts.count) = (elapsed, 0);
        }
        let may = cuts.worth && cuts.count < CUTS_MAX;
        cuts.count += usize::from(may);
        may
    }
}

/// Both halves of a request, made where work may take its time.
async fn halves(request: Request, protocol: Protocol, cut: Cut) -> Option<Halves> {
    let made = tokio::task::spawn_blocking(move || split(&request, protocol, cut)).await;
    made.unwrap_or_else(|error| {
        tracing::error!(%error, "a bug of ours ended a piece of work");
        None
    })
}
