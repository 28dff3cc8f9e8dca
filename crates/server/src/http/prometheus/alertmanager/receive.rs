//! `POST /alerts`: what Prometheus and its kin send.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State, extract::rejection::JsonRejection, http::StatusCode};
use detect::{GENERATOR, SentAlert, judge_sent};
use model::{Kind, Labels, Time};
use parking_lot::Mutex;
use serde::Deserialize;

use super::{AmError, judging, read_moment};
use crate::{jobs, state::App};

/// Alerts in one request; Prometheus sends 64.
const ALERTS_MAX: usize = 10_000;
/// Text of one alert, labels and annotations, in bytes: more is no alert but a log.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// Labels of one alert.
const LABELS_MAX: usize = 128;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Posted {
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    starts_at: Option<String>,
    ends_at: Option<String>,
    #[serde(rename = "generatorURL")]
    generator_url: Option<String>,
}

/// Takes in alerts. Those that are wrong are named in the answer; the others count all the same.
pub(super) async fn take(
    State(app): State<Arc<App>>,
    posted: Result<Json<Vec<Posted>>, JsonRejection>,
) -> Result<StatusCode, AmError> {
    let Json(posted) = posted.map_err(|error| AmError::invalid(error.body_text()))?;
    if posted.len() > ALERTS_MAX {
        return Err(AmError::invalid(format!("more than {ALERTS_MAX} alerts in one request")));
    }
    judging(&app)?;
    let now = app.clock.now();
    let (mut sent, mut wrong) = (Vec::new(), Vec::new());
    for (place, alert) in posted.into_iter().enumerate() {
        match alert.read(&app, now) {
            Ok(alert) => sent.push(alert),
            Err(error) => wrong.push(format!("alert {place}: {}", error.message)),
        }
    }
    let left_out = Arc::new(Mutex::new(0));
    let noted = Arc::clone(&left_out);
    let judged = jobs::try_judge(&app, now, move |active| {
        let (transitions, left_out) = judge_sent(sent, active, now);
        *noted.lock() = left_out;
        transitions
    });
    if !judged.await {
        return Err(AmError::new(Kind::Internal, "the journal cannot keep it now; send it again"));
    }
    let left_out = *left_out.lock();
    if left_out > 0 {
        return Err(AmError::new(Kind::Busy, format!("{left_out} alerts too many are standing")));
    }
    if wrong.is_empty() { Ok(StatusCode::OK) } else { Err(AmError::invalid(wrong.join("; "))) }
}

impl Posted {
    fn read(self, app: &App, now: Time) -> Result<SentAlert, AmError> {
        let mut annotations = self.annotations.unwrap_or_default();
        annotations.remove(GENERATOR);
        if let Some(url) = self.generator_url.filter(|url| !url.is_empty()) {
            annotations.insert(GENERATOR.to_owned(), url);
        }
        let labels = Labels::from_pairs(self.labels);
        let annotations = Labels::from_pairs(annotations);
        if labels.is_empty() {
            return Err(AmError::invalid("at least one label pair required"));
        }
        if labels.get("").is_some() || labels.len() > LABELS_MAX {
            return Err(AmError::invalid("a label has no name, or there are more than 128"));
        }
        if labels.text_bytes() + annotations.text_bytes() > TEXT_BYTES_MAX {
            return Err(AmError::invalid("labels and annotations are larger than 64 KiB together"));
        }
        let read = |text: Option<String>| match text.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => read_moment(text),
        };
        let (starts_at, ends_at) = (read(self.starts_at)?, read(self.ends_at)?);
        if let (Some(start), Some(end)) = (starts_at, ends_at)
            && end < start
        {
            return Err(AmError::invalid("start time must be before end time"));
        }
        let ends_at = ends_at.unwrap_or_else(|| now + app.alerts.tellings().resolve_timeout);
        Ok(SentAlert { labels, annotations, starts_at, ends_at })
    }
}
