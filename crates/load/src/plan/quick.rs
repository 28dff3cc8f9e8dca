//! A plan from one web address, without a file.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use model::Kind;
use url::{ParseError, Url};

use super::{Connections, Limits, Load, Plan, Protocol, Scenario, Threshold, Trust, blot};
use crate::{
    journey::{Journey, Request, RequestError, Step, Template},
    target::{Allowed, Origin},
};

/// What can be said about a load test in one line.
#[derive(Clone, Debug)]
pub struct Quick {
    /// What is asked for.
    pub url: String,
    /// How much of it.
    pub load: Load,
    /// The method.
    pub method: String,
    /// Headers as they are written: `Name: value`.
    pub headers: Vec<String>,
    /// What is sent along.
    pub body: Option<String>,
    /// Which requests share a connection.
    pub connections: Connections,
    /// Which version of HTTP is spoken.
    pub protocol: Protocol,
    /// Who may be contacted besides this machine.
    pub allowed: Vec<Allowed>,
    /// How certificates are checked.
    pub trust: Trust,
    /// What must hold in the end.
    pub thresholds: Vec<Threshold>,
    /// Bounds.
    pub limits: Limits,
    /// Where chance starts.
    pub seed: u64,
}

/// Why a line is no plan.
#[derive(Debug, thiserror::Error)]
pub enum QuickError {
    /// Not a web address.
    #[error("`{0}` is no web address; write `http://` or `https://` and a host")]
    Url(String),
    /// A port that there is not.
    #[error("`{0}` has no port that there is; ports go from 1 to 65535")]
    Port(String),
    /// Not a method.
    #[error("`{0}` is no method of HTTP")]
    Method(String),
    /// Not a header.
    #[error("`{0}` is no header; write `Name: value`")]
    Header(String),
    /// Not a request.
    #[error("the request cannot be made")]
    Request(#[source] RequestError),
    /// A rule about a step that is not there.
    #[error("`{0}`: there is one step only; leave out `of …`")]
    Step(String),
    /// Nothing is to be sent.
    #[error("nothing would be sent: rate, users and length must be above nought")]
    Nothing,
}

impl QuickError {
    /// What you sent is wrong.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Quick {
    /// The plan.
    pub fn plan(self) -> Result<Plan, QuickError> {
        let wrong = || QuickError::Url(blot(&self.url));
        let url = Url::parse(&self.url).map_err(|error| match error {
            ParseError::InvalidPort => QuickError::Port(blot(&self.url)),
            _ => wrong(),
        })?;
        let origin = Origin::of(&url).ok_or_else(wrong)?;
        let nothing = match &self.load {
            Load::Open { rate, .. } => rate.expected() <= 0.0,
            Load::Closed { users, length, .. } => *users == 0 || *length == Duration::ZERO,
        };
        if nothing {
            return Err(QuickError::Nothing);
        }
        if let Some(rule) = self.thresholds.iter().find(|rule| rule.step.is_some()) {
            return Err(QuickError::Step(rule.text.clone()));
        }
        let mut request = self.request(&url)?;
        request.prepare(&origin.authority()).map_err(QuickError::Request)?;
        let name = format!("{} {}", request.method, url.path());
        let step = Step {
            name: name.clone(),
            index: 0,
            request,
            redirects: 0,
            checks: Vec::new(),
            statuses: vec![100..=399],
            extracts: Vec::new(),
            think: None,
        };
        let journey = Journey { name, weight: 1, feeds: Vec::new(), steps: vec![step] };
        let scenario = Scenario {
            name: "quick".to_owned(),
            load: self.load,
            connections: self.connections,
            protocol: self.protocol,
            cookies: false,
            journeys: vec![journey],
        };
        Ok(Plan {
            name: blot(&self.url),
            seed: self.seed,
            origins: vec![origin],
            allowed: self.allowed,
            trust: self.trust,
            scenarios: vec![scenario],
            feeds: Vec::new(),
            values: Vec::new(),
            thresholds: self.thresholds,
            aborts: Vec::new(),
            limits: self.limits,
            profile: None,
            files: Vec::new(),
        })
    }

