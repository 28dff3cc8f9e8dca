//! What a source is, where somebody says it.

use std::{fmt, str::FromStr};

use serde_json::Value;

use super::{
    Import, ImportError, access_log, any_as_json, command, draft::Draft, jmx, of_document,
};

/// What plans are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportFormat {
    /// A recording of a browser.
    Har,
    /// A description of an HTTP API.
    OpenApi,
    /// A collection of Postman.
    Postman,
    /// A plan of `JMeter`.
    Jmx,
    /// Lines that a web server wrote.
    AccessLog,
    /// Lines that start curl, wrk, hey, oha or vegeta.
    Commands,
}

/// Each with its word, and with what it is called.
const ALL: [(ImportFormat, &str, &str); 6] = [
    (ImportFormat::Har, "har", "HAR (`log` with `entries`)"),
    (ImportFormat::OpenApi, "openapi", "OpenAPI 3 (`openapi: 3.…`)"),
    (ImportFormat::Postman, "postman", "Postman collection (`info` and `item`)"),
    (ImportFormat::Jmx, "jmx", "plan of JMeter (`<jmeterTestPlan`)"),
    (
        ImportFormat::AccessLog,
        "access-log",
        "access log (`\"GET /path HTTP/1.1\"` in its first lines)",
    ),
    (ImportFormat::Commands, "commands", "list of command lines of curl, wrk, hey, oha or vegeta"),
];

impl ImportFormat {
    /// What a document is, by its keys.
    pub(super) fn of_document(document: &Value) -> Option<Self> {
        if document["log"]["entries"].is_array() {
            Some(Self::Har)
        } else if document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")) {
            Some(Self::OpenApi)
        } else if document["item"].is_array() && document["info"].is_object() {
            Some(Self::Postman)
        } else {
            None
        }
    }

    /// Reads a text as this and nothing else.
    pub(super) fn import(self, name: &str, text: &str, how: &Import) -> Result<Draft, ImportError> {
        let other = || ImportError::Other(self);
        match self {
            Self::Jmx if jmx::is_one(text) => jmx::import(name, text, how),
            Self::Jmx => Err(other()),
            Self::AccessLog => access_log::import(name, text, how)?.ok_or_else(other),
            Self::Commands => command::import(text)?.ok_or_else(other),
            Self::Har | Self::OpenApi | Self::Postman => {
                let document = serde_json::from_str(text).ok().or_else(|| any_as_json(text));
                let own = document.filter(|own| Self::of_document(own) == Some(self));
                of_document(name, &own.ok_or_else(other)?, how)
            }
        }
    }
}

impl fmt::Display for ImportFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = ALL.iter().find(|(format, ..)| format == self);
        formatter.write_str(own.map_or("", |(.., title)| title))
    }
}

impl FromStr for ImportFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let own = ALL.iter().find(|(_, word, _)| *word == text);
        own.map(|(format, ..)| *format).ok_or_else(|| {
            let words: Vec<&str> = ALL.iter().map(|(_, word, _)| *word).collect();
            format!("write one of {}", words.join(", "))
        })
    }
}
