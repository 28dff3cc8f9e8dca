//! Files of objectives: our own form, or `OpenSLO`.

use model::Objective;

use super::{
    Parameters,
    catalogue::{FILE, finish},
    openslo,
};
use crate::{mistake::Mistakes, reader::Reader, settings::ExpressionCheck, yaml::Document};

/// What a file of objectives gives.
#[derive(Debug, Default)]
pub struct ObjectiveFile {
    /// The objectives.
    pub objectives: Vec<Objective>,
    /// What is not taken from an `OpenSLO` file.
    pub untaken: Vec<Untaken>,
}

/// Something in an `OpenSLO` file that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untaken {
    /// The line it stands in, from 1.
    pub line: usize,
    /// What it is.
    pub what: String,
    /// What to do about it.
    pub instead: String,
    /// Whether a whole objective is missing for it.
    pub lost: bool,
}

/// Reads a file of objectives; `name` stands in messages. In our own form objectives may be like those of the policy, with
/// these parameters.
pub fn read_objectives(
    name: &str,
    text: &str,
    parameters: &Parameters,
    check: ExpressionCheck<'_>,
) -> Result<ObjectiveFile, Mistakes> {
    let document = Document::parse_many(name, text)?;
    if openslo::is_openslo(&document) {
        return Ok(openslo::read(&document, check));
    }
    let reader = Reader::new(&document);
    let own = FILE.one(&reader, reader.root());
    let mut all = parameters.clone();
    all.extend(own.parameters);
    let found = finish(&reader, (own.drafts, &all), false, check);
    let objectives = crate::table::unique(&reader, "objective", found);
    reader.finish()?;
    Ok(ObjectiveFile { objectives, untaken: Vec::new() })
}
