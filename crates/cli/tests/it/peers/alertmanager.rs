//! What sends alerts to an Alertmanager sends them to us, and what drives one drives us.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use testkit::Peer;

use crate::{
    program::{Server, now_millis, run, until},
    web::{self, Stub},
};

const ROUTING: &str = r#"
route:
  receiver: desk
  group_by: [alertname]
  group_wait: 1s
  group_interval: 1s
  routes:
  - matchers: [severity="critical"]
    receiver: pager
receivers:
- name: desk
  webhook_configs: [{url: 'http://127.0.0.1:DESK/hook'}]
- name: pager
  webhook_configs: [{url: 'http://127.0.0.1:PAGER/hook'}]
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity="warning"]
  equal: [shop]
"#;

/// A server whose alerts take routes to two stubs.
fn server(desk: &Stub, pager: &Stub) -> Result<Server> {
    let dir = tempfile::tempdir()?;
    let text = ROUTING.replace("DESK", &desk.address.port().to_string());
    fs::write(
        dir.path().join("alertmanager.yml"),
        text.replace("PAGER", &pager.address.port().to_string()),
    )?;
    Server::start_in(
        dir,
        "policy: none\nhost: {enabled: false}\nalerts: {routing: alertmanager.yml}\n",
    )
}

/// Runs `amtool` against a server; standard output if it went well.
fn amtool(url: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new("amtool")
        .arg(format!("--alertmanager.url={url}"))
        .args(arguments)
        .env("HOME", "/nowhere")
        .output()
        .context("cannot start amtool: `make test` as root installs it")?;
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    anyhow::ensure!(output.status.success(), "{arguments:?}: {err}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Posts alerts as Prometheus does.
fn post(server: &Server, alerts: &Value) -> Result<(u16, String)> {
    let headers = [("Content-Type", "application/json")];
    web::send(server.address, "POST /api/v2/alerts", &headers, alerts.to_string().as_bytes())
}

fn at(seconds_from_now: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(now_millis() + seconds_from_now * 1000);
    moment.map(|moment| moment.to_string()).unwrap_or_default()
}

fn alert(shop: &str, severity: &str, ends_in: i64) -> Value {
    json!({
        "labels": {"alertname": "QueueLong", "shop": shop, "severity": severity},
        "annotations": {"summary": "the queue is long"},
        "startsAt": at(-5),
        "endsAt": at(ends_in),
        "generatorURL": "http://prometheus.example/graph",
    })
}

fn messages(stub: &Stub, count: usize) -> Result<Vec<Value>> {
    until(&format!("{count} messages came"), || {
        Ok(Some(stub.messages()).filter(|messages| messages.len() >= count))
    })
}

fn active(server: &Server) -> Result<Vec<Value>> {
    let alerts = server.json("/api/v2/alerts")?;
    Ok(alerts.as_array().context("no list")?.clone())
}

fn prometheus(dir: &Path, server: &Server, address: SocketAddr) -> Result<Peer> {
    fs::write(
        dir.join("rules.yml"),
        "groups:\n- name: shop\n  interval: 1s\n  rules:\n  - alert: Always\n    expr: vector(1)\n    \
         labels: {severity: critical}\n    annotations: {summary: 'it is {{ $value }}'}\n  \
         - alert: Sometimes\n    expr: up{job=\"gone\"} == 0 and on() absent(never)\n",
    )?;
    fs::write(
        dir.join("prometheus.yml"),
        format!(
            "global: {{evaluation_interval: 1s, scrape_interval: 1s, external_labels: {{site: north}}}}\n\
             rule_files: [rules.yml]\n\
             alerting: {{alertmanagers: [{{path_prefix: /alertmanager, static_configs: [{{targets: ['{}']}}]}}]}}\n\
             scrape_configs: [{{job_name: gone, static_configs: [{{targets: ['127.0.0.1:1']}}]}}]\n",
            server.address
        ),
    )?;
    let mut command = Command::new("prometheus");
    command
        .current_dir(dir)
        .arg("--config.file=prometheus.yml")
        .arg("--storage.tsdb.path=tsdb")
        .arg("--rules.alert.resend-delay=1s")
        .arg(format!("--web.listen-address={address}"));
    Peer::start(command, address, "/-/ready", dir.join("prometheus.log"))
}

#[test]
fn a_real_prometheus_pages_through_us_once_whatever_is_killed() -> Result<()> {
    let (desk, pager) = (Stub::receiver(0)?, Stub::receiver(0)?);
    let mut server = server(&desk, &pager)?;
    let dir = tempfile::tempdir()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()?));
    let mut sender = prometheus(dir.path(), &server, address)?;
    let page = messages(&pager, 1)?.remove(0);
    assert_eq!((&page["status"], &page["receiver"]), (&json!("firing"), &json!("pager")));
    assert_eq!(page["groupKey"], r#"{}/{severity="critical"}:{alertname="Always"}"#);
    let told = &page["alerts"][0];
    assert_eq!(told["labels"]["site"], "north");
    assert_eq!(told["annotations"], json!({"summary": "it is 1"}));
    let origin = told["generatorURL"].as_str().context("no origin")?;
    assert!(origin.contains("/graph?g0.expr=vector"), "{origin}");
    assert_eq!(messages(&desk, 1)?[0]["alerts"][0]["labels"]["alertname"], "Sometimes");
    assert_eq!(active(&server)?.len(), 2);

    server.kill_and_restart()?;
    sender.kill()?;
    drop(sender);
    // Both are gone and back; the alerts stand all the time.
    assert_eq!(active(&server)?.len(), 2);
    let _sender = prometheus(dir.path(), &server, address)?;
    let posted =
        r#"plimsoll_server_requests_total{path="/alertmanager/api/v2/alerts",status="200"}"#;
    until("Prometheus has sent its alerts again and again", || {
        Ok((server.metric(posted)? > 5.0).then_some(()))
    })?;
    let alerts = active(&server)?;
    assert_eq!(alerts.len(), 2, "{alerts:#?}");
    assert_eq!((pager.messages().len(), desk.messages().len()), (1, 1), "{:#?}", desk.messages());
    Ok(())
}

#[test]
fn an_end_is_told_once_even_if_it_is_said_between_two_kills() -> Result<()> {
    let (desk, pager) = (Stub::receiver(0)?, Stub::receiver(0)?);
    let mut server = server(&desk, &pager)?;
    assert_eq!(post(&server, &json!([alert("north", "critical", 300)]))?.0, 200);
    messages(&pager, 1)?;
    server.kill_and_restart()?;
    // Said once, as Grafana and scripts do; and the program ends at once.
    assert_eq!(post(&server, &json!([alert("north", "critical", 0)]))?.0, 200);
    server.kill_and_restart()?;
    let told = messages(&pager, 2)?;
    assert_eq!(told[1]["status"], "resolved");
    assert_eq!(post(&server, &json!([alert("north", "critical", 0)]))?.0, 200);
    server.restart()?;
    assert_eq!(pager.messages().len(), 2, "{:#?}", pager.messages());
    assert!(active(&server)?.is_empty());
    Ok(())
}

#[test]
fn amtool_looks_silences_and_ends_silences_over_a_kill() -> Result<()> {
    let (desk, pager) = (Stub::receiver(0)?, Stub::receiver(0)?);
    let mut server = server(&desk, &pager)?;
    let url = server.url();
    let silence = ["silence", "add", "shop=south", "--duration=1h", "--author=ada"];
    let refused = amtool(&url, &silence).unwrap_err().to_string();
    assert!(refused.contains("comment required"), "{refused}");
    let id = amtool(&url, &[&silence[..], &["--comment=we mend it"]].concat())?;
    // Acknowledged is kept, however soon the program ends.
    server.kill_and_restart()?;
    let listed = amtool(&url, &["silence", "query", "-o", "json"])?;
    let listed: Value = serde_json::from_str(&listed)?;
    assert_eq!(listed[0]["id"], id.trim());
    assert_eq!(listed[0]["comment"], "we mend it");
    assert_eq!(listed[0]["status"]["state"], "active");

    let alerts = ["north", "south", "east"].map(|shop| alert(shop, "warning", 300));
    let over = alert("east", "critical", 300);
    assert_eq!(post(&server, &json!([alerts[0], alerts[1], alerts[2], over]))?.0, 200);
    assert_eq!(messages(&desk, 1)?[0]["alerts"].as_array().map(Vec::len), Some(1));
    let shown = amtool(&url, &["alert", "query", "-o", "extended"])?;
    assert!(shown.contains("north") && !shown.contains("south"), "{shown}");
    let all = amtool(&url, &["alert", "query", "-a", "-s", "-i", "shop=~.+", "-o", "json"])?;
    let all: Value = serde_json::from_str(&all)?;
    let why = |shop: &str, severity: &str| {
        let rows = all.as_array().into_iter().flatten();
        let mut rows = rows
            .filter(|row| row["labels"]["shop"] == shop && row["labels"]["severity"] == severity);
        rows.next().map(|row| row["status"].clone()).unwrap_or_default()
    };
    assert_eq!(why("south", "warning")["silencedBy"], json!([id.trim()]));
    assert_eq!(why("east", "warning")["state"], "suppressed");
    assert_eq!(why("east", "warning")["inhibitedBy"].as_array().map(Vec::len), Some(1));
    assert_eq!(why("east", "critical")["state"], "active");
    assert_eq!(why("north", "warning")["state"], "active");

    amtool(&url, &["silence", "expire", id.trim()])?;
    let told = messages(&desk, 2)?;
    assert_eq!(told[1]["alerts"].as_array().map(Vec::len), Some(2), "{told:#?}");
    let gone = amtool(&url, &["silence", "query"])?;
    assert!(!gone.contains("we mend it"), "{gone}");
    let route = ["config", "routes", "test", "severity=critical"];
    assert_eq!(amtool(&url, &route)?.trim(), "pager");
    assert!(amtool(&url, &["config", "show"])?.contains("resolve_timeout: 5m"));
    assert!(amtool(&url, &["cluster", "show"])?.contains("disabled"));
    Ok(())
}

#[test]
fn a_silence_that_would_match_everything_wants_to_be_confirmed() -> Result<()> {
    let (desk, pager) = (Stub::receiver(0)?, Stub::receiver(0)?);
    let server = server(&desk, &pager)?;
    let url = server.url();
    let add = |matcher: &str, comment: &str| {
        let comment = format!("--comment={comment}");
        amtool(&url, &["silence", "add", matcher, "--author=ada", &comment])
    };
    for matcher in ["alertname=~.+", "severity=~critical|.+"] {
        let refused = add(matcher, "quiet please").unwrap_err().to_string();
        assert!(refused.contains("would match everything"), "{refused}");
    }
    // Of many alerts of the last day one silence takes not more than a third unasked.
    let alerts: Vec<Value> = (0..12).map(|shop| alert(&shop.to_string(), "warning", 300)).collect();
    post(&server, &json!(alerts))?;
    let refused = add("alertname=QueueLong", "quiet please").unwrap_err().to_string();
    assert!(refused.contains("matches 12 of the 12 alerts"), "{refused}");
    add("shop=~[012]", "three of twelve")?;
    add("alertname=QueueLong", "the whole shop moves #confirmed")?;
    let silenced = active(&server)?;
    assert!(silenced.iter().all(|own| own["status"]["state"] == "suppressed"), "{silenced:#?}");
    Ok(())
}

#[test]
fn alerts_that_are_wrong_are_named_and_the_others_count() -> Result<()> {
    let (desk, pager) = (Stub::receiver(0)?, Stub::receiver(0)?);
    let server = server(&desk, &pager)?;
    let mut backwards = alert("west", "warning", -60);
    backwards["startsAt"] = json!(at(0));
    let odd = json!({"labels": {"alertname": "a;b $(c) --d\n", "x": "\u{1}"}});
    let (status, text) =
        post(&server, &json!([{"labels": {}}, backwards, alert("north", "warning", 300), odd]))?;
    assert_eq!(status, 400, "{text}");
    assert!(text.contains("alert 0: at least one label pair"), "{text}");
    assert!(text.contains("alert 1: start time must be before"), "{text}");
    assert_eq!(active(&server)?.len(), 2);
    for body in ["", "{}", "[{}]", "[{\"labels\": {\"a\": 1}}]", "[[", "\u{0}"] {
        let headers = [("Content-Type", "application/json")];
        let (status, _) =
            web::send(server.address, "POST /api/v2/alerts", &headers, body.as_bytes())?;
        assert!((400..500).contains(&status), "{body}: {status}");
    }
    for path in [
        "/api/v2/alerts?filter=%3D",
        "/api/v2/alerts?active=perhaps",
        "/api/v2/alerts?receiver=%28",
        "/api/v2/silence/nothing",
        "/api/v2/nothing",
    ] {
        let (status, text) = testkit::http_get(server.address, path)?;
        assert!((400..500).contains(&status), "{path}: {status} {text}");
    }
    Ok(())
}

#[test]
fn what_an_alertmanager_is_told_is_read_and_what_is_not_taken_is_named() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let text = ROUTING
        .replace("receivers:\n", "receivers:\n- {name: chat, webex_configs: [{room_id: a}]}\n");
    fs::write(dir.path().join("alertmanager.yml"), format!("templates: [x.tmpl]\n{text}"))?;
    let read = run(dir.path(), &["import", "alertmanager", "alertmanager.yml"])?;
    assert_eq!(read.code, Some(3), "{}", read.err);
    for part in [
        "alertmanager.yml: 2 routes, 3 receivers, 1 inhibition rules",
        "all -> desk\n  {severity=\"critical\"} -> pager\n",
        "alertmanager.yml:1: templates: messages are worded by Plimsoll",
        "webex_configs: nobody is told in this way",
        "Nobody is told as `chat`",
    ] {
        assert!(read.out.contains(part), "{part}\n{}", read.out);
    }
    let route = ["import", "alertmanager", "alertmanager.yml", "--route", "severity=critical"];
    assert_eq!(run(dir.path(), &route)?.out, "pager\n");
    fs::write(dir.path().join("plimsoll.yaml"), "alerts: {routing: alertmanager.yml}\n")?;
    assert_eq!(run(dir.path(), &["check"])?.code, Some(0));
    fs::write(
        dir.path().join("alertmanager.yml"),
        text.replace("receiver: pager", "receiver: chat"),
    )?;
    let checked = run(dir.path(), &["check"])?;
    assert_eq!(checked.code, Some(2));
    assert!(checked.err.contains("the receiver `chat`"), "{}", checked.err);
    Ok(())
}
