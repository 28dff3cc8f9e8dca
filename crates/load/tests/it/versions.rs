//! Targets behind TLS, with certificates good and bad, and targets that speak HTTP/2.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::Command,
    sync::Arc,
    thread,
};

use anyhow::{Result, ensure};
use axum::{Router, body::Bytes, http::Version, routing::post};
use load::{Protocol, Run, Trouble, Trust};
use rustls::{
    ServerConfig, ServerConnection, Stream,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::target::{answer, at_rate, quick, run};

const OPENSSL: &str = "[req]\ndistinguished_name = name\nprompt = no\n[name]\nCN = plimsoll test\n\
    [extensions]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = CA:FALSE\n\
    [ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\n\
    default_md = sha256\npolicy = any\nx509_extensions = extensions\n[any]\ncommonName = supplied\n";

/// Makes `cert.pem` and `key.pem`, valid until the end of that year.
fn make_certificate(folder: &Path, year: u16) -> Result<()> {
    fs::write(folder.join("openssl.cnf"), OPENSSL)?;
    fs::write(folder.join("index.txt"), "")?;
    fs::write(folder.join("serial"), "01")?;
    let openssl = |arguments: &str| -> Result<()> {
        let output =
            Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    };
    openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config openssl.cnf \
         -out request.pem -keyout key.pem",
    )?;
    openssl(&format!(
        "ca -batch -notext -selfsign -config openssl.cnf -keyfile key.pem -in request.pem -out cert.pem \
         -startdate 20200101000000Z -enddate {year}1231000000Z"
    ))
}

/// Answers whoever trusts the certificate in a folder.
fn serve_tls(folder: &Path) -> Result<SocketAddr> {
    let certificate = CertificateDer::from_pem_file(folder.join("cert.pem"))?;
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let Ok(mut session) = ServerConnection::new(Arc::clone(&config)) else { continue };
            let mut stream = Stream::new(&mut session, &mut socket);
            // Who does not trust us ends the conversation here.
            if stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
                drop(stream.write_all(&answer("200 OK", "Connection: close\r\n", "hello")));
            }
        }
    });
    Ok(address)
}

fn run_tls(address: SocketAddr, trust: Trust) -> Result<Run> {
    let mut quick = quick(&format!("https://{address}/"), at_rate(50.0, 200));
    quick.trust = trust;
    Ok(run(quick.plan()?)?.0)
}

#[test]
fn certificates_are_checked_unless_the_plan_says_otherwise() -> Result<()> {
    let folder = tempfile::tempdir()?;
    make_certificate(folder.path(), 2200)?;
    let address = serve_tls(folder.path())?;
    let own = Trust { authorities: Some(folder.path().join("cert.pem")), ..Trust::default() };
    let told = run_tls(address, own)?.recording.together();
    assert_eq!(told.good.count(), 10, "{:?}", told.troubles);
    let anybody = Trust { insecure_skip_verify: true, ..Trust::default() };
    assert_eq!(run_tls(address, anybody)?.recording.together().good.count(), 10);
    Ok(())
}

#[test]
fn a_certificate_that_has_expired_is_told() -> Result<()> {
    let folder = tempfile::tempdir()?;
    make_certificate(folder.path(), 2020)?;
    let address = serve_tls(folder.path())?;
    let own = Trust { authorities: Some(folder.path().join("cert.pem")), ..Trust::default() };
    let told = run_tls(address, own)?.recording.together();
    assert_eq!(told.troubles.listed(), [(Trouble::Tls, 10)]);
    Ok(())
}

/// A target that answers HTTP/2 with what it was sent.
fn serve_http2() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let echo = |version: Version, body: Bytes| async move {
        if version == Version::HTTP_2 { body } else { Bytes::from_static(b"another version") }
    };
    thread::spawn(move || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, Router::new().route("/echo", post(echo))).await?;
            Ok(())
        })
    });
    Ok(address)
}

#[test]
fn many_requests_share_a_connection_of_http2() -> Result<()> {
    let address = serve_http2()?;
    let mut quick = quick(&format!("http://{address}/echo"), at_rate(200.0, 500));
    quick.protocol = Protocol::Http2;
    quick.method = "POST".to_owned();
    quick.body = Some("hello".to_owned());
    let (run, _) = run(quick.plan()?)?;
    let told = run.recording.together();
    assert_eq!((told.good.count(), told.body_bytes), (100, 500), "{:?}", told.troubles);
    assert_eq!(run.recording.connects.count(), 1);
    Ok(())
}
