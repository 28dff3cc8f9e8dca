//! Scrapes of a real server over real sockets: what goes right, and everything that can go wrong.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt::Write as _,
    io::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use collect::{
    net,
    relabel::{RelabelAction, RelabelRule, RelabelSpec},
    scrape::{
        Auth, Credential, Health, Honor, ScrapeJob, ScrapeLimits, Scraped, Scraper, TargetGroup,
        discover,
    },
};
use flate2::{Compression, write::GzEncoder};
use futures_util::{StreamExt as _, stream};
use model::{Labels, Secret, Span, Time, is_stale};
use testkit::TurnedClock;
use tokio::{net::TcpListener, sync::Notify, task::JoinSet};

const START: Time = Time(1_700_000_000_000);

/// What the server and the test share.
#[derive(Debug, Default)]
struct Shared {
    asked: AtomicUsize,
    arrived: Notify,
}

struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn plain(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], body.into()).into_response()
}

/// Shows what came as labels of a metric.
async fn echo(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let text = |name: &str| -> String {
        headers.get(name).map(|value| value.to_str().unwrap_or("?").to_owned()).unwrap_or_default()
    };
    let openmetrics = text("accept").contains("application/openmetrics-text;version=1.0.0");
    plain(format!(
        "asked{{query=\"{}\",authorization=\"{}\",timeout=\"{}\",custom=\"{}\",openmetrics=\"{openmetrics}\"}} 1\n",
        query.unwrap_or_default(),
        text("authorization"),
        text("x-prometheus-scrape-timeout-seconds"),
        text("x-custom"),
    ))
}

/// The first time three series, the second time two of them, then nothing but an error.
async fn fading(State(shared): State<Arc<Shared>>) -> Response {
    match shared.asked.fetch_add(1, Ordering::Relaxed) {
        0 => plain("a 1\nb 2\nc{x=\"y\"} 3\n"),
        1 => plain("a 1\nc{x=\"y\"} 4\n"),
        2 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        _ => plain("a 5\n"),
    }
}

async fn hanging(State(shared): State<Arc<Shared>>) -> Response {
    shared.arrived.notify_one();
    std::future::pending().await
}

/// Begins to answer, and never ends.
async fn dripping(State(shared): State<Arc<Shared>>) -> Response {
    let rest = stream::once(async move {
        shared.arrived.notify_one();
        std::future::pending::<Result<Bytes, Infallible>>().await
    });
    plain(Body::from_stream(stream::once(async { Ok(Bytes::from_static(b"a 1\n")) }).chain(rest)))
}

fn endless() -> Response {
    let piece = Bytes::from("a 1\n".repeat(4_096));
    plain(Body::from_stream(stream::repeat_with(move || Ok::<_, Infallible>(piece.clone()))))
}

fn many() -> String {
    let mut text = String::new();
    for at in 0..5_000 {
        writeln!(text, "many{{at=\"{at}\"}} {at}").unwrap();
    }
    text
}

async fn server() -> Server {
    let shared = Arc::new(Shared::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gzip = |body: Vec<u8>| {
        let head = [(header::CONTENT_TYPE, "text/plain"), (header::CONTENT_ENCODING, "gzip")];
        (head, body).into_response()
    };
    let openmetrics = "# TYPE a counter\na_total 1 1600000000.5 # {t=\"1\"} 1\na_created 3\n# TYPE h histogram\nh_bucket{le=\"-1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n# EOF\n";
    let head = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0")];
    let app = Router::new()
        .route(
            "/good",
            get(|| async {
                plain("# HELP a what\n# TYPE a gauge\na{job=\"own\",exported_job=\"old\"} 1\n")
            }),
        )
        .route("/gzip", get(move || async move { gzip(packed(b"a 1\n")) }))
        .route("/bomb", get(move || async move { gzip(packed(&vec![b'\n'; 64 << 20])) }))
        .route("/openmetrics", get(move || async move { (head, openmetrics) }))
        .route("/echo", get(echo))
        .route("/fading", get(fading))
        .route("/hanging", get(hanging))
        .route("/dripping", get(dripping))
        .route("/endless", get(|| async { endless() }))
        .route("/garbage", get(|| async { plain(vec![0xff_u8, 0xfe, 0, 1, 2]) }))
        .route("/broken", get(|| async { plain("a 1\nb{ 2\n") }))
        .route("/html", get(|| async { axum::response::Html("<html>") }))
        .route("/twice", get(|| async { plain("a 1\na 2\nb 1 2000\nb 2 1000\nb 3 3000\n") }))
        .route("/many", get(|| async { plain(many()) }))
        .with_state(Arc::clone(&shared));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        axum::serve(listener, app).await.unwrap();
    });
    Server { address, shared, _tasks: tasks }
}

impl Server {
    fn scraper(&self, path: &str, change: impl FnOnce(&mut ScrapeJob)) -> Scraper {
        let mut job = ScrapeJob::new("test");
        job.metrics_path = path.to_owned();
        job.groups = vec![TargetGroup {
            targets: vec![self.address.to_string()],
            labels: Labels::from_pairs([("instance", "it")]),
        }];
        change(&mut job);
        let job = Arc::new(job);
        let mut found = discover::targets(&job, std::path::Path::new("/"), &|_| Err("no".into()));
        assert_eq!(found.complaints, Vec::<String>::new());
        Scraper::new(found.targets.remove(0), net::client_for_messages_with(&job.tls).unwrap())
    }
}

