//! Routing decisions beside those of the real `amtool`, and what configurations are taken.

mod ways;

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};
use model::Labels;
use respond::routing::{Alertmanager, Directory, read_alertmanager};

/// Labels and values that the trees of the shared data and our own ask for, and some they do not.
const LABELS: [(&str, &[&str]); 9] = [
    ("alertname", &["DiskFull", "Watchdog", "a\"b\\c", "ünïcode"]),
    ("service", &["foo1", "foo12", "files", "database", ""]),
    ("severity", &["critical", "warning", "page", "none"]),
    ("owner", &["team-X", "team-Y"]),
    ("owner2", &["team-X"]),
    ("test", &["1", "2", "12"]),
    ("link_a_device", &["switch-a"]),
    ("link_z_device", &["switch-b"]),
    ("zone", &["eu\nwest", "eu west", "us"]),
];

/// Every way to continue, to nest, to negate and to leave labels out.
const OWN: &str = r#"
route:
  receiver: root
  group_by: ['...']
  routes:
  - matchers: [alertname="Watchdog"]
    receiver: dead-man
  - matchers: ['severity=~"crit.*|page"']
    receiver: page
    continue: true
    routes:
    - matchers: [service!="", 'service!~foo.*']
      receiver: page-service
      continue: true
    - matchers: ['{owner="team-X",severity!=page}']
    - match_re: {zone: eu.west}
      receiver: page-west
  - match: {severity: page}
    receiver: second
  - matchers: [severity="critical"]
    continue: true
    routes:
    - matchers: [test=~"1|2"]
      receiver: tested
  - matchers: [zone="eu\nwest"]
    receiver: newline
  - matchers: ['alertname="a\"b\\c"']
    receiver: quoted
  - matchers: [owner=]
    receiver: unowned
  - matchers: [owner!~".+"]
    receiver: never
receivers: [{name: root}, {name: dead-man}, {name: page}, {name: page-service}, {name: page-west},
  {name: second}, {name: tested}, {name: newline}, {name: quoted}, {name: unowned}, {name: never}]
"#;

fn read(path: &Path) -> Result<Alertmanager> {
    let text = fs::read_to_string(path)?;
    Ok(read_alertmanager(&path.display().to_string(), &text, path.parent().context("no folder")?)?)
}

/// A small generator of our own, so that the test depends on nothing it tests.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn labels(&mut self) -> Vec<(&'static str, &'static str)> {
        let mut labels = Vec::new();
        for (name, values) in LABELS {
            if self.roll(2) == 0 {
                labels.push((name, values[self.roll(values.len())]));
            }
        }
        labels
    }
}

/// What `amtool config routes test` says.
fn amtool(file: &Path, labels: &[(&str, &str)]) -> Result<String> {
    let mut command = Command::new("amtool");
    command.args(["config", "routes", "test", "--config.file"]).arg(file);
    for (name, value) in labels {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        command.arg(format!("{name}=\"{value}\""));
    }
    let output =
        command.output().context("cannot start amtool: `make test` as root installs it")?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn compare(file: &Path, shown_to_amtool: &Path, seed: u64) -> Result<()> {
    let directory = Directory::routed([], &read(file)?).or_else(|_nobody| {
        // Receivers that are told in ways we do not have still have names.
        let text = fs::read_to_string(file)?;
        let (routes, receivers) = text.split_once("\nreceivers:").context("no receivers")?;
        let names = receivers.lines().filter_map(|line| line.trim().strip_prefix("- name:"));
        let names: Vec<String> = names.map(|name| format!("- {{name: {name}}}\n")).collect();
        let names = names.concat();
        let bare =
            read_alertmanager("bare", &format!("{routes}\nreceivers:\n{names}"), Path::new(""))?;
        Ok::<_, anyhow::Error>(Directory::routed([], &bare)?)
    })?;
    let mut dice = Dice(seed);
    for _ in 0..60 {
        let labels = dice.labels();
        let theirs = amtool(shown_to_amtool, &labels)?;
        let ours = directory.told_of(&Labels::from_pairs(labels.iter().copied())).join(",");
        assert_eq!(ours, theirs, "{} {labels:?}", file.display());
    }
    Ok(())
}

#[test]
fn routes_lead_where_amtool_says_they_lead_seed_3() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let own = folder.path().join("own.yml");
    fs::write(&own, OWN)?;
    compare(&own, &own, 3)?;
    let Some(shared) = testkit::shared("data/rules/alertmanager") else { return Ok(()) };
    for name in ["cli/testdata/conf.routing.yml", "cli/testdata/conf.routing-reverted.yml"] {
        compare(&shared.join(name), &shared.join(name), 3)?;
    }
    for name in ["doc/examples/simple.yml", "config/testdata/conf.good.yml"] {
        let file = shared.join(name);
        // Debian's amtool does not know `tracing`, the last section.
        let text = fs::read_to_string(&file)?;
        let plain = folder.path().join("plain.yml");
        fs::write(&plain, text.split("\ntracing:").next().unwrap_or_default())?;
        compare(&file, &plain, 3)?;
    }
    Ok(())
}

