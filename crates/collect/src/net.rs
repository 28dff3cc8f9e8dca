//! The one place that makes HTTP clients: pooled, bounded in time, with `rustls` on `ring`; and that follows redirects
//! where headers must not go with them.

use std::{fs, io, path::PathBuf, time::Duration};

use model::Kind;
use reqwest::{
    Certificate, Client, ClientBuilder, Request, Response, Url, header, redirect::Policy,
};

/// How long a connection may take to be made; a whole exchange has its own limit where it is asked for.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long an unused connection is kept: longer than the usual scrape interval of one minute, so that it is reused.
const IDLE_MAX: Duration = Duration::from_secs(90);

/// Redirects followed before giving up, as browsers and Go's client do.
const REDIRECTS_MAX: usize = 10;

/// How the other side's certificate is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TlsOptions {
    /// A PEM file with the only authorities to trust; `None` trusts those of the system.
    pub authorities: Option<PathBuf>,
    /// Accepts any certificate. Whoever sits between can read and change everything.
    pub insecure_skip_verify: bool,
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The file of authorities cannot be read.
    #[error("cannot read the certificate authorities in {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file of authorities holds no usable certificate.
    #[error("no usable certificate in {}", path.display())]
    Certificates {
        /// Which file.
        path: PathBuf,
        /// What is wrong, if it is known.
        source: Option<reqwest::Error>,
    },
    /// The client itself cannot be made.
    #[error("cannot make an HTTP client")]
    Client(#[source] reqwest::Error),
}

impl NetError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Read { .. } | Self::Certificates { .. } => Kind::Invalid,
            Self::Client(_) => Kind::Internal,
        }
    }
}

/// A client for messages that are sent, and for whatever has headers of its own: it follows no redirects, so that
/// nothing is sent twice or to somebody who was not named. [`follow`] does for what may be asked twice.
pub fn client_for_messages() -> Result<Client, NetError> {
    client_for_messages_with(&TlsOptions::default())
}

/// The same with its own idea of whom to trust.
pub fn client_for_messages_with(tls: &TlsOptions) -> Result<Client, NetError> {
    built(tls, || base().redirect(Policy::none()))
}

/// A client that trusts the system's authorities. Cheap to clone; make one and share it. It follows redirects, and
/// `Authorization` and cookies stay where they were meant for; other secret headers would go along, so requests with
/// such are sent by [`follow`].
///
/// On a system without authorities it still speaks plain HTTP, and every HTTPS peer is refused.
pub fn client() -> Result<Client, NetError> {
    built(&TlsOptions::default(), base)
}

/// Sends a request without a body, and follows redirects. What proves who we are, and headers of these names, go to the
/// origin that was asked (scheme, host and port) and to nobody else, as browsers and Go have it. The last answer is
/// given, which is a redirection if there are too many of them. The client follows none by itself.
pub async fn follow(
    client: &Client,
    mut request: Request,
    secret: &[&str],
) -> Result<Response, reqwest::Error> {
    let proofs = [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE];
    for _ in 0..REDIRECTS_MAX {
        let Some(sent) = request.try_clone() else { break };
        let response = client.execute(sent).await?;
        let Some(next) = next_address(&response, request.url()) else { return Ok(response) };
        if next.origin() != request.url().origin() {
            for own in &proofs {
                request.headers_mut().remove(own);
            }
            for name in secret {
                request.headers_mut().remove(*name);
            }
        }
        *request.url_mut() = next;
    }
    client.execute(request).await
}

/// Where a redirection leads to.
fn next_address(response: &Response, from: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    from.join(location).ok().filter(|next| matches!(next.scheme(), "http" | "https"))
}

fn built(tls: &TlsOptions, base: impl Fn() -> ClientBuilder) -> Result<Client, NetError> {
    install_provider();
    if let Some(path) = &tls.authorities {
        let certificates = authorities(path)?;
        let builder = base().tls_certs_only(certificates);
        return with_checks(builder, tls).build().map_err(NetError::Client);
    }
    with_checks(base(), tls)
        .build()
        // No authorities on this system: trust nobody rather than speak to nobody.
        .or_else(|_| with_checks(base().tls_certs_only([]), tls).build())
        .map_err(NetError::Client)
}

fn base() -> ClientBuilder {
    Client::builder()
        .tls_backend_rustls()
        .connect_timeout(CONNECT_MAX)
        .pool_idle_timeout(IDLE_MAX)
        .redirect(Policy::limited(REDIRECTS_MAX))
        // An address may hold a secret.
        .referer(false)
        .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
}

fn with_checks(builder: ClientBuilder, tls: &TlsOptions) -> ClientBuilder {
    builder.tls_danger_accept_invalid_certs(tls.insecure_skip_verify)
}

fn authorities(path: &PathBuf) -> Result<Vec<Certificate>, NetError> {
    let pem = fs::read(path).map_err(|source| NetError::Read { path: path.clone(), source })?;
    let found = Certificate::from_pem_bundle(&pem)
        .map_err(|source| NetError::Certificates { path: path.clone(), source: Some(source) })?;
    if found.is_empty() {
        return Err(NetError::Certificates { path: path.clone(), source: None });
    }
    Ok(found)
}

/// `reqwest` takes the process-wide provider; the first one installed stays, and all of ours are the same.
fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread was first, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_made_with_and_without_checks() {
        assert!(client().is_ok());
        let tls = TlsOptions { authorities: None, insecure_skip_verify: true };
        assert!(client_for_messages_with(&tls).is_ok());
    }

    #[test]
    fn a_file_without_authorities_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let tls = TlsOptions { authorities: Some(path.clone()), insecure_skip_verify: false };
        let error = client_for_messages_with(&tls).unwrap_err();
        assert!(matches!(error, NetError::Read { .. }), "{error:?}");
        fs::write(&path, "no certificate").unwrap();
        let error = client_for_messages_with(&tls).unwrap_err();
        assert!(matches!(error, NetError::Certificates { .. }), "{error:?}");
        assert!(error.to_string().ends_with("ca.pem"));
    }
}
