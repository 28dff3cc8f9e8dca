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
                care: Care::default(),
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

#[test]
fn what_a_rule_says_of_how_it_is_judged_is_read_and_exported() {
    let text = r#"groups: [{name: g, rules: [{alert: A, expr: "(rate(e[5m]) > 5)", annotations: {
        plimsoll_resolve_expr: "rate(e[5m]) > 3", plimsoll_no_data: keep 30m, plimsoll_flap_hold: 1h}}]}]"#;
    let groups = read(text);
    let Rule::Alert(rule) = &groups[0].rules[0] else { panic!("{groups:?}") };
    let care = Care {
        resolve_expr: Some("rate(e[5m]) > 3".into()),
        no_data: NoData::Keep(Span::minutes(30)),
        flap_hold: Some(Span::hours(1)),
        subject: Some("rate(e[5m])".into()),
    };
    assert_eq!(rule.care, care);
    assert_eq!(read(&export(&groups))[0].rules, groups[0].rules);
    for (annotations, words) in [
        ("plimsoll_no_data: drop", "`drop` is not known here"),
        ("plimsoll_resolve_expr: 'x >'", "the expression is not PromQL"),
        ("plimsoll_flap_hold: 10s", "`10s` is out of range"),
        ("plimsoll_hold: 1h", "`plimsoll_hold` is not known"),
    ] {
        let text = format!(
            "groups: [{{name: g, rules: [{{alert: A, expr: x > 1, annotations: {{{annotations}}}}}]}}]"
        );
        let mistakes = parse("r.yaml", &text).unwrap_err().to_string();
        assert!(mistakes.contains(words), "{mistakes}");
    }
    let text = "groups: [{name: g, rules: [{alert: A, expr: x or y, annotations: {plimsoll_no_data: keep}}]}]";
    assert!(parse("r.yaml", text).is_err());
}

#[test]
fn a_bad_group_costs_no_other() {
    let text = "groups:
  - {name: a, rules: [{alert: A, expr: up}]}
  - {name: b, rules: [{alert: B, expr: up =}, {alert: C, expr: up}]}
  - {name: c, rules: [{alert: D, expr: up, expr: down}]}
  - {name: d, rules: [{alert: E, expr: up}]}
more: 1
";
    let found = super::read("r.yaml", text);
    let names: Vec<&str> = found.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["a", "d"]);
    assert_eq!(found.mistakes.len(), 3);
}

#[test]
fn documents_manifests_and_lists_are_read() {
    let manifest = |name: &str| {
        format!(
            "{{apiVersion: v1, kind: PrometheusRule, metadata: {{name: x}}, spec: {{groups: [{{name: {name}, rules: [{{record: r, expr: x}}]}}]}}}}"
        )
    };
    let service = "{apiVersion: v1, kind: Service, spec: {ports: []}}";
    let many = [
        manifest("a"),
        service.to_owned(),
        manifest("a"),
        format!("{{apiVersion: v1, kind: List, items: [{}, {service}]}}", manifest("b")),
    ];
    let groups = read(&many.join("\n---\n"));
    let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["a", "a", "b"]);
    let plain = "groups: [{name: a}]\n---\ngroups: [{name: b}]\n---\n";
    assert_eq!(read(plain).len(), 2);
    let twice = "groups: [{name: a}]\n---\ngroups: [{name: a}]\n";
    assert!(parse("r.yaml", twice).is_err());
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
                    annotations: vec![(name, text.replace('{', "{ "))],
                    care: Care::default(),
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
