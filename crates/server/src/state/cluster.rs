//! The way to a cluster that answers instead of the store: requests go over HTTP, bounded by what the question may
//! take, and end when whoever asked went away.

use std::{io, pin::pin, sync::Arc, time::Duration};

use collect::{
    net::{NetError, client_for_messages_with},
    scrape::{Auth, authorised},
};
use model::{Budget, BudgetSpent, Clock, Kind, Secret};
use query::{Engine, Local, Queries, Remote, Request, Response, Transport, TransportError};
use reqwest::{Client, RequestBuilder, header};
use settings::Settings;
use store::Store;
use tokio::runtime::Handle;
use tracing::info;

use crate::{convert, http::chain, tasks::Stop};

/// How often a question that waits looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// How a cluster is reached.
#[derive(Debug)]
pub(crate) struct ClusterOptions {
    /// Its address up to `/api/v1`.
    pub(crate) url: String,
    /// How we say who we are.
    pub(crate) auth: Auth,
    /// Further headers.
    pub(crate) headers: Vec<(String, Secret)>,
}

/// Why a cluster cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Its token cannot be read.
    #[error("its token cannot be read")]
    Token(#[source] io::Error),
    /// No HTTP client can be made.
    #[error(transparent)]
    Net(#[from] NetError),
}

impl ClusterError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Token(_) => Kind::Missing,
            Self::Net(error) => error.kind(),
        }
    }
}

/// Who answers questions: the cluster that the settings name, or the store here.
pub(crate) fn queries(
    settings: &Settings,
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
    stop: Stop,
) -> Result<Arc<dyn Queries>, ClusterError> {
    let Some(remote) = &settings.query.remote else {
        let engine = Engine::new(convert::engine_options(&settings.query));
        return Ok(Arc::new(Local::new(engine, Arc::clone(store) as _)));
    };
    let (options, tls) = convert::cluster_options(remote).map_err(ClusterError::Token)?;
    let client = client_for_messages_with(&tls)?;
    let cluster = Cluster::new(options, client, Handle::current(), stop);
    info!(url = remote.url, "questions are answered by a cluster");
    if settings.forward.is_empty() {
        info!("`forward` names nobody, so what comes in or is recorded here is not asked for");
    }
    let options = convert::remote_options(&settings.query, remote);
    Ok(Arc::new(Remote::new(options, Arc::new(cluster), Arc::clone(clock))))
}

/// A cluster that is reached over HTTP.
#[derive(Debug)]
pub(crate) struct Cluster {
    options: ClusterOptions,
    client: Client,
    runtime: Handle,
    stop: Stop,
}

impl Cluster {
    /// Asks with this client on this runtime until it is time to stop. The client follows no redirects: on its way
    /// elsewhere a form is lost, and a token found by somebody who was not named.
    fn new(options: ClusterOptions, client: Client, runtime: Handle, stop: Stop) -> Self {
        Self { options, client, runtime, stop }
    }

    fn request(&self, asked: &Request) -> RequestBuilder {
        let url = format!("{}{}", self.options.url, asked.path);
        let mut request = if asked.post {
            self.client
                .post(url)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(asked.form.clone())
        } else {
            self.client.get(format!("{url}?{}", asked.form))
        };
        for (name, value) in &self.options.headers {
            request = request.header(name, value.reveal());
        }
        request.header(header::ACCEPT, "application/json")
    }

    async fn exchange(
        &self,
        asked: &Request,
        held: &mut Held<'_>,
    ) -> Result<Response, TransportError> {
        let request = authorised(self.request(asked), &self.options.auth)
            .await
            .map_err(|cause| TransportError::Unreachable { cause })?;
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            held.more(chunk.len())?;
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, body })
    }

    /// The same, given up once nobody wants it any more.
    async fn watched(
        &self,
        asked: &Request,
        budget: &dyn Budget,
    ) -> Result<Response, TransportError> {
        let mut held = Held { budget, bytes: 0 };
        let answer = {
            let mut work = pin!(self.exchange(asked, &mut held));
            loop {
                tokio::select! {
                    answer = tokio::time::timeout(LOOK, &mut work) => match answer {
                        Ok(answer) => break answer,
                        Err(_looks) => budget.charge(0)?,
                    },
                    () = self.stop.cancelled() => break Err(BudgetSpent::Cancelled.into()),
                }
            }
        };
        if answer.is_ok() {
            held.bytes = 0;
        }
        answer
    }
}

impl Transport for Cluster {
    fn send(&self, request: &Request, budget: &dyn Budget) -> Result<Response, TransportError> {
        let work = self.watched(request, budget);
        let timed = async { tokio::time::timeout(request.deadline, work).await };
        self.runtime.block_on(timed).unwrap_or(Err(TransportError::Late))
    }
}

/// Bytes of a body that is coming in; they are given back unless the body arrives.
struct Held<'b> {
    budget: &'b dyn Budget,
    bytes: usize,
}

impl Held<'_> {
    fn more(&mut self, bytes: usize) -> Result<(), BudgetSpent> {
        self.budget.hold(bytes)?;
        self.bytes += bytes;
        self.budget.charge(0)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.budget.release(self.bytes);
    }
}

