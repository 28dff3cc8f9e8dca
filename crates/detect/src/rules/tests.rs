//! Rule files: what is read, and what is said of those that are wrong.

use super::*;

fn read(text: &str) -> Vec<RuleGroup> {
    parse("rules.yaml", text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const WHOLE: &str = r"
groups:
  - name: node
    interval: 30s
    limit: 10
    query_offset: 1m
    labels: { team: core, severity: info }
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
      - alert: Down
        expr: |
          up
            == 0
        for: 5m
        keep_firing_for: 1m30s
        labels:
          severity: critical
          code: 12
          empty:
        annotations:
          summary: '{{ $labels.instance }} is down'
  - name: empty
";

#[test]
fn every_key_of_a_rule_file_is_read() {
    let groups = read(WHOLE);
    assert_eq!(groups[0].interval, Some(Span::secs(30)));
    assert_eq!((groups[0].limit, groups[0].query_offset), (10, Some(Span::minutes(1))));
    assert_eq!(
        groups[0].rules,
        [
            Rule::Record(RecordRule {
                name: "job:up:sum".into(),
                expr: "sum by (job) (up)".into(),
                labels: pairs(&[("team", "core"), ("severity", "info")]),
            }),
            Rule::Alert(AlertRule {
                source: r#"node/Down{code="12",severity="critical",team="core"}"#.into(),
                name: "Down".into(),
                expr: "up\n  == 0\n".into(),
                hold: Span::minutes(5),
                keep_firing_for: Span::secs(90),
                labels: pairs(&[
                    ("team", "core"),
                    ("severity", "critical"),
                    ("code", "12"),
                    ("empty", "")
                ]),
                annotations: pairs(&[("summary", "{{ $labels.instance }} is down")]),
            }),
        ]
    );
    assert_eq!((groups[1].name.as_str(), groups[1].rules.len()), ("empty", 0));
}

#[test]
fn an_export_reads_well_and_back() {
    let groups = read(WHOLE);
    insta::assert_snapshot!(export(&groups));
    let again = read(&export(&groups));
    assert_eq!(again[0].rules, groups[0].rules);
    assert_eq!(export(&[]), "groups: []\n");
}

#[test]
fn rules_that_are_alike_have_sources_of_their_own() {
    let text = "groups: [{name: resource, rules: [{alert: A, expr: x}, {alert: A, expr: y}, \
                {alert: A, expr: y, labels: {severity: page}}]}]";
    let groups = join([read(text), read(text)]);
    let sources: Vec<&str> = groups
        .iter()
        .flat_map(|group| &group.rules)
        .filter_map(|rule| match rule {
            Rule::Alert(rule) => Some(rule.source.as_str()),
            Rule::Record(_) => None,
        })
        .collect();
    assert_eq!(
        sources,
        [
            "rules/resource/A",
            "rules/resource/A#2",
            r#"rules/resource/A{severity="page"}"#,
            "rules/resource/A#3",
            "rules/resource/A#4",
            r#"rules/resource/A{severity="page"}#2"#,
        ]
    );
}

#[test]
fn a_manifest_for_kubernetes_is_read_as_the_rule_file_in_it() {
    let text = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: x}\n\
                spec:\n  groups:\n  - name: g\n    partial_response_strategy: abort\n    rules:\n    - {alert: A, expr: up == 0}\n";
    assert_eq!(read(text)[0].rules[0].name(), "A");
    assert!(read("").is_empty() && read("groups:\n").is_empty());
}

#[test]
fn every_mistake_of_a_file_is_marked_at_once() {
    let text = r#"groups:
  - name: one
    intervall: 1m
    rules:
      - alert: A
        expr: rate(http_requests_total)
        for: 5
      - record: sum{job="x"}
        expr: sum(x)
        for: 1m
      - record: both
        alert: both
        expr: x
      - expr: x
      - alert: B
      - alert: C
        expr: x[5m]
        labels:
          __name__: x
        annotations:
          summary: "{{ $label.instance }} is down"
          description: '{{ humanise $value }}'
          runbook: |
            {{ if true }}
  - name: one
"#;
    let mistakes = parse("rules.yaml", text).unwrap_err();
    insta::assert_snapshot!(mistakes.render(false));
    assert_eq!(mistakes.len(), 14);
}

#[test]
fn files_that_are_no_rule_files_say_so() {
    for wrong in ["rules: []", "- a", "groups: 1", "groups: [1]", "groups: [{}]", "a: b: c"] {
        assert!(parse("rules.yaml", wrong).is_err(), "{wrong}");
    }
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_survives_the_export(text in "[ -~\n\t\u{80}-\u{2030}]{0,40}", name in "[a-z:-]{1,6}") {
            let group = RuleGroup {
                name: "g".into(),
                file: "rules.yaml".into(),
                interval: None,
                limit: 0,
                query_offset: None,
                labels: Vec::new(),
                rules: vec![Rule::Alert(AlertRule {
                    source: "g/A".into(),
                    name: "A".into(),
                    expr: "up".into(),
                    hold: Span::ZERO,
                    keep_firing_for: Span::ZERO,
                    labels: Vec::new(),
                    annotations: vec![(name, text.replace("{{", "{ {"))],
                })],
            };
            let exported = export(std::slice::from_ref(&group));
            prop_assert_eq!(parse("rules.yaml", &exported).map_err(|error| error.to_string()), Ok(vec![group]), "{}", exported);
        }

        #[test]
        fn no_file_makes_the_reader_panic(text in "[a-z:{}\\[\\] \n$\"'|>-]{0,80}") {
            drop(parse("rules.yaml", &format!("groups:\n  - {text}")));
        }
    }
}
