//! `plimsoll rules`: files are checked and tested as with promtool, and what is wrong is shown.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::program::{QUIET, Server, now_millis, run, series};

const RULES: &str = "groups:
  - name: machines
    rules:
      - {record: 'job:up:sum', expr: sum by (job) (up)}
      - alert: Down
        expr: up == 0
        for: 2m
        labels: {severity: page}
        annotations: {summary: '{{ $labels.job }} is down'}
";

const TESTS: &str = "rule_files: [rules*.yaml]
tests:
  - name: a machine goes down
    input_series: [{series: 'up{job=\"a\"}', values: '1 0x9'}]
    alert_rule_test:
      - {eval_time: 2m, alertname: Down}
      - eval_time: 3m
        alertname: Down
        exp_alerts:
          - {exp_labels: {severity: page, job: a}, exp_annotations: {summary: a is WORD}}
  - name: machines are counted
    input_series: [{series: 'up{job=\"a\"}', values: 1}, {series: 'up{job=\"a\", x=\"y\"}', values: 1}]
    promql_expr_test: [{expr: 'job:up:sum', exp_samples: [{labels: 'job:up:sum{job=\"a\"}', value: 2}]}]
";

#[test]
fn tests_of_rules_pass_and_fail_as_with_promtool() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("rules.yaml"), RULES)?;
    fs::write(dir.path().join("good.yaml"), TESTS.replace("WORD", "down"))?;
    fs::write(dir.path().join("wrong.yaml"), TESTS.replace("WORD", "<up>"))?;
    let ask = |arguments: &[&str]| run(dir.path(), &[&["rules", "test"], arguments].concat());
    let good = ask(&["good.yaml"])?;
    assert_eq!(
        (good.code, good.out.as_str(), good.err.as_str()),
        (Some(0), "good.yaml: 2 tests passed\n", "")
    );
    let wrong = ask(&["wrong.yaml", "good.yaml", "--junit", "report.xml"])?;
    assert_eq!(wrong.code, Some(1));
    insta::assert_snapshot!("rules_test_wrong", wrong.out);
    insta::assert_snapshot!("rules_test_junit", fs::read_to_string(dir.path().join("report.xml"))?);
    assert_eq!(ask(&["wrong.yaml", "--run", "are counted$"])?.code, Some(0));
    let all = ask(&["good.yaml", "--run", "counted", "--debug"])?;
    assert!(all.out.contains("\n    job:up:sum{job=\"a\"} 2@0s\n"), "{}", all.out);
    let document: Value = serde_json::from_str(&ask(&["wrong.yaml", "--output", "json"])?.out)?;
    assert_eq!(document["files"][0]["tests"][0]["failures"][0]["subject"], "alert Down");
    assert_eq!(document["files"][0]["tests"][1]["passed"], true);
    Ok(())
}

#[test]
fn a_file_of_tests_that_cannot_be_read_costs_no_other() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("rules.yaml"), RULES.replace("== 0", "= = 0"))?;
    fs::write(dir.path().join("broken.yaml"), TESTS)?;
    fs::write(dir.path().join("odd.yaml"), "tests: [{nam: x}]")?;
    fs::write(dir.path().join("good.yaml"), "tests: [{name: x}]")?;
    let asked =
        run(dir.path(), &["rules", "test", "gone.yaml", "broken.yaml", "odd.yaml", "good.yaml"])?;
    assert_eq!(asked.code, Some(1));
    assert_eq!(
        asked.out,
        "gone.yaml: cannot be run\nbroken.yaml: cannot be run\nodd.yaml: cannot be run\n\
         good.yaml: 1 test passed\n"
    );
    for words in ["reading gone.yaml", "rules.yaml:6:", "did you mean `name`?"] {
        assert!(asked.err.contains(words), "{words}: {}", asked.err);
    }
    assert_eq!(run(dir.path(), &["rules", "test", "good.yaml", "--run", "("])?.code, Some(2));
    Ok(())
}

#[test]
fn rule_files_are_checked() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("rules.yaml"), RULES)?;
    let wrong = "groups:\n  - {name: a, rules: [{alert: A, expr: up =}]}\n  - {name: b, rules: [{alert: B, expr: up}]}\n";
    fs::write(dir.path().join("wrong.yaml"), wrong)?;
    let good = run(dir.path(), &["rules", "check", "rules.yaml"])?;
    assert_eq!((good.code, good.err.as_str()), (Some(0), ""));
    assert!(good.out.contains("rules.yaml"), "{}", good.out);
    let asked = run(dir.path(), &["rules", "check", "rules.yaml", "wrong.yaml"])?;
    assert_eq!(asked.code, Some(2));
    let row = asked.out.lines().last().context("a row")?;
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells, ["wrong.yaml", "1", "1", "0", "1"]);
    assert!(asked.err.contains("wrong.yaml:2:"), "{}", asked.err);
    Ok(())
}

#[test]
fn a_replay_says_how_many_pages_a_rule_would_have_caused() -> Result<()> {
    let server = Server::start(QUIET)?;
    let end = now_millis() / 60_000 * 60_000;
    // Down from 50 to 46 and from 30 to 29 minutes ago.
    let value =
        |ago: i64| if (46..=50).contains(&ago) || (29..=30).contains(&ago) { 0.0 } else { 1.0 };
    let samples: Vec<(i64, f64)> =
        (0..60).rev().map(|ago| (end - ago * 60_000, value(ago))).collect();
    server.write(&[series(&[("__name__", "up"), ("job", "a")], &samples)])?;
    fs::write(server.folder().join("rules.yaml"), RULES)?;
    let (url, from) = (server.url(), ((end - 59 * 60_000) / 1000 - 1).to_string());
    let arguments = ["rules", "replay", "rules.yaml", "--server", &url, "--from", &from];
    let asked = run(server.folder(), &arguments)?;
    assert_eq!(asked.code, Some(0), "{}", asked.err);
    let row = asked.out.lines().nth(1).context("a row")?;
    let cells: Vec<&str> = row.split_whitespace().take(5).collect();
    assert_eq!(cells, ["machines/Down", "1", "1", "3m", "3m"]);
    assert!(asked.err.contains("1 pages from "), "{}", asked.err);
    let json = run(server.folder(), &[&arguments[..], &["--output", "json"]].concat())?;
    let document: Value = serde_json::from_str(&json.out)?;
    let rule = &document["rules"][0];
    assert_eq!((&rule["dropped"], &rule["firing_seconds"]), (&Value::from(1), &Value::from(180.0)));
    assert_eq!(rule["episodes"][0]["labels"]["job"], "a");
    let late = run(
        server.folder(),
        &["rules", "replay", "rules.yaml", "--server", &url, "--from", "soon"],
    )?;
    assert_eq!(late.code, Some(2));
    Ok(())
}
