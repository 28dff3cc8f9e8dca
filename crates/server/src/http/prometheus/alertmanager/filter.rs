//! Which alerts and silences are asked for.

use model::Labels;
use regex::Regex;
use respond::{
    quiet::Quiet,
    routing::{LabelMatcher, all_match, parse_matchers},
};

use super::{super::params::Params, AmError};

/// Which alerts are asked for.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of the address")]
pub(super) struct Filter {
    matchers: Vec<LabelMatcher>,
    receiver: Option<Regex>,
    active: bool,
    silenced: bool,
    inhibited: bool,
    muted: bool,
}

impl Filter {
    /// Reads it from the address.
    pub(super) fn read(params: &Params) -> Result<Self, AmError> {
        let receiver = match params.get("receiver") {
            None => None,
            Some(text) => {
                // The engine bounds what an expression compiles to.
                let regex = Regex::new(&format!("^(?:{text})$"));
                let wrong = |_| AmError::invalid(format!("failed to parse receiver param: {text}"));
                Some(regex.map_err(wrong)?)
            }
        };
        Ok(Self {
            matchers: matchers(params)?,
            receiver,
            active: truth(params, "active")?,
            silenced: truth(params, "silenced")?,
            inhibited: truth(params, "inhibited")?,
            muted: truth(params, "muted")?,
        })
    }

    /// Whether an alert is among them.
    pub(super) fn takes(&self, labels: &Labels, quiet: &Quiet) -> bool {
        all_match(&self.matchers, labels)
            && (self.active || !quiet.is_loud())
            && (self.silenced || quiet.silenced_by.is_empty())
            && (self.inhibited || quiet.inhibited_by.is_empty())
            && (self.muted || quiet.is_loud())
    }

    /// Whether a receiver is among those asked for.
    pub(super) fn takes_receiver(&self, name: &str) -> bool {
        self.receiver.as_ref().is_none_or(|regex| regex.is_match(name))
    }
}

/// The conditions of all `filter` parameters.
pub(super) fn matchers(params: &Params) -> Result<Vec<LabelMatcher>, AmError> {
    let mut matchers = Vec::new();
    for text in params.all("filter") {
        let read = parse_matchers(text).map_err(|error| AmError::invalid(error.to_string()))?;
        matchers.extend(read);
    }
    Ok(matchers)
}

/// A truth value that is true if it is not given.
pub(super) fn truth(params: &Params, name: &str) -> Result<bool, AmError> {
    match params.get(name) {
        None | Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Ok(true),
        Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Ok(false),
        Some(other) => {
            Err(AmError::invalid(format!("{name}: {other:?} is neither true nor false")))
        }
    }
}
