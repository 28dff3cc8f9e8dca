//! The way to a target: its addresses, found once, and connections to them.

use std::{cell::Cell, io, net::SocketAddr, net::ToSocketAddrs as _, sync::Arc};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{tls, wire::Stream};
use crate::{
    error::LoadError,
    plan::Plan,
    record::Trouble,
    target::{Origin, may_contact},
};

/// A target with its addresses.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) origin: Origin,
    pub(crate) addresses: Vec<SocketAddr>,
}

/// Finds the addresses of all targets of a plan, and refuses those that may not be contacted. They are found once: a
/// name that changes its address during the run leads nowhere else.
pub(crate) fn find(plan: &Plan) -> Result<Vec<Found>, LoadError> {
    let mut all = Vec::with_capacity(plan.origins.len());
    for origin in &plan.origins {
        let host = origin.host.as_str();
        let wrong = |source| LoadError::Resolve { host: host.to_owned(), source };
        let addresses: Vec<SocketAddr> =
            (host, origin.port).to_socket_addrs().map_err(wrong)?.collect();
        if addresses.is_empty() {
            return Err(wrong(io::Error::new(io::ErrorKind::NotFound, "it has no address")));
        }
        if !may_contact(host, &addresses, &plan.allowed) {
            return Err(LoadError::NotAllowed { origin: origin.clone() });
        }
        all.push(Found { origin: origin.clone(), addresses });
    }
    Ok(all)
}

/// What a worker needs to reach the targets of one scenario.
pub(crate) struct Ways {
    found: Arc<[Found]>,
    /// Not made where nobody speaks TLS: it wants authorities, and not every machine has any.
    tls: Option<Arc<ClientConfig>>,
    /// Which address is next, so that all of a name's are used.
    turn: Cell<usize>,
}

impl Ways {
    pub(crate) fn new(
        plan: &Plan,
        scenario: usize,
        found: Arc<[Found]>,
    ) -> Result<Self, LoadError> {
        let scenario = &plan.scenarios[scenario];
        let needs_tls = found.iter().any(|target| target.origin.tls);
        let tls = needs_tls
            .then(|| tls::config(&plan.trust, scenario.connections, scenario.protocol))
            .transpose()?;
        Ok(Self { found, tls, turn: Cell::new(0) })
    }

    /// A new connection to a target. An address that does not take it is passed over for the next.
    pub(crate) async fn connect(&self, origin: usize) -> Result<Stream, Trouble> {
        let Some(target) = self.found.get(origin) else { return Err(Trouble::NotAllowed) };
        let stream = self.reach(&target.addresses).await?;
        if !target.origin.tls {
            return Ok(Stream::Plain(stream));
        }
        let name = ServerName::try_from(target.origin.host.clone()).ok().ok_or(Trouble::Tls)?;
        let config = self.tls.as_ref().ok_or(Trouble::Tls)?;
        let connector = TlsConnector::from(Arc::clone(config));
        match connector.connect(name, stream).await {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(error) => Err(match Trouble::of_io(&error) {
                reset @ Trouble::Reset => reset,
                _ => Trouble::Tls,
            }),
        }
    }

    async fn reach(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Trouble> {
        let first = self.turn.get();
        self.turn.set(first.wrapping_add(1));
        let mut trouble = Trouble::Unreachable;
        for attempt in 0..addresses.len() {
            let address = addresses[first.wrapping_add(attempt) % addresses.len()];
            let made = TcpStream::connect(address).await;
            // Small requests leave at once instead of waiting for more.
            match made.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
                Ok(stream) => return Ok(stream),
                Err(error) => trouble = Trouble::of_io(&error),
            }
        }
        Err(trouble)
    }
}
