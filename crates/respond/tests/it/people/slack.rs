//! Slack's Web API, against a Slack on loopback that loses answers.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::{get, post},
};
use model::{Clock as _, Span};
use respond::{SlackApi, Via};
use serde_json::{Value, json};
use testkit::TurnedClock;
use tokio::{net::TcpListener, task::JoinSet};

use super::{body, desk, message, put, secret};
use crate::common::{START, deliverer, memory};

#[derive(Debug, Default)]
struct Book {
    /// What stands in the channel.
    messages: Vec<Value>,
    calls: Vec<(String, Value)>,
    /// Errors given instead of an answer; an empty one does what is asked and loses the answer.
    faults: VecDeque<&'static str>,
}

type Shared = Arc<Mutex<Book>>;

struct Slack {
    book: Shared,
    via: Via,
    _server: JoinSet<()>,
}

impl Slack {
    async fn open() -> Self {
        let book = Shared::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/api/chat.postMessage", post(post_message))
            .route("/api/chat.update", post(update))
            .route("/api/conversations.history", get(history))
            .with_state(Arc::clone(&book));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        let via = Via::SlackApi(SlackApi::new(secret("xoxb-1"), "C012345678").at(&url));
        Self { book, via, _server: server }
    }

    fn fault(&self, fault: &'static str) {
        self.book.lock().unwrap().faults.push_back(fault);
    }

    fn calls(&self) -> Vec<String> {
        self.book.lock().unwrap().calls.iter().map(|(method, _)| method.clone()).collect()
    }

    fn texts(&self) -> Vec<String> {
        let book = self.book.lock().unwrap();
        book.messages.iter().map(|own| own["text"].as_str().unwrap().to_owned()).collect()
    }
}

/// The error to give, if one is due.
fn fault(book: &mut Book) -> Option<Json<Value>> {
    let error = book.faults.pop_front()?;
    // Unwinding closes the connection without an answer.
    assert!(!error.is_empty(), "the answer is lost");
    Some(Json(json!({"ok": false, "error": error})))
}

async fn post_message(State(book): State<Shared>, Json(body): Json<Value>) -> Json<Value> {
    let (answer, lost) = {
        let mut book = book.lock().unwrap();
        book.calls.push(("post".into(), body.clone()));
        let lost = book.faults.front() == Some(&"");
        if let Some(error) = (!lost).then(|| fault(&mut book)).flatten() {
            return error;
        }
        let ts = format!("17.{:04}", book.messages.len());
        let mut own = body;
        own["ts"] = json!(ts);
        book.messages.push(own);
        if lost {
            book.faults.pop_front();
        }
        (Json(json!({"ok": true, "channel": "C012345678", "ts": ts})), lost)
    };
    if lost {
        std::panic::resume_unwind(Box::new("lost"));
    }
    answer
}

async fn update(State(book): State<Shared>, Json(body): Json<Value>) -> Json<Value> {
    let mut book = book.lock().unwrap();
    book.calls.push(("update".into(), body.clone()));
    if let Some(error) = fault(&mut book) {
        return error;
    }
    match book.messages.iter_mut().find(|own| own["ts"] == body["ts"]) {
        Some(own) => {
            own["text"] = body["text"].clone();
            Json(json!({"ok": true, "channel": "C012345678", "ts": body["ts"]}))
        }
        None => Json(json!({"ok": false, "error": "message_not_found"})),
    }
}

async fn history(
    State(book): State<Shared>,
    Query(query): Query<std::collections::BTreeMap<String, String>>,
) -> Json<Value> {
    let mut book = book.lock().unwrap();
    assert_eq!(query["include_all_metadata"], "true");
    book.calls.push(("history".into(), json!(query)));
    Json(json!({"ok": true, "messages": book.messages}))
}

