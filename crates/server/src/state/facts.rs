//! The journal of a server: where it is, what holds by it, and under which name a server shares it.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

use journal::{Event, Journal, JournalError, Place};
use model::{Alert, Span, Time};
use settings::Settings;

use super::{ALERT, alert_of};
use crate::start::StartError;

/// The file with the name of this server among those that share a journal.
const NAME_FILE: &str = "server-name";
/// The longest name that is read, in bytes.
const NAME_BYTES_MAX: usize = 400;
/// How long the end of an alert is remembered, for whoever was told of its beginning.
const ENDED_KEPT: Span = Span::days(7);

/// Where the settings want the journal: a file in the data folder, or a server.
pub fn place(settings: &Settings, data: &Path) -> Result<Place, StartError> {
    let Some(url) = &settings.journal.url else {
        return Ok(Place::File(data.join("journal.db")));
    };
    let password = match &settings.journal.password_file {
        Some(path) => Some(settings::read_secret(path).map_err(|source| StartError::File {
            what: "read",
            path: path.clone(),
            source,
        })?),
        None => None,
    };
    Ok(Place::server(url, password.as_ref())?)
}

/// The name of this server, the same after every restart and nobody else's: it is made once and
/// kept with the data.
pub(crate) fn server_name(data: &Path, host: &str) -> io::Result<String> {
    let path = data.join(NAME_FILE);
    match fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() && name.len() <= NAME_BYTES_MAX => {
            return Ok(name.trim().to_owned());
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut chance = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut chance)?;
    let name = format!("{host} {:016x}", u64::from_be_bytes(chance));
    fs::write(&path, format!("{name}\n"))?;
    Ok(name)
}

/// The last word on every alert, as the journal has it.
pub(crate) async fn read_alerts(journal: &Journal) -> Result<Vec<Alert>, JournalError> {
    let mut alerts = Vec::new();
    let mut before = None;
    loop {
        let events = journal.latest(ALERT, before, 0).await?;
        let Some(last) = events.last() else { break };
        before = Some(last.seq);
        alerts.extend(events.iter().filter_map(|event| Some(alert_of(event)?.1)));
    }
    alerts.reverse();
    Ok(alerts)
}

/// Whether the last word on an alert needs no remembering any more.
pub(crate) fn is_alert_over(event: &Event, now: Time) -> bool {
    let ended = || alert_of(event).is_none_or(|(_, alert)| alert.resolved_at.is_some());
    now.since(event.at) > ENDED_KEPT && ended()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_keeps_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let name = server_name(folder.path(), "db-1").unwrap();
        assert!(name.starts_with("db-1 "));
        assert_eq!(server_name(folder.path(), "renamed").unwrap(), name);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(server_name(other.path(), "db-1").unwrap(), name);
    }
}