/// What failed, without the address, which is told elsewhere.
fn failed(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        return TransportError::Unreachable { cause: chain(&error) };
    }
    if error.is_timeout() {
        return TransportError::Late;
    }
    TransportError::Broken { cause: chain(&error) }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread::JoinHandle,
    };

    use model::{Span, Time, Unlimited};
    use query::{MemoryPool, Meter};
    use testkit::TurnedClock;
    use tokio::runtime::Runtime;

    use super::*;

    /// Takes one connection after the other, answers each with bytes, and hangs up; says what was sent.
    fn peer(answers: &'static [&'static str]) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let mut seen = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") {
                    stream.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                // The tests' forms have three letters.
                let mut form = vec![0; if request.starts_with(b"POST") { 3 } else { 0 }];
                stream.read_exact(&mut form).unwrap();
                request.append(&mut form);
                seen.push(String::from_utf8(request).unwrap());
                stream.write_all(answer.as_bytes()).unwrap();
            }
            seen
        });
        (url, serving)
    }

    fn cluster(url: String, runtime: &Runtime) -> Cluster {
        let token = collect::scrape::Credential::Text(Secret::new("t0ken".to_owned()));
        let headers = vec![("X-Scope-OrgID".to_owned(), Secret::new("team-a".to_owned()))];
        let options = ClusterOptions { url, auth: Auth::Bearer(token), headers };
        let client = collect::net::client_for_messages().unwrap();
        Cluster::new(options, client, runtime.handle().clone(), Stop::new())
    }

    fn request(post: bool) -> Request {
        let (path, form) = ("/api/v1/query".to_owned(), "a=b".to_owned());
        Request { path, form, post, deadline: Duration::from_secs(20) }
    }

    fn send(cluster: &Cluster) -> Result<Response, TransportError> {
        cluster.send(&request(true), &Unlimited)
    }

    fn runtime() -> Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    }

    #[test]
    fn a_request_says_who_asks_and_an_answer_is_brought_back_whatever_it_is() {
        let runtime = runtime();
        let (url, serving) = peer(&[
            "HTTP/1.1 503 No\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbusy",
            "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ]);
        let cluster = cluster(format!("{url}/prometheus"), &runtime);
        assert_eq!(send(&cluster), Ok(Response { status: 503, body: b"busy".to_vec() }));
        let moved = cluster.send(&request(false), &Unlimited);
        assert_eq!(moved, Ok(Response { status: 302, body: Vec::new() }));
        let seen = serving.join().unwrap();
        assert!(seen[0].starts_with("POST /prometheus/api/v1/query HTTP/1.1\r\n"), "{seen:?}");
        assert!(seen[1].starts_with("GET /prometheus/api/v1/query?a=b HTTP/1.1\r\n"), "{seen:?}");
        for request in seen {
            let request = request.to_lowercase();
            assert!(request.contains("x-scope-orgid: team-a\r\n"), "{request}");
            assert!(request.contains("authorization: bearer t0ken\r\n"), "{request}");
        }
    }

    #[test]
    fn a_connection_that_breaks_is_told_from_one_that_is_never_made() {
        let runtime = runtime();
        let (url, _serving) =
            peer(&["", "HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\nhalf of a body"]);
        let broken = cluster(url, &runtime);
        for _ in 0..2 {
            let told = send(&broken);
            assert!(matches!(told, Err(TransportError::Broken { .. })), "{told:?}");
        }
        let port = testkit::free_port().unwrap();
        let told = send(&cluster(format!("http://127.0.0.1:{port}"), &runtime)).unwrap_err();
        let TransportError::Unreachable { cause } = &told else { panic!("{told:?}") };
        assert!(cause.contains("refused") && !cause.contains("t0ken"), "{cause}");
    }

    #[test]
    fn nobody_waits_for_what_is_not_wanted_any_more() {
        let runtime = runtime();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let cluster = cluster(format!("http://{}", silent.local_addr().unwrap()), &runtime);
        let hurried = Request { deadline: Duration::from_millis(20), ..request(true) };
        assert_eq!(cluster.send(&hurried, &Unlimited), Err(TransportError::Late));
        let clock = Arc::new(TurnedClock::at(Time(0)));
        let meter = Meter::new(clock, Span::minutes(1), 1);
        meter.cancel();
        let told = cluster.send(&request(true), &meter);
        assert_eq!(told, Err(TransportError::Budget(BudgetSpent::Cancelled)));
        cluster.stop.cancel();
        assert_eq!(send(&cluster), Err(TransportError::Budget(BudgetSpent::Cancelled)));
    }

    #[test]
    fn a_body_that_is_too_large_is_not_read_to_its_end_and_leaves_nothing_held() {
        let runtime = runtime();
        let (url, _serving) = peer(&[
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\nfrom here on nothing comes",
        ]);
        let pool = MemoryPool::new(10);
        let clock = Arc::new(TurnedClock::at(Time(0)));
        let meter = Meter::new(clock, Span::minutes(1), 1).with_pool(pool.clone());
        let told = cluster(url, &runtime).send(&request(true), &meter);
        assert_eq!(told, Err(TransportError::Budget(BudgetSpent::Memory { limit: 10 })));
        assert_eq!(pool.bytes(), 0);
    }
}
