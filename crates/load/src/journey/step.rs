//! One step of a journey: its request, the checks of the answer, and what is taken from it.

use std::{
    ops::{Range, RangeInclusive},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use regex::bytes::Regex;
use serde_json::Value;
use stats::Chance;

use super::{
    json::{JsonPath, as_text},
    template::{Template, Values},
};
use crate::{record::Trouble, schedule::nanos};

/// Named to the target, so that its operators see who asks.
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("plimsoll-load/", env!("CARGO_PKG_VERSION")));

/// Steps that one user takes one after the other.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Its name.
    pub name: String,
    /// How often it is taken, against the other journeys of its scenario.
    pub weight: u32,
    /// The feeds it draws from, by their place in the plan, each with the slot of its first column.
    pub feeds: Vec<(usize, usize)>,
    /// What is done.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Its place among all steps of the plan, under which it is recorded.
    pub index: usize,
    /// What is sent.
    pub request: Request,
    /// How many redirects are followed.
    pub redirects: u8,
    /// What must hold of the answer.
    pub checks: Vec<Check>,
    /// Statuses that count as success.
    pub statuses: Vec<RangeInclusive<u16>>,
    /// What is taken from the answer.
    pub extracts: Vec<Extract>,
    /// How long the user waits afterwards.
    pub think: Option<Pause>,
}

impl Step {
    /// Whether the body of the answer is looked at; otherwise it is counted and thrown away.
    pub fn reads_body(&self) -> bool {
        self.checks.iter().any(|check| !matches!(check, Check::Header(..)))
            || self.extracts.iter().any(|extract| !matches!(extract.source, Source::Header(_)))
    }

    /// Whether a status counts as success.
    pub fn accepts(&self, status: u16) -> bool {
        self.statuses.iter().any(|range| range.contains(&status))
    }
}

/// A request before its gaps are filled.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Whom it goes to, by its place among the origins of the plan.
    pub origin: usize,
    /// Path and query.
    pub path: Template,
    /// Headers in their order.
    pub headers: Vec<(HeaderName, Template)>,
    /// What is sent along.
    pub body: Option<Template>,
    /// The request itself, where it has no gaps.
    pub prepared: Option<Prepared>,
}

/// A request ready to be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, possibly empty.
    pub body: Bytes,
}

/// A request whose path or header is none once its gaps are filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not a path.
    #[error("`{0}` is no path; it begins with `/` and has no spaces")]
    Path(String),
    /// Letters that no header may have.
    #[error("the value of header `{0}` has letters that no header may have")]
    Header(HeaderName),
}

impl Request {
    /// Makes the request once and for all if it has no gaps; finds out what is wrong with it.
    pub fn prepare(&mut self, authority: &str) -> Result<(), RequestError> {
        let literal = self.path.literal().is_some()
            && self.headers.iter().all(|(_, value)| value.literal().is_some())
            && self.body.as_ref().is_none_or(|body| body.literal().is_some());
        if literal {
            let mut nothing = Values { slots: Vec::new(), number: 0, chance: Chance::new(0) };
            self.prepared = Some(self.fill(authority, &mut nothing)?);
        }
        Ok(())
    }

    /// Whether any of these slots is filled in.
    pub(crate) fn uses(&self, slots: &Range<usize>) -> bool {
        self.path.uses(slots)
            || self.headers.iter().any(|(_, value)| value.uses(slots))
            || self.body.as_ref().is_some_and(|body| body.uses(slots))
    }

