//! Plans from what people have: recordings, descriptions, collections, command lines, access logs.
//!
//! What comes out is a plan as text, to be read, changed and kept. What cannot be taken over is marked as a to-do and
//! never ends the import; secrets of recordings are not copied.

mod access_log;
mod command;
mod draft;
mod format;
mod har;
mod jmx;
mod openapi;
mod postman;

pub use format::ImportFormat;
use model::Kind;
use serde_json::Value;

use super::read::any_as_json;

/// Most steps that are taken over, as many as a journey may have.
const STEPS_MAX: usize = 200;

/// How something is imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// What the source is; it is looked at to find out if not said.
    pub format: Option<ImportFormat>,
    /// The address that paths lead to, in place of the one that the source names.
    pub target: Option<String>,
    /// Takes requests over that may change something, where a description has them.
    pub writes: bool,
    /// Takes pictures, scripts and styles over.
    pub all_files: bool,
}

/// Why nothing could be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is nothing that is known.
    #[error(
        "this is no HAR, no OpenAPI 3, no Postman collection, no plan of JMeter, no access log, and no command line of curl, wrk, hey, oha or vegeta"
    )]
    Unknown,
    /// It is not what it is said to be.
    #[error("this is no {0}")]
    Other(ImportFormat),
    /// Nothing in it can be sent.
    #[error("there is no request in it that can be taken over{0}")]
    Nothing(String),
    /// It names nobody who could be asked.
    #[error("it does not say who is to be asked; name it: --target http://localhost:8080")]
    NoTarget,
}

impl ImportError {
    /// What you sent is wrong.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// The plan in YAML that does what the text of a file does.
pub fn import(name: &str, text: &str, how: &Import) -> Result<String, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    let draft = match (how.format, serde_json::from_str::<Value>(text)) {
        (Some(format), _) => format.import(name, text, how)?,
        (None, Ok(document)) => of_document(name, &document, how)?,
        (None, Err(_)) => of_text(name, text, how)?,
    };
    if draft.journeys.iter().all(|journey| journey.steps.is_empty()) {
        let notes = draft.notes.iter().map(|note| format!("; {note}"));
        return Err(ImportError::Nothing(notes.collect()));
    }
    Ok(draft.yaml())
}

fn of_text(name: &str, text: &str, how: &Import) -> Result<draft::Draft, ImportError> {
    if jmx::is_one(text) {
        return jmx::import(name, text, how);
    }
    if let Some(draft) = command::import(text)? {
        return Ok(draft);
    }
    if let Some(draft) = access_log::import(name, text, how)? {
        return Ok(draft);
    }
    let document = any_as_json(text).ok_or(ImportError::Unknown)?;
    of_document(name, &document, how)
}

fn of_document(name: &str, document: &Value, how: &Import) -> Result<draft::Draft, ImportError> {
    match ImportFormat::of_document(document) {
        Some(ImportFormat::Har) => har::import(name, document, how),
        Some(ImportFormat::OpenApi) => openapi::import(document, how),
        Some(ImportFormat::Postman) => postman::import(document, how),
        _ => Err(ImportError::Unknown),
    }
}

#[cfg(test)]
mod tests;
