//! Receivers, routes and windows are read anew while alerts fire: whoever was told is not told again, and nothing ends.

use std::{fmt, sync::Arc};

use collect::net;
use settings::Settings;
use tracing::info;

use super::hand_over;
use crate::{
    jobs::{ReloadError, blocking},
    state::{App, Tellings, tellings},
};

type Reader = dyn Fn() -> Result<Settings, String> + Send + Sync;

/// How the settings are read anew, by whoever knows where they are.
pub(crate) struct ReadAnew(pub(crate) Box<Reader>);

impl fmt::Debug for ReadAnew {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ReadAnew")
    }
}

/// Reads the settings anew: who is told of what, if that is something else than now. Nothing is different yet.
pub(crate) async fn prepare(app: &Arc<App>) -> Result<Option<Tellings>, ReloadError> {
    let found = blocking(app, |app| {
        let anew = app.read_anew.get();
        let read = anew.map(|own| (own.0)().map_err(ReloadError::Settings)).transpose()?;
        Ok::<_, ReloadError>(tellings(read.as_ref().unwrap_or(&app.settings)).map_err(Box::new)?)
    });
    let found = found.await.ok_or(ReloadError::Broken)??;
    Ok(Some(found).filter(|found| found.made_of != app.alerts.tellings().made_of))
}

/// From now on these are told.
pub(crate) async fn take_over(app: &Arc<App>, found: Tellings) -> Result<(), ReloadError> {
    let http = net::client_for_messages().map_err(|_net| ReloadError::Broken)?;
    let routed = app.alerts.route(&app.journal, found, app.clock.now()).await;
    routed.map_err(|lost| ReloadError::Lost(lost.into()))?;
    let tellings = app.alerts.tellings();
    hand_over(app, &http, &tellings);
    info!(receivers = tellings.directory.receivers().len(), "receivers and routes read anew");
    Ok(())
}
