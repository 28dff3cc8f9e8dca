//! The way to a cluster that answers instead of the store: requests go over HTTP, bounded by what the question may
//! take, and end when whoever asked went away.

use std::{pin::pin, time::Duration};

use collect::scrape::{Auth, authorised};
use model::{Budget, BudgetSpent, Secret};
use query::{Request, Response, Transport, TransportError};
use reqwest::{Client, RequestBuilder, header};
use tokio::runtime::Handle;

use crate::{http::chain, tasks::Stop};

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
    pub(crate) fn new(
        options: ClusterOptions,
        client: Client,
        runtime: Handle,
        stop: Stop,
    ) -> Self {
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