    fn request(&self, url: &Url) -> Result<Request, QuickError> {
        let method = Method::from_bytes(self.method.as_bytes()).ok();
        let method = method.ok_or_else(|| QuickError::Method(self.method.clone()))?;
        let mut headers = Vec::new();
        for written in &self.headers {
            let wrong = || QuickError::Header(written.clone());
            let (name, value) = written.split_once(':').ok_or_else(wrong)?;
            let name = HeaderName::from_bytes(name.trim().as_bytes()).ok().ok_or_else(wrong)?;
            let value = value.trim();
            HeaderValue::from_str(value).ok().ok_or_else(wrong)?;
            headers.push((name, Template::text(value)));
        }
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let body = self.body.as_deref().map(Template::text);
        let path = Template::text(&path);
        Ok(Request { method, origin: 0, path, headers, body, prepared: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Rate, Spacing};

    fn quick(url: &str) -> Quick {
        Quick {
            url: url.to_owned(),
            load: Load::Open {
                rate: Rate::constant(10.0, Duration::from_secs(1)),
                spacing: Spacing::Even,
            },
            method: "GET".into(),
            headers: vec!["Accept: text/html".into()],
            body: None,
            connections: Connections::Shared,
            protocol: Protocol::Http1,
            allowed: Vec::new(),
            trust: Trust::default(),
            thresholds: Vec::new(),
            limits: Limits::default(),
            seed: 1,
        }
    }

    #[test]
    fn one_address_is_a_plan_with_one_step() {
        let plan = quick("http://localhost:8080/a?b=c").plan().unwrap();
        let (_, step) = plan.steps().next().unwrap();
        let prepared = step.request.prepared.clone().unwrap();
        assert_eq!(prepared.uri, "/a?b=c");
        assert_eq!(prepared.headers["host"], "localhost:8080");
        assert_eq!(prepared.headers["accept"], "text/html");
        assert!((plan.expected() - 10.0).abs() < 1e-9 && !plan.is_closed());
    }

    #[test]
    fn what_may_be_secret_in_an_address_is_in_no_name() {
        let plan = quick("http://me:pass@localhost/a?token=abc").plan().unwrap();
        assert_eq!(plan.name, "http://***@localhost/a?token=***");
        let (_, step) = plan.steps().next().unwrap();
        assert_eq!(step.name, "GET /a");
        assert!(!quick("ftp://me:pass@h/").plan().unwrap_err().to_string().contains("pass"));
    }

    #[test]
    fn what_makes_no_request_is_refused() {
        assert!(matches!(quick("localhost:8080").plan(), Err(QuickError::Url(_))));
        assert!(matches!(quick("ftp://localhost/").plan(), Err(QuickError::Url(_))));
        assert!(matches!(quick("http://localhost:99999/").plan(), Err(QuickError::Port(_))));
        let with = |change: fn(&mut Quick)| {
            let mut quick = quick("http://localhost/");
            change(&mut quick);
            quick.plan().unwrap_err().to_string()
        };
        assert!(with(|quick| quick.method = "GE T".into()).contains("method"));
        assert!(with(|quick| quick.headers = vec!["novalue".into()]).contains("header"));
        assert!(with(|quick| quick.headers = vec!["A: b\nc".into()]).contains("header"));
        assert!(
            with(|quick| quick.thresholds = vec!["errors of x < 1%".parse().unwrap()])
                .contains("one step")
        );
        let none = Load::Closed { users: 0, length: Duration::from_secs(1), ramp: Duration::ZERO };
        let quick = Quick { load: none, ..quick("http://localhost/") };
        assert!(matches!(quick.plan(), Err(QuickError::Nothing)));
    }
}
