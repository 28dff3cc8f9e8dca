//! Reads rule files for the commands that work with them.

use std::path::Path;

use detect::{RuleGroup, rules};
use model::Kind;

use crate::{fault::Fault, output::errors_in_colour};

/// The text of a file.
pub(super) fn text(path: &Path) -> Result<String, Fault> {
    settings::read_text(path).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {}", path.display()))
    })
}

/// The groups of a rule file in which nothing is wrong.
pub(super) fn groups(path: &Path) -> Result<Vec<RuleGroup>, Fault> {
    rules::parse(&path.display().to_string(), &text(path)?)
        .map_err(|mistakes| Fault::new(Kind::Invalid, mistakes.render(errors_in_colour())))
}