/// Values by series; `ended` for stale markers. The duration is left out.
fn shown(scraped: &Scraped) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::new();
    for series in &scraped.batch {
        let name = series.labels.without(|name| matches!(name, "instance" | "job")).to_string();
        if name == "scrape_duration_seconds" {
            continue;
        }
        let values: Vec<String> = series
            .samples
            .iter()
            .map(|sample| match sample.time {
                _ if is_stale(sample.value) => "ended".to_owned(),
                START => sample.value.to_string(),
                time => format!("{}@{}", sample.value, time.millis()),
            })
            .collect();
        shown.insert(name, values.join(" "));
    }
    shown
}

fn lines(scraped: &Scraped) -> Vec<String> {
    shown(scraped)
        .into_iter()
        .filter(|(name, _)| name != "up" && !name.starts_with("scrape_"))
        .map(|(name, value)| format!("{name} {value}"))
        .collect()
}

fn error(scraped: &Scraped) -> String {
    assert_eq!(scraped.report.health, Health::Down);
    assert_eq!(shown(scraped)["up"], "0");
    assert_eq!(lines(scraped), Vec::<String>::new());
    scraped.report.error.clone().unwrap()
}

#[tokio::test]
async fn a_good_answer_is_kept_with_the_targets_labels_and_its_reports() {
    let (server, clock) = (server().await, TurnedClock::at(START));
    let mut scraper = server.scraper("/good", |_| {});
    let scraped = scraper.scrape(&clock).await;
    assert_eq!(scraped.report.error, None);
    assert_eq!(
        scraped.batch[0].labels.to_string(),
        r#"a{exported_exported_job="own",exported_job="old",instance="it",job="test"}"#
    );
    let shown = shown(&scraped);
    assert_eq!(shown["up"], "1");
    assert_eq!(shown["scrape_samples_scraped"], "1");
    assert_eq!(shown["scrape_series_added"], "1");
    assert_eq!(scraped.metadata[0].help, "what");
    let again = scraper.scrape(&clock).await;
    assert_eq!(self::shown(&again)["scrape_series_added"], "0");
    let mut honest =
        server.scraper("/good", |job| job.honor = Honor { labels: true, timestamps: true });
    let scraped = honest.scrape(&clock).await;
    assert_eq!(
        scraped.batch[0].labels.to_string(),
        r#"a{exported_job="old",instance="it",job="own"}"#
    );
}

#[tokio::test]
async fn compressed_answers_and_openmetrics_are_read() {
    let (server, clock) = (server().await, TurnedClock::at(START));
    let scraped = server.scraper("/gzip", |_| {}).scrape(&clock).await;
    assert_eq!(lines(&scraped), ["a 1"]);
    let scraped = server.scraper("/openmetrics", |_| {}).scrape(&clock).await;
    assert_eq!(lines(&scraped)[0], "a_created 3");
    assert_eq!(lines(&scraped)[1], "a_total 1@1600000000500");
    let note = scraped.report.note.unwrap();
    assert_eq!(note, "line 3: some samples of a have a time stamp and some not");
    let honor = Honor { labels: false, timestamps: false };
    let scraped = server.scraper("/openmetrics", |job| job.honor = honor).scrape(&clock).await;
    assert_eq!(lines(&scraped)[1], "a_total 1");
}

