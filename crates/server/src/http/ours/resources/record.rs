//! How forecasts have fared, as the API shows it.

use model::Span;
use plan::Score;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::shape::finite;
use crate::state::Record;

/// How the forecasts of the last 30 days have fared, once their time had come.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct RecordView {
    /// By how far ahead they looked; one is written down every hour.
    pub(crate) leads: Vec<LeadRecordView>,
    /// Of the dates told for the critical line, where it was reached since.
    pub(crate) dates: Option<DatesRecordView>,
}

/// How forecasts of one lead have fared.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadRecordView {
    /// How far ahead they looked, in milliseconds.
    pub(crate) lead_ms: i64,
    /// How many have had their time.
    pub(crate) scored: usize,
    /// Their mean absolute error, in the resource's unit.
    pub(crate) error: f64,
    /// The same of "as the day before" for a flow, of "as it stood" for a stock.
    pub(crate) error_naive: Option<f64>,
    /// The share of them whose interval held.
    pub(crate) covered: f64,
    /// The greatest error.
    pub(crate) worst: f64,
}

/// How the dates of a line have fared.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DatesRecordView {
    /// How many were told of a line that was then reached.
    pub(crate) scored: usize,
    /// The median distance of the likely date from the true one, as a share of the time that was left.
    pub(crate) error: Option<f64>,
    /// The share of them whose range held.
    pub(crate) covered: f64,
}

/// A record as the API shows it.
pub(in super::super) fn record_view(record: &Record) -> RecordView {
    let lead = |(lead, score): &(Span, Score)| LeadRecordView {
        lead_ms: lead.as_millis(),
        scored: score.scored,
        error: score.error,
        error_naive: finite(score.error_naive),
        covered: score.covered,
        worst: score.worst,
    };
    RecordView {
        leads: record.leads.iter().map(lead).collect(),
        dates: record.dates.map(|dates| DatesRecordView {
            scored: dates.scored,
            error: dates.error.and_then(finite),
            covered: dates.covered,
        }),
    }
}
