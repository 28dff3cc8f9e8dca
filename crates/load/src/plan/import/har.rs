//! Recordings of browsers (HAR 1.2): one journey in the order of its requests. Values that an answer gave and a later
//! request sends, such as the token of a login, are taken from the answer again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::Url;

use super::{
    Import, ImportError, STEPS_MAX,
    draft::{Draft, DraftJourney, DraftStep, is_method, is_own_header, plain, plain_path, unused},
};

/// Shorter values of answers meet by chance.
const VALUE_LETTERS_MIN: usize = 8;
/// Longer ones are no tokens.
const VALUE_LETTERS_MAX: usize = 4_096;
/// Most values of all answers that are looked for.
const VALUES_MAX: usize = 2_000;
/// Deepest place in an answer that is looked at.
const DEPTH_MAX: usize = 8;
/// Shorter pauses are the browser's own work, longer ones somebody who went away.
const THINK_MIN: f64 = 0.5;
const THINK_MAX: f64 = 60.0;
/// What is left out unless it is wanted.
const FILES: [&str; 16] = [
    ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".css", ".js", ".mjs", ".map",
    ".woff", ".woff2", ".ttf", ".mp4", ".avif",
];

/// A value that an answer gave.
struct Given {
    step: usize,
    path: String,
    key: String,
}

