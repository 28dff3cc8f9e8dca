//! Tests of rules: the unit-test files of Prometheus' `promtool test rules`, run as it runs them.
//!
//! The format is <https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/>, the meaning
//! of ranges and of the age of samples that of Prometheus 3. A test has its own series and its own time; nothing
//! outside is asked and nothing is written.

mod compare;
mod difference;
mod read;
mod run;
mod shelf;

use model::{Labels, Point, Span, Time};
use query::Needs;
use regex::Regex;
use settings::Mistakes;

use crate::{Rule, RuleGroup};

pub use difference::{Line, Mark};

/// A file of tests.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFile {
    /// The files of rules that are tested, as patterns relative to this file.
    pub rule_files: Vec<String>,
    /// From one evaluation of the rules to the next.
    pub evaluation_interval: Span,
    /// Groups that are evaluated before others, in this order.
    pub group_order: Vec<String>,
    /// Whether neighbours among the floats count as equal.
    pub fuzzy: bool,
    /// The tests.
    pub tests: Vec<Test>,
}

/// One test: series, and what should follow from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its name; possibly empty.
    pub name: String,
    /// From one point of the series to the next.
    pub interval: Span,
    /// The time of the first evaluation and of the first points.
    pub start: Time,
    /// The series that are there, with their points.
    pub series: Vec<(Labels, Vec<Point>)>,
    /// `$externalLabels` in templates.
    pub external_labels: Labels,
    /// `$externalURL` in templates.
    pub external_url: String,
    /// Which alerts should fire at which times.
    pub alerts: Vec<AlertTest>,
    /// What expressions should answer at which times.
    pub expressions: Vec<ExpressionTest>,
}

/// Which alerts of one name should fire at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertTest {
    /// When, counted from the start.
    pub at: Span,
    /// The name.
    pub name: String,
    /// Labels and annotations of those that should fire.
    pub wanted: Vec<(Labels, Labels)>,
}

/// What an expression should answer at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionTest {
    /// When, counted from the start.
    pub at: Span,
    /// The expression.
    pub expr: String,
    /// The elements of the answer.
    pub wanted: Vec<(Labels, Point)>,
}

/// How one test went.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The test's name; possibly empty.
    pub name: String,
    /// Its number in the file, counted from 1.
    pub number: usize,
    /// What was not as it should be; nothing if the test passed.
    pub failures: Vec<Failure>,
    /// Every series that was there at the end, if that was asked for.
    pub series: Vec<Line>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What: `alert InstanceDown`, `expression up == 0`, `rule job:up:sum`.
    pub subject: String,
    /// When, counted from the start of the test.
    pub at: Span,
    /// Why there is no answer at all, if so.
    pub error: Option<String>,
    /// What should be and what is, line by line.
    pub lines: Vec<Line>,
}

/// What is run of a file, and what is told of it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only tests whose name one of these finds; all tests if there are none.
    pub only: Vec<Regex>,
    /// Whether all series are told at the end of each test.
    pub dump: bool,
}

impl Options {
    fn wants(&self, test: &Test) -> bool {
        self.only.is_empty() || self.only.iter().any(|pattern| pattern.is_match(&test.name))
    }
}

impl TestFile {
    /// Reads a file of tests; the name is for messages. Finds every mistake at once.
    pub fn parse(name: &str, text: &str) -> Result<Self, Mistakes> {
        read::parse(name, text)
    }

    /// Runs the tests against these groups of rules.
    pub fn run(&self, groups: &[RuleGroup], options: &Options) -> Vec<Outcome> {
        let (ordered, engine) = (self.ordered(groups), run::engine(self.evaluation_interval));
        let mut outcomes = Vec::new();
        for (at, test) in self.tests.iter().enumerate().filter(|(_, test)| options.wants(test)) {
            let (failures, series) = run::run((self, test), &ordered, &engine, options.dump);
            outcomes.push(Outcome { name: test.name.clone(), number: at + 1, failures, series });
        }
        outcomes
    }

    /// The groups that the file names in the order it says, then the others as they come; and what
    /// each rule needs to answer anything.
    fn ordered<'g>(&self, groups: &'g [RuleGroup]) -> Vec<(&'g RuleGroup, Vec<Needs>)> {
        let place = |group: &RuleGroup| self.group_order.iter().position(|own| *own == group.name);
        let mut ordered: Vec<&RuleGroup> = groups.iter().collect();
        ordered.sort_by_key(|group| place(group).unwrap_or(usize::MAX));
        // What cannot be read is asked, and fails there.
        let needs = |rule: &Rule| Needs::of(rule.expr()).unwrap_or(Needs::Nothing);
        ordered.into_iter().map(|group| (group, group.rules.iter().map(needs).collect())).collect()
    }
}

#[cfg(test)]
mod tests;
