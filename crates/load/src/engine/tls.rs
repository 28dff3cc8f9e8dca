//! Whom we believe to be who they say: certificates of targets.

use std::{fs, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;

use crate::{
    error::LoadError,
    plan::{Connections, Protocol, Trust},
};

/// What a worker needs to speak TLS. Sessions are taken up again only where connections are shared: separate users
/// do not know each other's.
pub(crate) fn config(
    trust: &Trust,
    connections: Connections,
    protocol: Protocol,
) -> Result<Arc<ClientConfig>, LoadError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = if trust.insecure_skip_verify {
        Arc::new(Anybody { provider: Arc::clone(&provider) })
    } else {
        let extra = authorities(trust)?;
        let made = Verifier::new_with_extra_roots(extra, Arc::clone(&provider));
        Arc::new(made.map_err(LoadError::Tls)?)
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(LoadError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    if connections != Connections::Shared {
        config.resumption = Resumption::disabled();
    }
    let name: &[u8] = if protocol == Protocol::Http2 { b"h2" } else { b"http/1.1" };
    config.alpn_protocols = vec![name.to_vec()];
    Ok(Arc::new(config))
}

fn authorities(trust: &Trust) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    let Some(path) = &trust.authorities else { return Ok(Vec::new()) };
    let pem =
        fs::read(path).map_err(|source| LoadError::Authorities { path: path.clone(), source })?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
    if found.is_empty() {
        return Err(LoadError::NoAuthority { path: path.clone() });
    }
    Ok(found)
}

/// Believes everybody, where the plan says so.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
