//! Objectives as `OpenSLO` has them, versions `v1` and `v1alpha`: <https://github.com/OpenSLO/OpenSLO>.

mod indicator;
mod period;

use std::collections::BTreeMap;

use model::{Loudness, Objective, Share};

use super::{
    ExpressionCheck,
    file::{ObjectiveFile, Untaken},
};
use crate::{
    mistake::Place,
    yaml::{Document, Node},
};

/// Kinds that are known and say nothing of what is counted, and what to do instead.
const OTHER_KINDS: [(&str, &str); 6] = [
    ("Service", "write `service` and `owner` in the objective"),
    ("DataSource", "expressions are asked of this server, or of `query.remote`"),
    (
        "AlertPolicy",
        "alerts follow from the budget; write `alerts: page`, `ticket` or `none` in the objective",
    ),
    ("AlertCondition", "windows and factors follow from period and target"),
    ("AlertNotificationTarget", "write who is told under `receivers`, or in the `routing` file"),
    ("SLI", "no objective of this file speaks of it"),
];

/// Whether a file says that it is one of these.
pub(super) fn is_openslo(document: &Document) -> bool {
    document.roots().any(|root| {
        let version = root.get("apiVersion").and_then(Node::scalar).unwrap_or_default();
        version.to_ascii_lowercase().starts_with("openslo/")
    })
}

/// Reads an `OpenSLO` file; what cannot be taken is named.
pub(super) fn read(document: &Document, check: ExpressionCheck<'_>) -> ObjectiveFile {
    let mut found = Found { document, check, file: ObjectiveFile::default() };
    let mut indicators: BTreeMap<&str, Node<'_>> = BTreeMap::new();
    let mut used = Vec::new();
    for root in document.roots() {
        if let (Some("SLI"), Some(name), Some(spec)) =
            (text(root, &["kind"]), text(root, &["metadata", "name"]), root.get("spec"))
        {
            indicators.insert(name, spec);
        }
    }
    for root in document.roots().filter(|root| text(*root, &["kind"]) == Some("SLO")) {
        slo(&mut found, root, &indicators, &mut used);
    }
    for root in document.roots().filter(|root| !root.is_null()) {
        let kind = text(root, &["kind"]).unwrap_or_default();
        let name = text(root, &["metadata", "name"]).unwrap_or_default();
        if kind == "SLO" || (kind == "SLI" && used.iter().any(|own| own == name)) {
            continue;
        }
        let instead = OTHER_KINDS.iter().find(|(own, _)| *own == kind).map(|(_, instead)| *instead);
        let what = format!(
            "{} `{name}`",
            if kind.is_empty() { "a document without `kind`" } else { kind }
        );
        found.note(root.place(), what, instead.unwrap_or("this kind is not known"), false);
    }
    found.file
}

/// What was found so far.
struct Found<'d> {
    document: &'d Document,
    check: ExpressionCheck<'d>,
    file: ObjectiveFile,
}

impl Found<'_> {
    fn note(&mut self, place: Place, what: impl Into<String>, instead: &str, lost: bool) {
        let before = self.document.text().get(..place.start).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        self.file.untaken.push(Untaken {
            line,
            what: what.into(),
            instead: instead.to_owned(),
            lost,
        });
    }
}

/// Why an objective is lost: where, what, and what to do instead.
struct Lost(Place, String, &'static str);

/// The text at the end of a path of keys.
fn text<'d>(node: Node<'d>, path: &[&str]) -> Option<&'d str> {
    at(node, path)?.scalar().filter(|text| !text.is_empty())
}

fn at<'d>(node: Node<'d>, path: &[&str]) -> Option<Node<'d>> {
    path.iter().try_fold(node, |node, key| node.get(key)).filter(|node| !node.is_null())
}

fn items<'d>(node: Node<'d>, key: &str) -> Vec<Node<'d>> {
    node.get(key).and_then(|node| node.items().map(Iterator::collect)).unwrap_or_default()
}

