//! Work that of several servers only one may do.

use journal::Journal;
use tokio::sync::watch;

/// Work that of several servers only one may do. Who does it writes through a handle of the journal
/// that stops working the moment another server takes over.
#[derive(Debug)]
pub(crate) struct Duty {
    name: &'static str,
    held: watch::Sender<Option<Journal>>,
}

impl Duty {
    /// A duty: ours already, if there is a handle to do it with.
    pub(crate) fn new(name: &'static str, held: Option<Journal>) -> Self {
        Self { name, held: watch::Sender::new(held) }
    }

    /// Which work, as its lease is called.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The handle to do the work with, while it is ours.
    pub(crate) fn journal(&self) -> Option<Journal> {
        self.held.borrow().clone()
    }

    /// It is ours from now on.
    pub(crate) fn take(&self, journal: Journal) {
        self.held.send_replace(Some(journal));
    }

    /// It is no longer ours.
    pub(crate) fn lose(&self) {
        self.held.send_replace(None);
    }

    /// Waits until it is ours.
    pub(crate) async fn ours(&self) -> Option<Journal> {
        let mut held = self.held.subscribe();
        let journal = held.wait_for(Option::is_some).await.ok()?;
        journal.clone()
    }

    /// Waits until it is no longer ours.
    pub(crate) async fn lost(&self) {
        let mut held = self.held.subscribe();
        // An error means that nobody is left who could tell.
        drop(held.wait_for(Option::is_none).await);
    }
}
