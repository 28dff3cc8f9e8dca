//! `CDEvents` over `CloudEvents`: <https://cdevents.dev>, structured (the event is the `data` of the
//! body) and binary (it is the body, and headers repeat what its context says).

use model::{ChangeDetails, ChangeKind, ChangeStatus, Time};
use serde_json::Value;

use super::{HookError, Told, link, moment, parsed_moment, text};

/// What all types of `CDEvents` begin with.
const PREFIX: &str = "dev.cdevents.";

type Header<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) fn read(header: Header<'_>, body: &Value) -> Result<Option<Told>, HookError> {
    let event = if body.get("specversion").is_some() { &body["data"] } else { body };
    let say = |name: &str| {
        text(event, &format!("/context/{name}"))
            .or_else(|| text(body, &format!("/{name}")))
            .or_else(|| header(&format!("ce-{name}")))
    };
    let kind = say("type").ok_or(HookError::Lacks("context.type"))?;
    let Some(kind) = kind.strip_prefix(PREFIX) else { return Ok(None) };
    let mut words = kind.split('.');
    let (subject, predicate) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (kind, status, verb) = match (subject, predicate) {
        ("service", "deployed" | "upgraded") => {
            (ChangeKind::Deployment, Some(ChangeStatus::Succeeded), None)
        }
        ("service", "rolledback") => (ChangeKind::Deployment, Some(ChangeStatus::RolledBack), None),
        ("service", "removed" | "published") | ("change", "merged") => {
            (ChangeKind::Other, None, Some(predicate))
        }
        ("environment", "created" | "modified" | "deleted") => {
            (ChangeKind::Configuration, None, Some(predicate))
        }
        ("artifact", "published") => (ChangeKind::Release, None, None),
        _ => return Ok(None),
    };
    let id = say("id").ok_or(HookError::Lacks("context.id"))?;
    let source = say("source").ok_or(HookError::Lacks("context.source"))?;
    let name = text(event, "/subject/id").ok_or(HookError::Lacks("subject.id"))?;
    let details = details(event, (subject, &name), status);
    let told = verb.map(|verb| format!("{subject} {name} was {verb}"));
    let at = time(event).or_else(|| say("time").as_deref().and_then(parsed_moment));
    let details = ChangeDetails { finished: at.filter(|_| status.is_some()), ..details };
    Ok(Some(Told { kind, at, key: format!("{source}/{id}"), text: told, details }))
}

fn time(event: &Value) -> Option<Time> {
    moment(event, "/context/timestamp")
}

fn details(
    event: &Value,
    (subject, name): (&str, &str),
    status: Option<ChangeStatus>,
) -> ChangeDetails {
    let artifact = match subject {
        "artifact" => Some(name.to_owned()),
        _ => text(event, "/subject/content/artifactId"),
    };
    let service = match subject {
        "service" => Some(name.to_owned()),
        "change" => text(event, "/subject/content/repository/id"),
        "artifact" => artifact.as_deref().map(|purl| package(purl).0.to_owned()),
        _ => None,
    };
    let environment = match subject {
        "environment" => Some(name.to_owned()),
        _ => text(event, "/subject/content/environment/id"),
    };
    ChangeDetails {
        service: service.or_else(|| Some(name.to_owned())),
        environment,
        version: artifact.as_deref().and_then(|purl| package(purl).1).map(str::to_owned),
        url: link(event, "/subject/content/uri").or_else(|| link(event, "/subject/source")),
        actor: text(event, "/subject/content/user"),
        status,
        ..ChangeDetails::default()
    }
}

/// Name and version of a package address such as `pkg:oci/api@sha256%3A0b31…?tag=1.4.2`; a tag is
/// what people call a version.
fn package(purl: &str) -> (&str, Option<&str>) {
    let (path, query) = purl.split_once('?').unwrap_or((purl, ""));
    let (path, version) =
        path.rsplit_once('@').map_or((path, None), |(path, version)| (path, Some(version)));
    let tag = query.split('&').find_map(|pair| pair.strip_prefix("tag="));
    let name = path.rsplit('/').next().unwrap_or(path);
    (name, tag.or(version).filter(|version| !version.is_empty()))
}