#[test]
fn every_good_configuration_is_read_and_every_bad_one_refused_with_its_place() -> Result<()> {
    // Whether Alertmanager 0.34, whose test data these are, takes them.
    const BAD: [&str; 26] = [
        "nil-match_re-route",
        "nil-source_match_re-inhibition",
        "nil-target_match_re-inhibition",
        "mattermost-both-webhook-url-and-file",
        "mattermost-no-webhook-url",
        "mattermost-valid-receiver-both-webhook-url-and-file",
        "opsgenie-both-file-and-apikey",
        "opsgenie-no-apikey",
        "rocketchat-both-token-and-tokenfile",
        "rocketchat-both-tokenid-and-tokenidfile",
        "rocketchat-no-token",
        "slack-both-file-and-token",
        "slack-both-file-and-url",
        "slack-both-url-and-token",
        "slack-no-api-url-or-token",
        "slack-update-message-and-webhook",
        "smtp-both-password-and-file",
        "sns-invalid",
        "telegram-both-bot-token-and-file",
        "telegram-no-bot-token",
        "telegram-valid-receiver-both-bot-token-and-file",
        "victorops-both-file-and-apikey",
        "victorops-no-apikey",
        "wechat-both-file-and-secret",
        "wechat-no-api-secret",
        "opsgenie-default-apikey-old-team",
    ];
    let Some(shared) = testkit::shared("data/rules/alertmanager") else { return Ok(()) };
    let mut files = Vec::new();
    for folder in ["config/testdata", "doc/examples", "examples/ha"] {
        for entry in fs::read_dir(shared.join(folder))? {
            files.push(entry?.path());
        }
    }
    let mut wrong = Vec::new();
    for path in &files {
        let stem = path.file_stem().context("no name")?.to_string_lossy().into_owned();
        let bad = BAD.iter().any(|name| stem == format!("conf.{name}"));
        match read(path) {
            Ok(_) if bad => wrong.push(format!("{stem} is taken")),
            Err(error) if bad => {
                let text = error.to_string();
                if !text.contains(&format!("{}:", path.display())) {
                    wrong.push(format!("{stem} has no place: {text}"));
                }
            }
            Err(error) => wrong.push(format!("{stem} is refused: {error}")),
            Ok(_) => {}
        }
    }
    assert!(files.len() > 45, "{}", files.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn what_a_file_says_and_is_not_taken_is_named_with_its_line() -> Result<()> {
    let Some(shared) = testkit::shared("data/rules/alertmanager") else { return Ok(()) };
    let file = read(&shared.join("doc/examples/route_labels.yml"))?;
    let notes: Vec<_> = file.notes.iter().map(|note| (note.line, note.what.as_str())).collect();
    assert_eq!(notes[0], (14, "templates"));
    assert!(notes.contains(&(22, "route: labels")), "{notes:?}");
    Ok(())
}

#[test]
fn mistakes_of_routes_are_found_all_at_once() {
    let text = r#"
route:
  receiver: a
  match: {x: y}
  group_by: [a, a]
  routes:
  - receiver: missing
    matchers: ["=x", 'a=~"("']
    mute_time_intervals: [never]
    group_interval: 0s
    contineu: true
receivers: [{name: a}, {name: a}, {name: b, webhook_configs: [{url: nowhere}]}]
time_intervals:
- {name: odd, time_intervals: [{weekdays: ['friday:monday'], location: Atlantis, times: [{start_time: '17:00', end_time: '09:00'}]}]}
"#;
    let mistakes = read_alertmanager("a.yml", text, Path::new("")).unwrap_err();
    let found: Vec<_> =
        mistakes.iter().map(|own| (own.line().unwrap_or(0), own.message().to_owned())).collect();
    let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 5, 7, 8, 8, 9, 10, 11, 12, 12, 14, 14, 14], "{found:#?}");
}
