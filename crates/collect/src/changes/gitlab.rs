//! GitLab's deployment events:
//! <https://docs.gitlab.com/user/project/integrations/webhook_events/#deployment-events>.

use jiff::fmt::strtime;
use model::{ChangeDetails, ChangeKind, ChangeStatus, Time};
use serde_json::Value;

use super::{HookError, Told, link, moment, number, text};

pub(super) fn read(body: &Value) -> Result<Option<Told>, HookError> {
    if body["object_kind"] != "deployment" {
        return Ok(None);
    }
    let status = match text(body, "/status").as_deref() {
        Some("running") => ChangeStatus::Started,
        Some("success") => ChangeStatus::Succeeded,
        Some("failed" | "canceled") => ChangeStatus::Failed,
        _ => return Ok(None),
    };
    let id = number(body, "/deployment_id").ok_or(HookError::Lacks("deployment_id"))?;
    let project = text(body, "/project/path_with_namespace")
        .ok_or(HookError::Lacks("project.path_with_namespace"))?;
    let at = changed_at(body);
    let details = ChangeDetails {
        service: text(body, "/project/name"),
        environment: text(body, "/environment"),
        version: text(body, "/ref"),
        revision: text(body, "/short_sha"),
        actor: text(body, "/user/username").or_else(|| text(body, "/user/name")),
        url: link(body, "/deployable_url").or_else(|| link(body, "/project/web_url")),
        status: Some(status),
        finished: at.filter(|_| status.is_end()),
        ..ChangeDetails::default()
    };
    let key = format!("{project}/deployment/{id}");
    Ok(Some(Told { kind: ChangeKind::Deployment, at, key, text: None, details }))
}

/// GitLab writes `2021-04-28 21:50:00 +0200` here, and RFC 3339 elsewhere.
fn changed_at(body: &Value) -> Option<Time> {
    let own = text(body, "/status_changed_at")?;
    let parsed = strtime::parse("%Y-%m-%d %H:%M:%S %z", &own).and_then(|own| own.to_timestamp());
    let parsed = parsed.map(|moment| Time(moment.as_millisecond())).ok();
    parsed.or_else(|| moment(body, "/status_changed_at"))
}
