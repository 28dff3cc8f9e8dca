//! A plan while it is put together, and its YAML. Texts are written as JSON strings, which YAML reads as they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::Url;

use super::ImportError;
use crate::target::Origin;

/// How much of it, before somebody says better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Much {
    Rate(f64, f64),
    Users(u32, f64),
}

/// A plan to be.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) much: Much,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) journeys: Vec<DraftJourney>,
    /// What a person should know.
    pub(super) notes: Vec<String>,
}

#[derive(Debug)]
pub(super) struct DraftJourney {
    pub(super) name: String,
    pub(super) weight: u32,
    pub(super) steps: Vec<DraftStep>,
}

/// A request with its texts as templates.
#[derive(Clone, Debug, Default)]
pub(super) struct DraftStep {
    pub(super) name: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
    pub(super) status: Option<u16>,
    /// A text that the answer has in it.
    pub(super) contains: Option<String>,
    /// Names and the paths in the answer that they are taken from.
    pub(super) extract: Vec<(String, String)>,
    /// Names and the expressions whose first group they are.
    pub(super) matches: Vec<(String, String)>,
    pub(super) redirects: u8,
    /// Seconds before the next step.
    pub(super) think: f64,
    pub(super) to_do: Vec<String>,
}

impl Draft {
    pub(super) fn new(name: &str, target: &str) -> Result<Self, ImportError> {
        let url = Url::parse(target).map_err(|_error| ImportError::NoTarget)?;
        let origin = Origin::of(&url).ok_or(ImportError::NoTarget)?;
        Ok(Self {
            name: name.to_owned(),
            origin,
            much: Much::Rate(1.0, 60.0),
            variables: BTreeMap::new(),
            journeys: Vec::new(),
            notes: Vec::new(),
        })
    }

    /// The plan as text.
    pub(super) fn yaml(&self) -> String {
        let mut lines = Vec::new();
        lines.extend(self.notes.iter().map(|note| format!("# {}", one_line(note))));
        lines.push(format!("name: {}", quoted(&self.name)));
        lines.push(format!("target: {}", quoted(&self.origin.to_string())));
        if !is_loopback(&self.origin.host) {
            let host = quoted(&self.origin.host);
            lines.push(format!(
                "# if it is yours to load, take the sign before this line away\n# allow: [{host}]"
            ));
        }
        if !self.variables.is_empty() {
            lines.push("variables:".to_owned());
            for (name, value) in &self.variables {
                lines.push(format!("  {name}: {}", quoted(value)));
            }
        }
        lines.push("scenarios:\n  - name: imported".to_owned());
        lines.push(match self.much {
            Much::Rate(rate, seconds) => format!("    rate: {rate}\n    for: {seconds}s"),
            Much::Users(users, seconds) => format!("    users: {users}\n    for: {seconds}s"),
        });
        let journeys = self.journeys.iter().filter(|journey| !journey.steps.is_empty());
        lines.push("    journeys:".to_owned());
        for journey in journeys {
            lines.push(format!("      - name: {}", quoted(&journey.name)));
            if journey.weight > 1 {
                lines.push(format!("        weight: {}", journey.weight));
            }
            lines.push("        steps:".to_owned());
            journey.steps.iter().for_each(|step| step.write(&mut lines));
        }
        lines.join("\n") + "\n"
    }
}

impl DraftStep {
    fn write(&self, lines: &mut Vec<String>) {
        let inner = "            ";
        for to_do in &self.to_do {
            lines.push(format!("          # TO DO: {}", one_line(to_do)));
        }
        lines.push(format!("          - name: {}", quoted(&self.name)));
        lines.push(format!("{inner}{}: {}", self.method.to_ascii_lowercase(), quoted(&self.path)));
        if !self.headers.is_empty() {
            lines.push(format!("{inner}headers:"));
            for (name, value) in &self.headers {
                lines.push(format!("{inner}  {}: {}", quoted(name), quoted(value)));
            }
        }
        if let Some(body) = &self.body {
            lines.push(format!("{inner}body: {}", quoted(body)));
        }
        let status = self.status.map(|status| format!("status: {status}"));
        let contains = self.contains.as_deref().map(|text| format!("contains: {}", quoted(text)));
        let expected: Vec<String> = status.into_iter().chain(contains).collect();
        if !expected.is_empty() {
            lines.push(format!("{inner}expect: {{{}}}", expected.join(", ")));
        }
        if !self.extract.is_empty() || !self.matches.is_empty() {
            lines.push(format!("{inner}extract:"));
            for (name, path) in &self.extract {
                lines.push(format!("{inner}  {name}: {}", quoted(path)));
            }
            for (name, pattern) in &self.matches {
                lines.push(format!("{inner}  {name}: {{matches: {}}}", quoted(pattern)));
            }
        }
        if self.redirects > 0 {
            lines.push(format!("{inner}redirects: {}", self.redirects));
        }
        if self.think > 0.0 {
            lines.push(format!("{inner}think: {}ms", (self.think * 1e3).round()));
        }
    }

    /// Every text of it that may have gaps.
    pub(super) fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let headers = self.headers.iter_mut().map(|header| &mut header.1);
        std::iter::once(&mut self.path).chain(headers).chain(&mut self.body)
    }
}

/// Methods that a plan can have.
pub(super) fn is_method(method: &str) -> bool {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].contains(&method)
}

/// Headers that are made anew or hold for one connection only.
pub(super) fn is_own_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let own = [
        "host",
        "content-length",
        "connection",
        "transfer-encoding",
        "te",
        "upgrade",
        "keep-alive",
        "accept-encoding",
        "cookie",
        "user-agent",
        "referer",
        "origin",
        "priority",
        "dnt",
        "cache-control",
        "pragma",
    ];
    name.starts_with(':')
        || name.starts_with("sec-")
        || name.starts_with("if-")
        || own.contains(&name.as_str())
}

/// A text in which nothing is a gap.
pub(super) fn plain(text: &str) -> String {
    // Twice, since three in a row are two pairs.
    text.replace("{{", "{ {").replace("{{", "{ {")
}

/// A path with its query in which nothing is a gap; it may hold no spaces either.
pub(super) fn plain_path(path: &str) -> String {
    path.replace("{{", "%7B%7B")
}

/// A name for variables: letters, digits and underscores.
pub(super) fn identifier(text: &str) -> String {
    let letters =
        text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    let name: String = letters.take(60).collect();
    let is_taken = ["", "number", "random", "uuid"].contains(&name.as_str());
    if is_taken || name.starts_with(|letter: char| letter.is_ascii_digit()) {
        format!("value_{name}")
    } else {
        name
    }
}

/// A name that is not among those, made of a wish.
pub(super) fn unused(wish: &str, used: &BTreeSet<String>) -> String {
    let wish = identifier(wish);
    let more = (2..).map(|number| format!("{wish}_{number}"));
    std::iter::once(wish.clone()).chain(more).find(|name| !used.contains(name)).unwrap_or(wish)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn one_line(text: &str) -> String {
    text.replace(|letter: char| letter.is_control(), " ")
}
