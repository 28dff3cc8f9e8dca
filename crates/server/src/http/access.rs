//! Who may ask: nobody but this machine unless a token is set. Roles come later; this is their hook.

use std::{fs::File, io::Read, net::IpAddr};

use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use model::Secret;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The name of the pages' session cookie.
const COOKIE: &str = "plimsoll_session";

/// Decides about each request. Today it knows one token; with roles it will know people.
#[derive(Debug)]
pub(crate) struct Access {
    token: Option<Secret>,
    salt: [u8; 32],
    loopback_only: bool,
}

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It brought no token, or a wrong one.
    NoToken,
    /// It came through a name that is not this machine's: a page elsewhere may be behind it.
    ForeignHost,
    /// A page of another origin wants to change something.
    ForeignOrigin,
}

impl Access {
    /// Access with or without a token. `loopback_only` says that we listen for this machine only.
    pub(crate) fn new(token: Option<Secret>, loopback_only: bool) -> std::io::Result<Self> {
        let mut salt = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut salt)?;
        Ok(Self { token, salt, loopback_only })
    }

    /// Whether a request may go on.
    pub(crate) fn check(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), Refusal> {
        let host = host_of(uri, headers);
        if self.token.is_none() && self.loopback_only && !host.is_none_or(is_loopback_name) {
            return Err(Refusal::ForeignHost);
        }
        if !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
            && let Some(origin) = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok())
            && origin.split_once("://").map(|(_, rest)| rest) != authority_of(uri, headers)
        {
            return Err(Refusal::ForeignOrigin);
        }
        match &self.token {
            None => Ok(()),
            Some(token) if self.has_token(token, headers) => Ok(()),
            Some(_) => Err(Refusal::NoToken),
        }
    }

    /// The cookie for a page whose user typed the token; nothing if it was the wrong one.
    pub(crate) fn sign_in(&self, typed: &str) -> Option<HeaderValue> {
        let token = self.token.as_ref()?;
        if !same(typed.as_bytes(), token.reveal().as_bytes()) {
            return None;
        }
        let session = self.session(token);
        HeaderValue::from_str(&format!("{COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/"))
            .ok()
    }

    fn has_token(&self, token: &Secret, headers: &HeaderMap) -> bool {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(bearer_of);
        if bearer.is_some_and(|given| same(given.as_bytes(), token.reveal().as_bytes())) {
            return true;
        }
        let session = self.session(token);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == COOKIE && same(value.as_bytes(), session.as_bytes()))
    }

    /// What the cookie holds: worthless once this process ends, and it does not reveal the token.
    fn session(&self, token: &Secret) -> String {
        let digest = Sha256::new().chain_update(self.salt).chain_update(token.reveal()).finalize();
        let nibble = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
        digest.iter().flat_map(|byte| [nibble(byte >> 4), nibble(byte & 15)]).collect()
    }
}

/// Compares in a time that does not depend on where they differ.
fn same(given: &[u8], wanted: &[u8]) -> bool {
    Sha256::digest(given).ct_eq(&Sha256::digest(wanted)).into()
}

fn authority_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(header::HOST).and_then(|value| value.to_str().ok()),
    }
}

fn host_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let authority = authority_of(uri, headers)?;
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next();
    }
    authority.split(':').next()
}

fn is_loopback_name(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The token of an `Authorization` header; the scheme's case does not matter (RFC 9110, 11.1).
pub(crate) fn bearer_of(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (name.parse::<header::HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
            })
            .collect()
    }

    fn check(
        access: &Access,
        method: &Method,
        pairs: &[(&'static str, &str)],
    ) -> Result<(), Refusal> {
        access.check(method, &Uri::from_static("/api/v1/query"), &headers(pairs))
    }

    #[test]
    fn a_name_that_is_not_this_machine_is_refused_without_a_token() {
        let access = Access::new(None, true).unwrap();
        assert_eq!(check(&access, &Method::GET, &[("host", "127.0.0.1:7546")]), Ok(()));
        assert_eq!(check(&access, &Method::GET, &[("host", "[::1]:7546")]), Ok(()));
        assert_eq!(
            check(&access, &Method::GET, &[("host", "rebound.example:7546")]),
            Err(Refusal::ForeignHost)
        );
    }

    #[test]
    fn a_page_of_another_origin_cannot_write() {
        let access = Access::new(None, true).unwrap();
        let foreign = [("host", "localhost:7546"), ("origin", "https://example.org")];
        assert_eq!(check(&access, &Method::POST, &foreign), Err(Refusal::ForeignOrigin));
        assert_eq!(check(&access, &Method::GET, &foreign), Ok(()));
        let own = [("host", "localhost:7546"), ("origin", "http://localhost:7546")];
        assert_eq!(check(&access, &Method::POST, &own), Ok(()));
    }

    #[test]
    fn a_token_is_demanded_and_a_session_stands_for_it() {
        let access = Access::new(Some(Secret::new("s3cret".into())), false).unwrap();
        let get = |pairs: &[(&'static str, &str)]| check(&access, &Method::GET, pairs);
        assert_eq!(get(&[("host", "plimsoll.example")]), Err(Refusal::NoToken));
        assert_eq!(get(&[("authorization", "Bearer wrong")]), Err(Refusal::NoToken));
        assert_eq!(get(&[("authorization", "Bearer s3cret")]), Ok(()));
        assert_eq!(get(&[("authorization", "bearer s3cret")]), Ok(()));
        assert_eq!(get(&[("authorization", "Basic s3cret")]), Err(Refusal::NoToken));
        assert!(access.sign_in("wrong").is_none());
        let cookie = access.sign_in("s3cret").unwrap();
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
        assert!(!cookie.contains("s3cret"));
        assert_eq!(get(&[("cookie", cookie)]), Ok(()));
    }
}
