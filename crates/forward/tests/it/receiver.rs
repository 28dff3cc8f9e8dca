//! A receiver in this process, which does with each request what a test says, and the kit around it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use collect::remote_write::{DecodeLimits, Protocol, Scratch, decode_into};
use forward::{Position, Queue, QueueOptions, Receiver, Rewrite, SendLimits, Sender};
use model::{Batch, BatchSeries, HistogramSample, Labels, Sample, Span, Time, TimeRange};
use tempfile::TempDir;
use testkit::TurnedClock;
use tokio::net::TcpListener;

pub(crate) const NOW: Time = Time(1_700_000_000_000);

/// What a receiver does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Takes it.
    Take,
    /// Answers this, with these headers, and takes nothing.
    Answer(u16, &'static [(&'static str, &'static str)], &'static str),
    /// Takes it if all of it is later than what it has of the same series, and refuses all of it otherwise.
    TakeNew,
    /// Takes it if it has at most so many samples and not this one, and finds it too large otherwise.
    TakeSmall(usize, Option<u32>),
    /// Never answers.
    Hang,
    /// Takes it and breaks the connection instead of answering.
    TakeAndBreak,
}

/// What it does with the request of this number.
type Script = Box<dyn Fn(usize) -> Does + Send + Sync>;

/// What came in.
pub(crate) struct Inbox {
    script: Mutex<Script>,
    requests: AtomicUsize,
    taken: Mutex<BTreeMap<String, Vec<u32>>>,
    histograms: Mutex<Vec<(String, HistogramSample)>>,
    headers: Mutex<Vec<HeaderMap>>,
    samples_max: AtomicUsize,
}

impl Inbox {
    /// From now on it does this.
    pub(crate) fn does(&self, script: impl Fn(usize) -> Does + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Samples of its largest request.
    pub(crate) fn samples_max(&self) -> usize {
        self.samples_max.load(Ordering::SeqCst)
    }

    pub(crate) fn headers(&self) -> Vec<HeaderMap> {
        self.headers.lock().unwrap().clone()
    }

    /// The numbers of each series, in the order they came, repetitions included.
    pub(crate) fn taken(&self) -> BTreeMap<String, Vec<u32>> {
        self.taken.lock().unwrap().clone()
    }

    /// All numbers that came.
    pub(crate) fn numbers(&self) -> BTreeSet<u32> {
        self.taken().into_values().flatten().collect()
    }

    /// Native histograms, in the order they came.
    pub(crate) fn histograms(&self) -> Vec<(String, HistogramSample)> {
        self.histograms.lock().unwrap().clone()
    }

    /// Whether a request has more samples than so many, or this one.
    fn is_large(body: &[u8], protocol: Protocol, most: usize, huge: Option<u32>) -> bool {
        let (mut batch, mut scratch) = (Batch::default(), Scratch::default());
        let sent_as = (Some("snappy"), protocol);
        decode_into(body, sent_as, &DecodeLimits::default(), &mut batch, &mut scratch).unwrap();
        let mut values = batch.iter().flat_map(|own| own.samples).map(|own| own.value.to_bits());
        let huge = huge.map(|own| f64::from(own).to_bits());
        batch.samples() > most || values.any(|own| Some(own) == huge)
    }

    /// Takes a request; `false` means that only new samples are taken, and not all of these are.
    fn take(&self, body: &[u8], protocol: Protocol, new_only: bool) -> bool {
        let (mut batch, mut scratch) = (Batch::default(), Scratch::default());
        let sent_as = (Some("snappy"), protocol);
        decode_into(body, sent_as, &DecodeLimits::default(), &mut batch, &mut scratch).unwrap();
        let samples = batch.iter().map(|own| own.samples.len()).sum();
        self.samples_max.fetch_max(samples, Ordering::SeqCst);
        let mut taken = self.taken.lock().unwrap();
        let is_old = |own: BatchSeries<'_>| {
            let last = taken.get(&own.labels.to_string()).and_then(|own| own.last()).copied();
            own.samples.iter().any(|sample| last.is_some_and(|last| sample.value < f64::from(last)))
        };
        if new_only && batch.iter().any(is_old) {
            return false;
        }
        for series in batch.iter() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small whole numbers"
            )]
            let numbers = series.samples.iter().map(|own| own.value as u32);
            taken.entry(series.labels.to_string()).or_default().extend(numbers);
            let natives =
                series.histograms.iter().map(|own| (series.labels.to_string(), own.clone()));
            self.histograms.lock().unwrap().extend(natives);
        }
        true
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Response {
    let number = inbox.requests.fetch_add(1, Ordering::SeqCst);
    let content = headers.get("content-type").unwrap().to_str().unwrap();
    let protocol = Protocol::of(Some(content)).unwrap();
    inbox.headers.lock().unwrap().push(headers);
    let does = (inbox.script.lock().unwrap())(number);
    match does {
        Does::Take | Does::TakeNew => {
            if !inbox.take(&body, protocol, matches!(does, Does::TakeNew)) {
                return (StatusCode::BAD_REQUEST, "out of order sample").into_response();
            }
        }
        Does::TakeSmall(most, huge) => {
            if Inbox::is_large(&body, protocol, most, huge) {
                return (StatusCode::PAYLOAD_TOO_LARGE, "too large").into_response();
            }
            assert!(inbox.take(&body, protocol, false));
        }
        Does::Answer(status, headers, text) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), text).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(*name, value.parse().unwrap());
            }
            return response;
        }
        Does::Hang => std::future::pending().await,
        Does::TakeAndBreak => {
            let taken = inbox.take(&body, protocol, false);
            panic!("the connection breaks, on purpose; taken: {taken}");
        }
    }
    // As whoever understands 2.0 says it.
    let written = [("x-prometheus-remote-write-samples-written", "1")];
    (StatusCode::NO_CONTENT, written).into_response()
}

