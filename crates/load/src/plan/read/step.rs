//! Steps: a request, what must hold of the answer, what is taken from it, and a pause.

use std::ops::RangeInclusive;

use http::HeaderName;
use settings::{Field, Mistake, Node};

use super::{
    Reading,
    values::{json_path, pattern, pause, wrong},
};
use crate::{
    journey::{Check, Extract, Scope, Source, Step},
    plan::blot,
};

/// Statuses that count as success unless the step says otherwise.
const STATUSES: RangeInclusive<u16> = 100..=399;
/// Most redirects that may be followed; browsers give up after twenty.
const REDIRECTS_MAX: u64 = 20;

/// Statuses and checks of a step.
type Expected = (Vec<RangeInclusive<u16>>, Vec<Check>);

impl<'d> Reading<'_, 'd> {
    pub(super) fn step(&self, node: Node<'d>, scope: &mut Scope) -> Option<Step> {
        let reader = self.reader;
        let fields = reader.fields(node, "a step")?;
        let name = fields.take("name").and_then(|field| reader.text(field.node));
        let request = self.request(&fields, scope);
        let redirects =
            fields.take("redirects").and_then(|field| reader.whole(field.node, 0..=REDIRECTS_MAX));
        let (statuses, checks) = self.expected(fields.take("expect"));
        let extracts = self.extracts(fields.take("extract"), scope);
        let think = fields.take("think").and_then(|field| pause(reader, field.node));
        fields.finish();
        let request = request?;
        let index = self.steps.get();
        self.steps.set(index + 1);
        // Values of a query may be secrets, and names stand in reports.
        let called = || format!("{} {}", request.method, blot(request.path.start()));
        let name = name.map_or_else(called, str::to_owned);
        let redirects = u8::try_from(redirects.unwrap_or(0)).unwrap_or(0);
        Some(Step { name, index, request, redirects, checks, statuses, extracts, think })
    }

    fn expected(&self, field: Option<Field<'d>>) -> Expected {
        let reader = self.reader;
        let default = || (vec![STATUSES], Vec::new());
        let Some(fields) = field.and_then(|field| reader.fields(field.node, "`expect`")) else {
            return default();
        };
        let mut checks = Vec::new();
        let statuses = fields.take("status").map(|field| self.statuses(field.node));
        if let Some(text) = fields.take("contains").and_then(|field| reader.text(field.node)) {
            checks.push(Check::Contains(text.to_owned()));
        }
        if let Some(found) = fields.take("matches").and_then(|field| pattern(reader, field.node)) {
            checks.push(Check::Matches(found));
        }
        for entry in fields.take("json").map_or_else(Vec::new, |field| reader.entries(field.node)) {
            match crate::journey::JsonPath::parse(entry.key) {
                Ok(path) => checks.push(Check::Json(path, wanted(entry.node))),
                Err(error) => reader.report(Mistake::at(entry.place, error.to_string())),
            }
        }
        for entry in fields.take("header").map_or_else(Vec::new, |field| reader.entries(field.node))
        {
            match entry.key.parse::<HeaderName>() {
                Ok(name) => checks.push(Check::Header(name, wanted(entry.node))),
                Err(error) => reader.report(Mistake::at(entry.place, error.to_string())),
            }
        }
        fields.finish();
        (statuses.unwrap_or_else(|| vec![STATUSES]), checks)
    }

    /// One status, a range such as `200..299`, or a list of them.
    fn statuses(&self, node: Node<'d>) -> Vec<RangeInclusive<u16>> {
        let nodes = node.items().map_or_else(|| vec![node], Iterator::collect);
        let mut statuses = Vec::new();
        for node in nodes {
            let text = node.scalar().unwrap_or_default();
            let (from, to) = text.split_once("..").unwrap_or((text, text));
            let status = |text: &str| {
                text.trim().parse::<u16>().ok().filter(|status| (100..=599).contains(status))
            };
            match status(from).zip(status(to)).filter(|(from, to)| from <= to) {
                Some((from, to)) => statuses.push(from..=to),
                None => wrong(
                    self.reader,
                    node,
                    format!("`{text}` is no status"),
                    "write `200`, `200..299`, or a list of them",
                ),
            }
        }
        statuses
    }

    /// Names with where their values come from. From here on they may be used in templates.
    fn extracts(&self, field: Option<Field<'d>>, scope: &mut Scope) -> Vec<Extract> {
        let reader = self.reader;
        let mut extracts = Vec::new();
        for entry in field.map_or_else(Vec::new, |field| reader.entries(field.node)) {
            let slot = scope.define(entry.key);
            let source = if entry.node.entries().is_some() {
                self.source(entry.node)
            } else {
                json_path(reader, entry.node).map(Source::Json)
            };
            extracts.extend(source.map(|source| Extract { slot, source }));
        }
        extracts
    }

    fn source(&self, node: Node<'d>) -> Option<Source> {
        let reader = self.reader;
        let fields = reader.fields(node, "an extraction")?;
        let json = fields.take("json").and_then(|field| json_path(reader, field.node));
        let found = fields.take("matches").and_then(|field| pattern(reader, field.node));
        let header = fields.take("header").and_then(|field| {
            let name = reader.text(field.node)?.parse::<HeaderName>();
            if name.is_err() {
                wrong(reader, field.node, "this cannot be a header's name".to_owned(), "");
            }
            name.ok()
        });
        fields.finish();
        match (json, found, header) {
            (Some(path), None, None) => Some(Source::Json(path)),
            (None, Some(pattern), None) => Some(Source::Matches(pattern)),
            (None, None, Some(name)) => Some(Source::Header(name)),
            _ => {
                let message = "an extraction has one of `json`, `matches` and `header`";
                reader.report(Mistake::at(node.place(), message));
                None
            }
        }
    }
}

/// The text a value must be; nothing written means that it must only be there.
fn wanted(node: Node<'_>) -> Option<String> {
    node.scalar().filter(|_| !node.is_null()).map(str::to_owned)
}
