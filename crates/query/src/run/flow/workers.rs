//! Work on many series by several threads. What comes of a series is taken in the order of the series, whoever
//! worked on it and however many they were, so that sums have the same bits in every run.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::QueryError;

/// Threads of one query at most: beyond that the source is the limit.
pub(crate) const THREADS_MAX: usize = 8;

/// Series that are worked on alone first, to learn what a series weighs.
const TRIAL: usize = 16;

/// Work that is not worth a second thread. A unit is about a sample, a few nanoseconds; a thread costs some 50 us.
const ALONE_MAX: usize = 60_000;

/// What a series weighs besides its samples and steps.
const SERIES_WEIGHT: usize = 200;

/// Series that one thread takes at once, at most.
const BLOCK_MAX: usize = 64;

/// Values that may wait in one block to be taken.
const BLOCK_VALUES: usize = 16_384;

/// Blocks that may be ready before their turn, for each thread.
const BLOCKS_AHEAD: usize = 4;

/// How much work there is, and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount {
    /// How many series.
    pub(crate) series: usize,
    /// Values that come of one series.
    pub(crate) points: usize,
    /// Threads at most, the caller's own among them.
    pub(crate) threads: usize,
}

impl Amount {
    fn block(&self) -> usize {
        (BLOCK_VALUES / self.points.max(1)).clamp(1, BLOCK_MAX)
    }
}

/// Works on each series and takes what comes of it, in order. `work` also says how many samples it looked at.
pub(crate) fn in_order<L, T: Send>(
    amount: Amount,
    local: impl Fn() -> L + Sync,
    work: impl Fn(&mut L, usize) -> Result<(Option<T>, usize), QueryError> + Sync,
    mut take: impl FnMut(T) -> Result<(), QueryError> + Send,
) -> Result<(), QueryError> {
    let mut own = local();
    let mut weight = 0;
    let mut alone = |own: &mut L, range: Range<usize>| {
        for at in range {
            let (made, samples) = work(own, at)?;
            weight += samples + amount.points + SERIES_WEIGHT;
            if let Some(made) = made {
                take(made)?;
            }
        }
        Ok(weight)
    };
    let trial = amount.series.min(TRIAL);
    let weight = alone(&mut own, 0..trial)?;
    let rest = amount.series - trial;
    if amount.threads < 2 || rest.saturating_mul(weight / trial.max(1)) < ALONE_MAX {
        return alone(&mut own, trial..amount.series).map(drop);
    }
    drop(own);
    let turn = Turn { next: 0, ready: BTreeMap::new(), take, failed: None };
    let shop = Shop {
        amount,
        from: trial,
        claimed: AtomicUsize::new(0),
        turn: Mutex::new(turn),
        moved: Condvar::new(),
    };
    let blocks = rest.div_ceil(amount.block());
    std::thread::scope(|scope| {
        for _ in 1..amount.threads.min(blocks) {
            scope.spawn(|| shop.work(&local, &work));
        }
        shop.work(&local, &work);
    });
    let turn = shop.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
    turn.failed.map_or(Ok(()), |(_, error)| Err(error))
}

/// Where the threads meet.
struct Shop<T, F> {
    amount: Amount,
    from: usize,
    claimed: AtomicUsize,
    turn: Mutex<Turn<T, F>>,
    moved: Condvar,
}

/// Whose turn it is to be taken.
struct Turn<T, F> {
    next: usize,
    ready: BTreeMap<usize, Vec<T>>,
    take: F,
    /// The first block that failed, and how.
    failed: Option<(usize, QueryError)>,
}

