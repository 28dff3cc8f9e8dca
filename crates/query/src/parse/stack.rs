//! Room on the stack for deep expressions, whatever thread asks.

use std::thread;

use crate::QueryError;

/// Up to this depth an expression is handled on the stack of the caller; people rarely write deeper ones.
const DEPTH_ON_CALLERS_STACK: usize = 32;

/// Stack of the thread that handles deeper ones: a level takes a few kilobytes in each of the walks over the tree.
const STACK_BYTES: usize = 32 << 20;

/// Whether an expression this deep is handled on the stack of the caller.
pub(crate) fn fits_here(depth: usize) -> bool {
    depth <= DEPTH_ON_CALLERS_STACK
}

/// Does something whose recursion is as deep as an expression.
pub(crate) fn with_room<T: Send>(
    depth: usize,
    work: impl FnOnce() -> Result<T, QueryError> + Send,
) -> Result<T, QueryError> {
    if fits_here(depth) {
        return work();
    }
    thread::scope(|scope| {
        let worker = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let worker = worker.map_err(|source| QueryError::Source(Box::new(source)))?;
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
