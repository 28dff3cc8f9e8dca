//! Alerts over time beside Prometheus' own checker: from random series and random rules we say which alerts fire
//! when, and `promtool test rules` must agree.

use std::{collections::BTreeMap, fmt::Write as _, fs, process::Command};

use anyhow::{Context, Result, ensure};
use detect::rules::{
    self,
    trial::{Options, TestFile},
};

/// A small generator (xorshift), so that the same seed gives the same test for ever.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

const MINUTES: u64 = 30;
const TESTS: usize = 10;

/// Rules with every mix of `for` and `keep_firing_for`.
fn some_rules() -> String {
    let mut text = String::from("groups:\n  - name: g\n    rules:\n");
    for hold in [0, 1, 3] {
        for keep in [0, 2, 4] {
            let name = format!("For{hold}Keep{keep}");
            let rule = format!(
                "      - alert: {name}\n        expr: x > 0\n        for: {hold}m\n        keep_firing_for: {keep}m\n        \
                 annotations: {{value: '{{{{ $value }}}} of {{{{ $labels.host }}}}'}}\n"
            );
            text += &rule;
        }
    }
    text
}

fn some_series(chance: &mut Chance) -> String {
    let mut text = String::new();
    for host in ["a", "b"] {
        let mut points = Vec::new();
        for _ in 0..=MINUTES {
            points.push(match chance.below(6) {
                0 | 1 => "0".to_owned(),
                2 => "_".to_owned(),
                3 => "stale".to_owned(),
                _ => (1 + chance.below(3)).to_string(),
            });
        }
        let line =
            format!("      - {{series: 'x{{host=\"{host}\"}}', values: '{}'}}\n", points.join(" "));
        text += &line;
    }
    text
}

/// A file of tests that says of every minute which alerts fire, as we see it.
fn told(seed: u64, rules_text: &str) -> Result<String> {
    let mut chance = Chance(seed);
    let groups = rules::parse("rules.yaml", rules_text)?;
    let mut out = String::from("rule_files: [rules.yaml]\nevaluation_interval: 1m\ntests:\n");
    for number in 0..TESTS {
        let mut test =
            format!("  - name: seed {seed} test {number}\n    interval: 1m\n    input_series:\n");
        test += &some_series(&mut chance);
        let mut asked = String::from("    alert_rule_test:\n");
        for minute in 0..=MINUTES {
            for rule in groups.iter().flat_map(|group| &group.rules) {
                writeln!(
                    asked,
                    "      - {{eval_time: {minute}m, alertname: {}, exp_alerts: [ALERTS]}}",
                    rule.name()
                )?;
            }
        }
        let nothing = asked.replace("ALERTS", "");
        let file = TestFile::parse("t.yaml", &format!("tests:\n{test}{nothing}"))?;
        let outcome = file.run(&groups, &Options::default());
        // What we fail with is what fires.
        let mut fires: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for failure in &outcome[0].failures {
            let name = failure.subject.trim_start_matches("alert ").to_owned();
            let mut host = String::new();
            for line in failure.lines.iter().filter(|line| line.text != "nothing") {
                match line.text.strip_prefix("  value: ") {
                    None => line.text.split('"').nth(3).unwrap_or_default().clone_into(&mut host),
                    Some(value) => {
                        let alert = format!(
                            "{{exp_labels: {{host: {host}}}, exp_annotations: {{value: {value}}}}}"
                        );
                        fires
                            .entry((name.clone(), failure.at.to_string()))
                            .or_default()
                            .push(alert);
                    }
                }
            }
        }
        out += &test;
        for line in asked.lines() {
            let found = fires.iter().find(|((name, at), _)| {
                let at = if at == "0s" { "0m" } else { at };
                line.contains(&format!("eval_time: {at}, alertname: {name},"))
            });
            let alerts = found.map(|(_, alerts)| alerts.join(", ")).unwrap_or_default();
            out += &line.replace("ALERTS", &alerts);
            out.push('\n');
        }
    }
    Ok(out)
}

#[test]
fn promtool_sees_the_same_alerts_fire_at_every_minute() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let rules_text = some_rules();
    fs::write(dir.path().join("rules.yaml"), &rules_text)?;
    for seed in [20_261_121, 4] {
        let tests = told(seed, &rules_text)?;
        ensure!(tests.matches("exp_labels").count() > 500, "hardly anything fires");
        let path = dir.path().join("tests.yaml");
        fs::write(&path, &tests)?;
        let output = Command::new("promtool").args(["test", "rules"]).arg(&path).output();
        let output = output.context("cannot start promtool: install Debian's `prometheus`")?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{}",
            told.lines().take(40).collect::<Vec<_>>().join("\n")
        );
    }
    Ok(())
}
