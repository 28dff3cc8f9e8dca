//! `plimsoll serve`

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use model::Kind;
use server::{Options, SystemClock};
use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

use super::{environment, read_settings};
use crate::{
    args::{Common, Format, Serve},
    fault::Fault,
};

/// Threads for work that may block: queries, the store, the journal's files.
const BLOCKING_THREADS_MAX: usize = 64;

/// How long work that blocks may go on once everything is closed.
const LINGER_MAX: Duration = Duration::from_secs(1);

/// Serves until told to stop.
pub(crate) fn run(command: Serve, common: &Common) -> Result<ExitCode, Fault> {
    log_to_stderr(common)?;
    let from = command.settings;
    let (mut settings, file) = read_settings(&from)?;
    if let Some(file) = &file {
        tracing::info!(file = %file.display(), "settings read");
    } else {
        tracing::info!("no settings file: watching this host with the default policy");
    }
    if let Some(listen) = command.listen {
        settings.server.listen = listen;
    }
    if let Some(path) = command.token_file {
        settings.server.token = None;
        settings.server.token_file = Some(path);
    }
    let data = command.data.map_or_else(default_data, Ok)?;
    let internal = |error: std::io::Error| Fault::from_error(Kind::Internal, &error);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .enable_all()
        .build()
        .map_err(internal)?;
    let done = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(internal)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(internal)?;
        let mut hang_up = signal(SignalKind::hangup()).map_err(internal)?;
        let options = Options { settings, data };
        let started = server::start(options, Arc::new(SystemClock::new()));
        let running = tokio::select! {
            started = started => started.map_err(|error| Fault::from_error(error.kind(), &error))?,
            _ = interrupt.recv() => return Ok(ExitCode::from(130)),
            _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
        };
        running.read_settings_by(move || {
            let read = read_settings(&from).map(|(settings, _)| settings);
            read.map_err(|fault| fault.text)
        });
        let address = running.address;
        tracing::info!("ready: http://{address}");
        loop {
            tokio::select! {
                _ = interrupt.recv() => tracing::info!("interrupted: stopping"),
                _ = terminate.recv() => tracing::info!("asked to stop"),
                _ = hang_up.recv() => {
                    // The log and the troubles say it if that was refused.
                    let _reloaded = running.reload().await;
                    continue;
                }
            }
            break;
        }
        running.stop().await;
        Ok(ExitCode::SUCCESS)
    });
    // Journal and store are closed by now, or were never open; nothing else is worth waiting for.
    runtime.shutdown_timeout(LINGER_MAX);
    done
}

/// Where everything is kept if nothing else is said.
pub(super) fn default_data() -> Result<PathBuf, Fault> {
    environment("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| environment("HOME").map(|home| PathBuf::from(home).join(".local/share")))
        .map(|folder| folder.join("plimsoll"))
        .ok_or_else(|| {
            Fault::new(Kind::Invalid, "there is no home folder: say where to keep data with --data")
        })
}

fn log_to_stderr(common: &Common) -> Result<(), Fault> {
    let filter = EnvFilter::try_new(&common.log).map_err(|error| {
        Fault::from_error(Kind::Invalid, &error).help("try --log info, or --log info,store=debug")
    })?;
    let colour = std::io::stderr().is_terminal() && crate::output::errors_in_colour();
    let writer = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match common.log_format {
        Format::Text => writer.with_ansi(colour).with_target(false).init(),
        Format::Json => writer.json().init(),
    }
    Ok(())
}
