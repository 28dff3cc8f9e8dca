//! GitHub's web hooks: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>.

use model::{ChangeDetails, ChangeKind, ChangeStatus, Time};
use serde_json::Value;

use super::{HookError, Told, link, moment, number, text};

/// What the letters of a revision are cut to in a sentence.
const REVISION_LETTERS: usize = 8;

pub(super) fn read(
    event: &str,
    body: &Value,
    workflows: &[String],
) -> Result<Option<Told>, HookError> {
    let known = ["deployment_status", "release", "workflow_run", "push"];
    if !known.contains(&event) {
        return Ok(None);
    }
    let repository = Repository {
        name: text(body, "/repository/name").ok_or(HookError::Lacks("repository.name"))?,
        full: text(body, "/repository/full_name")
            .ok_or(HookError::Lacks("repository.full_name"))?,
    };
    match event {
        "deployment_status" => deployment(body, repository),
        "release" => release(body, repository),
        "workflow_run" => workflow(body, repository, workflows),
        _ => push(body, repository),
    }
}

struct Repository {
    name: String,
    full: String,
}

fn deployment(body: &Value, repository: Repository) -> Result<Option<Told>, HookError> {
    let id = number(body, "/deployment/id").ok_or(HookError::Lacks("deployment.id"))?;
    let status = match text(body, "/deployment_status/state").as_deref() {
        Some("in_progress") => ChangeStatus::Started,
        Some("success") => ChangeStatus::Succeeded,
        Some("failure" | "error") => ChangeStatus::Failed,
        // It waits, or it is an old one that another took the place of.
        _ => return Ok(None),
    };
    let at = moment(body, "/deployment_status/updated_at")
        .or_else(|| moment(body, "/deployment_status/created_at"));
    let details = ChangeDetails {
        service: Some(repository.name),
        environment: text(body, "/deployment_status/environment")
            .or_else(|| text(body, "/deployment/environment")),
        version: text(body, "/deployment/ref"),
        revision: text(body, "/deployment/sha"),
        actor: text(body, "/deployment/creator/login"),
        url: ["target_url", "log_url"]
            .iter()
            .find_map(|name| link(body, &format!("/deployment_status/{name}")))
            .or_else(|| link(body, "/repository/html_url")),
        status: Some(status),
        started: moment(body, "/deployment/created_at"),
        finished: at.filter(|_| status.is_end()),
        ..ChangeDetails::default()
    };
    let key = format!("{}/deployment/{id}", repository.full);
    Ok(Some(Told { kind: ChangeKind::Deployment, at, key, text: None, details }))
}

fn release(body: &Value, repository: Repository) -> Result<Option<Told>, HookError> {
    let id = number(body, "/release/id").ok_or(HookError::Lacks("release.id"))?;
    // The other actions are sent beside this one, or say nothing new.
    if body["action"] != "published" {
        return Ok(None);
    }
    let details = ChangeDetails {
        service: Some(repository.name),
        version: text(body, "/release/tag_name"),
        actor: text(body, "/release/author/login"),
        url: link(body, "/release/html_url"),
        ..ChangeDetails::default()
    };
    let at = moment(body, "/release/published_at");
    let key = format!("{}/release/{id}", repository.full);
    Ok(Some(Told { kind: ChangeKind::Release, at, key, text: None, details }))
}

/// Most workflows test; those that are named, or are called so, deploy.
fn deploys(name: &str, workflows: &[String]) -> bool {
    if workflows.is_empty() {
        return name.to_lowercase().contains("deploy");
    }
    workflows.iter().any(|own| own == name)
}

fn workflow(
    body: &Value,
    repository: Repository,
    workflows: &[String],
) -> Result<Option<Told>, HookError> {
    let id = number(body, "/workflow_run/id").ok_or(HookError::Lacks("workflow_run.id"))?;
    let name = text(body, "/workflow_run/name").or_else(|| text(body, "/workflow/name"));
    let name = name.unwrap_or_default();
    if !deploys(&name, workflows) {
        return Ok(None);
    }
    let conclusion = text(body, "/workflow_run/conclusion");
    let status = match (body["action"].as_str(), conclusion.as_deref()) {
        (Some("in_progress"), _) => ChangeStatus::Started,
        (Some("completed"), Some("success")) => ChangeStatus::Succeeded,
        (Some("completed"), Some("failure" | "timed_out" | "cancelled" | "startup_failure")) => {
            ChangeStatus::Failed
        }
        _ => return Ok(None),
    };
    let at = moment(body, "/workflow_run/updated_at");
    let details = ChangeDetails {
        service: Some(repository.name),
        version: text(body, "/workflow_run/head_branch"),
        revision: text(body, "/workflow_run/head_sha"),
        actor: text(body, "/workflow_run/actor/login").or_else(|| text(body, "/sender/login")),
        url: link(body, "/workflow_run/html_url"),
        status: Some(status),
        started: moment(body, "/workflow_run/run_started_at"),
        finished: at.filter(|_| status.is_end()),
        ..ChangeDetails::default()
    };
    let attempt = number(body, "/workflow_run/run_attempt").unwrap_or_default();
    let key = format!("{}/run/{id}/{attempt}", repository.full);
    let said = format!("{name}: {}", details.describe(ChangeKind::Deployment));
    Ok(Some(Told { kind: ChangeKind::Deployment, at, key, text: Some(said), details }))
}

/// What came onto the branch that counts.
fn push(body: &Value, repository: Repository) -> Result<Option<Told>, HookError> {
    let branch = text(body, "/repository/default_branch")
        .ok_or(HookError::Lacks("repository.default_branch"))?;
    let after = text(body, "/after").ok_or(HookError::Lacks("after"))?;
    if body["ref"].as_str() != Some(&*format!("refs/heads/{branch}")) || body["deleted"] == true {
        return Ok(None);
    }
    let count = body["commits"].as_array().map_or(0, Vec::len);
    let commits = if count == 1 { "commit" } else { "commits" };
    let title = text(body, "/head_commit/message");
    let title = title.as_deref().and_then(|message| message.lines().next()).unwrap_or_else(|| {
        after.get(..after.floor_char_boundary(REVISION_LETTERS)).unwrap_or_default()
    });
    let actor = text(body, "/pusher/name");
    let by = actor.as_ref().map(|actor| format!(", by {actor}")).unwrap_or_default();
    let said = format!("{count} {commits} pushed to {branch}: {title}{by}");
    let details = ChangeDetails {
        service: Some(repository.name),
        revision: Some(after.clone()),
        actor,
        url: link(body, "/compare"),
        ..ChangeDetails::default()
    };
    let at = body.pointer("/repository/pushed_at").and_then(Value::as_i64);
    let at = at.map(|seconds| Time(seconds.saturating_mul(1_000)));
    let key = format!("{}/push/{branch}/{after}", repository.full);
    Ok(Some(Told { kind: ChangeKind::Other, at, key, text: Some(said), details }))
}
