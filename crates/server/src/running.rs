//! A server that runs: reading its files anew, and stopping it in order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use settings::Settings;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use crate::{
    VERSION,
    http::chain,
    jobs::{self, ReloadError, Reloaded},
    start::own_change,
    state::App,
    tasks::Tasks,
};

/// How long everything together may take to stop.
const STOP_MAX: Duration = Duration::from_secs(10);

/// A running server.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    pub(crate) app: Arc<App>,
    pub(crate) tasks: Tasks,
    pub(crate) serving: JoinHandle<()>,
}

impl Running {
    /// Says how the settings are read when everything is read anew; what is wrong with them if they cannot be. Of the settings
    /// only `receivers` and `alerts` are taken; nothing of them is, as long as this was not said.
    pub fn read_settings_by(
        &self,
        read: impl Fn() -> Result<Settings, String> + Send + Sync + 'static,
    ) {
        // Whoever said so first is right.
        let _second = self.app.read_anew.set(jobs::ReadAnew(Box::new(read)));
    }

    /// Reads rule files, receivers and routes anew; what is wrong with them if they cannot be taken, and then nothing is different.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        jobs::reload_rules(&self.app).await
    }

    /// Ends everything in order: no new requests, jobs, journal, store.
    pub async fn stop(self) {
        let now = self.app.clock.now();
        self.app
            .note_changes(&[own_change(&self.app, now, format!("version {VERSION} stopped"))])
            .await;
        let left = self.tasks.stop(STOP_MAX).await;
        if !left.is_empty() {
            warn!(tasks = left.join(", "), "these did not stop in time");
        }
        give_back(&self.app).await;
        if tokio::time::timeout(STOP_MAX, self.serving).await.is_err() {
            warn!("connections did not end in time");
        }
        if let Err(error) = self.app.journal.close().await {
            error!(error = chain(&error), "the journal did not close");
        }
        let store = Arc::clone(&self.app.store);
        match tokio::task::spawn_blocking(move || store.close()).await {
            Ok(Ok(())) => info!("stopped"),
            Ok(Err(error)) => error!(error = chain(&error), "the store did not close"),
            Err(error) => error!(%error, "closing the store ended early"),
        }
    }
}

/// Lets other servers have the work that was ours, now that nothing of it is under way.
async fn give_back(app: &App) {
    for duty in [&app.judging, &app.delivering] {
        if let Some(journal) = duty.journal()
            && let Some(lease) = journal.held()
            && let Err(error) = journal.give_back(lease).await
        {
            warn!(error = chain(&error), "another server takes over only after a while");
        }
    }
}
