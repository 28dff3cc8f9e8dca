//! `series`, `labels`, `label/NAME/values` and `metadata`.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    extract::{Path, State},
    response::Response,
};
use model::{Matcher, Selection, SeriesSource as _, Span, TimeRange};
use query::QueryError;
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
    let limit = wanted.limit;
    let found = app
        .ask(None, move |app, meter| {
            let mut found = BTreeSet::new();
            for matchers in &wanted.selectors {
                let selection = Selection::new(matchers, wanted.range, meter);
                found.extend(app.store.series(&selection).map_err(QueryError::from)?);
            }
            Ok(found)
        })
        .await?;
    let rows = found.iter().take(limit.unwrap_or(usize::MAX)).map(labels_json);
    Ok(answer::success_cut(&rows.collect(), limit.is_some_and(|limit| limit < found.len())))
}

/// The names of labels.
pub(super) async fn labels(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, PromError> {
    let wanted = wanted(&app, &params)?;
    let limit = wanted.limit;
    let names = over_selectors(&app, wanted, |app, selection| {
        app.store.label_names(selection).map_err(QueryError::from)
    })
    .await?;
    Ok(texts(&names, limit))
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
    let limit = wanted.limit;
    let values = over_selectors(&app, wanted, move |app, selection| {
        app.store.label_values(&name, selection).map_err(QueryError::from)
    })
    .await?;
    Ok(texts(&values, limit))
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

async fn over_selectors(
    app: &Arc<App>,
    wanted: Wanted,
    read: impl Fn(&App, &Selection<'_>) -> Result<Vec<String>, QueryError> + Send + 'static,
) -> Result<BTreeSet<String>, PromError> {
    let found = app.ask(None, move |app, meter| {
        let mut found = BTreeSet::new();
        let all = vec![Vec::new()];
        let selectors = if wanted.selectors.is_empty() { &all } else { &wanted.selectors };
        for matchers in selectors {
            let selection = Selection::new(matchers, wanted.range, meter);
            found.extend(read(app, &selection)?);
        }
        Ok(found)
    });
    Ok(found.await?)
}

fn texts(found: &BTreeSet<String>, limit: Option<usize>) -> Response {
    let rows: Value = found.iter().take(limit.unwrap_or(usize::MAX)).map(String::as_str).collect();
    answer::success_cut(&rows, limit.is_some_and(|limit| limit < found.len()))
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
