//! `query` and `query_range`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use model::Span;
use query::{Answer, Explained, Meter, QueryError, Question, Steps};

use super::{
    answer::{self, PromError},
    encode::Pieces,
    explained::Wish,
    params::Params,
};
use crate::state::{App, AskError};

impl From<AskError> for PromError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Full => Self::unavailable(error.to_string()),
            AskError::Query(error) => error.into(),
            AskError::Broken => Self::internal(error.to_string()),
        }
    }
}

/// The value of an expression at one moment.
pub(super) async fn instant(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, PromError> {
    let text = params.required("query")?.to_owned();
    let at = params.time("time")?.unwrap_or_else(|| app.clock.now());
    let wish = Wish::of(&params);
    let found = app
        .ask(params.span("timeout")?, move |app, meter| {
            let question = Question { fresh: wish.fresh, ..Question::new(&text, meter) };
            if wish.more {
                let told = app.queries.explain(question, at, app.clock.as_ref())?;
                return written_with_more(&told, wish, meter);
            }
            written(&app.queries.instant(question, at)?, meter)
        })
        .await?;
    Ok(answer::answer(found))
}

fn written(answer: &Answer, meter: &Meter) -> Result<Pieces, QueryError> {
    Pieces::of(answer, &[], meter)
}

fn written_with_more(told: &Explained, wish: Wish, meter: &Meter) -> Result<Pieces, QueryError> {
    Pieces::of(&told.answer, &wish.beside(told), meter)
}

/// The values of an expression step by step.
pub(super) async fn range(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, PromError> {
    let text = params.required("query")?.to_owned();
    params.required("start")?;
    params.required("end")?;
    params.required("step")?;
    let from = params.time("start")?.unwrap_or_default();
    let to = params.time("end")?.unwrap_or_default();
    let step = params.span("step")?.unwrap_or_default();
    if to < from {
        return Err(PromError::bad_data(
            "invalid parameter \"end\": end timestamp must not be before start time",
        ));
    }
    if step <= Span::ZERO {
        return Err(PromError::bad_data(
            "invalid parameter \"step\": zero or negative query resolution step widths are not \
             accepted, try a positive number such as 15s",
        ));
    }
    let steps = Steps { from, to, step };
    let wish = Wish::of(&params);
    let found = app
        .ask(params.span("timeout")?, move |app, meter| {
            let question = Question { fresh: wish.fresh, ..Question::new(&text, meter) };
            if wish.more {
                let told = app.queries.explain_range(question, steps, app.clock.as_ref())?;
                return written_with_more(&told, wish, meter);
            }
            written(&app.queries.range(question, steps)?, meter)
        })
        .await?;
    Ok(answer::answer(found))
}
