//! From YAML to tests, with every mistake marked.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Labels, NotationError, Point, Span, Time, described_labels, described_points};
use settings::{Document, Field, Fields, Mistake, Mistakes, Node, Reader};

use super::{AlertTest, ExpressionTest, Test, TestFile};

/// Without an interval rules are evaluated once a minute, as with promtool.
const INTERVAL: Span = Span::minutes(1);
/// From one evaluation to the next at most.
const INTERVALS: std::ops::RangeInclusive<Span> = Span::ZERO..=Span::days(365);
/// How late in a test something may be asked.
const TIMES: std::ops::RangeInclusive<Span> = Span::ZERO..=Span::days(300 * 365);
/// Points of all series of one test; sixteen bytes each.
const POINTS_MAX: usize = 20_000_000;
/// Evaluations of one test: a year at ten seconds.
const EVALUATIONS_MAX: i64 = 3_200_000;

/// Reads a file of tests.
pub(super) fn parse(name: &str, text: &str) -> Result<TestFile, Mistakes> {
    let document = Document::parse(name, text)?;
    let reader = Reader::new(&document);
    let found = Tests { reader: &reader, text }.file();
    reader.finish()?;
    Ok(found.unwrap_or_else(|| TestFile {
        rule_files: Vec::new(),
        evaluation_interval: INTERVAL,
        group_order: Vec::new(),
        fuzzy: false,
        tests: Vec::new(),
    }))
}

/// The file that is being read.
struct Tests<'r, 'd> {
    reader: &'r Reader<'d>,
    text: &'r str,
}

