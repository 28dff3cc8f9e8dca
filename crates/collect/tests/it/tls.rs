//! Scrapes over TLS: a server with its own authority is trusted if told so, and only then.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Command,
    sync::Arc,
    thread,
};

use collect::{
    net::{self, TlsOptions},
    scrape::{Health, ScrapeJob, Scraped, Scraper, TargetGroup, discover},
};
use model::{Labels, Time};
use rustls::{
    ServerConfig, ServerConnection, Stream,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use testkit::TurnedClock;

const OPENSSL: &str = "[req]\ndistinguished_name = name\nx509_extensions = extensions\nprompt = no\n\
    [name]\nCN = plimsoll test\n[extensions]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = CA:FALSE\n";

/// Makes `cert.pem` and `key.pem`.
fn make_certificate(folder: &Path) {
    fs::write(folder.join("openssl.cnf"), OPENSSL).unwrap();
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-config", "openssl.cnf"])
        .args(["-out", "cert.pem", "-keyout", "key.pem"])
        .output()
        .expect("the Debian package openssl is needed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Serves one sample to whoever comes, for as long as the test runs.
fn serve(folder: &Path) -> SocketAddr {
    let certificate = CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = Stream::new(&mut session, &mut socket);
            let mut request = [0; 4096];
            // A client that does not trust us ends the conversation here.
            if stream.read(&mut request).is_ok_and(|count| count > 0) {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\na 1\n";
                stream.write_all(answer).unwrap();
            }
        }
    });
    address
}

async fn scrape(address: SocketAddr, tls: TlsOptions) -> Scraped {
    let mut job = ScrapeJob::new("tls");
    job.scheme = "https".into();
    job.tls = tls;
    job.groups = vec![TargetGroup { targets: vec![address.to_string()], labels: Labels::empty() }];
    let client = net::client_for_messages_with(&job.tls).unwrap();
    let found = discover::targets(&Arc::new(job), Path::new("/"), &|_| Err("no".into()));
    let target = found.targets[0].clone();
    Scraper::new(target, client).scrape(&TurnedClock::at(Time(0))).await
}

#[tokio::test]
async fn a_server_with_its_own_authority_is_trusted_only_if_told_so() {
    let folder = tempfile::tempdir().unwrap();
    make_certificate(folder.path());
    let address = serve(folder.path());
    let told = TlsOptions {
        authorities: Some(folder.path().join("cert.pem")),
        insecure_skip_verify: false,
    };
    assert_eq!(scrape(address, told).await.report.error, None);
    let blind = TlsOptions { authorities: None, insecure_skip_verify: true };
    assert_eq!(scrape(address, blind).await.report.health, Health::Up);
    let error = scrape(address, TlsOptions::default()).await.report.error.unwrap();
    assert!(error.contains("certificate"), "{error}");
}