    /// Fills the gaps.
    pub fn fill(&self, authority: &str, values: &mut Values) -> Result<Prepared, RequestError> {
        let path = self.path.fill(values);
        let uri = path.parse::<Uri>().ok().filter(|uri| uri.authority().is_none());
        let uri = uri.filter(|_| path.starts_with('/')).ok_or(RequestError::Path(path))?;
        let mut headers = HeaderMap::with_capacity(self.headers.len() + 2);
        if let Ok(host) = HeaderValue::from_str(authority) {
            headers.insert(header::HOST, host);
        }
        headers.insert(header::USER_AGENT, USER_AGENT);
        for (name, template) in &self.headers {
            let value = HeaderValue::from_str(&template.fill(values)).ok();
            headers.insert(name, value.ok_or_else(|| RequestError::Header(name.clone()))?);
        }
        let body = self.body.as_ref().map(|body| Bytes::from(body.fill(values)));
        Ok(Prepared { method: self.method.clone(), uri, headers, body: body.unwrap_or_default() })
    }
}

/// Something that must hold of an answer.
#[derive(Clone, Debug)]
pub enum Check {
    /// The body has this text in it.
    Contains(String),
    /// The expression is found in the body.
    Matches(Regex),
    /// A value of the JSON body; with a text, it must be that.
    Json(JsonPath, Option<String>),
    /// A header is there; with a text, it must be that.
    Header(HeaderName, Option<String>),
}

/// A value taken from an answer for later steps.
#[derive(Clone, Debug)]
pub struct Extract {
    /// Where it is kept.
    pub slot: usize,
    /// Where it comes from.
    pub source: Source,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A value of the JSON body.
    Json(JsonPath),
    /// The first group of an expression in the body, or all it matches.
    Matches(Regex),
    /// A header.
    Header(HeaderName),
}

/// Whether a body has been read as JSON yet.
#[derive(Debug)]
enum Read {
    NotYet,
    No,
    Yes(Value),
}

/// The body of an answer, read as JSON at most once.
#[derive(Debug)]
pub struct BodyText<'b> {
    bytes: &'b [u8],
    json: Read,
}

impl<'b> BodyText<'b> {
    /// The body of an answer.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, json: Read::NotYet }
    }

    fn json(&mut self) -> Option<&Value> {
        if matches!(self.json, Read::NotYet) {
            self.json = serde_json::from_slice(self.bytes).map_or(Read::No, Read::Yes);
        }
        match &self.json {
            Read::Yes(document) => Some(document),
            Read::NotYet | Read::No => None,
        }
    }
}

impl Check {
    /// Whether it holds.
    pub fn holds(&self, headers: &HeaderMap, body: &mut BodyText<'_>) -> bool {
        match self {
            Self::Contains(text) => {
                let text = text.as_bytes();
                text.is_empty() || body.bytes.windows(text.len()).any(|window| window == text)
            }
            Self::Matches(pattern) => pattern.is_match(body.bytes),
            Self::Json(path, wanted) => {
                let found = body.json().and_then(|document| path.find(document)).map(as_text);
                found.is_some_and(|found| wanted.as_ref().is_none_or(|wanted| *wanted == found))
            }
            Self::Header(name, wanted) => headers.get(name).is_some_and(|found| {
                wanted.as_ref().is_none_or(|wanted| wanted.as_bytes() == found.as_bytes())
            }),
        }
    }
}

impl Extract {
    /// The value, if the answer has it.
    pub fn take(&self, headers: &HeaderMap, body: &mut BodyText<'_>) -> Result<String, Trouble> {
        let found = match &self.source {
            Source::Json(path) => body.json().and_then(|document| path.find(document)).map(as_text),
            Source::Matches(pattern) => pattern.captures(body.bytes).and_then(|groups| {
                let group = groups.get(1).or_else(|| groups.get(0))?;
                Some(String::from_utf8_lossy(group.as_bytes()).into_owned())
            }),
            Source::Header(name) => headers
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        };
        found.ok_or(Trouble::NotFound)
    }
}

/// How long a user waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// At least this long.
    pub least: Duration,
    /// At most this long.
    pub most: Duration,
}

