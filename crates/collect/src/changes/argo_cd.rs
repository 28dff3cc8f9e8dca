//! Argo CD's notifications, in the form of the template that `docs/guides/changes.md` has.

use model::{ChangeDetails, ChangeKind, ChangeStatus};
use serde_json::Value;

use super::{HookError, Told, link, moment, text};

pub(super) fn read(body: &Value) -> Result<Option<Told>, HookError> {
    let app = text(body, "/app").ok_or(HookError::Lacks("app"))?;
    let status = match text(body, "/phase").as_deref() {
        Some("Running") => ChangeStatus::Started,
        Some("Succeeded") => ChangeStatus::Succeeded,
        Some("Failed" | "Error") => ChangeStatus::Failed,
        _ => return Ok(None),
    };
    let started = moment(body, "/started_at");
    let finished = moment(body, "/finished_at").filter(|_| status.is_end());
    let details = ChangeDetails {
        service: Some(app.clone()),
        environment: text(body, "/environment"),
        version: text(body, "/image").as_deref().and_then(tag_of),
        revision: text(body, "/revision"),
        actor: text(body, "/initiated_by"),
        url: link(body, "/url"),
        status: Some(status),
        started,
        finished,
        ..ChangeDetails::default()
    };
    let operation = text(body, "/started_at").ok_or(HookError::Lacks("started_at"))?;
    let key = format!("{app}/{}/{operation}", text(body, "/environment").unwrap_or_default());
    let at = finished.or(started);
    Ok(Some(Told { kind: ChangeKind::Deployment, at, key, text: None, details }))
}

/// The tag in `registry.example:5000/team/api:1.4.2@sha256:…`.
pub(super) fn tag_of(image: &str) -> Option<String> {
    let named = image.split('@').next().unwrap_or(image);
    let last = named.rsplit('/').next().unwrap_or(named);
    last.split_once(':').map(|(_, tag)| tag.to_owned()).filter(|tag| !tag.is_empty())
}