pub(super) fn import(name: &str, document: &Value, how: &Import) -> Result<Draft, ImportError> {
    let entries = document["log"]["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    let address = |entry: &Value| Url::parse(entry["request"]["url"].as_str()?).ok();
    let first = entries.iter().find_map(address).ok_or(ImportError::NoTarget)?;
    let mut draft = Draft::new(name, how.target.as_deref().unwrap_or(first.as_str()))?;
    let mut steps: Vec<DraftStep> = Vec::new();
    let mut given: BTreeMap<String, Given> = BTreeMap::new();
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    let mut last_end: Option<f64> = None;
    for entry in entries {
        let request = &entry["request"];
        let (Some(url), Some(method)) = (address(entry), request["method"].as_str()) else {
            continue;
        };
        let why = if url.origin() != first.origin() {
            "to other hosts"
        } else if !how.all_files && FILES.iter().any(|end| url.path().ends_with(end)) {
            "for pictures, scripts and styles"
        } else if !is_method(method) {
            "with methods that plans have not"
        } else if steps.len() >= STEPS_MAX {
            "beyond the 200 that a journey may have"
        } else {
            ""
        };
        if !why.is_empty() {
            *left_out.entry(why).or_default() += 1;
            continue;
        }
        let begins = entry["startedDateTime"].as_str().and_then(seconds_of);
        if let (Some(begins), Some(end), Some(last)) = (begins, last_end, steps.last_mut()) {
            let pause = begins - end;
            last.think = if pause >= THINK_MIN { pause.min(THINK_MAX) } else { 0.0 };
        }
        last_end = begins.map(|begins| begins + entry["time"].as_f64().unwrap_or(0.0) / 1e3);
        let step = step(request, &url, method, &entry["response"]);
        given_by(&entry["response"], steps.len(), &mut given);
        steps.push(step);
    }
    take_again(&mut steps, &given, &mut draft.variables);
    for (why, count) in left_out {
        draft.notes.push(format!("left out: {count} requests {why}"));
    }
    let name = "recorded".to_owned();
    draft.journeys.push(DraftJourney { name, weight: 1, steps });
    Ok(draft)
}

fn step(request: &Value, url: &Url, method: &str, response: &Value) -> DraftStep {
    let path = url
        .query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut headers = Vec::new();
    for header in request["headers"].as_array().into_iter().flatten() {
        let (Some(name), Some(value)) = (header["name"].as_str(), header["value"].as_str()) else {
            continue;
        };
        if !is_own_header(name) {
            headers.push((name.to_owned(), plain(value)));
        }
    }
    let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    DraftStep {
        name: format!("{method} {}", url.path()),
        method: method.to_owned(),
        path: plain_path(&path),
        headers,
        body: request["postData"]["text"].as_str().filter(|body| !body.is_empty()).map(plain),
        status: status.filter(|status| (400..600).contains(status)),
        ..DraftStep::default()
    }
}

/// Remembers texts of an answer in JSON that later requests may send.
fn given_by(response: &Value, step: usize, given: &mut BTreeMap<String, Given>) {
    let content = &response["content"];
    if content["encoding"] == "base64" {
        return;
    }
    let Some(Ok(body)) = content["text"].as_str().map(serde_json::from_str::<Value>) else {
        return;
    };
    let mut rest = vec![(String::from("$"), String::new(), &body, 0)];
    while let Some((path, key, value, depth)) = rest.pop() {
        match value {
            Value::String(text) => {
                let is_one = (VALUE_LETTERS_MIN..=VALUE_LETTERS_MAX).contains(&text.len());
                if is_one && given.len() < VALUES_MAX {
                    given.entry(text.clone()).or_insert(Given { step, path, key });
                }
            }
            Value::Object(fields) if depth < DEPTH_MAX => {
                for (name, field) in fields {
                    let is_plain =
                        name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
                    let below = if is_plain {
                        format!("{path}.{name}")
                    } else {
                        format!("{path}['{name}']")
                    };
                    if !name.contains('\'') {
                        rest.push((below, name.clone(), field, depth + 1));
                    }
                }
            }
            Value::Array(items) if depth < DEPTH_MAX => {
                let items = items.iter().take(20).enumerate();
                rest.extend(items.map(|(index, item)| {
                    (format!("{path}[{index}]"), key.clone(), item, depth + 1)
                }));
            }
            _ => {}
        }
    }
}

/// Puts gaps where a request sends what an earlier answer gave; what is secret and was not given becomes a variable.
fn take_again(
    steps: &mut [DraftStep],
    given: &BTreeMap<String, Given>,
    variables: &mut BTreeMap<String, String>,
) {
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    // Longer values first: a shorter one may be a part of them.
    let mut values: Vec<(&String, &Given)> = given.iter().collect();
    values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    for (value, from) in values {
        let later = steps.iter_mut().skip(from.step + 1);
        for text in later.flat_map(DraftStep::texts).filter(|text| text.contains(value.as_str())) {
            let name = names.entry(value).or_insert_with(|| {
                let name = unused(&from.key, &used);
                used.insert(name.clone());
                name
            });
            *text = text.replace(value.as_str(), &format!("{{{{ {name} }}}}"));
        }
        if let Some(name) = names.get(value.as_str()) {
            steps[from.step].extract.push((name.clone(), from.path.clone()));
        }
    }
    for step in steps {
        for (name, value) in &mut step.headers {
            let lower = name.to_ascii_lowercase();
            let is_secret = ["authorization", "x-api-key", "x-csrf-token", "x-auth-token"]
                .contains(&lower.as_str());
            if is_secret && !value.contains("{{") {
                let variable = unused(&lower, &used);
                variables.insert(variable.clone(), "TO-DO".to_owned());
                *value = format!("{{{{ {variable} }}}}");
                let to_do = format!(
                    "`{lower}` was not given by any answer: fill in the variable `{variable}`"
                );
                step.to_do.push(to_do);
            }
        }
    }
}

/// Seconds of a moment as HAR writes it; only differences count.
fn seconds_of(text: &str) -> Option<f64> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<f64>().ok();
    let (days, hours, minutes) = (part(8, 10)?, part(11, 13)?, part(14, 16)?);
    let end = text.get(17..)?.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let seconds = text.get(17..end.map_or(text.len(), |end| end + 17))?.parse::<f64>().ok()?;
    Some(((days * 24.0 + hours) * 60.0 + minutes) * 60.0 + seconds)
}
