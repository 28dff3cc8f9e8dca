//! Why a load test could not be run at all.

use std::{io, path::PathBuf};

use model::Kind;

use crate::{fleet::FleetError, target::Origin};

/// Why a load test could not be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The name of a target has no address.
    #[error("cannot find the address of {host}")]
    Resolve {
        /// The name.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// The target is neither this machine nor allowed.
    #[error("{origin} is not this machine, and nobody allowed to put it under load")]
    NotAllowed {
        /// The target.
        origin: Origin,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
    /// The file of authorities cannot be read.
    #[error("cannot read the certificate authorities in {}", path.display())]
    Authorities {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file of authorities holds no usable certificate.
    #[error("no usable certificate in {}", path.display())]
    NoAuthority {
        /// Which file.
        path: PathBuf,
    },
    /// More is asked than this machine can open.
    #[error(
        "{wanted} connections at once need as many file handles, and this process may open {have}"
    )]
    Handles {
        /// How many are wanted.
        wanted: u64,
        /// How many there are.
        have: u64,
    },
    /// A worker could not do its work.
    #[error("a worker of the load test could not go on")]
    Worker(#[source] io::Error),
    /// Several machines cannot send together.
    #[error(transparent)]
    Fleet(Box<FleetError>),
    /// A worker ended without a word.
    #[error("bug: a worker of the load test panicked")]
    Panicked,
}

impl LoadError {
    /// What to try, where anything can be.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Resolve { host, .. } => Some(format!(
                "is the name right, and does this machine know it? `getent hosts {host}` says so"
            )),
            Self::NotAllowed { origin } => {
                Some(format!("if it is yours to load, say so: --allow {}", origin.host))
            }
            Self::Handles { wanted, .. } => Some(format!(
                "raise the limit (`ulimit -n {wanted}`), ask for fewer users, or send from several machines"
            )),
            Self::NoAuthority { .. } => {
                Some("it takes certificates as PEM: `-----BEGIN CERTIFICATE-----`".to_owned())
            }
            _ => None,
        }
    }

    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Resolve { .. } => Kind::Upstream,
            Self::NotAllowed { .. } => Kind::Denied,
            Self::Authorities { .. } | Self::NoAuthority { .. } => Kind::Invalid,
            Self::Handles { .. } => Kind::Busy,
            Self::Fleet(error) => error.kind(),
            Self::Tls(_) | Self::Worker(_) | Self::Panicked => Kind::Internal,
        }
    }
}
