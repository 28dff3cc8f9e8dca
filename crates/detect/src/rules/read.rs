//! Reads rule files, as Prometheus has them or wrapped in a `PrometheusRule` manifest.

use std::{cell::Cell, ops::RangeInclusive};

use model::Span;
use settings::{Document, Mistake, Mistakes, Node, Place, Reader};

use super::{AlertRule, RecordRule, Rule, RuleGroup, care, check, join};

/// Durations that Prometheus can hold; its own are 64-bit nanoseconds, 292 years.
const DURATIONS: RangeInclusive<Span> = Span::ZERO..=Span::days(292 * 365);
/// Rules in one file. The largest known files hold ten thousand.
const RULES_MAX: usize = 100_000;

/// What a file holds, as far as it can be read.
#[derive(Clone, Debug)]
pub struct Found {
    /// The groups in which nothing is wrong.
    pub groups: Vec<RuleGroup>,
    /// Everything that is wrong; possibly nothing.
    pub mistakes: Mistakes,
}

/// Reads a rule file; the name is for messages and for [`RuleGroup::file`].
///
/// Finds every mistake that `promtool check rules` finds, all in one go.
pub fn parse(name: &str, text: &str) -> Result<Vec<RuleGroup>, Mistakes> {
    let found = read(name, text);
    if found.mistakes.is_empty() { Ok(found.groups) } else { Err(found.mistakes) }
}

/// Reads a rule file as [`parse`] does. A group in which something is wrong is left out and costs no
/// other; a file that is no YAML has no groups.
///
/// It may be a rule file of Prometheus, `PrometheusRule` manifests of its operator among others, or a
/// list of such, in one document or in several.
pub fn read(name: &str, text: &str) -> Found {
    let document = match Document::parse_many(name, text) {
        Ok(document) => document,
        Err(mistakes) => return Found { groups: Vec::new(), mistakes },
    };
    let reader = Reader::new(&document);
    let file = File { name, text: document.text(), reader: &reader, rules: Cell::new(0) };
    let groups = file.groups();
    Found { groups: join([groups]), mistakes: reader.found() }
}

/// The file that is being read.
struct File<'r, 'd> {
    name: &'r str,
    text: &'r str,
    reader: &'r Reader<'d>,
    /// How many rules there were so far.
    rules: Cell<usize>,
}

/// The keys of a rule that are texts, with their places.
struct RuleTexts<'d> {
    record: Option<Node<'d>>,
    alert: Option<Node<'d>>,
    expr: Option<Node<'d>>,
}

/// Names that groups of the file already have, with their places.
type Names = Vec<(String, Place)>;

