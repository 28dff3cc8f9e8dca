//! The HTTP side of a scrape: one request, its answer in bounds.

use std::error::Error;

use reqwest::{Client, RequestBuilder, StatusCode, header};

use super::{Auth, BODY_BYTES_MAX, Credential, Target};
use crate::{exposition::Format, net};

/// What we like to get, as Prometheus asks for it, so that exporters answer us as they answer it.
const ACCEPT: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
    application/openmetrics-text;version=0.0.1;q=0.5,\
    text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

/// Says how long we wait, in seconds; some exporters (`blackbox`, `snmp`) keep to it.
const TIMEOUT_HEADER: &str = "X-Prometheus-Scrape-Timeout-Seconds";

/// Bytes of a file that holds a password or token.
const CREDENTIAL_BYTES_MAX: usize = 64 << 10;

/// An answer.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) format: Format,
    pub(super) body: Vec<u8>,
}

/// Asks once. The error is a sentence for people; it names no secret.
pub(super) async fn fetch(client: &Client, target: &Target) -> Result<Fetched, String> {
    let job = &target.job;
    let mut request = client
        .get(&target.url)
        .header(header::ACCEPT, ACCEPT)
        .header(TIMEOUT_HEADER, target.timeout.as_secs().to_string());
    for (name, value) in &job.headers {
        request = request.header(name, value.reveal());
    }
    let request = authorised(request, &job.auth).await?.build().map_err(chain)?;
    let response = if job.follow_redirects {
        let secret: Vec<&str> = job.headers.iter().map(|(name, _)| name.as_str()).collect();
        net::follow(client, request, &secret).await
    } else {
        client.execute(request).await
    };
    let mut response = response.map_err(chain)?;
    if response.status() != StatusCode::OK {
        return Err(format!("the target answered {}", response.status()));
    }
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let format = Format::from_content_type(content_type.as_deref())?;
    let limit = match job.limits.body_bytes {
        0 => BODY_BYTES_MAX,
        bytes => bytes,
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(chain)? {
        if body.len() + chunk.len() > limit {
            return Err(format!("the answer has more than {limit} bytes (body_size_limit)"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { format, body })
}

/// A request that proves who we are. The error is a sentence for people; it names no secret.
pub async fn authorised(request: RequestBuilder, auth: &Auth) -> Result<RequestBuilder, String> {
    Ok(match auth {
        Auth::None => request,
        Auth::Basic { username, password } => {
            request.basic_auth(username, Some(revealed(password).await?))
        }
        Auth::Bearer(token) => request.bearer_auth(revealed(token).await?),
    })
}

async fn revealed(credential: &Credential) -> Result<String, String> {
    let path = match credential {
        Credential::Text(secret) => return Ok(secret.reveal().to_owned()),
        Credential::File(path) => path,
    };
    let wrong = |what: String| format!("cannot read the credentials in {}: {what}", path.display());
    let size = tokio::fs::metadata(path).await.map_err(|error| wrong(error.to_string()))?.len();
    if size > CREDENTIAL_BYTES_MAX as u64 {
        return Err(wrong(format!("it has {size} bytes")));
    }
    let text = tokio::fs::read_to_string(path).await.map_err(|error| wrong(error.to_string()))?;
    Ok(text.trim().to_owned())
}

/// An error with its causes, without the address, which is told elsewhere and may hold secrets.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
