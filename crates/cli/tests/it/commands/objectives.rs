//! `plimsoll objectives`, `plimsoll budget check` and `plimsoll import openslo`, against the real program.

use std::fs;

use anyhow::Result;
use serde_json::Value;

use crate::program::{QUIET, Server, now_millis, run, until};

const MINUTE: i64 = 60_000;

/// Two services that count requests each minute for two hours: one fails often, one never.
fn past() -> String {
    let mut lines = vec!["time,service,outcome,requests_total\n".to_owned()];
    let now = now_millis() / MINUTE * MINUTE;
    for minute in 0..=120 {
        let time = (now - (120 - minute) * MINUTE) / 1000;
        for (service, bad) in [("good", 0), ("bad", minute * 2)] {
            let done = minute * 50;
            lines.push(format!("{time},{service},done,{done}\n{time},{service},failed,{bad}\n"));
        }
    }
    lines.concat()
}

const OBJECTIVES: &str = r#"objectives:
  - {name: good, bad: 'requests_total{service="good",outcome="failed"}', total: 'requests_total{service="good"}', target: 99 %}
  - {name: bad, bad: 'requests_total{service="bad",outcome="failed"}', total: 'requests_total{service="bad"}', target: 99 %, period: 1d, alerts: ticket}
  - {name: absent, value: nobody_has_this, below: 1, target: 99 %, needed: false}
"#;

#[test]
fn a_pipeline_is_stopped_when_a_budget_is_gone_and_told_why() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("past.csv"), past())?;
    let columns = [
        "--time",
        "time",
        "--value",
        "requests_total",
        "--label-column",
        "service",
        "--label-column",
        "outcome",
    ];
    let imported =
        run(dir.path(), &[&["import", "past.csv", "--data", "data"], &columns[..]].concat())?;
    assert_eq!(imported.code, Some(0), "{}", imported.err);
    let server = Server::start_in(dir, &format!("{QUIET}{OBJECTIVES}"))?;
    let ask = |arguments: &[&str]| {
        run(server.folder(), &[arguments, &["--server", &server.url()]].concat())
    };
    until("the past is counted", || {
        let list: Value = serde_json::from_str(&ask(&["objectives", "--output", "json"])?.out)?;
        let rows = list["objectives"].as_array().cloned().unwrap_or_default();
        Ok((rows.len() == 3 && rows.iter().all(|row| row["counted_at"].is_number())).then_some(()))
    })?;
    let table = ask(&["objectives"])?.out;
    let first: Vec<&str> = table.lines().nth(1).unwrap_or_default().split_whitespace().collect();
    assert_eq!(first.first_chunk(), Some(&["burning", "bad", "99", "%", "1d"]), "{table}");
    assert!(table.contains("waiting  absent"), "{table}");
    let one = ask(&["objectives", "bad"])?.out;
    assert!(one.contains("ticket over 1d and 2h"), "{one}");

    let good = ask(&["budget", "check", "good", "--min-left", "50%"])?;
    assert_eq!(good.code, Some(0), "{}{}", good.out, good.err);
    assert_eq!(good.out, "good: 100 % of its budget is left\n");
    // Of 120 minutes 2 in 52 failed, where one in a hundred may, for a twelfth of the day: a third is gone.
    let low = ask(&["budget", "check", "bad", "--min-left", "90%"])?;
    assert_eq!(low.code, Some(3), "{}{}", low.out, low.err);
    assert!(
        low.out.contains("bad: not enough: 6")
            && low.out.contains("events of the last 1d were bad"),
        "{}",
        low.out
    );
    let burning = ask(&["budget", "check", "--not-burning", "--output", "json"])?;
    assert_eq!(burning.code, Some(3), "{}", burning.out);
    let document: Value = serde_json::from_str(&burning.out)?;
    // What has no data is not looked at unless it is named.
    assert_eq!(
        (&document["holds"], document["objectives"].as_array().map(Vec::len)),
        (&false.into(), Some(2))
    );
    let absent = ask(&["budget", "check", "absent"])?;
    assert_eq!(absent.code, Some(3));
    assert!(absent.out.contains("there is no data"), "{}", absent.out);
    let unknown = ask(&["budget", "check", "nobody"])?;
    assert_eq!(unknown.code, Some(4), "{}", unknown.err);
    assert_eq!(ask(&["budget", "check", "--min-left", "much"])?.code, Some(2));
    Ok(())
}

const OPENSLO: &str = r#"apiVersion: openslo/v1
kind: SLO
metadata: {name: answers, displayName: "What is «asked» is answered"}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: 1M, isRolling: false, calendar: {timeZone: Europe/Berlin}}]
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(a{code=~"5.."}[{{.window}}]))'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(a[{{.window}}]))'}}}
  objectives: [{target: 0.9995}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: odd}
spec:
  timeWindow: [{duration: 30d, isRolling: true}]
  indicator: {spec: {ratioMetric: {counter: true, good: {metricSource: {type: Prometheus, spec: {query: a / b}}}, total: {metricSource: {type: Prometheus, spec: {query: b}}}}}}
  objectives: [{target: 0.9}]
"#;

#[test]
fn what_is_taken_from_openslo_reads_back_and_what_is_lost_is_named() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("slo.yaml"), OPENSLO)?;
    let imported = run(dir.path(), &["import", "openslo", "slo.yaml"])?;
    assert_eq!(imported.code, Some(3), "{}", imported.err);
    assert!(
        imported
            .err
            .contains("an objective is lost: `good` of objective odd is not a sum of counters"),
        "{}",
        imported.err
    );
    fs::write(dir.path().join("plimsoll.yaml"), format!("policy: none\n{}", imported.out))?;
    let checked = run(dir.path(), &["check", "--output", "json"])?;
    assert_eq!(checked.code, Some(0), "{}\n{}", imported.out, checked.err);
    let document: Value = serde_json::from_str(&checked.out)?;
    assert_eq!(document["objectives"], 1);
    fs::write(dir.path().join("plimsoll.yaml"), "policy: none\nobjective_files: [slo.yaml]\n")?;
    let wrong = run(dir.path(), &["check"])?;
    assert_eq!(wrong.code, Some(2), "{}", wrong.out);
    assert!(wrong.err.contains("not a sum of counters"), "{}", wrong.err);
    Ok(())
}