impl<'d> File<'_, 'd> {
    fn groups(&self) -> Vec<RuleGroup> {
        let mut groups = Vec::new();
        let mut names = Names::new();
        for root in self.reader.roots() {
            self.document(root, &mut names, &mut groups);
        }
        groups
    }

    /// A document: a rule file, a manifest, or a list of manifests. Manifests of other kinds are
    /// somebody else's.
    fn document(&self, root: Node<'d>, names: &mut Names, groups: &mut Vec<RuleGroup>) {
        let kind = root.get("kind").and_then(Node::scalar);
        match kind {
            Some("PrometheusRule") => self.manifest(root, groups),
            Some(kind) if kind.ends_with("List") && root.get("items").is_some() => {
                for item in
                    root.get("items").map(|items| self.reader.items(items)).unwrap_or_default()
                {
                    self.document(item, names, groups);
                }
            }
            Some(_) if root.get("apiVersion").is_some() && root.get("groups").is_none() => {}
            _ => self.group_list(root, "a rule file", names, groups),
        }
    }

    fn manifest(&self, root: Node<'d>, groups: &mut Vec<RuleGroup>) {
        let Some(fields) = self.reader.fields(root, "a PrometheusRule") else { return };
        for key in ["apiVersion", "kind", "metadata", "status"] {
            fields.allow(key);
        }
        let spec = fields.need("spec");
        fields.finish();
        // Each manifest is a file of its own in Kubernetes, so names count within it.
        if let Some(spec) = spec {
            self.group_list(spec.node, "the spec", &mut Names::new(), groups);
        }
    }

    fn group_list(
        &self,
        node: Node<'d>,
        what: &str,
        names: &mut Names,
        groups: &mut Vec<RuleGroup>,
    ) {
        let Some(fields) = self.reader.fields(node, what) else { return };
        let items = fields.take("groups").map(|field| self.reader.items(field.node));
        let items = items.unwrap_or_default();
        for (at, item) in items.iter().enumerate() {
            let Some((group, place)) = self.group(*item, what == "the spec") else { continue };
            if let Some((_, first)) = names.iter().find(|(name, _)| *name == group.name) {
                let message = format!("the group `{}` is in this file twice", group.name);
                self.reader.report(Mistake::at(place, message).also(*first, "it is here already"));
            }
            self.rules.set(self.rules.get() + group.rules.len());
            if self.rules.get() > RULES_MAX {
                self.reader.report(Mistake::at(place, format!("more than {RULES_MAX} rules")));
                break;
            }
            names.push((group.name.clone(), place));
            let start = item.place().start;
            let end = items.get(at + 1).map_or(self.text.len(), |next| next.place().start);
            if !self.reader.is_wrong_within(start..end.max(start)) {
                groups.push(group);
            }
        }
        fields.finish();
    }

    fn group(&self, node: Node<'d>, manifest: bool) -> Option<(RuleGroup, Place)> {
        let fields = self.reader.fields(node, "a group")?;
        let name = fields.need("name").and_then(|field| self.reader.placed(field.node));
        let interval = fields.take("interval").and_then(|field| self.duration(field.node));
        let query_offset = fields.take("query_offset").and_then(|field| self.duration(field.node));
        let limit = fields
            .take("limit")
            .and_then(|field| self.reader.whole(field.node, 0..=u64::from(u32::MAX)))
            .unwrap_or(0);
        let labels = fields.take("labels").map(|field| self.labels(field.node)).unwrap_or_default();
        let rules = fields.take("rules").map(|field| self.reader.items(field.node));
        if manifest {
            // Only Thanos reads it; the operator lets it pass in every manifest.
            fields.allow("partial_response_strategy");
        }
        fields.finish();
        let items = rules.unwrap_or_default();
        let rules = items.into_iter().filter_map(|item| self.rule(item, &labels)).collect();
        let name = name?;
        let group = RuleGroup {
            name: name.value,
            file: self.name.to_owned(),
            interval: interval.filter(|interval| *interval > Span::ZERO),
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            query_offset,
            labels,
            rules,
        };
        Some((group, name.place))
    }

    fn rule(&self, node: Node<'d>, group_labels: &[(String, String)]) -> Option<Rule> {
        let fields = self.reader.fields(node, "a rule")?;
        let taken = |key| fields.take(key).map(|field| field.node);
        let texts =
            RuleTexts { record: taken("record"), alert: taken("alert"), expr: taken("expr") };
        let hold = fields.take("for");
        let keep = fields.take("keep_firing_for");
        let labels = fields.take("labels");
        let annotations = fields.take("annotations");
        fields.finish();
        let expr = self.expression(node, &texts);
        let own_labels = labels.map(|field| self.labels(field.node)).unwrap_or_default();
        let durations = [hold, keep]
            .map(|field| field.and_then(|field| self.duration(field.node)).unwrap_or(Span::ZERO));
        let merged = merge(group_labels, &own_labels);
        match (texts.record, texts.alert) {
            (Some(record), None) => {
                let odd = [(hold, "for"), (keep, "keep_firing_for"), (annotations, "annotations")];
                for (field, key) in odd {
                    let Some(field) = field else { continue };
                    let message = format!("a recording rule has no `{key}`");
                    self.reader.report(
                        Mistake::at(field.key, message)
                            .help("only an alert can have it; leave it out"),
                    );
                }
                check::record_name(self.reader, record);
                let name = self.reader.text(record)?.to_owned();
                Some(Rule::Record(RecordRule { name, expr: expr?, labels: merged }))
            }
            (None, Some(alert)) => {
                let care = care::read(
                    self.reader,
                    annotations,
                    expr.as_deref().unwrap_or_default(),
                    self.text,
                );
                let annotations =
                    annotations.map(|field| self.annotations(field.node)).unwrap_or_default();
                if let Some(field) = labels {
                    check::templates(self.reader, field.node, self.text);
                }
                Some(Rule::Alert(AlertRule {
                    source: String::new(),
                    name: self.reader.text(alert)?.to_owned(),
                    expr: expr?,
                    hold: durations[0],
                    keep_firing_for: durations[1],
                    labels: merged,
                    annotations,
                    care,
                }))
            }
            (Some(record), Some(alert)) => {
                let mistake = Mistake::at(alert.place(), "a rule has either `record` or `alert`");
                self.reader.report(
                    mistake
                        .also(record.place(), "this makes it a recording rule")
                        .help("make two rules of it"),
                );
                None
            }
            (None, None) => {
                let mistake = Mistake::at(node.place(), "a rule needs `record` or `alert`");
                self.reader.report(mistake.label("neither is here"));
                None
            }
        }
    }

    fn expression(&self, rule: Node<'d>, texts: &RuleTexts<'d>) -> Option<String> {
        let Some(node) = texts.expr.filter(|node| node.scalar() != Some("")) else {
            let mistake = Mistake::at(rule.place(), "a rule needs `expr`");
            self.reader.report(mistake.label("`expr` is missing here"));
            return None;
        };
        let expr = self.reader.text(node)?;
        check::expression(self.reader, node, self.text).then(|| expr.to_owned())
    }

    fn duration(&self, node: Node<'d>) -> Option<Span> {
        self.reader.duration(node, DURATIONS)
    }

    fn labels(&self, node: Node<'d>) -> Vec<(String, String)> {
        check::names(self.reader, node, "label");
        self.texts(node)
    }

    fn annotations(&self, node: Node<'d>) -> Vec<(String, String)> {
        check::names(self.reader, node, "annotation");
        check::templates(self.reader, node, self.text);
        self.texts(node)
    }

    fn texts(&self, node: Node<'d>) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for entry in self.reader.entries(node) {
            let value = if entry.node.is_null() { Some("") } else { entry.node.scalar() };
            match value {
                Some(value) => texts.push((entry.key.to_owned(), value.to_owned())),
                None => self.reader.wrong(entry.node, "a text is expected here", ""),
            }
        }
        texts
    }
}

/// The group's labels that the rule does not set itself, then the rule's.
fn merge(group: &[(String, String)], own: &[(String, String)]) -> Vec<(String, String)> {
    let mut merged: Vec<_> = group
        .iter()
        .filter(|(name, _)| own.iter().all(|(other, _)| other != name))
        .cloned()
        .collect();
    merged.extend_from_slice(own);
    merged
}