#[tokio::test]
async fn one_message_is_posted_and_changed_and_what_got_worse_is_said_aloud() {
    let (slack, journal, clock) = (Slack::open().await, memory().await, TurnedClock::at(START));
    let desks = vec![desk("ops", slack.via.clone())];
    for (severity, firing) in
        [("warning", true), ("warning", true), ("critical", true), ("critical", false)]
    {
        put(&journal, [message("ops", "g", clock.now(), body("DiskFull", severity, firing))]).await;
        // Another program each time: where the message stands is in the journal.
        let deliverer = deliverer(desks.clone(), &clock);
        assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap().sent, 1);
        clock.turn(Span::secs(20));
    }
    assert_eq!(slack.calls(), ["post", "update", "update", "post", "update"]);
    assert_eq!(slack.texts(), ["resolved: DiskFull", "firing: DiskFull"]);
    let messages = slack.book.lock().unwrap().messages.clone();
    assert_eq!(
        (&messages[1]["thread_ts"], &messages[1]["reply_broadcast"]),
        (&json!("17.0000"), &json!(true))
    );
    assert_eq!(
        messages[0]["attachments"][0]["title_link"],
        "http://plimsoll/alerts?id=0123456789abcdef"
    );
    // What fires again is news.
    put(&journal, [message("ops", "g", clock.now(), body("DiskFull", "warning", true))]).await;
    deliverer(desks, &clock).deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!(slack.texts().len(), 3);
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_looked_for_before_it_is_posted_again() {
    let (slack, journal, clock) = (Slack::open().await, memory().await, TurnedClock::at(START));
    slack.fault("");
    let desks = vec![desk("ops", slack.via.clone())];
    put(&journal, [message("ops", "g", START, body("DiskFull", "warning", true))]).await;
    let first = deliverer(desks.clone(), &clock);
    assert_eq!(first.deliver_due(&journal, START).await.unwrap().retried, 1);
    clock.turn(Span::secs(2));
    assert_eq!(first.deliver_due(&journal, clock.now()).await.unwrap().sent, 1);
    assert_eq!(slack.calls(), ["post", "history"]);
    assert_eq!(slack.texts(), ["firing: DiskFull"]);
    // And it is this message that is changed.
    put(&journal, [message("ops", "g", clock.now(), body("DiskFull", "warning", false))]).await;
    first.deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!(slack.texts(), ["resolved: DiskFull"]);
    // A program that was killed may have sent what it could not take down.
    put(&journal, [message("ops", "h", clock.now(), body("HostDown", "warning", true))]).await;
    clock.turn(Span::secs(5));
    deliverer(desks, &clock).deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!(slack.calls()[3..], ["history", "post"]);
}

#[tokio::test]
async fn a_message_that_is_gone_is_posted_anew_and_a_revoked_token_is_to_be_mended() {
    let (slack, journal, clock) = (Slack::open().await, memory().await, TurnedClock::at(START));
    let deliverer = deliverer(vec![desk("ops", slack.via.clone())], &clock);
    put(&journal, [message("ops", "g", START, body("DiskFull", "warning", true))]).await;
    deliverer.deliver_due(&journal, START).await.unwrap();
    slack.book.lock().unwrap().messages.clear();
    clock.turn(Span::secs(5));
    put(&journal, [message("ops", "g", clock.now(), body("DiskFull", "warning", true))]).await;
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap().sent, 1);
    assert_eq!(slack.calls(), ["post", "update", "post"]);
    for _ in 0..3 {
        slack.fault("token_revoked");
    }
    clock.turn(Span::secs(5));
    put(&journal, [message("ops", "g", clock.now(), body("DiskFull", "warning", false))]).await;
    for _ in 0..3 {
        assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap().retried, 1);
        clock.turn(Span::secs(2));
    }
    let error = journal.outbox_stats().await.unwrap().receivers["ops"].error.clone().unwrap();
    assert!(respond::is_broken(&error) && error.contains("token_revoked"), "{error}");
    clock.turn(Span::minutes(5));
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap().sent, 1);
}
