//! Rules become alerts, and receivers are told once: over kills, and over receivers that are away.

mod commands;
mod endurance;
mod receiver;

use std::{fs, io::Write as _};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{
    program::{Server, now_millis, series, until},
    web::{self, Stub},
};

const RULES: &str = r"
groups:
- name: shop
  interval: 1s
  rules:
  - record: shop:queue:max
    expr: max by (shop) (queue_length)
  - alert: QueueLong
    expr: shop:queue:max > 10
    for: 1s
    labels: {severity: critical}
    annotations: {summary: 'queue of {{ $labels.shop }} is {{ $value }}'}
";

/// A server that evaluates the rules and tells a receiver on this port.
fn server(receiver: u16) -> Result<Server> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("rules.yaml"), RULES)?;
    Server::start_in(
        dir,
        &format!(
            "policy: none\nhost: {{enabled: false}}\nrule_files: [rules.yaml]\n\
             global: {{evaluation_interval: 1s}}\nreceivers:\n\
             - {{name: desk, url: 'http://127.0.0.1:{receiver}/hook', group_wait: 1s}}\n"
        ),
    )
}

fn set_queue(server: &Server, length: f64) -> Result<()> {
    let labels = [("__name__", "queue_length"), ("shop", "north")];
    let (status, text) = server.write(&[series(&labels, &[(now_millis(), length)])])?;
    anyhow::ensure!(status == 204, "{status} {text}");
    Ok(())
}

fn wait_for_messages(desk: &Stub, count: usize) -> Result<Vec<Value>> {
    until(&format!("{count} messages came"), || {
        Ok(Some(desk.messages()).filter(|messages| messages.len() >= count))
    })
}

fn wait_for_alert(server: &Server, state: &str) -> Result<()> {
    until(&format!("the alert is {state}"), || {
        let alerts = server.json("/api/v1/alerts")?;
        Ok((alerts["data"]["alerts"][0]["state"] == state).then_some(()))
    })
}

/// Waits until the rules were evaluated a few times after now.
fn let_rules_run(server: &Server) -> Result<()> {
    let evaluations =
        || server.metric(r#"plimsoll_detect_evaluations_total{of="rule",outcome="evaluated"}"#);
    let before = evaluations()?;
    until("the rules ran a few times", || Ok((evaluations()? > before + 5.0).then_some(())))
}

#[test]
fn an_alert_is_told_once_over_a_kill_and_its_end_once() -> Result<()> {
    let desk = Stub::receiver(0)?;
    let mut server = server(desk.address.port())?;
    set_queue(&server, 12.0)?;
    let messages = wait_for_messages(&desk, 1)?;
    let message = &messages[0];
    assert_eq!((&message["version"], &message["status"]), (&json!("4"), &json!("firing")));
    assert_eq!((&message["receiver"], &message["truncatedAlerts"]), (&json!("desk"), &json!(0)));
    assert_eq!(message["groupLabels"], json!({ "alertname": "QueueLong" }));
    assert_eq!(message["commonLabels"]["severity"], "critical");
    assert!(message["groupKey"].is_string() && message["externalURL"].is_string(), "{message}");
    let alert = &message["alerts"][0];
    assert_eq!(alert["status"], "firing");
    assert_eq!(alert["labels"]["shop"], "north");
    assert_eq!(alert["annotations"]["summary"], "queue of north is 12");
    assert_eq!(alert["endsAt"], "0001-01-01T00:00:00Z");
    assert!(alert["startsAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{alert}");
    assert_eq!(web::value(server.address, "shop:queue:max")?, Some(12.0));

    // A kill between a delivery and its record has it delivered again.
    until("the delivery is recorded", || {
        let status = server.json("/api/plimsoll/v1/status")?;
        Ok((status["messages_waiting"] == 0).then_some(()))
    })?;
    server.kill_and_restart()?;
    wait_for_alert(&server, "firing")?;
    let_rules_run(&server)?;
    assert_eq!(desk.messages().len(), 1, "{:#?}", desk.messages());

    set_queue(&server, 3.0)?;
    let messages = wait_for_messages(&desk, 2)?;
    assert_eq!(messages[1]["status"], "resolved");
    let ended = &messages[1]["alerts"][0];
    assert_eq!(
        (&ended["status"], &ended["fingerprint"]),
        (&json!("resolved"), &alert["fingerprint"])
    );
    assert_ne!(ended["endsAt"], "0001-01-01T00:00:00Z");
    let_rules_run(&server)?;
    assert_eq!(desk.messages().len(), 2, "{:#?}", desk.messages());
    let alerts = server.json("/api/plimsoll/v1/alerts")?;
    assert_eq!(alerts["active"], json!([]));
    assert_eq!(alerts["recent"][0]["name"], "QueueLong");
    Ok(())
}

#[test]
fn a_receiver_that_was_away_is_told_when_it_is_back() -> Result<()> {
    let port = testkit::free_port()?;
    let server = server(port)?;
    set_queue(&server, 12.0)?;
    wait_for_alert(&server, "firing")?;
    until("the message waits", || {
        let status = server.json("/api/plimsoll/v1/status")?;
        Ok(status["messages_waiting"].as_u64().filter(|waiting| *waiting > 0))
    })?;
    let desk = Stub::receiver(port)?;
    let messages = wait_for_messages(&desk, 1)?;
    assert_eq!(messages[0]["status"], "firing");
    until("nothing waits any more", || {
        let status = server.json("/api/plimsoll/v1/status")?;
        Ok((status["messages_waiting"].as_u64().context("no figure")? == 0).then_some(()))
    })?;
    assert_eq!(desk.messages().len(), 1);
    Ok(())
}

/// The rules of a target that says all the time that its queue is long.
const SCRAPED_RULES: &str = r"
groups:
- name: shop
  interval: 1s
  rules:
  - alert: QueueLong
    expr: scraped_queue_length > 10
    annotations: {summary: 'the queue is long'}
";

#[test]
fn a_plain_restart_ends_no_alert_of_a_target_that_goes_on() -> Result<()> {
    let desk = Stub::receiver(0)?;
    let shop = Stub::start(|stream| {
        let body = "scraped_queue_length 12\n";
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close\r\n";
        stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes())
    })?;
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("rules.yaml"), SCRAPED_RULES)?;
    let (desk_port, shop_address) = (desk.address.port(), shop.address);
    let mut server = Server::start_in(
        dir,
        &format!(
            "policy: none\nhost: {{enabled: false}}\nrule_files: [rules.yaml]\nreceivers:\n\
             - {{name: desk, url: 'http://127.0.0.1:{desk_port}/hook', group_wait: 1s}}\n\
             scrape_configs:\n- {{job_name: shop, scrape_interval: 2s, scrape_timeout: 1s, \
             static_configs: [{{targets: ['{shop_address}']}}]}}\n"
        ),
    )?;
    wait_for_messages(&desk, 1)?;
    server.restart()?;
    wait_for_alert(&server, "firing")?;
    let_rules_run(&server)?;
    wait_for_alert(&server, "firing")?;
    let messages = desk.messages();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    Ok(())
}
