//! Asking over HTTP: one request, its answer read to a bound.

use model::Time;
use reqwest::{Client, RequestBuilder, header};

use super::answer::{self, Verdict};

/// How much of an answer is read for the error message, in bytes.
const ANSWER_BYTES_MAX: usize = 400;

/// An answer.
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    /// As much of the body as was to be read.
    pub(crate) body: Vec<u8>,
}

/// Sends a request whose answer says by its status alone what became of it.
pub(crate) async fn ask(client: &Client, request: RequestBuilder, now: Time) -> Verdict {
    match hear(client, request, ANSWER_BYTES_MAX).await {
        Ok(heard) => {
            let text = String::from_utf8_lossy(&heard.body);
            answer::judge(heard.status, heard.retry_after.as_deref(), &text, now)
        }
        Err(verdict) => verdict,
    }
}

/// Sends a request and reads so much of the answer.
pub(crate) async fn hear(
    client: &Client,
    request: RequestBuilder,
    bytes_max: usize,
) -> Result<Heard, Verdict> {
    // A URL or header that cannot be sent will not be better later.
    let request = request
        .header(header::USER_AGENT, concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Verdict::broken(chain(error)))?;
    let asked = request.url().clone();
    let mut response = client.execute(request).await.map_err(|error| {
        if error.is_connect() {
            Verdict::later(chain(error))
        } else {
            Verdict::unsure(chain(error))
        }
    })?;
    // A client that follows redirects turns a POST into a GET; its answer says nothing about us.
    if *response.url() != asked {
        let error = "the receiver has moved: give its new address in the settings".to_owned();
        return Err(Verdict::broken(error));
    }
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut heard = Heard { status: response.status().as_u16(), retry_after, body: Vec::new() };
    // The status has been said; an answer that breaks off after it changes nothing.
    while heard.body.len() < bytes_max
        && let Ok(Some(piece)) = response.chunk().await
    {
        let room = bytes_max - heard.body.len();
        heard.body.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    Ok(heard)
}

/// An error with its causes, without the URL, which may hold a secret.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
