//! Objectives in settings: the catalogue that ships, what is taken from it, and mistakes with their places.

use std::collections::{BTreeMap, BTreeSet};

use model::{CalendarUnit, Indicator, Loudness, Objective, Period, Span, Test};
use settings::{Settings, read_objectives};

fn read(text: &str) -> Result<Vec<Objective>, String> {
    let text = format!("policy: none\n{text}");
    let read = Settings::parse("a.yaml", &text, &|_| Ok(()));
    read.map(|settings| settings.objectives).map_err(|mistakes| mistakes.to_string())
}

fn shipped(name: &str) -> Objective {
    let objectives = Settings::default_for_host().objectives;
    objectives.into_iter().find(|own| own.name == name).unwrap()
}

#[test]
fn the_catalogue_has_the_targets_of_requirement_k1() {
    let targets = |name: &str| {
        let own = shipped(name);
        let line = match own.indicator {
            Indicator::Value { test, line, .. } => Some((test, line)),
            Indicator::Good { .. } | Indicator::Bad { .. } => None,
        };
        (line, (own.target.percent() * 100.0).round() / 100.0)
    };
    assert_eq!(targets("uptime"), (Some((Test::AtLeast, 1.0)), 99.9));
    assert_eq!(targets("error_rate"), (None, 99.9));
    assert_eq!(targets("error_promise"), (None, 99.0));
    assert_eq!(targets("latency_p50"), (Some((Test::Below, 0.2)), 99.0));
    assert_eq!(targets("latency_p95"), (Some((Test::Below, 0.5)), 99.0));
    assert_eq!(targets("latency_p99"), (Some((Test::Below, 1.0)), 99.0));
    assert_eq!(targets("latency_promise"), (Some((Test::Below, 2.0)), 99.9));
    assert_eq!(targets("throughput"), (Some((Test::Above, 1000.0)), 99.0));
    assert_eq!(targets("throughput_floor"), (Some((Test::AtLeast, 1000.0)), 99.9));
    assert_eq!(targets("utilisation"), (Some((Test::Below, 0.8)), 95.0));
    assert_eq!(targets("cache_hits"), (None, 85.0));
}

#[test]
fn each_of_the_catalogue_has_owner_reason_and_expressions_without_holes() {
    let objectives = Settings::default_for_host().objectives;
    let names: BTreeSet<_> = objectives.iter().map(|own| &own.name).collect();
    assert_eq!(names.len(), objectives.len());
    for own in &objectives {
        assert!(
            own.owner != "nobody yet" && own.reason.len() > 40 && own.reason.ends_with('.'),
            "{}",
            own.name
        );
        assert!(!own.needed && own.period == Period::Rolling(Span::days(30)), "{}", own.name);
        let texts = match &own.indicator {
            Indicator::Good { good, total } => vec![good, total],
            Indicator::Bad { bad, total } => vec![bad, total],
            Indicator::Value { expr, .. } => vec![expr],
        };
        assert!(texts.iter().all(|text| !text.contains("${")), "{texts:?}");
    }
}

#[test]
fn one_takes_from_the_catalogue_what_it_does_not_say_itself() {
    let text = "objective_parameters: {requests: hits_total}\n\
                objectives:\n  - {name: shop, like: error_rate, parameters: {where: 'job=\"shop\"', failed: '500'}, alerts: page, period: month, zone: Europe/Berlin}\n";
    let [own] = read(text).unwrap().try_into().unwrap();
    assert_eq!((own.title.as_str(), own.owner.as_str()), ("shop", "engineering"));
    assert_eq!((own.alerts, own.needed), (Loudness::Page, true));
    let zone = "Europe/Berlin".to_owned();
    assert_eq!(own.period, Period::Calendar { unit: CalendarUnit::Month, zone });
    let Indicator::Bad { bad, total } = own.indicator else { panic!("it counts bad events") };
    assert_eq!(total, "{__name__=~\"hits_total\",job=\"shop\"}");
    assert!(bad.starts_with("{__name__=~\"hits_total\",code=~\"500\",job=\"shop\"}"), "{bad}");
}

#[test]
fn ones_own_takes_the_place_of_the_policys() {
    let text = "objectives: [{name: uptime, value: probe_success, at_least: 1, target: 99 %}]";
    let settings = Settings::parse("a.yaml", text, &|_| Ok(())).unwrap();
    let found: Vec<_> = settings.objectives.iter().filter(|own| own.name == "uptime").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].owner, "nobody yet");
}

