//! Talking to a running server.

use std::time::Duration;

use model::{Kind, Secret};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use serde_json::Value;

use crate::{args::Server, fault::Fault};

/// Longer than the longest query.
const TIMEOUT: Duration = Duration::from_secs(150);

/// A server to ask.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    client: Client,
    base: String,
    token: Option<Secret>,
    /// How long one answer may take.
    patience: Duration,
}

impl Remote {
    pub(crate) fn new(server: &Server) -> Result<Self, Fault> {
        let client =
            collect::net::client().map_err(|error| Fault::from_error(error.kind(), &error))?;
        let token = match &server.token_file {
            None => None,
            Some(path) => Some(settings::read_secret(path).map_err(|error| {
                Fault::from_error(Kind::Missing, &error).help(format!("see {}", path.display()))
            })?),
        };
        Ok(Self {
            client,
            base: server.server.trim_end_matches('/').to_owned(),
            token,
            patience: TIMEOUT,
        })
    }

    /// The same server, which must answer within this time.
    pub(crate) fn within(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    /// The JSON document at a path.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Fault> {
        let address = self.address(path, query)?;
        let response = self.send(self.client.get(address)).await?;
        let response = checked(response).await?;
        response.json().await.map_err(|error| Fault::from_error(Kind::Upstream, &error))
    }

    /// Asks for something to be done; gives the JSON document that says what was.
    pub(crate) async fn post(&self, path: &str) -> Result<Value, Fault> {
        let request = self.client.post(format!("{}{path}", self.base));
        let response = checked(self.send(request).await?).await?;
        response.json().await.map_err(|error| Fault::from_error(Kind::Upstream, &error))
    }

    /// Asks for something to be taken back; gives the JSON document that says what became of it.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Fault> {
        let request = self.client.delete(format!("{}{path}", self.base));
        let response = checked(self.send(request).await?).await?;
        response.json().await.map_err(|error| Fault::from_error(Kind::Upstream, &error))
    }

    /// Sends a JSON document; gives the one that says what became of it.
    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let request = self.client.post(format!("{}{path}", self.base)).json(body);
        let response = checked(self.send(request).await?).await?;
        response.json().await.map_err(|error| Fault::from_error(Kind::Upstream, &error))
    }

    /// The same with a query.
    pub(crate) async fn post_json_with(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, Fault> {
        let address = self.address(path, query)?;
        let response = checked(self.send(self.client.post(address).json(body)).await?).await?;
        response.json().await.map_err(|error| Fault::from_error(Kind::Upstream, &error))
    }

    /// Sends a YAML document; gives the JSON document that is the answer.
    pub(crate) async fn post_yaml(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: String,
    ) -> Result<Value, Fault> {
        let request = self.client.post(self.address(path, query)?).body(body);
        let request = request.header(header::CONTENT_TYPE, "application/yaml");
        let response = checked(self.send(request).await?).await?;
        response.json().await.map_err(|error| Fault::from_error(Kind::Upstream, &error))
    }

    fn address(&self, path: &str, query: &[(&str, &str)]) -> Result<reqwest::Url, Fault> {
        let mut address =
            reqwest::Url::parse(&format!("{}{path}", self.base)).map_err(|error| {
                Fault::from_error(Kind::Invalid, &error)
                    .help("--server wants an address such as http://127.0.0.1:7546")
            })?;
        address.query_pairs_mut().extend_pairs(query);
        Ok(address)
    }

    /// Sends a remote-write body; the server has kept it when this returns.
    /// Says how many samples were kept, if the server does.
    pub(crate) async fn write(&self, body: Vec<u8>) -> Result<Option<usize>, Fault> {
        let request = self
            .client
            .post(format!("{}/api/v1/write", self.base))
            .header(header::CONTENT_ENCODING, "snappy")
            .header(header::CONTENT_TYPE, "application/x-protobuf")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0")
            .body(body);
        let response = checked(self.send(request).await?).await?;
        let written = response.headers().get("x-prometheus-remote-write-samples-written");
        Ok(written.and_then(|value| value.to_str().ok()?.parse().ok()))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Fault> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token.reveal()),
            None => request,
        };
        request.timeout(self.patience).send().await.map_err(|error| {
            if error.is_timeout() {
                let seconds = self.patience.as_secs();
                let text = format!("{} did not answer within {seconds} s", self.base);
                return Fault::new(Kind::Upstream, text)
                    .help("it may be overloaded, or hang; --server or --send names another");
            }
            Fault::from_error(Kind::Upstream, &error).help(format!(
                "is a server running at {}? `plimsoll serve` starts one; --server names another",
                self.base
            ))
        })
    }
}

async fn checked(response: Response) -> Result<Response, Fault> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = response.text().await.unwrap_or_default();
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    // Ours, or Prometheus', or plain text.
    let message = document["error"]["message"]
        .as_str()
        .or_else(|| document["error"].as_str())
        .or_else(|| Some(text.trim()).filter(|text| !text.is_empty()))
        .unwrap_or(status.as_str())
        .to_owned();
    let kind = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Kind::Denied,
        StatusCode::NOT_FOUND => Kind::Missing,
        StatusCode::CONFLICT => Kind::Conflict,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Kind::Busy,
        status if status.is_client_error() => Kind::Invalid,
        _ => Kind::Upstream,
    };
    let fault = Fault::new(kind, message);
    Err(match document["error"]["help"].as_str() {
        Some(help) => fault.help(help),
        None => fault,
    })
}
