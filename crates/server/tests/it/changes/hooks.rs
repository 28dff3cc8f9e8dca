//! Web hooks, with what GitHub and the `CDEvents` project give as examples.

use std::{fs, sync::Arc};

use anyhow::{Context as _, Result};
use model::{Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use server::SystemClock;
use sha2::{Digest as _, Sha256};
use testkit::TurnedClock;

use crate::house::{House, answer, settings};

/// 15 May 2019, 15:30: minutes after GitHub's examples.
const NOW: Time = Time(1_557_934_200_000);
const HOOKS: &str = "/api/plimsoll/v1/hooks";
const SECRET: &str = "It's a Secret to Everybody";
const TEXT: &str = "policy: none
host: {enabled: false}
server: {token: correct-horse-battery-staple}
changes:
  hooks:
    - {name: github, from: github, secret: \"It's a Secret to Everybody\"}
    - {name: shop, from: gitlab, secret: sesame, service: shop, environment: staging}
    - {name: argo, from: argo_cd, secret: sesame}
    - {name: events, from: cd_events, secret: sesame}
    - {name: lost, from: cd_events, secret_file: /nowhere/secret}
";

async fn house() -> Result<House> {
    House::with(settings(TEXT, "127.0.0.1:0")?, Arc::new(TurnedClock::at(NOW))).await
}

/// HMAC-SHA-256 as RFC 2104 has it, by hand.
fn signature(secret: &str, body: &[u8]) -> String {
    let mut key = [0_u8; 64];
    key[..secret.len()].copy_from_slice(secret.as_bytes());
    let pad = |with: u8| key.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(body).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    let hex = outer.iter().map(|byte| format!("{byte:02x}"));
    format!("sha256={}", hex.collect::<String>())
}

/// What a hook answers to a body with these headers, by whatever name it was called.
async fn deliver(
    house: &House,
    hook: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Result<(u16, Value)> {
    let mut request = house
        .request(Method::POST, &format!("{HOOKS}/{hook}"))?
        .header("host", "plimsoll.example")
        .header("content-type", "application/json")
        .body(body.into());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request).await
}

async fn listed(house: &House) -> Result<Vec<Value>> {
    let request = house
        .request(Method::GET, "/api/plimsoll/v1/changes?kind=deployment,configuration,other")?
        .bearer_auth("correct-horse-battery-staple");
    let (status, body) = answer(request).await?;
    anyhow::ensure!(status == 200, "{body}");
    Ok(body["changes"].as_array().context("no list")?.clone())
}

async fn counted(house: &House, way: &str, outcome: &str) -> Result<u64> {
    let request =
        house.request(Method::GET, "/metrics")?.bearer_auth("correct-horse-battery-staple");
    let text = request.send().await?.text().await?;
    let series = format!("plimsoll_collect_changes_total{{way=\"{way}\",outcome=\"{outcome}\"}} ");
    Ok(text.lines().find_map(|line| line.strip_prefix(&series)).map_or(Ok(0), str::parse)?)
}

fn example() -> Option<Vec<u8>> {
    const PATH: &str =
        "data/rules/github-webhooks/payload-examples/api.github.com/deployment_status/payload.json";
    fs::read(testkit::shared(PATH)?).ok()
}

#[tokio::test]
async fn github_needs_no_token_but_its_signature_and_a_replay_changes_nothing() -> Result<()> {
    let Some(body) = example() else { return Ok(()) };
    let house = house().await?;
    let signed = signature(SECRET, &body);
    let headers = |delivery, signature| {
        [
            ("x-github-event", "deployment_status"),
            ("x-github-delivery", delivery),
            ("x-hub-signature-256", signature),
        ]
    };
    let (status, told) = deliver(&house, "github", &headers("a", &signed), body.clone()).await?;
    assert_eq!((status, &told["outcome"]), (202, &json!("new")), "{told}");
    // The same delivery again, and once more under another number, which nobody signs.
    for delivery in ["a", "b"] {
        let told = deliver(&house, "github", &headers(delivery, &signed), body.clone()).await?;
        assert_eq!((told.0, &told.1["outcome"]), (202, &json!("known")));
    }
    let listed = listed(&house).await?;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["text"], "deployment of master to production succeeded, by Codertocat");
    assert_eq!(
        (&listed[0]["source"], &listed[0]["at"]),
        (&json!("github"), &json!(1_557_933_655_000_i64))
    );
    house.stop().await
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_counted_and_leaves_nothing() -> Result<()> {
    let Some(body) = example() else { return Ok(()) };
    let house = house().await?;
    let event = ("x-github-event", "deployment_status");
    let (right, of_another) = (signature(SECRET, &body), signature("sesame", &body));
    let mut changed = body.clone();
    changed.push(b' ');
    for (headers, body) in [
        (vec![event], &body),
        (vec![event, ("x-hub-signature-256", &*of_another)], &body),
        (vec![event, ("x-hub-signature-256", &*right)], &changed),
        (vec![event, ("x-hub-signature", &*right)], &body),
        // Neither our own token nor the secret itself stands for a signature.
        (vec![event, ("authorization", "Bearer correct-horse-battery-staple")], &body),
        (vec![event, ("authorization", "Bearer It's a Secret to Everybody")], &body),
    ] {
        let (status, told) = deliver(&house, "github", &headers, body.clone()).await?;
        assert_eq!(status, 401, "{told}");
        assert!(!told.to_string().contains("Secret to"), "{told}");
    }
    assert_eq!(listed(&house).await?, [json!(null); 0]);
    assert_eq!(counted(&house, "github", "refused").await?, 6);
    house.stop().await
}

#[tokio::test]
async fn what_is_not_kept_is_answered_and_counted() -> Result<()> {
    let house = house().await?;
    let send = async |event: &str, body: &str| {
        let signed = signature(SECRET, body.as_bytes());
        let headers = [("x-github-event", event), ("x-hub-signature-256", &*signed)];
        deliver(&house, "github", &headers, body.as_bytes()).await
    };
    for event in ["ping", "star", "an_event_of_tomorrow"] {
        let (status, told) = send(event, "{}").await?;
        assert_eq!((status, &told["outcome"]), (202, &json!("ignored")), "{told}");
    }
    assert_eq!(send("push", "{\"repository\": 1}").await?.0, 400);
    assert_eq!(send("push", "{\"a\":").await?.0, 400);
    assert_eq!(send("push", &"[".repeat(100_000)).await?.0, 400);
    let large = "x".repeat((5 << 20) + 1);
    assert_eq!(deliver(&house, "github", &[], large).await?.0, 413);
    assert_eq!(deliver(&house, "nobody", &[], "{}").await?.0, 404);
    assert_eq!(deliver(&house, "lost", &[("authorization", "Bearer x")], "{}").await?.0, 503);
    assert_eq!(counted(&house, "github", "ignored").await?, 3);
    assert_eq!(counted(&house, "github", "invalid").await?, 4);
    // Other addresses are not opened by the one that is.
    for path in ["hooks", "hooks/", "hooks/github/more", "hooks/../status", "changes"] {
        let request = house.request(Method::POST, &format!("/api/plimsoll/v1/{path}"))?;
        assert_eq!(request.body("{}").send().await?.status(), 401, "{path}");
    }
    assert_eq!(house.request(Method::GET, &format!("{HOOKS}/github"))?.send().await?.status(), 401);
    assert_eq!(listed(&house).await?, [json!(null); 0]);
    house.stop().await
}

#[tokio::test]
async fn gitlab_argo_cd_and_cd_events_bring_the_secret_itself() -> Result<()> {
    let house = house().await?;
    let gitlab = json!({
        "object_kind": "deployment", "status": "running", "deployment_id": 15, "ref": "main",
        "status_changed_at": "2019-05-15 17:20:53 +0200", "environment": "production",
        "project": {"name": "p", "path_with_namespace": "g/p"}, "user": {"username": "root"},
    });
    let argo = json!({"app": "api", "phase": "Succeeded", "started_at": "2019-05-15T15:21:00Z",
        "finished_at": "2019-05-15T15:22:00Z", "image": "api:1.4.2"});
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "/ci", "type": "dev.cdevents.environment.modified.0.3.0",
        "time": "2019-05-15T15:23:00Z", "datacontenttype": "application/json",
        "data": {"context": {"type": "dev.cdevents.environment.modified.0.3.0", "id": "1", "source": "/ci",
            "timestamp": "2019-05-15T15:23:00Z"}, "subject": {"id": "production", "content": {}}},
    });
    for (hook, header, right, body) in [
        ("shop", "x-gitlab-token", "sesame", &gitlab),
        ("argo", "authorization", "Bearer sesame", &argo),
        ("events", "authorization", "Bearer sesame", &event),
    ] {
        let wrong = deliver(&house, hook, &[(header, "Bearer open")], body.to_string()).await?;
        assert_eq!(wrong.0, 401);
        let (status, told) = deliver(&house, hook, &[(header, right)], body.to_string()).await?;
        assert_eq!((status, &told["outcome"]), (202, &json!("new")), "{told}");
    }
    // Binary: the headers say what the body does not.
    let binary = json!({"context": {"timestamp": "2019-05-15T15:24:00Z"}, "subject": {"id": "mail",
        "content": {"environment": {"id": "production"}, "artifactId": "pkg:oci/mail@sha256%3A0b?tag=2.0"}}});
    let headers = [
        ("ce-specversion", "1.0"),
        ("ce-id", "2"),
        ("ce-source", "/ci"),
        ("ce-type", "dev.cdevents.service.upgraded.0.3.0"),
        ("x-hub-signature-256", &*signature("sesame", binary.to_string().as_bytes())),
    ];
    let (status, told) = deliver(&house, "events", &headers, binary.to_string()).await?;
    assert_eq!((status, &told["outcome"]), (202, &json!("new")), "{told}");
    let listed = listed(&house).await?;
    let said: Vec<String> = listed
        .iter()
        .map(|own| {
            format!("{}: {}", own["subject"].as_str().unwrap(), own["text"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        said,
        [
            "mail: deployment of 2.0 to production succeeded",
            "production: environment production was modified",
            "api: deployment of 1.4.2 succeeded",
            "shop: deployment of main to production began, by root",
        ]
    );
    house.stop().await
}

#[tokio::test]
async fn what_is_older_than_a_week_is_no_news() -> Result<()> {
    let Some(body) = example() else { return Ok(()) };
    let clock = TurnedClock::at(NOW + Span::days(8));
    let house = House::with(settings(TEXT, "127.0.0.1:0")?, Arc::new(clock)).await?;
    let signed = signature(SECRET, &body);
    let headers = [("x-github-event", "deployment_status"), ("x-hub-signature-256", &*signed)];
    let (status, told) = deliver(&house, "github", &headers, body).await?;
    assert_eq!((status, &told["outcome"]), (202, &json!("old")), "{told}");
    assert_eq!(listed(&house).await?, [json!(null); 0]);
    house.stop().await
}

#[tokio::test]
async fn a_hook_is_open_by_any_name_and_nothing_else_is() -> Result<()> {
    // Without a token this server answers this machine only.
    let text = TEXT.replace("server: {token: correct-horse-battery-staple}\n", "");
    let house = House::new(&text, Arc::new(SystemClock::new())).await?;
    let signed = signature(SECRET, b"{}");
    let headers = [("x-github-event", "ping"), ("x-hub-signature-256", &*signed)];
    assert_eq!(deliver(&house, "github", &headers, "{}").await?.0, 202);
    let status =
        house.request(Method::GET, "/api/plimsoll/v1/status")?.header("host", "plimsoll.example");
    assert_eq!(answer(status).await?.0, 403);
    house.stop().await
}
