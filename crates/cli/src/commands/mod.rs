//! One file for each command.

pub(crate) mod check;
pub(crate) mod facts;
pub(crate) mod import;
pub(crate) mod load;
pub(crate) mod objectives;
pub(crate) mod plan;
pub(crate) mod query;
pub(crate) mod rules;
pub(crate) mod serve;
pub(crate) mod store;
pub(crate) mod words;

use std::path::PathBuf;

use model::Kind;
use settings::Settings;
use tokio::runtime::{Builder, Runtime};

use crate::{args, fault::Fault, output};

/// A runtime for a command that asks a server.
fn small_runtime() -> Result<Runtime, Fault> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Fault::from_error(Kind::Internal, &error))
}

/// The settings file that counts: the one named, or the first of the usual places that is there.
fn settings_file(named: Option<PathBuf>) -> Option<PathBuf> {
    let home = environment("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| environment("HOME").map(|home| PathBuf::from(home).join(".config")));
    named.or_else(|| {
        [
            Some(PathBuf::from(".")),
            home.map(|home| home.join("plimsoll")),
            Some("/etc/plimsoll".into()),
        ]
        .into_iter()
        .flatten()
        .map(|folder| folder.join("plimsoll.yaml"))
        .find(|file| file.is_file())
    })
}

/// The settings, and the file they came from.
fn read_settings(from: &args::Settings) -> Result<(Settings, Option<PathBuf>), Fault> {
    let Some(file) = settings_file(from.config.clone()) else {
        return Ok((Settings::default_for_host(), None));
    };
    let settings = Settings::load(&file, &check_expression).map_err(|mistakes| {
        Fault::new(Kind::Invalid, mistakes.render(output::errors_in_colour()))
    })?;
    Ok((settings, Some(file)))
}

/// What is wrong with a PromQL expression, for settings.
fn check_expression(text: &str) -> Result<(), String> {
    ::query::check(text).map(drop).map_err(|error| error.to_string())
}

/// A variable of the environment that is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "only the command line reads the environment, and here it does"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