/// A queue, a receiver and a clock.
pub(crate) struct Kit {
    pub(crate) dir: TempDir,
    pub(crate) clock: TurnedClock,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) receiver: Receiver,
    pub(crate) options: QueueOptions,
}

impl Kit {
    /// A kit whose receiver takes everything. No request ends by time, as the clock runs free.
    pub(crate) async fn new() -> Self {
        let inbox = Arc::new(Inbox {
            script: Mutex::new(Box::new(|_| Does::Take)),
            requests: AtomicUsize::new(0),
            taken: Mutex::default(),
            histograms: Mutex::default(),
            headers: Mutex::default(),
            samples_max: AtomicUsize::new(0),
        });
        let router = Router::new().route("/write", post(receive)).with_state(Arc::clone(&inbox));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/write", listener.local_addr().unwrap());
        #[expect(clippy::disallowed_methods, reason = "the receiver ends with the test's runtime")]
        drop(tokio::spawn(async move { axum::serve(listener, router).await }));
        let limits = SendLimits { timeout: Span::days(1000), ..SendLimits::default() };
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: TurnedClock::at(NOW),
            inbox,
            receiver: Receiver { limits, ..Receiver::new(url) },
            options: QueueOptions { age_max: Span::days(10_000), ..QueueOptions::default() },
        }
    }

    pub(crate) fn queue(&self) -> Arc<Queue> {
        let clock = Arc::new(self.clock.clone());
        let queue =
            Queue::open("test", self.dir.path(), self.options, Rewrite::default(), clock).unwrap();
        Arc::new(queue)
    }

    pub(crate) fn sender(&self, queue: &Arc<Queue>) -> Sender {
        let client = collect::net::client_for_messages().unwrap();
        let clock = Arc::new(self.clock.clone());
        Sender::new(Arc::clone(queue), self.receiver.clone(), client, clock, 7)
    }

    /// Runs a sender while time passes, until something holds; then it is dropped as by `kill -9`.
    pub(crate) async fn run_until(
        &self,
        queue: &Arc<Queue>,
        what: &str,
        holds: impl Fn() -> bool + Send + Sync,
    ) {
        let sender = self.sender(queue);
        let time = async {
            while !holds() {
                self.clock.turn(Span::millis(100));
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
            }
        };
        let run = async {
            tokio::select! {
                () = sender.run(std::future::pending()) => panic!("it ended"),
                () = time => {}
            }
        };
        tokio::time::timeout(Duration::from_mins(1), run)
            .await
            .unwrap_or_else(|_| panic!("{what} never held"));
    }
}

/// Waits, while no time passes.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool + Send + Sync) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), wait)
        .await
        .unwrap_or_else(|_| panic!("{what} never held"));
}

/// Appends samples with these numbers as values, to one of twenty series each.
pub(crate) fn append(queue: &Queue, numbers: std::ops::Range<u32>) {
    let mut batch = Batch::new("test");
    for number in numbers {
        batch.push(Sample { time: NOW + Span::secs(i64::from(number)), value: f64::from(number) });
        let name = format!("series_{}", number % 20);
        batch.end_packed(Labels::from_pairs([("__name__", name.as_str())]).as_ref());
    }
    queue.append(&batch, TimeRange::ALL);
}

/// Samples in the queue's files that are not yet taken down as done with.
pub(crate) fn waiting(queue: &Queue) -> u64 {
    queue.samples_after(queue.position())
}

/// Whether nothing waits any more.
pub(crate) fn is_done(queue: &Queue) -> bool {
    waiting(queue) == 0
}

/// Every series has its numbers in order.
pub(crate) fn assert_in_order(taken: &BTreeMap<String, Vec<u32>>) {
    for (series, numbers) in taken {
        assert!(numbers.is_sorted(), "{series}: {numbers:?}");
    }
}

/// The beginning of a queue, whatever was confirmed.
pub(crate) fn everything() -> Position {
    Position::default()
}
