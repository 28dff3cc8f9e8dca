//! Live updates by server-sent events: which topics have news; the pages fetch them.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt as _};
use serde_json::json;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

use super::error::ApiError;
use crate::state::{App, News, Topic};

/// How many pages may listen at once.
const LISTENERS_MAX: usize = 256;
/// How often a silent stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// News for pages, until they or we go.
#[utoipa::path(get, path = "/api/plimsoll/v1/events", tag = "live",
    responses((status = 200, content_type = "text/event-stream",
        description = "event `changed` with the topics that have news; a comment every 15 s")))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    if app.hub.listeners() >= LISTENERS_MAX {
        return Err(ApiError::new(model::Kind::Busy, "too many pages listen already"));
    }
    let stop = app.tasks.stop_token();
    let all = News { at: app.clock.now(), topics: Topic::ALL.to_vec() };
    let news = BroadcastStream::new(app.hub.listen()).map(move |news| match news {
        Ok(news) => Ok(event(&news)),
        // A listener that lagged behind has missed some, so it fetches all.
        Err(BroadcastStreamRecvError::Lagged(_)) => Ok(event(&all)),
    });
    let until_stopped = news.take_until(stop.cancelled_owned());
    Ok(Sse::new(until_stopped).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

fn event(news: &News) -> Event {
    let topics: Vec<&str> = news.topics.iter().map(|topic| topic.word()).collect();
    let data = json!({ "topics": topics, "at": news.at.millis() });
    Event::default().event("changed").data(data.to_string())
}
