//! What a file of tests says of rules, and what is said of a file that is wrong.

use super::*;
use crate::rules;

const RULES: &str = "groups:
  - name: g
    rules:
      - {record: 'job:up:sum', expr: sum by (job) (up)}
      - alert: Down
        expr: up == 0
        for: 2m
        labels: {severity: page}
        annotations: {summary: '{{ $labels.job }} on {{ $externalLabels.site }} is {{ $value }}'}
";

fn run(tests: &str) -> Vec<Outcome> {
    let file = TestFile::parse("tests.yaml", tests).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    file.run(&rules::parse("rules.yaml", RULES).unwrap(), &Options::default())
}

fn told(outcomes: &[Outcome]) -> String {
    let mut lines = Vec::new();
    for failure in outcomes.iter().flat_map(|outcome| &outcome.failures) {
        lines.push(format!("{} at {}", failure.subject, failure.at));
        lines.extend(failure.error.iter().map(|error| format!("  {error}")));
        let told = failure.lines.iter();
        lines.extend(told.map(|line| format!("{} {}", line.mark.sign(), line.text)));
    }
    lines.join("\n")
}

#[test]
fn an_alert_fires_when_it_should() {
    let outcomes = run("
tests:
  - input_series: [{series: 'up{job=\"a\"}', values: '1 0x9'}]
    external_labels: {site: lab}
    alert_rule_test:
      - {eval_time: 2m59s, alertname: Down}
      - eval_time: 3m
        alertname: Down
        exp_alerts:
          - exp_labels: {severity: page, job: a}
            exp_annotations: {summary: a on lab is 0}
    promql_expr_test:
      - {expr: 'job:up:sum', eval_time: 5m, exp_samples: [{labels: 'job:up:sum{job=\"a\"}', value: 0}]}
      - {expr: 'ALERTS{alertstate=\"pending\"}', eval_time: 3m, exp_samples: []}
");
    assert_eq!(told(&outcomes), "");
}

#[test]
fn what_differs_is_shown_line_by_line() {
    let outcomes = run("
tests:
  - name: wrong
    input_series: [{series: 'up{job=\"a\"}', values: 0x9}]
    alert_rule_test:
      - eval_time: 2m
        alertname: Down
        exp_alerts: [{exp_labels: {severity: page, job: a}, exp_annotations: {summary: is down}}]
      - {eval_time: 2m, alertname: Up, exp_alerts: [{}]}
    promql_expr_test:
      - {expr: 'up + on () vector(1)', eval_time: 1m, exp_samples: [{labels: '{job=\"a\"}', value: 2}]}
      - {expr: 'up{', eval_time: 1m}
  - name: not run
    promql_expr_test: [{expr: '1', exp_samples: []}]
");
    insta::assert_snapshot!(told(&outcomes));
    assert_eq!((outcomes[0].name.as_str(), outcomes[1].failures.len()), ("wrong", 1));
}

#[test]
fn only_the_tests_that_are_wanted_run() {
    let text = "{tests: [{name: one}, {name: two}, {name: twenty}, {}]}";
    let file = TestFile::parse("tests.yaml", text).unwrap();
    let options = Options { only: vec![Regex::new("^tw").unwrap()], dump: false };
    let outcomes = file.run(&[], &options);
    let names: Vec<_> = outcomes.iter().map(|own| (own.number, own.name.as_str())).collect();
    assert_eq!(names, [(2, "two"), (3, "twenty")]);
}

#[test]
fn groups_are_evaluated_in_the_order_that_is_asked_for() {
    let rules = rules::parse(
        "rules.yaml",
        "groups:
  - {name: late, rules: [{record: c, expr: b + 1}]}
  - {name: early, rules: [{record: b, expr: a + 1}]}
",
    )
    .unwrap();
    let tests = |order: &str, wanted: &str| {
        let text = format!(
            "{{{order} tests: [{{input_series: [{{series: a, values: 1}}],
              promql_expr_test: [{{expr: c, exp_samples: [{wanted}]}}]}}]}}"
        );
        TestFile::parse("tests.yaml", &text).unwrap().run(&rules, &Options::default())
    };
    assert_eq!(told(&tests("", "")), "");
    assert_eq!(told(&tests("group_eval_order: [early, late],", "{labels: c, value: 3}")), "");
}

#[test]
fn a_rule_that_fails_ends_the_test() {
    let rules = "groups: [{name: g, rules: [{record: x, expr: a + on () b}]}]";
    let rules = rules::parse("rules.yaml", rules).unwrap();
    let text = "{tests: [{input_series: [{series: 'a', values: 1}, {series: 'b{x=\"1\"}', values: 1},
                {series: 'b{x=\"2\"}', values: 1}], promql_expr_test: [{expr: '2', eval_time: 5m}]}]}";
    let outcomes = TestFile::parse("t.yaml", text).unwrap().run(&rules, &Options::default());
    assert_eq!(outcomes[0].failures.len(), 1);
    assert_eq!(outcomes[0].failures[0].subject, "rule x in group g");
}

#[test]
fn the_series_are_told_if_that_is_wanted() {
    let text = "{tests: [{input_series: [{series: 'up{job=\"a\"}', values: '1 _ stale'}],
                promql_expr_test: [{expr: '1', eval_time: 2m, exp_samples: [{value: 1}]}]}]}";
    let file = TestFile::parse("t.yaml", text).unwrap();
    let rules = rules::parse("rules.yaml", RULES).unwrap();
    let outcomes = file.run(&rules, &Options { only: Vec::new(), dump: true });
    let lines: Vec<&str> = outcomes[0].series.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["job:up:sum{job=\"a\"} 1@0s 1@1m stale@2m", "up{job=\"a\"} 1@0s stale@2m"]);
}

#[test]
fn every_mistake_of_a_file_of_tests_is_marked() {
    let text = "rule_files: [rules.yaml]
evaluation_interval: 1 m
group_eval_order: [a, b, a]
fuzzy_compare: maybe
tests:
  - interval: 1m
    input_series:
      - series: 'up{job=\"a\"'
        values: 1 2 three
      - values: 1
    alert_rule_test:
      - eval_time: 5m
      - eval_time: 99y
        alertname: Down
    promql_expr_test:
      - eval_time: 1m
        exp_samples:
          - {labels: 'up{job=a}', value: one}
          - {histogram: '1 2'}
    start_timestamp: noon
    external_label: {a: b}
";
    let mistakes = TestFile::parse("tests.yaml", text).unwrap_err();
    insta::assert_snapshot!(mistakes.render(false));
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_file_makes_the_reader_panic(text in "[a-z:{}\\[\\] \n$\"'|>0-9x+_-]{0,80}") {
            drop(TestFile::parse("t.yaml", &format!("tests:\n  - input_series: [{{series: a, values: {text}}}]")));
        }
    }
}
