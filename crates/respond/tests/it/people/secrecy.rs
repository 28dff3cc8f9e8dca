//! Mail over TLS: from the beginning or after STARTTLS, to a server whom an authority of our own
//! vouches for, and to no other.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use model::{Clock as _, Span};
use respond::{Mail, MailTls, Via};
use testkit::TurnedClock;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use super::{
    body, desk,
    mail::{Book, Manner, converse, go_on},
    message, put, secret,
};
use crate::common::{START, deliverer, memory};

/// Makes an authority, and a certificate that it gives to 127.0.0.1.
fn make_certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let output = Command::new("openssl")
            .current_dir(folder)
            .args(arguments.split(' '))
            .output()
            .expect("the Debian package openssl is needed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    openssl(&format!(
        "req -x509 {key} -subj /CN=authority -addext basicConstraints=critical,CA:TRUE -out ca.pem -keyout ca.key"
    ));
    openssl(&format!(
        "req -x509 {key} -subj /CN=post -addext basicConstraints=CA:FALSE -addext subjectAltName=IP:127.0.0.1 \
         -CA ca.pem -CAkey ca.key -out cert.pem -keyout key.pem"
    ));
}

struct Post {
    port: u16,
    book: Arc<Mutex<Book>>,
    authority: PathBuf,
    _folder: tempfile::TempDir,
    _server: JoinSet<()>,
}

impl Post {
    async fn open(implicit: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_certificates(folder.path());
        let certificate = CertificateDer::from_pem_file(folder.path().join("cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.path().join("key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let book = Arc::new(Mutex::new(Book::default()));
        let shared = Arc::clone(&book);
        let mut server = JoinSet::new();
        server.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that does not trust us goes away in the middle.
                let _ended = serve(stream, &acceptor, implicit, &shared).await;
            }
        });
        let authority = folder.path().join("ca.pem");
        Self { port, book, authority, _folder: folder, _server: server }
    }

    fn via(&self, tls: MailTls, ca_file: Option<PathBuf>) -> Via {
        Via::Mail(Box::new(Mail {
            host: "127.0.0.1".into(),
            port: self.port,
            tls,
            ca_file,
            login: Some(("ada".into(), secret("s3cret"))),
            hello: None,
            from: "plimsoll@example.org".into(),
            to: vec!["ops@example.org".into()],
        }))
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    implicit: bool,
    book: &Mutex<Book>,
) -> std::io::Result<()> {
    if implicit {
        let stream = acceptor.accept(stream).await?;
        return converse(BufReader::new(stream), Manner::Login, book).await;
    }
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 post.example.org ESMTP\r\n").await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        book.lock().unwrap().said.push(format!("in the clear: {}", line.trim_end()));
        match line.trim_end() {
            "STARTTLS" => {
                stream.write_all(b"220 go ahead\r\n").await?;
                let stream = acceptor.accept(stream.into_inner()).await?;
                return go_on(BufReader::new(stream), Manner::Login, book).await;
            }
            own if own.starts_with("EHLO") => {
                stream.write_all(b"250-post\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n").await?;
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            _ => stream.write_all(b"530 Must issue a STARTTLS command first\r\n").await?,
        }
        line.clear();
    }
    Ok(())
}

#[tokio::test]
async fn mail_goes_over_tls_to_a_server_that_our_authority_vouches_for() {
    for (implicit, tls) in
        [(true, MailTls::Implicit), (false, MailTls::StartTls), (false, MailTls::IfOffered)]
    {
        let (post, journal, clock) =
            (Post::open(implicit).await, memory().await, TurnedClock::at(START));
        let via = post.via(tls, Some(post.authority.clone()));
        let deliverer = deliverer(vec![desk("mail", via)], &clock);
        put(&journal, [message("mail", "a", START, body("DiskFull", "critical", true))]).await;
        let done = deliverer.deliver_due(&journal, START).await.unwrap();
        let error = journal.outbox_stats().await.unwrap();
        assert_eq!(done.sent, 1, "{tls:?}: {error:?}");
        let book = post.book.lock().unwrap();
        assert_eq!(book.mails.len(), 1);
        assert!(book.mails[0].contains("Subject: firing: DiskFull"), "{}", book.mails[0]);
        // Who we are is said to nobody who stands between.
        let clear: Vec<_> =
            book.said.iter().filter(|own| own.starts_with("in the clear")).collect();
        assert!(clear.iter().all(|own| !own.contains("AUTH")), "{clear:?}");
        assert!(book.said.iter().any(|own| own.starts_with("AUTH PLAIN")), "{:?}", book.said);
    }
}

#[tokio::test]
async fn a_server_nobody_vouches_for_is_told_nothing_and_somebody_has_to_mend_that() {
    let stranger = tempfile::tempdir().unwrap();
    make_certificates(stranger.path());
    for (implicit, tls) in [(true, MailTls::Implicit), (false, MailTls::StartTls)] {
        for authority in [None, Some(stranger.path().join("ca.pem"))] {
            let (post, journal, clock) =
                (Post::open(implicit).await, memory().await, TurnedClock::at(START));
            let deliverer = deliverer(vec![desk("mail", post.via(tls, authority))], &clock);
            put(&journal, [message("mail", "a", START, body("DiskFull", "critical", true))]).await;
            for _ in 0..3 {
                deliverer.deliver_due(&journal, clock.now()).await.unwrap();
                clock.turn(Span::secs(2));
            }
            let stats = journal.outbox_stats().await.unwrap();
            let error = stats.receivers["mail"].error.clone().unwrap();
            assert!(respond::is_broken(&error) && error.contains("certificate"), "{error}");
            let book = post.book.lock().unwrap();
            assert!(book.mails.is_empty());
            assert!(book.said.iter().all(|own| !own.contains("AUTH")), "{:?}", book.said);
        }
    }
}

#[tokio::test]
async fn an_authority_whose_file_is_gone_is_said_by_its_name() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("ca.pem");
    let post = Post::open(true).await;
    let via = post.via(MailTls::Implicit, Some(missing.clone()));
    let deliverer = deliverer(vec![desk("mail", via)], &clock);
    put(&journal, [message("mail", "a", START, body("DiskFull", "critical", true))]).await;
    deliverer.deliver_due(&journal, START).await.unwrap();
    let stats = journal.outbox_stats().await.unwrap();
    let error = stats.receivers["mail"].error.clone().unwrap();
    assert!(error.contains(&missing.display().to_string()), "{error}");
}