impl<'d> Tests<'_, 'd> {
    fn file(&self) -> Option<TestFile> {
        let fields = self.reader.fields(self.reader.root(), "a file of tests")?;
        let rule_files = fields.take("rule_files").map(|field| self.reader.texts(field.node));
        let every = self.interval(&fields, "evaluation_interval").unwrap_or(INTERVAL);
        let order = fields.take("group_eval_order").map(|field| self.order(field));
        let fuzzy = fields.take("fuzzy_compare").and_then(|field| self.reader.truth(field.node));
        let tests = fields.take("tests").map(|field| self.reader.items(field.node));
        fields.finish();
        let tests = tests.unwrap_or_default();
        Some(TestFile {
            rule_files: rule_files.unwrap_or_default(),
            evaluation_interval: every,
            group_order: order.unwrap_or_default(),
            fuzzy: fuzzy.unwrap_or(false),
            tests: tests.into_iter().filter_map(|test| self.test(test, every)).collect(),
        })
    }

    fn order(&self, field: Field<'d>) -> Vec<String> {
        let mut seen = BTreeSet::new();
        for item in self.reader.items(field.node) {
            if let Some(name) = self.reader.text(item)
                && !seen.insert(name)
            {
                let message = format!("the group `{name}` stands here twice");
                self.reader.report(Mistake::at(item.place(), message).help("keep one of the two"));
            }
        }
        self.reader.texts(field.node)
    }

    fn test(&self, node: Node<'d>, every: Span) -> Option<Test> {
        let fields = self.reader.fields(node, "a test")?;
        let name = fields.take("name").and_then(|field| self.reader.text(field.node));
        let interval = self.interval(&fields, "interval").unwrap_or(every);
        let start = fields.take("start_timestamp").and_then(|field| self.moment(field.node));
        let series = fields.take("input_series").map(|field| self.series(field.node));
        let labels = fields.take("external_labels").map(|field| self.pairs(field.node));
        let url = fields.take("external_url").and_then(|field| self.reader.text(field.node));
        let alerts = fields.take("alert_rule_test").map(|field| self.reader.items(field.node));
        let asked = fields.take("promql_expr_test").map(|field| self.reader.items(field.node));
        fields.finish();
        let alerts = alerts.unwrap_or_default().into_iter();
        let asked = asked.unwrap_or_default().into_iter();
        let test = Test {
            name: name.unwrap_or_default().to_owned(),
            interval,
            start: start.unwrap_or(Time(0)),
            series: series.unwrap_or_default(),
            external_labels: labels.unwrap_or_else(Labels::empty),
            external_url: url.unwrap_or_default().to_owned(),
            alerts: alerts.filter_map(|one| self.alert(one, every)).collect(),
            expressions: asked.filter_map(|one| self.expression(one, every)).collect(),
        };
        Some(test)
    }

    fn series(&self, node: Node<'d>) -> Vec<(Labels, Vec<Point>)> {
        let mut series = Vec::new();
        let mut count = 0;
        for item in self.reader.items(node) {
            let Some(fields) = self.reader.fields(item, "a series") else { continue };
            let who = fields.need("series").and_then(|field| self.labels(field.node));
            let what = fields.need("values").and_then(|field| {
                self.noted(field.node, "these are no points of a series", described_points)
            });
            fields.finish();
            let Some((labels, points)) = who.zip(what) else { continue };
            count += points.len();
            if count > POINTS_MAX {
                let message = format!("the series have more than {POINTS_MAX} points together");
                self.reader.report(Mistake::at(item.place(), message));
                break;
            }
            series.push((labels, points));
        }
        series
    }

    fn alert(&self, node: Node<'d>, every: Span) -> Option<AlertTest> {
        let fields = self.reader.fields(node, "a test of alerts")?;
        let at = self.time(&fields, every);
        let name = fields.need("alertname").and_then(|field| self.reader.text(field.node));
        let items = fields.take("exp_alerts").map(|field| self.reader.items(field.node));
        fields.finish();
        let name = name?;
        let mut wanted = Vec::new();
        for item in items.unwrap_or_default() {
            let Some(fields) = self.reader.fields(item, "an alert") else { continue };
            let labels = fields.take("exp_labels").map(|field| self.pairs(field.node));
            let notes = fields.take("exp_annotations").map(|field| self.pairs(field.node));
            fields.finish();
            let labels = labels.unwrap_or_else(Labels::empty).with("alertname", name);
            wanted.push((labels, notes.unwrap_or_else(Labels::empty)));
        }
        Some(AlertTest { at: at?, name: name.to_owned(), wanted })
    }

    fn expression(&self, node: Node<'d>, every: Span) -> Option<ExpressionTest> {
        let fields = self.reader.fields(node, "a test of an expression")?;
        let at = self.time(&fields, every);
        let expr = fields.need("expr").and_then(|field| self.reader.text(field.node));
        let items = fields.take("exp_samples").map(|field| self.reader.items(field.node));
        fields.finish();
        let items = items.unwrap_or_default().into_iter();
        let wanted = items.filter_map(|item| self.sample(item)).collect();
        Some(ExpressionTest { at: at?, expr: expr?.to_owned(), wanted })
    }

    fn sample(&self, node: Node<'d>) -> Option<(Labels, Point)> {
        let fields = self.reader.fields(node, "a sample")?;
        let labels = fields.take("labels").map(|field| self.labels(field.node));
        let value = fields.take("value").map(|field| self.number(field.node));
        let histogram = fields.take("histogram").map(|field| {
            let points = self.noted(field.node, "this is no histogram", described_points)?;
            if let Ok([point @ Point::Histogram(_)]) = <[Point; 1]>::try_from(points) {
                return Some(point);
            }
            self.reader.wrong(field.node, "one histogram is expected here", "");
            None
        });
        fields.finish();
        let labels = labels.unwrap_or_else(|| Some(Labels::empty()))?;
        match (value, histogram) {
            (_, Some(histogram)) => Some((labels, histogram?)),
            (Some(value), None) => Some((labels, Point::Value(value?))),
            (None, None) => Some((labels, Point::Value(0.0))),
        }
    }

    /// An interval; nought counts as not written.
    fn interval(&self, fields: &Fields<'_, 'd>, key: &'static str) -> Option<Span> {
        let field = fields.take(key)?;
        self.reader.duration(field.node, INTERVALS).filter(|span| *span > Span::ZERO)
    }

    /// When something is asked: nought if nothing is said.
    fn time(&self, fields: &Fields<'_, 'd>, every: Span) -> Option<Span> {
        let Some(field) = fields.take("eval_time") else { return Some(Span::ZERO) };
        let at = self.reader.duration(field.node, TIMES)?;
        if at.as_millis() / every.as_millis().max(1) > EVALUATIONS_MAX {
            let message =
                format!("until then the rules would be evaluated {EVALUATIONS_MAX} times and more");
            self.reader.wrong(field.node, &message, "ask earlier, or evaluate less often");
            return None;
        }
        Some(at)
    }

    fn moment(&self, node: Node<'d>) -> Option<Time> {
        let text = self.reader.text(node)?;
        let stamp = text.parse::<Timestamp>().ok().map(|stamp| Time(stamp.as_millisecond()));
        let seconds = text.parse::<f64>().ok().map(|seconds| (seconds * 1000.0).round());
        let counted = seconds.filter(|millis| millis.abs() < 9_007_199_254_740_992.0);
        #[expect(clippy::cast_possible_truncation, reason = "checked to lie within 2^53")]
        let found = stamp.or_else(|| counted.map(|millis| Time(millis as i64)));
        if found.is_none() {
            let help = "write `2024-01-01T00:00:00Z` or seconds since 1970";
            self.reader.wrong(node, &format!("`{text}` is not a moment"), help);
        }
        found
    }

    /// A number as YAML writes it: `1`, `1e3`, `.inf`, `.nan`.
    fn number(&self, node: Node<'d>) -> Option<f64> {
        let text = self.reader.text(node)?;
        let plain = text.replace("+.", "+").replace("-.inf", "-inf").replace("-.Inf", "-inf");
        let found = text.parse().ok().or_else(|| plain.trim_start_matches('.').parse().ok());
        if found.is_none() {
            self.reader.wrong(node, &format!("`{text}` is not a number"), "");
        }
        found
    }

    fn labels(&self, node: Node<'d>) -> Option<Labels> {
        self.noted(node, "this is not the name of a series", described_labels)
    }

    /// A text in the notation of series.
    fn noted<T>(
        &self,
        node: Node<'d>,
        message: &str,
        read: impl FnOnce(&str) -> Result<T, NotationError>,
    ) -> Option<T> {
        let text = node.scalar().or_else(|| self.reader.text(node))?;
        match read(text) {
            Ok(found) => Some(found),
            Err(error) => {
                let place = crate::rules::mark(node, self.text, error.at, 1);
                let mistake = Mistake::at(place, message).label(error.what);
                self.reader.report(mistake);
                None
            }
        }
    }

    /// Names and texts, of which nothing but a text is asked.
    fn pairs(&self, node: Node<'d>) -> Labels {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for entry in self.reader.entries(node) {
            match entry.node.scalar() {
                Some(text) => pairs.push((entry.key, if entry.node.is_null() { "" } else { text })),
                None => self.reader.wrong(entry.node, "a text is expected here", ""),
            }
        }
        Labels::from_pairs(pairs)
    }
}
