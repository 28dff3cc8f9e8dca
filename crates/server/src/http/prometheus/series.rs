//! `series`, `labels`, `label/NAME/values` and `metadata`.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use model::{Matcher, Span, TimeRange};
use query::{Listed, Listing, Meter};
use serde_json::{Value, json};

use super::{
    answer::{self, PromError, labels_json},
    params::Params,
};
use crate::state::App;

/// Without a start, this far back is looked, as far as series are listed.
const START_DEFAULT: Span = Span::days(1);

/// Which series are meant: any of these lists of matchers, within this range.
struct Wanted {
    selectors: Vec<Vec<Matcher>>,
    range: TimeRange,
    limit: Option<usize>,
}

impl Wanted {
    fn listing<'w>(&'w self, meter: &'w Meter) -> Listing<'w> {
        Listing { selectors: &self.selectors, range: self.range, limit: self.limit, budget: meter }
    }
}

fn wanted(app: &App, params: &Params) -> Result<Wanted, PromError> {
    let mut selectors = Vec::new();
    for text in params.all("match[]") {
        selectors.push(query::parse_selector(text)?);
    }
    let now = app.clock.now();
    let to = params.time("end")?.unwrap_or(now);
    let from = params.time("start")?.unwrap_or_else(|| to.min(now) - START_DEFAULT);
    if to < from {
        return Err(PromError::bad_data(
            "invalid parameter \"end\": end timestamp must not be before start timestamp",
        ));
    }
    Ok(Wanted { selectors, range: TimeRange { from, to }, limit: params.limit()? })
}

/// The label sets of matching series.
pub(super) async fn series(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, PromError> {
    let wanted = wanted(&app, &params)?;
    if wanted.selectors.is_empty() {
        return Err(PromError::bad_data("no match[] parameter provided"));
    }
    let found = app.ask(None, move |app, meter| app.queries.series(wanted.listing(meter))).await?;
    let rows = found.rows.iter().map(labels_json).collect();
    Ok(answer::success_with(&rows, &found.warnings))
}

/// The names of labels.
pub(super) async fn labels(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, PromError> {
    let wanted = wanted(&app, &params)?;
    let found =
        app.ask(None, move |app, meter| app.queries.label_names(wanted.listing(meter))).await?;
    Ok(texts(&found))
}

/// The values of one label.
pub(super) async fn label_values(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    params: Params,
) -> Result<Response, PromError> {
    let name = plain_name(&name)
        .ok_or_else(|| PromError::bad_data(format!("invalid label name: {name:?}")))?;
    let wanted = wanted(&app, &params)?;
    let found = app
        .ask(None, move |app, meter| app.queries.label_values(&name, wanted.listing(meter)))
        .await?;
    Ok(texts(&found))
}

/// A label's name; Prometheus writes names outside the old alphabet as `U__` with `_HEX_` in them.
fn plain_name(name: &str) -> Option<String> {
    let Some(escaped) = name.strip_prefix("U__") else {
        return (!name.is_empty()).then(|| name.to_owned());
    };
    let mut plain = String::new();
    let mut parts = escaped.split('_');
    plain.push_str(parts.next()?);
    while let Some(code) = parts.next() {
        if code.is_empty() {
            plain.push('_');
        } else {
            plain.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
        }
        plain.push_str(parts.next()?);
    }
    Some(plain)
}

fn texts(found: &Listed<String>) -> Response {
    let rows = found.rows.iter().map(String::as_str).collect();
    answer::success_with(&rows, &found.warnings)
}

/// What sources say of their metrics.
pub(super) async fn metadata(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, PromError> {
    let limit = params.limit()?.unwrap_or(usize::MAX);
    let known = app.board.metadata(params.get("metric"));
    let rows: serde_json::Map<String, Value> = known
        .into_iter()
        .take(limit)
        .map(|(metric, told)| {
            let told = told
                .iter()
                .map(|one| json!({ "type": one.kind.word(), "help": one.help, "unit": one.unit }));
            (metric, told.collect())
        })
        .collect();
    Ok(answer::success(&Value::Object(rows)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_names_outside_the_old_alphabet_come_escaped() {
        assert_eq!(plain_name("job").as_deref(), Some("job"));
        assert_eq!(plain_name("U__http_2e_status").as_deref(), Some("http.status"));
        assert_eq!(plain_name("U__a__b").as_deref(), Some("a_b"));
        assert_eq!(plain_name("U__a_zz_"), None);
    }
}