#[tokio::test]
async fn the_request_says_who_we_are_and_what_we_want() {
    let (server, clock) = (server().await, TurnedClock::at(START));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "s3cret\n").unwrap();
    let scraped = server
        .scraper("/echo", |job| {
            job.auth = Auth::Bearer(Credential::File(file));
            job.params = vec![("a b".into(), "c&d".into())];
            job.headers = vec![("X-Custom".into(), Secret::new("mine".into()))];
            job.timeout = Span::millis(2500);
        })
        .scrape(&clock)
        .await;
    assert_eq!(
        lines(&scraped),
        [
            r#"asked{authorization="Bearer s3cret",custom="mine",openmetrics="true",query="a+b=c%26d",timeout="2.5"} 1"#
        ]
    );
    let password = Credential::Text(Secret::new("pass".into()));
    let auth = Auth::Basic { username: "me".into(), password };
    let scraped = server.scraper("/echo", |job| job.auth = auth).scrape(&clock).await;
    assert!(lines(&scraped)[0].contains(r#"authorization="Basic bWU6cGFzcw==""#));
    let missing = Auth::Bearer(Credential::File("/nowhere/token".into()));
    let scraped = server.scraper("/echo", |job| job.auth = missing).scrape(&clock).await;
    assert!(error(&scraped).contains("/nowhere/token"));
}

#[tokio::test]
async fn series_that_vanish_and_targets_that_fail_are_marked() {
    let (server, clock) = (server().await, TurnedClock::at(START));
    let mut scraper = server.scraper("/fading", |_| {});
    assert_eq!(lines(&scraper.scrape(&clock).await), ["a 1", "b 2", "c{x=\"y\"} 3"]);
    assert_eq!(lines(&scraper.scrape(&clock).await), ["a 1", "b ended", "c{x=\"y\"} 4"]);
    let failed = scraper.scrape(&clock).await;
    assert_eq!(lines(&failed), ["a ended", "c{x=\"y\"} ended"]);
    assert_eq!(shown(&failed)["up"], "0");
    assert_eq!(failed.report.error.unwrap(), "the target answered 503 Service Unavailable");
    assert_eq!(lines(&scraper.scrape(&clock).await), ["a 5"]);
    let ended = scraper.end(START);
    assert_eq!(ended.len(), 6);
    assert!(ended.iter().all(|series| is_stale(series.samples[0].value)));
    assert!(scraper.end(START).is_empty());
}

#[tokio::test]
async fn a_target_that_never_answers_or_never_ends_is_given_up_in_time() {
    let server = server().await;
    for path in ["/hanging", "/dripping"] {
        let clock = TurnedClock::at(START);
        let mut scraper = server.scraper(path, |_| {});
        let (scraped, ()) = tokio::join!(scraper.scrape(&clock), async {
            server.shared.arrived.notified().await;
            clock.turn(Span::secs(10));
        });
        assert_eq!(error(&scraped), "no whole answer within 10s", "{path}");
        assert_eq!(scraped.report.duration, Span::secs(10));
    }
}

#[tokio::test]
async fn a_wrong_exporter_is_told_why_and_harms_no_other() {
    let (server, clock) = (server().await, TurnedClock::at(START));
    let small = ScrapeLimits { body_bytes: 1 << 20, ..ScrapeLimits::default() };
    for (path, what) in [
        ("/garbage", "line 1: not UTF-8"),
        ("/broken", "line 2: "),
        ("/html", "the answer is text/html, which is not an exposition format"),
        ("/missing", "the target answered 404 Not Found"),
        ("/endless", "more than 1048576 bytes (body_size_limit)"),
        ("/bomb", "more than 1048576 bytes (body_size_limit)"),
    ] {
        let mut bad = server.scraper(path, |job| job.limits = small);
        let mut good = server.scraper("/good", |_| {});
        let (bad, good) = tokio::join!(bad.scrape(&clock), good.scrape(&clock));
        assert!(error(&bad).contains(what), "{path}: {}", error(&bad));
        assert_eq!(good.report.health, Health::Up, "{path}");
    }
    let mut gone = server.scraper("/good", |_| {});
    drop(server);
    tokio::task::yield_now().await;
    let scraped = gone.scrape(&clock).await;
    assert!(error(&scraped).contains("refused"), "{}", error(&scraped));
}

#[tokio::test]
async fn limits_refuse_the_whole_scrape() {
    let (server, clock) = (server().await, TurnedClock::at(START));
    let none = ScrapeLimits::default();
    for (limits, what) in [
        (ScrapeLimits { samples: 5, ..none }, "line 6: more than 5 samples (sample_limit)"),
        (ScrapeLimits { labels: 3, ..none }, "has 4 labels, more than 3 (label_limit)"),
        (ScrapeLimits { label_name_bytes: 7, ..none }, "(label_name_length_limit)"),
        (ScrapeLimits { label_value_bytes: 3, ..none }, "(label_value_length_limit)"),
    ] {
        let scraped = server.scraper("/many", |job| job.limits = limits).scrape(&clock).await;
        assert!(error(&scraped).contains(what), "{}", error(&scraped));
    }
    let scraped = server.scraper("/many", |_| {}).scrape(&clock).await;
    assert_eq!(lines(&scraped).len(), 5_000);
}

#[tokio::test]
async fn samples_given_twice_are_counted() {
    let (server, clock) = (server().await, TurnedClock::at(START));
    let scraped = server.scraper("/twice", |_| {}).scrape(&clock).await;
    assert_eq!(lines(&scraped), ["a 1", "b 1@2000 2@1000 3@3000"]);
    assert_eq!((scraped.report.repeated, scraped.report.out_of_order), (1, 1));
}

#[tokio::test]
async fn metric_relabelling_drops_and_renames() {
    let (server, clock) = (server().await, TurnedClock::at(START));
    let rule = |spec| RelabelRule::new(spec).unwrap();
    let rules = vec![
        rule(RelabelSpec {
            source_labels: vec!["at".into()],
            regex: "1.?".into(),
            action: RelabelAction::Keep,
            ..RelabelSpec::default()
        }),
        rule(RelabelSpec {
            target_label: "__name__".into(),
            replacement: "few".into(),
            ..RelabelSpec::default()
        }),
    ];
    let scraped = server.scraper("/many", |job| job.metric_relabel = rules).scrape(&clock).await;
    assert_eq!(lines(&scraped).len(), 11);
    assert_eq!(lines(&scraped)[0], "few{at=\"1\"} 1");
    assert_eq!(shown(&scraped)["scrape_samples_scraped"], "5000");
    assert_eq!(shown(&scraped)["scrape_samples_post_metric_relabeling"], "11");
}
