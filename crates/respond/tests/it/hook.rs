//! A real web hook on loopback that answers as a test tells it to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

/// How the hook treats a request; it has read it whole in each case.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Status(u16),
    RetryAfter(u16, String),
    Hang,
    Drop,
    Redirect,
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) key: String,
    pub(crate) token: String,
    /// The headers of a signed message.
    pub(crate) signed: [String; 3],
    pub(crate) body: Value,
    /// Whether the sender was told that it arrived.
    pub(crate) accepted: bool,
}

#[derive(Debug, Default)]
struct Book {
    requests: Vec<Request>,
    answers: VecDeque<Answer>,
}

#[derive(Debug)]
pub(crate) struct Hook {
    pub(crate) url: String,
    book: Arc<Mutex<Book>>,
    count: watch::Receiver<usize>,
    _server: JoinSet<()>,
}

#[derive(Clone)]
struct Desk {
    book: Arc<Mutex<Book>>,
    count: Arc<watch::Sender<usize>>,
}

impl Hook {
    /// A hook that gives these answers, one per request, and afterwards says yes.
    pub(crate) async fn open(answers: impl IntoIterator<Item = Answer>) -> Self {
        let book = Book { requests: Vec::new(), answers: answers.into_iter().collect() };
        let book = Arc::new(Mutex::new(book));
        let (count, counted) = watch::channel(0);
        let desk = Desk { book: Arc::clone(&book), count: Arc::new(count) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/hook", post(take))
            .route("/hook/api/v2/alerts", post(take))
            .with_state(desk);
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, book, count: counted, _server: server }
    }

    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.book.lock().unwrap().answers.extend(answers);
    }

    /// Forgets the answers that it was still to give.
    pub(crate) fn mend(&self) {
        self.book.lock().unwrap().answers.clear();
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.book.lock().unwrap().requests.clone()
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.key).collect()
    }

    /// Waits until this many requests have come.
    pub(crate) async fn has(&self, requests: usize) {
        self.count.clone().wait_for(|count| *count >= requests).await.unwrap();
    }
}

async fn take(State(desk): State<Desk>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    // Slack and PagerDuty know us by what stands in the address and the body.
    let text = |name: &str| {
        let value = headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        value.unwrap_or_default()
    };
    let (answer, count) = {
        let mut book = desk.book.lock().unwrap();
        let answer = book.answers.pop_front().unwrap_or(Answer::Status(200));
        let accepted = matches!(answer, Answer::Status(200..=299));
        book.requests.push(Request {
            key: text("idempotency-key"),
            token: text("authorization"),
            signed: ["webhook-id", "webhook-timestamp", "webhook-signature"].map(text),
            body,
            accepted,
        });
        (answer, book.requests.len())
    };
    desk.count.send_replace(count);
    match answer {
        Answer::Status(status) => {
            (StatusCode::from_u16(status).unwrap(), "as the test says").into_response()
        }
        Answer::RetryAfter(status, after) => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [(header::RETRY_AFTER, after)]).into_response()
        }
        Answer::Hang => std::future::pending().await,
        // Unwinding closes the connection without an answer.
        Answer::Drop => std::panic::resume_unwind(Box::new("dropped")),
        Answer::Redirect => Redirect::to("/elsewhere").into_response(),
    }
}
