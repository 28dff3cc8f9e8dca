//! The templates of labels and annotations: Go's template language with Prometheus' functions.
//!
//! The language is that of <https://pkg.go.dev/text/template>, the functions those of
//! <https://prometheus.io/docs/prometheus/latest/configuration/template_reference/>, as far as rules
//! can use them. Loops, output and queries are bounded; a template that fails becomes a text that
//! says so, as in Prometheus.

mod compare;
mod functions;
mod lexer;
mod moment;
mod number;
mod parser;
mod printf;
mod run;
mod scope;
mod text;
mod value;

use model::{Labels, Time};
use query::InstantSample;

use parser::Parsed;

/// Longest template that is read; annotations of rules in use stay below four kibibytes.
const TEMPLATE_BYTES_MAX: usize = 64 << 10;

/// What a template sees.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// `$labels`: the labels of the element of the answer.
    pub labels: &'a Labels,
    /// `$externalLabels`: the labels that tell this server from others.
    pub external_labels: &'a Labels,
    /// `$externalURL`: where this server's pages are.
    pub external_url: &'a str,
    /// `$value`: the value of the element.
    pub value: f64,
    /// The time of the evaluation.
    pub now: Time,
    /// Answers the template's queries.
    pub query: &'a dyn Fn(&str) -> Result<Vec<InstantSample>, String>,
}

impl std::fmt::Debug for Scene<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Scene")
            .field("labels", &self.labels)
            .field("value", &self.value)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct TemplateError {
    /// What is wrong.
    pub what: String,
    /// The byte of the text at which it is wrong.
    pub at: usize,
    /// What to try, if there is a guess.
    pub help: Option<String>,
}

impl TemplateError {
    pub(crate) fn new(at: usize, what: impl Into<String>) -> Self {
        Self { what: what.into(), at, help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A template that is ready to be expanded.
#[derive(Clone, Debug)]
pub struct Template {
    name: String,
    body: Result<Parsed, TemplateError>,
}

impl Template {
    /// Reads a template; `name` is the label's or annotation's, for messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, TemplateError> {
        let parsed = parse(text)?;
        Ok(Self { name: name.to_owned(), body: Ok(parsed) })
    }

    /// Reads a template; one that is wrong expands to a text that says so.
    pub(crate) fn of(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), body: parse(text) }
    }

    /// The text for one element of an answer. What goes wrong becomes the text.
    pub fn expand(&self, scene: &Scene<'_>) -> String {
        match &self.body {
            Err(error) => {
                format!("<error expanding template: error parsing template {}: {error}>", self.name)
            }
            Ok(parsed) => run::run(parsed, scene).unwrap_or_else(|error| {
                format!(
                    "<error expanding template: error executing template {}: {error}>",
                    self.name
                )
            }),
        }
    }
}

fn parse(text: &str) -> Result<Parsed, TemplateError> {
    if text.len() > TEMPLATE_BYTES_MAX {
        let what =
            format!("the template has {} bytes, at most {TEMPLATE_BYTES_MAX} are read", text.len());
        return Err(TemplateError::new(0, what));
    }
    parser::parse(text)
}

#[cfg(test)]
mod tests;
