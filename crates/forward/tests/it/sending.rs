//! What is sent, in which order, and how it is spread.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use collect::{
    remote_write::Protocol,
    scrape::{Auth, Credential},
};
use forward::{Dropped, Forwarding};
use model::{
    Batch, Buckets, Clock as _, Histogram, HistogramSample, Labels, Sample, SampleSink as _,
    Secret, Series, Span, Span32, TimeRange,
};
use testkit::MemoryStore;

use crate::receiver::{Does, Kit, NOW, append, assert_in_order, is_done, waiting};

#[tokio::test]
async fn everything_appended_arrives_in_order() {
    let kit = Kit::new().await;
    let queue = kit.queue();
    for at in 0..50 {
        append(&queue, at * 400..(at + 1) * 400);
    }
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    assert_eq!(kit.inbox.numbers(), (0..20_000).collect());
    assert_in_order(&kit.inbox.taken());
    assert!(kit.inbox.samples_max() <= 5000, "{}", kit.inbox.samples_max());
    let figures = queue.figures();
    assert_eq!((figures.sent(), figures.requests_failed()), (20_000, 0));
    assert!(figures.last_success().is_some() && figures.complaint().is_none());
    assert_eq!(figures.delay(kit.clock.now()), Span::ZERO);
}

#[tokio::test]
async fn what_is_appended_while_it_runs_arrives_and_small_batches_travel_together() {
    let kit = Kit::new().await;
    let queue = kit.queue();
    let (other, clock, feeding) = (Arc::clone(&queue), kit.clock.clone(), AtomicBool::new(true));
    let feed = async {
        for at in 0..100 {
            append(&other, at * 10..(at + 1) * 10);
            let begun = clock.now();
            while clock.now().since(begun) < Span::millis(100) {
                tokio::task::yield_now().await;
            }
        }
        feeding.store(false, Ordering::SeqCst);
    };
    let done = || !feeding.load(Ordering::SeqCst) && is_done(&queue);
    tokio::join!(feed, kit.run_until(&queue, "all is sent", done));
    assert_eq!(kit.inbox.numbers(), (0..1000).collect());
    assert!(kit.inbox.requests() < 50, "{} requests for 100 batches", kit.inbox.requests());
}

#[tokio::test]
async fn a_backlog_is_worked_off_by_more_connections_which_go_again() {
    let mut kit = Kit::new().await;
    kit.receiver.limits.samples_per_request = 50;
    kit.receiver.limits.shards_max = 4;
    let queue = kit.queue();
    for at in 0..200 {
        append(&queue, at * 100..(at + 1) * 100);
    }
    let most = std::sync::Mutex::new(BTreeSet::new());
    kit.run_until(&queue, "all is sent and quiet", || {
        most.lock().unwrap().insert(queue.figures().shards());
        is_done(&queue) && queue.figures().shards() == 1
    })
    .await;
    let most = most.into_inner().unwrap();
    assert_eq!(most.last(), Some(&4), "{most:?}");
    assert_eq!(kit.inbox.numbers(), (0..20_000).collect());
    assert_in_order(&kit.inbox.taken());
    assert!(kit.inbox.samples_max() <= 50);
}

#[tokio::test]
async fn who_we_are_stands_in_the_headers() {
    let mut kit = Kit::new().await;
    kit.receiver.headers = vec![("X-Scope-OrgID".into(), Secret::new("north".into()))];
    kit.receiver.auth = Auth::Basic {
        username: "plimsoll".into(),
        password: Credential::Text(Secret::new("sesame".into())),
    };
    let queue = kit.queue();
    append(&queue, 0..10);
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    let headers = kit.inbox.headers().remove(0);
    let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("x-scope-orgid"), "north");
    assert_eq!(header("authorization"), "Basic cGxpbXNvbGw6c2VzYW1l");
    assert_eq!(header("content-encoding"), "snappy");
    assert_eq!(header("content-type"), "application/x-protobuf");
    assert_eq!(header("x-prometheus-remote-write-version"), "0.1.0");
}

#[tokio::test]
async fn a_receiver_of_the_old_protocol_gets_the_old_protocol() {
    let mut kit = Kit::new().await;
    kit.receiver.protocol = Protocol::V2;
    // As those who know only 1.0: they take 2.0 for an empty request, or refuse it.
    for (unspoken, status) in [(1, 204), (2, 415)] {
        let first = kit.inbox.requests();
        kit.inbox.does(
            move |number| {
                if number == first { Does::Answer(status, &[], "") } else { Does::Take }
            },
        );
        let queue = kit.queue();
        append(&queue, unspoken * 100..unspoken * 100 + 10);
        kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
        queue.close().unwrap();
        let versions: Vec<_> = kit
            .inbox
            .headers()
            .iter()
            .skip(first)
            .map(|own| own.get("x-prometheus-remote-write-version").unwrap().clone())
            .collect();
        assert_eq!(versions, ["2.0.0", "0.1.0"]);
    }
    assert_eq!(kit.inbox.numbers().len(), 20);
}

#[tokio::test]
async fn only_what_the_store_has_taken_goes_out() {
    let kit = Kit::new().await;
    let queue = kit.queue();
    let store = Arc::new(MemoryStore::default());
    let sink = Forwarding::new(Arc::clone(&store), vec![Arc::clone(&queue)]);
    let labels = Labels::from_pairs([("__name__", "up"), ("job", "node")]);
    let series = Series::new(labels, vec![Sample { time: NOW, value: 1.0 }]);
    sink.write(&[series]).unwrap();
    assert_eq!(waiting(&queue), 1);
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    assert_eq!(
        kit.inbox.taken().into_iter().collect::<Vec<_>>(),
        [("up{job=\"node\"}".to_owned(), vec![1])]
    );
    assert_eq!(Dropped::ALL.map(|why| queue.figures().dropped(why)), [0; 5]);
}

#[tokio::test]
async fn histograms_go_out_by_either_protocol() {
    for protocol in [Protocol::V1, Protocol::V2] {
        let mut kit = Kit::new().await;
        kit.receiver.protocol = protocol;
        let queue = kit.queue();
        let spans = vec![Span32 { offset: -2, length: 2 }];
        let histogram = Arc::new(Histogram {
            schema: 3,
            count: 3.0,
            sum: 4.5,
            positive: Buckets { spans, counts: vec![1.0, 2.0] },
            ..Histogram::default()
        });
        let sample = HistogramSample { time: NOW, histogram };
        let mut batch = Batch::new("test");
        batch.push_histogram(sample.clone());
        batch.end_packed(Labels::from_pairs([("__name__", "seconds")]).as_ref());
        queue.append(&batch, TimeRange::ALL);
        kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
        assert_eq!((kit.inbox.requests(), queue.figures().sent()), (1, 1));
        assert_eq!(kit.inbox.histograms(), [("seconds".to_owned(), sample)]);
    }
}