impl<T, F: FnMut(T) -> Result<(), QueryError>> Shop<T, F> {
    fn turn(&self) -> MutexGuard<'_, Turn<T, F>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work<L>(
        &self,
        local: &impl Fn() -> L,
        work: &impl Fn(&mut L, usize) -> Result<(Option<T>, usize), QueryError>,
    ) {
        let mut own = local();
        while let Some((block, range)) = self.claim() {
            let guard = Unfinished { shop: self, block };
            let mut made = Vec::with_capacity(range.len());
            let mut outcome = Ok(());
            for at in range {
                match work(&mut own, at) {
                    Ok((one, _)) => made.extend(one),
                    Err(error) => {
                        outcome = Err(error);
                        break;
                    }
                }
            }
            self.hand_in(block, made, outcome);
            std::mem::forget(guard);
        }
    }

    /// The next block to work on, once it is not too far ahead of what was taken.
    fn claim(&self) -> Option<(usize, Range<usize>)> {
        let block = self.claimed.fetch_add(1, Ordering::Relaxed);
        let size = self.amount.block();
        let from = self.from.checked_add(block.checked_mul(size)?)?;
        if from >= self.amount.series {
            return None;
        }
        let ahead = self.amount.threads * BLOCKS_AHEAD;
        let mut turn = self.turn();
        while turn.failed.is_none() && block >= turn.next + ahead {
            turn = self.moved.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        let stopped = turn.failed.is_some();
        (!stopped).then(|| (block, from..(from + size).min(self.amount.series)))
    }

    fn hand_in(&self, block: usize, made: Vec<T>, outcome: Result<(), QueryError>) {
        let mut turn = self.turn();
        let turn = &mut *turn;
        if let Err(error) = outcome {
            turn.fail(block, error);
        } else {
            turn.ready.insert(block, made);
        }
        while turn.failed.is_none() {
            let next = turn.next;
            let Some(made) = turn.ready.remove(&next) else { break };
            if let Err(error) = made.into_iter().try_for_each(&mut turn.take) {
                turn.fail(next, error);
            }
            turn.next += 1;
        }
        self.moved.notify_all();
    }
}

impl<T, F> Turn<T, F> {
    fn fail(&mut self, block: usize, error: QueryError) {
        if self.failed.as_ref().is_none_or(|(first, _)| block < *first) {
            self.failed = Some((block, error));
        }
    }
}

/// Tells the others not to wait, should a block never be finished.
struct Unfinished<'s, T, F: FnMut(T) -> Result<(), QueryError>> {
    shop: &'s Shop<T, F>,
    block: usize,
}

impl<T, F: FnMut(T) -> Result<(), QueryError>> Drop for Unfinished<'_, T, F> {
    fn drop(&mut self) {
        let error = QueryError::execution("a thread of the query ended early");
        self.shop.turn().fail(self.block, error);
        self.shop.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    fn numbers(threads: usize, fail_at: Option<usize>) -> Result<Vec<usize>, QueryError> {
        let amount = Amount { series: 5000, points: 100, threads };
        let mut taken = Vec::new();
        let work = |own: &mut usize, at: usize| {
            *own += 1;
            if fail_at.is_some_and(|first| at >= first) {
                return Err(QueryError::execution(format!("at {at}")));
            }
            Ok(((!at.is_multiple_of(3)).then_some(at), 1000))
        };
        in_order(
            amount,
            || 0,
            work,
            |at| {
                taken.push(at);
                Ok(())
            },
        )?;
        Ok(taken)
    }

    #[test]
    fn what_comes_of_series_is_taken_in_their_order() {
        let expected: Vec<usize> = (0..5000_usize).filter(|at| !at.is_multiple_of(3)).collect();
        for threads in [1, 2, 7] {
            assert_eq!(numbers(threads, None).unwrap(), expected);
        }
    }

    #[test]
    fn the_first_failure_ends_the_work_of_all() {
        for threads in [1, 4] {
            let error = numbers(threads, Some(3001)).unwrap_err();
            assert_eq!(error.kind(), model::Kind::Invalid);
        }
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_thread_that_panics_leaves_nobody_waiting() {
        let amount = Amount { series: 5000, points: 100, threads: 3 };
        let caller = std::thread::current().id();
        let other_came = AtomicBool::new(false);
        let work = |(): &mut (), at: usize| {
            if std::thread::current().id() != caller {
                other_came.store(true, Ordering::Relaxed);
                panic!("only the caller works");
            }
            while at >= TRIAL && !other_came.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            Ok((Some(()), 1000))
        };
        let _outcome = in_order(amount, || (), work, |()| Ok(()));
    }
}
