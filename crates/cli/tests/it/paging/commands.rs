//! Alerts, silences, receivers and heartbeats from a terminal, and what hostile labels do there.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{
    program::{Outcome, QUIET, Server, run, until},
    web::{self, Stub},
};

/// A label that a shell, a terminal or a line-based file would trip over.
const HOSTILE: &str = "a\"; $(touch /tmp/owned) `id` | rm -rf / &\n\u{1b}[31m-- <!channel>";

struct Room {
    server: Server,
    desk: Stub,
}

impl Room {
    fn open() -> Result<Self> {
        let desk = Stub::receiver(0)?;
        let server = Server::start(&format!(
            "{QUIET}receivers: [{{name: desk, url: 'http://{}/', group_wait: 0s}}]\n",
            desk.address
        ))?;
        Ok(Self { server, desk })
    }

    fn plimsoll(&self, arguments: &[&str]) -> Result<Outcome> {
        let url = self.server.url();
        run(self.server.folder(), &[arguments, &["--server", &url]].concat())
    }

    fn json(&self, arguments: &[&str]) -> Result<Value> {
        let asked = self.plimsoll(&[arguments, &["--output", "json"]].concat())?;
        serde_json::from_str(&asked.out).with_context(|| asked.err.clone())
    }

    /// Sends an alert as a Prometheus does.
    fn alert(&self, name: &str, host: &str) -> Result<()> {
        let alerts = json!([{"labels": {"alertname": name, "host": host, "severity": "critical"},
            "annotations": {"summary": format!("{name} on {host}")}}]);
        let headers = [("Content-Type", "application/json")];
        let body = alerts.to_string();
        let (status, text) =
            web::send(self.server.address, "POST /api/v2/alerts", &headers, body.as_bytes())?;
        anyhow::ensure!(status == 200, "{status} {text}");
        Ok(())
    }
}

#[test]
fn alerts_are_listed_silenced_and_told_of_from_a_terminal() -> Result<()> {
    let room = Room::open()?;
    assert!(room.plimsoll(&["alerts"])?.err.contains("no alert holds"));
    room.alert("DiskFull", "db-1")?;
    until("the page is out", || Ok((!room.desk.messages().is_empty()).then_some(())))?;
    let listed = room.plimsoll(&["alerts"])?;
    assert!(
        listed.out.contains("DiskFull on db-1") && listed.out.contains("told"),
        "{}",
        listed.out
    );
    let all = room.json(&["alerts"])?;
    let id = all["active"][0]["id"].as_str().context("no identity")?;
    let one = until("it is known to be told", || {
        let one = room.plimsoll(&["alerts", id])?;
        Ok(one.out.contains("sent").then_some(one))
    })?;
    assert!(one.out.contains("desk") && one.out.contains("began"), "{}", one.out);
    let receivers = room.plimsoll(&["receivers"])?;
    assert!(receivers.out.lines().any(|line| line.starts_with("desk")), "{}", receivers.out);

    let preview = room.plimsoll(&["silence", "preview", "host=db-1"])?;
    assert!(preview.out.contains("1 alerts that fire now"), "{}", preview.out);
    let nobody = room.plimsoll(&["silence", "add", "host=db-1", "--reason", "new disk"])?;
    assert_eq!(nobody.code, Some(2), "{}", nobody.err);
    let add =
        ["silence", "add", "host=db-1", "--reason", "new disk", "--by", "ada", "--for", "30m"];
    let kept = room.plimsoll(&add)?;
    assert_eq!(kept.code, Some(0), "{}", kept.err);
    let silence = kept.out.trim().to_owned();
    assert!(kept.err.contains("it keeps 1 alerts quiet"), "{}", kept.err);
    assert!(room.plimsoll(&["alerts"])?.out.contains("quiet"));
    let listed = room.plimsoll(&["silence", "list"])?;
    assert!(listed.out.contains(&silence) && listed.out.contains("new disk"), "{}", listed.out);
    let ended = room.plimsoll(&["silence", "expire", &silence])?;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(room.plimsoll(&["silence", "expire", &silence])?.code, Some(2));
    assert!(room.plimsoll(&["silence", "list"])?.err.contains("nothing is kept quiet"));
    let expired = room.json(&["silence", "list", "--all"])?;
    assert_eq!(expired["silences"][0]["state"], "expired");
    Ok(())
}

#[test]
fn a_silence_that_would_match_everything_is_refused_until_it_is_confirmed() -> Result<()> {
    let room = Room::open()?;
    let add = ["silence", "add", "alertname=~.+", "--reason", "a test", "--by", "ada"];
    let refused = room.plimsoll(&add)?;
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("would match everything"), "{}", refused.err);
    let preview = room.plimsoll(&["silence", "preview", "alertname=~.+"])?;
    assert!(preview.out.contains("needs --confirm: this silence would match"), "{}", preview.out);
    let confirmed = room.plimsoll(&[&add[..], &["--confirm"]].concat())?;
    assert_eq!(confirmed.code, Some(0), "{}", confirmed.err);
    let kept = room.json(&["silence", "list"])?;
    let why = kept["silences"][0]["confirmed"].as_str().unwrap_or_default();
    assert!(why.contains("would match everything"), "{kept}");
    Ok(())
}

#[test]
fn labels_that_a_shell_would_obey_are_only_told() -> Result<()> {
    let room = Room::open()?;
    room.alert("Hostile", HOSTILE)?;
    let told = until("the page is out", || Ok(room.desk.messages().into_iter().next()))?;
    assert_eq!(told["alerts"][0]["labels"]["host"], HOSTILE);
    let listed = room.plimsoll(&["alerts"])?;
    assert_eq!(listed.out.lines().count(), 2, "{}", listed.out);
    // No line of ours colours or moves what the terminal shows.
    assert!(!listed.out.contains('\u{1b}'), "{:?}", listed.out);
    let condition =
        format!("host={}", serde_json::to_string(HOSTILE)?.replace("\\u001b", "\u{1b}"));
    let add = ["silence", "add", &condition, "--reason", "x; reboot\n", "--by", "$(id)"];
    let kept = room.plimsoll(&add)?;
    assert_eq!(kept.code, Some(0), "{}", kept.err);
    assert!(kept.err.contains("it keeps 1 alerts quiet"), "{}", kept.err);
    assert!(!std::path::Path::new("/tmp/owned").try_exists()?);
    Ok(())
}

#[test]
fn a_backup_says_that_it_is_well() -> Result<()> {
    let room = Room::open()?;
    let unknown = room.plimsoll(&["heartbeat", "send", "backup"])?;
    assert_eq!(unknown.code, Some(4), "{}", unknown.err);
    let sent =
        room.plimsoll(&["heartbeat", "send", "backup", "--period", "1d", "--grace", "2h"])?;
    assert!(
        sent.out.starts_with("backup was heard; it is missing from"),
        "{} {}",
        sent.out,
        sent.err
    );
    let listed = room.plimsoll(&["heartbeat", "list"])?;
    assert!(listed.out.contains("backup") && listed.out.contains("1d"), "{}", listed.out);
    assert_eq!(room.plimsoll(&["heartbeat", "forget", "backup"])?.code, Some(0));
    assert_eq!(room.json(&["heartbeat", "list"])?, json!([]));
    Ok(())
}
