//! What others send, as their own documentation and tests have it.

use std::fs;

use model::ChangeStatus;
use serde_json::json;

use super::*;

/// 15 May 2019, 15:30: minutes after GitHub's examples.
const NOW: Time = Time(1_557_934_200_000);

const GITHUB: &str = "data/rules/github-webhooks/payload-examples/api.github.com";

/// What is read of one of GitHub's own examples.
type Example = Option<Change>;

/// GitHub's own examples; nothing where the shared data are not.
fn github(event: &str, path: &str) -> Option<Example> {
    let body = fs::read(testkit::shared(&format!("{GITHUB}/{path}"))?).unwrap();
    Some(of_github(event, &body, &[]))
}

fn of_github(event: &str, body: &[u8], workflows: &[String]) -> Option<Change> {
    let header = |name: &str| (name == "x-github-event").then(|| event.to_owned());
    let sender = Sender::GitHub;
    read(&Delivery { sender, header: &header, body, workflows, now: NOW }).unwrap()
}

fn of(sender: Sender, body: &Value) -> Result<Option<Change>, HookError> {
    let body = serde_json::to_vec(body).unwrap();
    read(&Delivery { sender, header: &|_| None, body: &body, workflows: &[], now: NOW })
}

#[test]
fn a_deployment_of_github_is_a_change_of_its_repository() {
    let Some(change) = github("deployment_status", "deployment_status/payload.json") else {
        return;
    };
    let change = change.unwrap();
    assert_eq!(
        change.say(),
        "Hello-World: deployment of master to production succeeded, by Codertocat"
    );
    let own = &change.details;
    assert_eq!(own.key.as_deref(), Some("Codertocat/Hello-World/deployment/145988746"));
    assert_eq!(own.revision.as_deref(), Some("f95f852bd8fca8fcc58a9a2d6c842781e32a215e"));
    assert_eq!((change.at, own.status), (Time(1_557_933_655_000), Some(ChangeStatus::Succeeded)));
    assert_eq!(own.started, Some(Time(1_557_933_653_000)));
    assert_eq!(own.url.as_deref(), Some("https://github.com/Codertocat/Hello-World"));
}

#[test]
fn of_a_release_that_it_was_published_counts() {
    let Some(change) = github("release", "release/published.payload.json") else { return };
    let change = change.unwrap();
    assert_eq!(change.say(), "Hello-World: release of 0.0.1, by Codertocat");
    assert_eq!(change.kind, ChangeKind::Release);
    for other in ["created", "edited", "deleted", "prereleased"] {
        assert_eq!(github("release", &format!("release/{other}.payload.json")), Some(None));
    }
}

#[test]
fn a_workflow_that_is_named_is_a_change_and_others_are_none() {
    let path = testkit::shared(&format!("{GITHUB}/workflow_run/completed.payload.json"));
    let Some(path) = path else { return };
    let mut body: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let read = |body: &Value, workflows: &[String]| {
        of_github("workflow_run", &serde_json::to_vec(body).unwrap(), workflows)
    };
    body["workflow_run"]["name"] = json!("Tests");
    assert_eq!(read(&body, &[]), None);
    assert!(read(&body, &["Tests".to_owned()]).is_some());
    body["workflow_run"]["name"] = json!("Deploy to production");
    let change = read(&body, &[]).unwrap();
    assert_eq!(change.text, "Deploy to production: deployment of master succeeded, by Codertocat");
    // Its clock is a year ahead of ours: then it happened now.
    assert_eq!(change.at, NOW);
    body["action"] = json!("requested");
    assert_eq!(read(&body, &[]), None);
    body["action"] = json!("completed");
    body["workflow_run"]["conclusion"] = json!("cancelled");
    assert_eq!(read(&body, &[]).unwrap().details.status, Some(ChangeStatus::Failed));
}

#[test]
fn a_push_counts_on_the_default_branch_only() {
    let deleted = github("push", "push/payload.json");
    assert_eq!(deleted.flatten(), None, "a tag was deleted");
    let body = json!({
        "ref": "refs/heads/main", "after": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
        "deleted": false, "compare": "https://github.com/a/b/compare/1...2",
        "commits": [{}, {}], "head_commit": {"message": "Turn it\n\nat last"},
        "pusher": {"name": "octocat"},
        "repository": {"name": "b", "full_name": "a/b", "default_branch": "main",
            "pushed_at": 1_557_933_657},
    });
    let change = of_github("push", &serde_json::to_vec(&body).unwrap(), &[]).unwrap();
    assert_eq!(change.text, "2 commits pushed to main: Turn it, by octocat");
    assert_eq!(change.at, Time(1_557_933_657_000));
}