fn slo<'d>(
    found: &mut Found<'d>,
    root: Node<'d>,
    indicators: &BTreeMap<&str, Node<'d>>,
    used: &mut Vec<String>,
) {
    let own = text(root, &["metadata", "name"]).unwrap_or_default();
    let Some(spec) = root.get("spec") else {
        found.note(
            root.place(),
            format!("SLO `{own}` has no `spec`"),
            "write what it counts",
            true,
        );
        return;
    };
    for (key, instead) in [
        (
            "alertPolicies",
            "alerts follow from the budget; write `alerts: page`, `ticket` or `none` in the objective",
        ),
        ("attachments", "write a link into `reason`"),
    ] {
        if let Some(node) = at(spec, &[key]) {
            found.note(node.place(), format!("`{key}` of SLO `{own}`"), instead, false);
        }
    }
    let reference = text(spec, &["indicatorRef"]);
    used.extend(reference.map(str::to_owned));
    let objectives = items(spec, "objectives");
    if objectives.is_empty() {
        found.note(
            spec.place(),
            format!("SLO `{own}` has no `objectives`"),
            "write a target",
            true,
        );
    }
    for (number, node) in objectives.iter().enumerate() {
        let named = text(*node, &["indicatorRef"]);
        used.extend(named.map(str::to_owned));
        let inner = at(*node, &["indicator", "spec"])
            .or_else(|| named.and_then(|name| indicators.get(name).copied()))
            .or_else(|| at(spec, &["indicator", "spec"]))
            .or_else(|| reference.and_then(|name| indicators.get(name).copied()))
            // `v1alpha` has what is counted in the objective, or right below `indicator`.
            .or_else(|| at(*node, &["ratioMetrics"]).map(|_| *node))
            .or_else(|| at(spec, &["indicator"]));
        let made = inner
            .ok_or_else(|| {
                let what = match named.or(reference) {
                    Some(name) => {
                        format!("SLO `{own}` speaks of SLI `{name}`, which is not in this file")
                    }
                    None => format!("SLO `{own}` does not say what it counts"),
                };
                Lost(node.place(), what, "put the SLI into the same file, or into `indicator`")
            })
            .and_then(|inner| objective(found, (root, spec), (*node, inner)));
        match made {
            Ok(mut objective) => {
                if objectives.len() > 1 {
                    objective.name = format!("{}-{}", objective.name, number + 1);
                }
                found.file.objectives.push(objective);
            }
            Err(Lost(place, what, instead)) => found.note(place, what, instead, true),
        }
    }
}

fn objective<'d>(
    found: &mut Found<'d>,
    (root, spec): (Node<'d>, Node<'d>),
    (node, inner): (Node<'d>, Node<'d>),
) -> Result<Objective, Lost> {
    let own = text(root, &["metadata", "name"]).unwrap_or_default();
    let target = target(node).ok_or_else(|| {
        Lost(
            node.place(),
            format!("an objective of SLO `{own}` has no usable `target`"),
            "write a share above 0 and below 1",
        )
    })?;
    let indicator = indicator::read(found, own, (spec, node, inner))?;
    let period = period::read(found, own, spec)?;
    let title = text(node, &["displayName"]).or_else(|| text(root, &["metadata", "displayName"]));
    let service = text(spec, &["service"]).unwrap_or_default();
    Ok(Objective {
        name: name_of(own),
        title: title.unwrap_or(own).to_owned(),
        service: service.to_owned(),
        owner: text(root, &["metadata", "labels", "owner"])
            .or_else(|| text(root, &["metadata", "labels", "team"]))
            .or_else(|| text(root, &["metadata", "annotations", "owner"]))
            .unwrap_or("nobody yet")
            .to_owned(),
        reason: text(spec, &["description"]).unwrap_or_default().trim().to_owned(),
        indicator,
        target,
        period,
        alerts: Loudness::Page,
        needed: true,
    })
}

fn target(node: Node<'_>) -> Option<Share> {
    let share = match (text(node, &["target"]), text(node, &["targetPercent"])) {
        (Some(share), _) => share.parse::<f64>().ok()?,
        (None, Some(percent)) => percent.parse::<f64>().ok()? / 100.0,
        (None, None) => return None,
    };
    Share::new(share).filter(|share| share.value() > 0.0 && share.value() < 1.0)
}

/// A name of ours that is as near to theirs as may be.
fn name_of(name: &str) -> String {
    let letter = |letter: char| match letter.to_ascii_lowercase() {
        own if own.is_ascii_lowercase() || own.is_ascii_digit() || own == '_' => own,
        _ => '-',
    };
    let name: String = name.chars().take(60).map(letter).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}
