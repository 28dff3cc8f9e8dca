//! Collections of Postman (2.0 and 2.1): their requests in order; gaps stay gaps, scripts become to-dos.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::Url;

use super::{
    Import, ImportError, STEPS_MAX,
    draft::{Draft, DraftJourney, DraftStep, identifier, is_method, is_own_header},
};

/// Deepest folder.
const DEPTH_MAX: usize = 16;

pub(super) fn import(document: &Value, how: &Import) -> Result<Draft, ImportError> {
    let mut variables = BTreeMap::new();
    for variable in document["variable"].as_array().into_iter().flatten() {
        let name = variable["key"].as_str().or_else(|| variable["id"].as_str());
        if let Some(name) = name {
            let value = variable["value"].as_str().unwrap_or_default();
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    let mut items = Vec::new();
    gather(&document["item"], 0, &mut items);
    let raw = |item: &Value| filled(url_of(&item["request"]).unwrap_or_default(), &variables);
    let named = items.iter().map(|item| raw(item)).find(|url| Url::parse(url).is_ok());
    let target = how.target.clone().or(named).ok_or(ImportError::NoTarget)?;
    let mut draft = Draft::new(document["info"]["name"].as_str().unwrap_or("collection"), &target)?;
    let mut names = BTreeSet::new();
    let mut steps = Vec::new();
    for item in items {
        let Some(mut step) = step(item, &document["auth"], &variables, &draft) else {
            let name = item["name"].as_str().unwrap_or_default();
            draft.notes.push(format!(
                "left out: `{name}`, which goes to another host or has no usable method"
            ));
            continue;
        };
        step.texts().for_each(|text| *text = with_gaps(text, &mut names));
        steps.push(step);
    }
    for name in names {
        let value =
            variables.iter().find(|(own, _)| identifier(own) == name).map(|own| own.1.clone());
        draft.variables.insert(
            name,
            value.filter(|value| !value.is_empty()).unwrap_or_else(|| "TO-DO".to_owned()),
        );
    }
    draft.journeys.push(DraftJourney { name: "collection".to_owned(), weight: 1, steps });
    Ok(draft)
}

fn gather<'v>(items: &'v Value, depth: usize, found: &mut Vec<&'v Value>) {
    for item in items.as_array().into_iter().flatten() {
        if item["item"].is_array() && depth < DEPTH_MAX {
            gather(&item["item"], depth + 1, found);
        } else if !item["request"].is_null() && found.len() < STEPS_MAX {
            found.push(item);
        }
    }
}

fn url_of(request: &Value) -> Option<&str> {
    let url = if request.is_string() { request } else { &request["url"] };
    url.as_str().or_else(|| url["raw"].as_str())
}

/// A text with the variables of the collection put in, which its host must have.
fn filled(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (name, value) in variables {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    text
}

fn step(
    item: &Value,
    auth: &Value,
    variables: &BTreeMap<String, String>,
    draft: &Draft,
) -> Option<DraftStep> {
    let request = &item["request"];
    let method = request["method"].as_str().unwrap_or("GET").to_ascii_uppercase();
    let written = url_of(request)?;
    // The host is what comes before the first slash behind `://`, or the first gap.
    let path = match written.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            let origin = Url::parse(&filled(&format!("{scheme}://{host}"), variables)).ok()?;
            if crate::target::Origin::of(&origin)? != draft.origin {
                return None;
            }
            rest.get(host.len()..).unwrap_or_default()
        }
        None => written.split_once("}}").map_or(written, |(_, path)| path),
    };
    if !is_method(&method) {
        return None;
    }
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let mut step = DraftStep {
        name: item["name"].as_str().unwrap_or(&path).to_owned(),
        method,
        path: path.replace(' ', "%20"),
        ..DraftStep::default()
    };
    for header in request["header"].as_array().into_iter().flatten() {
        let (Some(name), Some(value)) = (header["key"].as_str(), header["value"].as_str()) else {
            continue;
        };
        if header["disabled"] != true && !is_own_header(name) {
            step.headers.push((name.to_owned(), value.to_owned()));
        }
    }
    authorise(&mut step, if request["auth"].is_object() { &request["auth"] } else { auth });
    body(&mut step, &request["body"]);
    if item["event"].as_array().is_some_and(|events| !events.is_empty()) {
        step.to_do.push(
            "the scripts of this request are not taken over: write `expect` and `extract`"
                .to_owned(),
        );
    }
    Some(step)
}

fn authorise(step: &mut DraftStep, auth: &Value) {
    match auth["type"].as_str() {
        Some("bearer") => {
            let token =
                auth["bearer"].as_array().into_iter().flatten().find(|pair| pair["key"] == "token");
            let token =
                token.and_then(|pair| pair["value"].as_str()).filter(|token| token.contains("{{"));
            let value = format!("Bearer {}", token.unwrap_or("{{bearer_token}}"));
            step.headers.push(("Authorization".to_owned(), value));
        }
        None | Some("noauth") => {}
        Some(other) => step.to_do.push(format!("authorisation by `{other}` is not taken over")),
    }
}

fn body(step: &mut DraftStep, body: &Value) {
    let has_kind = step.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let kind = |step: &mut DraftStep, kind: &str| {
        if !has_kind {
            step.headers.push(("Content-Type".to_owned(), kind.to_owned()));
        }
    };
    match body["mode"].as_str() {
        Some("raw") => {
            step.body = body["raw"].as_str().map(str::to_owned);
            if body["options"]["raw"]["language"] == "json" {
                kind(step, "application/json");
            }
        }
        Some("urlencoded") => {
            let pairs = body["urlencoded"].as_array().into_iter().flatten();
            let pairs = pairs.filter(|pair| pair["disabled"] != true).map(|pair| {
                let text =
                    |key: &str| pair[key].as_str().unwrap_or_default().replace(['&', ' '], "+");
                format!("{}={}", text("key"), text("value"))
            });
            step.body = Some(pairs.collect::<Vec<_>>().join("&"));
            kind(step, "application/x-www-form-urlencoded");
        }
        None | Some("none") => {}
        Some(other) => step.to_do.push(format!("a body of kind `{other}` is not taken over")),
    }
}

/// Gaps of Postman as gaps of ours; answers with the names that must be known.
fn with_gaps(text: &str, names: &mut BTreeSet<String>) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((gap, tail)) = after.split_once("}}") else { break };
        written.push_str(before);
        let name = match gap.trim() {
            "$guid" | "$randomUUID" => "uuid".to_owned(),
            "$timestamp" | "$isoTimestamp" => "number".to_owned(),
            name if name.starts_with("$random") => "random".to_owned(),
            name => {
                let name = identifier(name);
                names.insert(name.clone());
                name
            }
        };
        written.push_str("{{ ");
        written.push_str(&name);
        written.push_str(" }}");
        rest = tail;
    }
    written.push_str(&rest.replace("{{", "{ {"));
    written
}
