//! Requests: a method with its path, headers, and what is sent along.

use http::{HeaderName, HeaderValue, Method, header};
use serde_json::Value;
use settings::{Field, Fields, Mistake, Node};
use url::Url;

use super::{
    Reading,
    values::{parsed, template, wrong},
};
use crate::{
    journey::{Request, Scope, Template},
    target::Origin,
};

/// The key of each method, and the method.
const METHODS: [(&str, Method); 7] = [
    ("get", Method::GET),
    ("post", Method::POST),
    ("put", Method::PUT),
    ("patch", Method::PATCH),
    ("delete", Method::DELETE),
    ("head", Method::HEAD),
    ("options", Method::OPTIONS),
];

/// Deepest JSON body.
const DEPTH_MAX: usize = 64;

impl<'d> Reading<'_, 'd> {
    pub(super) fn request(&self, fields: &Fields<'_, 'd>, scope: &Scope) -> Option<Request> {
        let reader = self.reader;
        let found: Vec<(Method, Field<'d>)> = METHODS
            .into_iter()
            .filter_map(|(key, method)| fields.take(key).map(|field| (method, field)))
            .collect();
        let headers = self.headers(fields.take("headers"), scope);
        let body = self.body(fields, scope);
        let [(method, field)] = found.as_slice() else {
            let mistake = Mistake::at(fields.node().place(), "a step has exactly one request");
            reader.report(mistake.help(
                "write `get: /path`, or `post`, `put`, `patch`, `delete`, `head`, `options`",
            ));
            return None;
        };
        let (origin, path) = self.path(field.node, scope)?;
        let (body, kind) = body?;
        let mut headers = headers;
        let has_kind = headers.iter().any(|(name, _)| name == header::CONTENT_TYPE);
        if let Some(kind) = kind.filter(|_| !has_kind) {
            headers.push((header::CONTENT_TYPE, Template::text(kind)));
        }
        let mut request =
            Request { method: method.clone(), origin, path, headers, body, prepared: None };
        let authority = self.origins.borrow().get(origin).map(Origin::authority);
        if let Err(error) = request.prepare(&authority.unwrap_or_default()) {
            wrong(reader, field.node, error.to_string(), "");
            return None;
        }
        Some(request)
    }

    /// A path on the plan's target, or an address of its own whose host has no gap.
    fn path(&self, node: Node<'d>, scope: &Scope) -> Option<(usize, Template)> {
        let reader = self.reader;
        let text = reader.text(node)?;
        if text.starts_with('/') || text.starts_with("{{") {
            let Some(base) = &self.base else {
                wrong(
                    reader,
                    node,
                    "a path needs a target".to_owned(),
                    "write `target: http://localhost:8080` at the top of the plan, or the whole address here",
                );
                return None;
            };
            let template = parsed(reader, node, &format!("{}{text}", base.prefix), scope)?;
            return Some((base.origin, template));
        }
        let after_scheme = text.find("://").map_or(0, |at| at + 3);
        let rest = text.get(after_scheme..).unwrap_or_default();
        let host_end = rest.find(['/', '?']).map_or(text.len(), |at| after_scheme + at);
        let (host, path) = text.split_at_checked(host_end)?;
        let origin = Url::parse(host).ok().filter(|_| !host.contains("{{"));
        let Some(origin) = origin.and_then(|url| Origin::of(&url)) else {
            wrong(
                reader,
                node,
                format!(
                    "`{host}` is neither a path nor an address whose host is written out, without gaps"
                ),
                "write `/path` or `http://host/path`; only who stands in the plan is ever contacted",
            );
            return None;
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Some((self.origin(origin), parsed(reader, node, &path, scope)?))
    }

    fn headers(&self, field: Option<Field<'d>>, scope: &Scope) -> Vec<(HeaderName, Template)> {
        let mut headers = Vec::new();
        for entry in field.map_or_else(Vec::new, |field| self.reader.entries(field.node)) {
            let Ok(name) = entry.key.parse::<HeaderName>() else {
                let message = format!("`{}` cannot be a header's name", entry.key);
                self.reader.report(Mistake::at(entry.place, message));
                continue;
            };
            let Some(value) = template(self.reader, entry.node, scope) else { continue };
            if value.literal().is_some_and(|text| HeaderValue::from_str(text).is_err()) {
                let message = "this has letters that no header may have".to_owned();
                wrong(self.reader, entry.node, message, "");
            }
            headers.push((name, value));
        }
        headers
    }

    /// `body`, `json` or `form`, with the content type that goes with it; nothing if it cannot be read.
    fn body(
        &self,
        fields: &Fields<'_, 'd>,
        scope: &Scope,
    ) -> Option<(Option<Template>, Option<&'static str>)> {
        let reader = self.reader;
        let (body, json, form) = (fields.take("body"), fields.take("json"), fields.take("form"));
        match (body, json, form) {
            (None, None, None) => Some((None, None)),
            (Some(field), None, None) => Some((Some(template(reader, field.node, scope)?), None)),
            (None, Some(field), None) => {
                let text = json_text(field.node, 0);
                let body = parsed(reader, field.node, &text, scope)?;
                Some((Some(body), Some("application/json")))
            }
            (None, None, Some(field)) => {
                let mut pairs = Vec::new();
                for entry in reader.entries(field.node) {
                    let value = entry.node.scalar().unwrap_or_default();
                    pairs.push(format!("{}={}", form_text(entry.key), form_text(value)));
                }
                let body = parsed(reader, field.node, &pairs.join("&"), scope)?;
                Some((Some(body), Some("application/x-www-form-urlencoded")))
            }
            _ => {
                let place = fields.node().place();
                reader.report(Mistake::at(place, "a step has one of `body`, `json` and `form`"));
                None
            }
        }
    }
}

/// A text in YAML as JSON; nothing if it is no YAML.
pub(crate) fn any_as_json(text: &str) -> Option<Value> {
    let document = settings::Document::parse("source", text).ok()?;
    serde_json::from_str(&json_text(document.root(), 0)).ok()
}

/// YAML as JSON; gaps in texts are filled in as JSON wants them.
fn json_text(node: Node<'_>, depth: usize) -> String {
    if depth > DEPTH_MAX {
        return "null".to_owned();
    }
    if let Some(items) = node.items() {
        let items: Vec<String> = items.map(|item| json_text(item, depth + 1)).collect();
        return format!("[{}]", items.join(","));
    }
    if let Some(entries) = node.entries() {
        let pair = |entry: settings::Entry<'_>| {
            format!("{}:{}", Value::from(entry.key), json_text(entry.node, depth + 1))
        };
        return format!("{{{}}}", entries.map(pair).collect::<Vec<_>>().join(","));
    }
    let text = node.scalar().unwrap_or_default();
    let is_literal = node.plain().is_some_and(|text| {
        matches!(text, "true" | "false") || serde_json::from_str::<serde_json::Number>(text).is_ok()
    });
    if node.is_null() {
        "null".to_owned()
    } else if is_literal {
        text.to_owned()
    } else {
        let inside = |text: &str| {
            let quoted = Value::from(text).to_string();
            quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
        };
        format!("\"{}\"", outside_gaps(text, inside, "json"))
    }
}

/// A name or value of a form; gaps are filled in as forms want them.
fn form_text(text: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    outside_gaps(text, encode, "url")
}

/// Rewrites what stands between gaps, and has gaps filled in by the same rule unless they say how.
fn outside_gaps(text: &str, rewrite: impl Fn(&str) -> String, escape: &str) -> String {
    let mut rewritten = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((gap, tail)) = after.split_once("}}") else { break };
        rewritten.push_str(&rewrite(before));
        let escape = if gap.contains('|') { String::new() } else { format!("| {escape} ") };
        rewritten.push_str("{{");
        rewritten.push_str(gap);
        rewritten.push_str(&escape);
        rewritten.push_str("}}");
        rest = tail;
    }
    rewritten.push_str(&rewrite(rest));
    rewritten
}
