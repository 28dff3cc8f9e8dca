//! Files of objectives that the settings name.

use std::collections::BTreeMap;

use settings::{Mistakes, Settings, Untaken};
use tracing::warn;

use crate::{start::StartError, state::App};

/// What is not taken from a file of objectives.
#[derive(Clone, Debug)]
pub struct UntakenIn {
    /// The file.
    pub file: String,
    /// What, and what to do about it.
    pub untaken: Untaken,
}

/// Adds the objectives of the files that the settings name, and says what is not taken from them.
///
/// An objective of a file takes the place of one with the same name in the settings; two files may not have the same.
pub fn read_objective_files(settings: &mut Settings) -> Result<Vec<UntakenIn>, StartError> {
    let mut untaken = Vec::new();
    let mut from: BTreeMap<String, String> = BTreeMap::new();
    let mut wrong = Mistakes::default();
    let check = |text: &str| query::check(text).map(drop).map_err(|error| error.to_string());
    for pattern in settings.objective_files.clone() {
        for path in crate::files_matching(&settings.base, &pattern) {
            let text = settings::read_text(&path).map_err(|source| StartError::File {
                what: "read",
                path: path.clone(),
                source,
            })?;
            let file = path.display().to_string();
            let read =
                settings::read_objectives(&file, &text, &settings.objective_parameters, &check);
            let found = match read {
                Ok(found) => found,
                Err(mistakes) => {
                    wrong.append(mistakes);
                    continue;
                }
            };
            for objective in found.objectives {
                if let Some(other) = from.insert(objective.name.clone(), file.clone()) {
                    let text = format!(
                        "there are two objectives `{}`: in {other} and in {file}",
                        objective.name
                    );
                    wrong.push(
                        settings::Mistake::somewhere(text).help("give each a name of its own"),
                    );
                }
                settings.objectives.retain(|own| own.name != objective.name);
                settings.objectives.push(objective);
            }
            let of_file = |untaken| UntakenIn { file: file.clone(), untaken };
            untaken.extend(found.untaken.into_iter().map(of_file));
        }
    }
    if wrong.is_empty() { Ok(untaken) } else { Err(StartError::Mistakes(wrong)) }
}

/// Says what was not taken, in the log, and among the troubles where a whole objective is missing.
pub(crate) fn tell_untaken(app: &App, untaken: &[UntakenIn]) {
    for UntakenIn { file, untaken } in untaken {
        let (line, what, instead) = (untaken.line, &untaken.what, &untaken.instead);
        warn!(file, line, what, instead, "not taken from a file of objectives");
        if untaken.lost {
            let text = format!("line {line}: {what}; {instead}");
            app.board.trouble(&format!("objective file {file}:{line}"), Some(text));
        }
    }
}
