//! The shapes of changes, and of what speaks for an alert.

use model::{Change, Evidence};
use serde::Serialize;
use utoipa::ToSchema;

/// What changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeList {
    pub(crate) changes: Vec<ChangeView>,
}

/// One change. What is not known of it is left out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ChangeView {
    pub(crate) at: i64,
    /// What Plimsoll notices: `plimsoll`, `host`, `target`, `resource` or `alert`; what others tell:
    /// `deployment`, `release`, `configuration`, `scaling`, `failover`, `flag` or `other`.
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// The service it was made to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    /// Where: `production`, `staging`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// The revision of the source it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actor: Option<String>,
    /// Where to read more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// `started`, `succeeded`, `failed` or `rolled_back`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    /// Whether it was planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) planned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finished: Option<i64>,
    /// Who told of it: `api`, or the name of a web hook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// Its name with whoever told of it: what is told again under the same name is the same change. Of an
    /// alert, its `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

/// What became of a change that somebody told of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeTold {
    /// `new`, `updated`, `known`, or `too_often`; by a web hook also `ignored` and `old`.
    pub(crate) outcome: String,
    /// The change as it was told, if it was one.
    pub(crate) change: Option<ChangeView>,
}

/// What speaks for an alert besides its value.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceView {
    /// Where its value usually lies, as far as that is known.
    pub(crate) normal: Option<NormalView>,
    /// What was changed in the half hour before it fired, the likeliest cause first; five at most.
    pub(crate) changes: Vec<ChangeView>,
}

/// The band in which a figure usually lies at this hour of the week.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NormalView {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// The unit of both ends.
    pub(crate) unit: String,
    /// From how many days it is known.
    pub(crate) days: u32,
    /// As people say it: `usual at this hour: 120 to 180`.
    pub(crate) text: String,
}

impl From<&Change> for ChangeView {
    fn from(change: &Change) -> Self {
        let own = change.details.clone();
        Self {
            at: change.at.millis(),
            kind: change.kind.word().to_owned(),
            subject: change.subject.clone(),
            text: change.text.clone(),
            service: own.service,
            environment: own.environment,
            version: own.version,
            revision: own.revision,
            actor: own.actor,
            url: own.url,
            status: own.status.map(|status| status.word().to_owned()),
            planned: own.planned,
            started: own.started.map(model::Time::millis),
            finished: own.finished.map(model::Time::millis),
            source: own.source,
            key: own.key,
        }
    }
}

impl From<&Evidence> for EvidenceView {
    fn from(evidence: &Evidence) -> Self {
        let normal = evidence.normal.map(|band| NormalView {
            low: band.low,
            high: band.high,
            unit: band.unit.word().to_owned(),
            days: band.days,
            text: band.say(),
        });
        Self { normal, changes: evidence.changes().iter().map(ChangeView::from).collect() }
    }
}
