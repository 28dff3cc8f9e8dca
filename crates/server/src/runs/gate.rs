//! What a gate of a release came to: runs of both sides in turns, and one verdict.

use journal::{Entry, EventQuery, Journal, JournalError, NewEvent};
use model::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::told::bounded;

/// The kind of events that say what a gate came to; the subject is its id.
const LOAD_GATE: &str = "load_gate";
/// Figures, resources and reasons that are kept of one gate; the runs have all.
const LISTED_MAX: usize = 60;

/// What a gate came to, version 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct GateTold {
    pub(crate) version: u32,
    pub(crate) id: String,
    /// The plan's name.
    pub(crate) plan: String,
    pub(crate) service: Option<String>,
    /// The release that runs.
    pub(crate) release_before: Option<String>,
    /// The one that is to come.
    pub(crate) release: Option<String>,
    /// Who ran it.
    pub(crate) by: String,
    /// When the server was told.
    pub(crate) told_at: i64,
    /// `no change`, `better`, `worse` or `refused`, as `plimsoll load compare` says it; the worse of that and of the impact
    /// is the verdict.
    pub(crate) word: String,
    /// What the pipeline saw: 0 no worse, 1 worse or a budget exceeded, 4 nothing can be said.
    pub(crate) exit_code: i64,
    /// Why nothing can be said.
    pub(crate) refused: Vec<String>,
    /// What changed.
    pub(crate) changes: Vec<GateChange>,
    /// What each request takes of machines; empty if nobody asked.
    pub(crate) impact: Vec<GateImpact>,
}

/// A figure that changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct GateChange {
    /// The step; nothing for all together.
    pub(crate) step: Option<String>,
    pub(crate) figure: String,
    /// By what part; of errors the difference of shares.
    pub(crate) difference: Option<f64>,
    /// `better` or `worse`.
    pub(crate) change: String,
}

/// A resource that a request takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct GateImpact {
    pub(crate) resource: String,
    /// By what part more.
    pub(crate) difference: Option<f64>,
    /// Whether it surely changed.
    pub(crate) changed: bool,
    /// The budget, and whether it was kept.
    pub(crate) budget: Option<String>,
    pub(crate) kept: Option<bool>,
}

impl GateTold {
    /// The gate with what is kept of the document that `plimsoll load gate --output json` writes; nothing if it is none.
    pub(crate) fn with(self, document: &Value) -> Option<Self> {
        let is_one = document["schema"]
            .as_str()
            .is_some_and(|own| own.starts_with("plimsoll.load-compare/"));
        let own_code = document["exit_code"].as_i64().filter(|_| is_one)?;
        let impact = &document["impact"];
        let text = |value: &Value| bounded(value.as_str().unwrap_or_default());
        let maybe = |name: Option<String>| name.map(|own| bounded(&own));
        let listed = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let refused = listed(&document["refused"]).into_iter().chain(listed(&impact["refused"]));
        let figures = listed(&document["figures"]);
        let changes = figures.iter().filter(|own| own["change"] != "none").map(|own| GateChange {
            step: own["step"].as_str().map(bounded),
            figure: text(&own["figure"]),
            difference: own["difference"].as_f64(),
            change: text(&own["change"]),
        });
        let resources = listed(&impact["resources"]);
        let resources = resources.iter().map(|own| GateImpact {
            resource: text(&own["name"]),
            difference: own["difference"].as_f64(),
            changed: own["changed"] == true,
            budget: own["budget"]["text"].as_str().map(bounded),
            kept: own["budget"]["kept"].as_bool(),
        });
        Some(Self {
            version: 1,
            plan: bounded(&self.plan),
            service: maybe(self.service),
            release_before: maybe(self.release_before),
            release: maybe(self.release),
            by: bounded(&self.by),
            word: text(&document["word"]),
            exit_code: own_code.max(impact["exit_code"].as_i64().unwrap_or_default()),
            refused: refused.take(LISTED_MAX).map(|own| text(&own)).collect(),
            changes: changes.take(LISTED_MAX).collect(),
            impact: resources.take(LISTED_MAX).collect(),
            ..self
        })
    }

    /// The verdict in one word: `passed`, `failed` or `refused`.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.exit_code {
            0 => "passed",
            1 => "failed",
            _ => "refused",
        }
    }
}

/// The gate of this id.
pub(crate) async fn read_gate(
    journal: &Journal,
    id: &str,
) -> Result<Option<GateTold>, JournalError> {
    let question = EventQuery {
        kinds: vec![LOAD_GATE.to_owned()],
        subject: Some(id.to_owned()),
        limit: 1,
        ..EventQuery::default()
    };
    let events = journal.events(question).await?;
    Ok(events.first().and_then(|event| serde_json::from_value(event.body.clone()).ok()))
}

/// Gates, the newest first, so many at most.
pub(crate) async fn read_gates(
    journal: &Journal,
    limit: u32,
) -> Result<Vec<GateTold>, JournalError> {
    let question = EventQuery {
        kinds: vec![LOAD_GATE.to_owned()],
        newest_first: true,
        limit,
        ..EventQuery::default()
    };
    let events = journal.events(question).await?;
    Ok(events.iter().filter_map(|event| serde_json::from_value(event.body.clone()).ok()).collect())
}

/// Puts a gate into the journal.
pub(crate) async fn record_gate(journal: &Journal, gate: &GateTold) -> Result<(), JournalError> {
    let event = NewEvent {
        at: Time(gate.told_at),
        kind: LOAD_GATE.to_owned(),
        subject: gate.id.clone(),
        body: serde_json::to_value(gate).unwrap_or(Value::Null),
    };
    journal.record(Entry { events: vec![event], outbox: Vec::new() }).await.map(drop)
}
