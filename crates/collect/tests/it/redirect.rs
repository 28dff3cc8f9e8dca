//! Targets that redirect: what we prove ourselves with stays with who was asked.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use collect::{
    net,
    scrape::{Auth, Credential, ScrapeJob, Scraped, Scraper, TargetGroup, discover},
};
use model::{Labels, Secret, Time};
use testkit::TurnedClock;
use tokio::{net::TcpListener, task::JoinSet};

/// Shows what came as labels of a metric.
async fn echo(headers: HeaderMap) -> Response {
    let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap_or("?"));
    let names = ["authorization", "x-key", "referer"]
        .map(|name| format!("{}=\"{}\"", name.replace('-', "_"), text(name)));
    let accept = if text("accept").is_empty() { "" } else { "yes" };
    let line = format!("asked{{{},accept=\"{accept}\"}} 1\n", names.join(","));
    ([(header::CONTENT_TYPE, "text/plain")], line).into_response()
}

/// Answers with the status and the place that are asked for; `there` is the other server.
async fn redirect(
    State(there): State<Option<SocketAddr>>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let value =
        |name: &str| asked.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let status = value("status").and_then(|text| text.parse().ok()).unwrap_or(StatusCode::FOUND);
    let there = there.map(|own| own.to_string()).unwrap_or_default();
    let place = value("to").unwrap_or_default().replace("there", &there);
    (status, [(header::LOCATION, place)]).into_response()
}

async fn server(there: Option<SocketAddr>, tasks: &mut JoinSet<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app =
        Router::new().route("/echo", get(echo)).route("/redirect", get(redirect)).with_state(there);
    tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

async fn scrape(address: SocketAddr, to: &str, change: impl FnOnce(&mut ScrapeJob)) -> Scraped {
    let mut job = ScrapeJob::new("test");
    job.metrics_path = "/redirect".into();
    job.params = vec![("to".into(), to.into())];
    job.auth = Auth::Bearer(Credential::Text(Secret::new("t0ken".into())));
    job.headers = vec![("X-Key".into(), Secret::new("k3y".into()))];
    job.groups = vec![TargetGroup { targets: vec![address.to_string()], labels: Labels::empty() }];
    change(&mut job);
    let client = net::client_for_messages_with(&job.tls).unwrap();
    let found = discover::targets(&Arc::new(job), std::path::Path::new("/"), &|_| Err("no".into()));
    Scraper::new(found.targets[0].clone(), client).scrape(&TurnedClock::at(Time(0))).await
}

/// What came of our headers at the end: authorization, key, referer, and whether others did.
fn arrived(scraped: &Scraped) -> [&str; 4] {
    assert_eq!(scraped.report.error, None);
    let labels = &scraped.batch[0].labels;
    ["authorization", "x_key", "referer", "accept"].map(|name| labels.get(name).unwrap_or_default())
}

#[tokio::test]
async fn secrets_go_to_the_origin_that_was_asked_and_to_nobody_else() {
    let mut tasks = JoinSet::new();
    let there = server(None, &mut tasks).await;
    let here = server(Some(there), &mut tasks).await;
    for status in ["301", "302", "303", "307", "308"] {
        let with = |job: &mut ScrapeJob| job.params.push(("status".into(), status.into()));
        let scraped = scrape(here, "/echo", with).await;
        assert_eq!(arrived(&scraped), ["Bearer t0ken", "k3y", "", "yes"], "{status}");
        let scraped = scrape(here, "http://there/echo", with).await;
        assert_eq!(arrived(&scraped), ["", "", "", "yes"], "{status}");
    }
    // Back where it began, they do not come back.
    let back = format!("http://there/redirect?to=http://{here}/echo");
    assert_eq!(arrived(&scrape(here, &back, |_| {}).await), ["", "", "", "yes"]);
}

#[tokio::test]
async fn redirects_that_never_end_or_are_not_wanted_are_told() {
    let mut tasks = JoinSet::new();
    let here = server(None, &mut tasks).await;
    let told = |scraped: Scraped| scraped.report.error.unwrap();
    let round = told(scrape(here, "/redirect?to=%2Fredirect%3Fto%3Dnowhere", |_| {}).await);
    assert!(round.contains("404"), "{round}");
    let own = told(scrape(here, "", |_| {}).await);
    assert_eq!(own, "the target answered 302 Found");
    let off = told(scrape(here, "/echo", |job| job.follow_redirects = false).await);
    assert_eq!(off, "the target answered 302 Found");
    let odd = told(scrape(here, "file:///etc/passwd", |_| {}).await);
    assert_eq!(odd, "the target answered 302 Found");
}