#[test]
fn events_that_change_nothing_are_known_as_such_and_broken_ones_named() {
    assert_eq!(of_github("ping", b"{\"zen\": \"Keep it logically awesome.\"}", &[]), None);
    assert_eq!(of_github("star", b"[]", &[]), None);
    let header = |_: &str| Some("deployment_status".to_owned());
    for (body, why) in [
        (&b"payload=%7B%7D"[..], "application/json"),
        (b"{}", "repository.name"),
        (b"{\"repository\": {\"name\": \"a\", \"full_name\": \"b/a\"}}", "deployment.id"),
        (b"[1, 2]", "repository.name"),
        (b"\xff\xfe", "application/json"),
    ] {
        let sender = Sender::GitHub;
        let delivery = Delivery { sender, header: &header, body, workflows: &[], now: NOW };
        let error = read(&delivery).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_deployment_of_gitlab_is_a_change() {
    // The example of its documentation, shortened.
    let body = json!({
        "object_kind": "deployment", "status": "success",
        "status_changed_at": "2019-05-15 17:20:53 +0200", "deployment_id": 15,
        "deployable_url": "https://gitlab.example/g/p/-/jobs/796", "environment": "staging",
        "project": {"name": "p", "path_with_namespace": "g/p", "web_url": "https://gitlab.example/g/p"},
        "short_sha": "279484c0", "ref": "main", "user": {"name": "Administrator", "username": "root"},
    });
    let change = of(Sender::GitLab, &body).unwrap().unwrap();
    assert_eq!(change.say(), "p: deployment of main to staging succeeded, by root");
    assert_eq!(change.at, Time(1_557_933_653_000));
    assert_eq!(of(Sender::GitLab, &json!({"object_kind": "push"})).unwrap(), None);
}

#[test]
fn a_sync_of_argo_cd_is_a_change_and_what_becomes_of_it_the_same_one() {
    let mut body = json!({
        "app": "api", "environment": "production", "revision": "279484c0", "phase": "Running",
        "image": "registry.example:5000/team/api:1.4.2@sha256:0b31", "started_at": "2019-05-15T15:20:53Z",
        "finished_at": "", "initiated_by": "", "url": "https://argo.example/applications/api",
    });
    let begun = of(Sender::ArgoCd, &body).unwrap().unwrap();
    assert_eq!(begun.say(), "api: deployment of 1.4.2 to production began");
    body["phase"] = json!("Succeeded");
    body["finished_at"] = json!("2019-05-15T15:22:53Z");
    let done = of(Sender::ArgoCd, &body).unwrap().unwrap();
    assert_eq!(done.say(), "api: deployment of 1.4.2 to production succeeded");
    assert_eq!(done.details.key, begun.details.key);
    assert_eq!(done.at.since(begun.at), Span::minutes(2));
    assert!(matches!(of(Sender::ArgoCd, &json!({})), Err(HookError::Lacks("app"))));
}

#[test]
fn cd_events_are_read_in_both_modes() {
    let path = testkit::shared("data/rules/cdevents/conformance/service_deployed.json");
    let Some(path) = path else { return };
    let event: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let binary = of(Sender::CdEvents, &event).unwrap().unwrap();
    assert_eq!(
        binary.text,
        "deployment of sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427 to test123 succeeded"
    );
    assert_eq!(binary.subject, "mySubject123");
    let key = "/event/source/123/271069a8-fc18-44f1-b38f-9d70a1695819";
    assert_eq!(binary.details.key.as_deref(), Some(key));
    let structured = json!({
        "specversion": "1.0", "id": "271069a8-fc18-44f1-b38f-9d70a1695819", "data": event,
        "source": "/event/source/123", "type": "dev.cdevents.service.deployed.0.3.0",
    });
    assert_eq!(of(Sender::CdEvents, &structured).unwrap(), Some(binary));
}

#[test]
fn of_all_cd_events_those_change_something_that_do() {
    let Some(folder) = testkit::shared("data/rules/cdevents/conformance") else { return };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Some("json") = path.extension().and_then(|own| own.to_str()) else { continue };
        let body: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        found.extend(of(Sender::CdEvents, &body).unwrap().map(|change| (name, change.kind)));
    }
    found.sort();
    let word = |(name, kind): &(String, ChangeKind)| format!("{name}: {}", kind.word());
    let found: Vec<String> = found.iter().map(word).collect();
    assert_eq!(
        found,
        [
            "artifact_published: release",
            "change_merged: other",
            "environment_created: configuration",
            "environment_deleted: configuration",
            "environment_modified: configuration",
            "service_deployed: deployment",
            "service_published: other",
            "service_removed: other",
            "service_rolledback: deployment",
            "service_upgraded: deployment",
        ]
    );
}

#[test]
fn keys_too_long_to_keep_stay_different() {
    let one = bounded_key("a".repeat(300));
    let other = bounded_key("a".repeat(301));
    assert!(one.len() < 60 && one != other);
    assert_eq!(bounded_key("short".into()), "short");
}

proptest::proptest! {
    #[test]
    fn no_body_makes_a_reader_panic(body in "\\PC{0,200}", event in "[a-z_]{0,20}") {
        let header = |_: &str| Some(event.clone());
        for sender in [Sender::GitHub, Sender::GitLab, Sender::ArgoCd, Sender::CdEvents] {
            let body = body.as_bytes();
            let delivery = Delivery { sender, header: &header, body, workflows: &[], now: NOW };
            drop(read(&delivery));
        }
    }
}
