//! The KPI catalogue that ships, and how objectives take from it.

use super::{ObjectiveDraft, Parameters, TABLE, read_parameters};
use crate::{
    mistake::Mistake,
    reader::{Placed, Reader, listed, nearest},
    settings::ExpressionCheck,
    table::{Key, Otherwise, Table},
    yaml::Document,
};
use model::Objective;

/// The objectives that ship with Plimsoll, in the form people write them in.
const POLICY: &str = include_str!("../../../../../policy/objectives.yaml");
/// What the file is called in messages.
const POLICY_NAME: &str = "policy/objectives.yaml";

/// What the key at the top of a settings file does.
pub(in crate::settings) const PARAMETERS_ABOUT: &str = "What stands for `${name}` in objectives: names of metrics and labels. What is not written is as in `policy/objectives.yaml`.";

/// A file of objectives in our own form.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) parameters: Parameters,
    pub(super) drafts: Vec<ObjectiveDraft>,
}

pub(super) static FILE: Table<Catalogue> = Table {
    what: "a file of objectives",
    keys: &[
        Key {
            name: "objective_parameters",
            form: "map of texts",
            otherwise: Otherwise::Nothing,
            about: PARAMETERS_ABOUT,
            read: |reader, field, into| read_parameters(reader, field, &mut into.parameters),
        },
        Key {
            name: "objectives",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "A KPI with a target.",
            read: |reader, field, into| into.drafts = TABLE.each(reader, field.node),
        },
    ],
    refused: &[],
};

/// An objective, and its name with its place if it stands in the file that is read.
pub(crate) type Named = (Objective, Option<Placed<String>>);

/// The objectives that were written, after those of the policy, if they are wanted, that no other takes the place of.
pub(crate) fn finish(
    reader: &Reader<'_>,
    (drafts, own): (Vec<ObjectiveDraft>, &Parameters),
    policy: bool,
    check: ExpressionCheck<'_>,
) -> Vec<Named> {
    let Ok(document) = Document::parse(POLICY_NAME, POLICY) else { return Vec::new() };
    let shipped = Reader::new(&document);
    let catalogue = FILE.one(&shipped, shipped.root());
    let mut parameters = catalogue.parameters;
    parameters.extend(own.clone());
    let mut found: Vec<Named> = Vec::new();
    for draft in catalogue.drafts.iter().filter(|_| policy) {
        let taken = |other: &ObjectiveDraft| {
            other.name.as_ref().map(|name| &name.value)
                == draft.name.as_ref().map(|name| &name.value)
        };
        if !drafts.iter().any(taken) {
            let finished = draft.clone().finish(&shipped, &parameters, check);
            found.extend(finished.map(|(objective, _)| (objective, None)));
        }
    }
    // Only what was written as a parameter can make them wrong.
    for mistake in shipped.found().iter() {
        let why = format!("an objective of the policy does not fit: {}", mistake.message());
        let text = Mistake::somewhere(why)
            .help(format!("see `objective_parameters`; {}", mistake.label_text()));
        reader.report(text);
    }
    for draft in drafts {
        let Some(draft) = based(reader, draft, &catalogue.drafts) else { continue };
        let finished = draft.finish(reader, &parameters, check);
        found.extend(finished.map(|(objective, name)| (objective, Some(name))));
    }
    found
}

/// A draft with what it takes from the one it is like.
fn based(
    reader: &Reader<'_>,
    draft: ObjectiveDraft,
    shipped: &[ObjectiveDraft],
) -> Option<ObjectiveDraft> {
    let Some(like) = draft.like.clone() else { return Some(draft) };
    // Those that ship all have a name, so that places agree.
    let names: Vec<&str> =
        shipped.iter().filter_map(|own| Some(own.name.as_ref()?.value.as_str())).collect();
    if let Some(at) = names.iter().position(|name| *name == like.value) {
        return Some(draft.or(&shipped[at]));
    }
    let mistake = Mistake::at(like.place, format!("the policy has no objective `{}`", like.value));
    reader.report(match nearest(&like.value, names.iter().copied()) {
        Some(near) => mistake.help(format!("did you mean `{near}`?")),
        None => mistake.help(format!("it may be {}", listed(&names, "or"))),
    });
    None
}

/// An expression with its parameters filled in.
pub(super) fn fill(text: &str, parameters: &Parameters) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let (name, behind) = after.split_once('}').ok_or("`${` without a `}` behind it")?;
        match parameters.get(name) {
            Some(value) => filled.push_str(value),
            // What other tools write where the window of a counter belongs.
            None if name == "window" => filled.push_str("5m"),
            None => {
                let known: Vec<&str> = parameters.keys().map(String::as_str).collect();
                return Err(format!(
                    "there is no parameter `{name}`; known are {}",
                    listed(&known, "and")
                ));
            }
        }
        rest = behind;
    }
    filled.push_str(rest);
    for window in ["{{.window}}", "{{ .window }}", "$window"] {
        filled = filled.replace(window, "5m");
    }
    Ok(filled.trim().to_owned())
}