#[test]
fn mistakes_are_marked_and_say_what_to_try() {
    for (text, wanted) in [
        ("{name: a, good: x, total: y}", "an objective needs `target`"),
        ("{name: a, good: x, target: 99 %}", "it is not said what this objective counts"),
        ("{name: a, good: x, bad: y, total: z, target: 99 %}", "it is not said what"),
        ("{name: a, value: x, target: 99 %}", "`value` needs a line"),
        (
            "{name: a, value: x, below: 1, above: 2, target: 99 %}",
            "there is a line already: `below`",
        ),
        ("{name: a, value: x, below: soon, target: 99 %}", "`soon` is not a number"),
        ("{name: a, good: x, total: y, target: 100 %}", "between 0 % and 100 %"),
        ("{name: a, good: x, total: y, target: 99}", "did you mean `99 %`?"),
        (
            "{name: a, good: x, total: y, target: 99 %, period: fortnight}",
            "`fortnight` is no period",
        ),
        ("{name: a, good: x, total: y, target: 99 %, period: 2y}", "out of range"),
        (
            "{name: a, good: x, total: y, target: 99 %, zone: Europe/Berlin}",
            "begins in no time zone",
        ),
        ("{name: A b, good: x, total: y, target: 99 %}", "cannot be an objective's name"),
        ("{name: a, like: error_rat}", "did you mean `error_rate`?"),
        ("{name: a, good: '${metric}', total: y, target: 99 %}", "there is no parameter `metric`"),
    ] {
        let message = read(&format!("objectives: [{text}]")).unwrap_err();
        assert!(message.contains(wanted), "{text}:\n{message}");
    }
    let twice = "objectives: [{name: a, good: x, total: y, target: 99 %}, {name: a, good: x, total: y, target: 9 %}]";
    assert!(read(twice).unwrap_err().contains("two objectives `a`"));
}

#[test]
fn a_parameter_that_does_not_fit_the_policy_is_said() {
    let check = |text: &str| if text.contains("{{") { Err("no".to_owned()) } else { Ok(()) };
    let text = "objective_parameters: {where: '{{'}";
    let message = Settings::parse("a.yaml", text, &check).unwrap_err().to_string();
    assert!(message.contains("an objective of the policy does not fit"), "{message}");
}

const V1ALPHA: &str = r#"
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: My.Service, displayName: My service}
spec:
  service: shop
  description: What is asked is answered.
  budgetingMethod: Occurrences
  timeWindows: [{unit: Month, count: 1, isRolling: false, calendar: {startTime: 2026-01-01 12:00:00, timeZone: Europe/Berlin}}]
  objectives:
    - ratioMetrics:
        good: {source: prometheus, queryType: promql, query: 'sum(rate(a{code!~"5.."}[{{.window}}]))'}
        total: {source: prometheus, queryType: promql, query: 'sum(rate(a[{{.window}}]))'}
      target: 0.98
    - ratioMetrics:
        counter: true
        good: {source: datadog, queryType: query, query: 'sum:good'}
        total: {source: datadog, queryType: query, query: 'sum:all'}
      target: 0.999
"#;

const V1: &str = r"
apiVersion: openslo/v1
kind: SLI
metadata: {name: latency}
spec: {thresholdMetric: {metricSource: {type: Prometheus, spec: {query: 'quantile(a)'}}}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: fast, labels: {team: web}}
spec:
  service: shop
  indicatorRef: latency
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{op: lte, value: 0.5, target: 0.95, timeSliceTarget: 0.9, timeSliceWindow: 5m}]
  alertPolicies: [page]
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: page}
spec: {}
";

fn openslo(text: &str) -> (Vec<Objective>, Vec<String>) {
    let found = read_objectives("a.yaml", text, &BTreeMap::default(), &|_| Ok(())).unwrap();
    let say = |own: &settings::Untaken| format!("{} {} {}", own.line, own.what, own.lost);
    (found.objectives, found.untaken.iter().map(say).collect())
}

#[test]
fn openslo_of_the_first_version_is_read_and_what_is_lost_is_named() {
    let (objectives, untaken) = openslo(V1ALPHA);
    let [own] = objectives.try_into().unwrap();
    assert_eq!((own.name.as_str(), own.title.as_str()), ("my-service-1", "My service"));
    let zone = "Europe/Berlin".to_owned();
    assert_eq!(own.period, Period::Calendar { unit: CalendarUnit::Month, zone });
    let Indicator::Good { good, total } = own.indicator else { panic!("it counts good events") };
    assert_eq!(
        (good.as_str(), total.as_str()),
        ("sum(rate(a{code!~\"5..\"}[5m]))", "sum(rate(a[5m]))")
    );
    assert_eq!(untaken, ["18 SLO `My.Service` asks datadog, not Prometheus true"]);
}

#[test]
fn openslo_of_the_second_version_is_read_with_its_indicator() {
    let (objectives, untaken) = openslo(V1);
    let [own] = objectives.try_into().unwrap();
    assert_eq!((own.name.as_str(), own.owner.as_str()), ("fast", "web"));
    assert_eq!(own.period, Period::Rolling(Span::days(28)));
    assert!(
        matches!(own.indicator, Indicator::Value { test: Test::AtMost, line, .. } if (line - 0.5).abs() < 1e-9)
    );
    assert_eq!(
        untaken,
        [
            "16 `alertPolicies` of SLO `fast` false",
            "15 `timeSliceWindow: 5m` of SLO `fast` false",
            "18 AlertPolicy `page` false",
        ]
    );
}

#[test]
fn nothing_that_is_written_as_openslo_breaks_the_reader() {
    for text in [
        "apiVersion: openslo/v1",
        "apiVersion: openslo/v1\nkind: SLO",
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: []\nspec: 3",
        "apiVersion: openslo/v1\nkind: SLO\nspec: {objectives: [{target: 0.9}]}",
        "apiVersion: openslo/v1\nkind: SLO\nspec: {indicator: {spec: {ratioMetric: {good: 1}}}, objectives: [{target: 2}, 7, []]}",
    ] {
        let (objectives, untaken) = openslo(text);
        assert!(objectives.is_empty() && !untaken.is_empty(), "{text}");
    }
}