impl Pause {
    /// A length between the two, by chance.
    pub fn draw(&self, chance: &mut Chance) -> Duration {
        let room = nanos(self.most.saturating_sub(self.least));
        let part = chance.below(usize::try_from(room.saturating_add(1)).unwrap_or(usize::MAX));
        self.least + Duration::from_nanos(part as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::Scope;

    fn request(path: &str, header: &str) -> Request {
        let mut scope = Scope::default();
        scope.define("id");
        let template = |text| Template::parse(text, &scope).unwrap();
        Request {
            method: Method::GET,
            origin: 0,
            path: template(path),
            headers: vec![(header::ACCEPT, template(header))],
            body: None,
            prepared: None,
        }
    }

    #[test]
    fn a_request_without_gaps_is_made_once() {
        let mut plain = request("/x?y=1", "text/html");
        plain.prepare("a.example").unwrap();
        assert_eq!(plain.prepared.unwrap().headers[header::HOST], "a.example");
        let mut gaps = request("/x/{{id}}", "text/html");
        gaps.prepare("a.example").unwrap();
        assert!(gaps.prepared.is_none());
        let mut values = Values { slots: vec!["7".into()], number: 0, chance: Chance::new(1) };
        assert_eq!(gaps.fill("a", &mut values).unwrap().uri, "/x/7");
        values.slots = vec!["a b".into()];
        assert_eq!(gaps.fill("a", &mut values).err(), Some(RequestError::Path("/x/a b".into())));
    }

    #[test]
    fn a_value_cannot_smuggle_in_a_header_or_another_host() {
        let mut values =
            Values { slots: vec!["x\r\nEvil: 1".into()], number: 0, chance: Chance::new(1) };
        assert!(matches!(
            request("/", "{{id}}").fill("a", &mut values),
            Err(RequestError::Header(_))
        ));
        values.slots = vec!["http://evil.example/".into()];
        assert!(request("{{id}}", "x").fill("a", &mut values).is_err());
        values.slots = vec!["evil.example:80".into()];
        assert!(request("{{id}}", "x").fill("a", &mut values).is_err());
    }

    #[test]
    fn checks_look_at_body_and_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("x-kind", HeaderValue::from_static("shop"));
        let holds =
            |check: &Check, body: &str| check.holds(&headers, &mut BodyText::new(body.as_bytes()));
        assert!(
            holds(&Check::Contains("b".into()), "abc")
                && !holds(&Check::Contains("d".into()), "abc")
        );
        assert!(holds(&Check::Matches(Regex::new("^a.c$").unwrap()), "abc"));
        let path = JsonPath::parse("$.ok").unwrap();
        assert!(holds(&Check::Json(path.clone(), Some("true".into())), r#"{"ok": true}"#));
        assert!(!holds(&Check::Json(path.clone(), Some("true".into())), r#"{"ok": false}"#));
        assert!(!holds(&Check::Json(path, None), "no json"));
        let name = HeaderName::from_static("x-kind");
        assert!(
            holds(&Check::Header(name.clone(), None), "")
                && !holds(&Check::Header(name, Some("x".into())), "")
        );
    }

    #[test]
    fn what_is_not_there_cannot_be_taken() {
        let take = |source: Source, body: &str| {
            Extract { slot: 0, source }.take(&HeaderMap::new(), &mut BodyText::new(body.as_bytes()))
        };
        let token = Source::Matches(Regex::new("token=(\\w+)").unwrap());
        assert_eq!(take(token.clone(), "a token=x1 b").as_deref(), Ok("x1"));
        assert_eq!(take(token, "nothing"), Err(Trouble::NotFound));
        assert_eq!(
            take(Source::Json(JsonPath::parse("$.n").unwrap()), r#"{"n":5}"#).as_deref(),
            Ok("5")
        );
    }

    #[test]
    fn a_pause_with_seed_9_lies_within_its_ends() {
        let pause = Pause { least: Duration::from_millis(100), most: Duration::from_millis(300) };
        let mut chance = Chance::new(9);
        let drawn: Vec<Duration> = (0..200).map(|_| pause.draw(&mut chance)).collect();
        assert!(drawn.iter().all(|length| (pause.least..=pause.most).contains(length)));
        assert!(drawn.iter().any(|length| *length < Duration::from_millis(150)));
    }
}
