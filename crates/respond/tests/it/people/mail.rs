//! Mail, in a real conversation with a small SMTP server.

use std::sync::{Arc, Mutex};

use model::{Clock as _, Span};
use respond::{Mail, MailTls, Via};
use testkit::TurnedClock;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    task::JoinSet,
};

use super::{body, desk, message, put, secret};
use crate::common::{START, deliverer, memory};

/// What the server does.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Manner {
    /// Wants a name and a password.
    Login,
    /// Is busy once, then takes it.
    BusyOnce,
    NoSuchPerson,
}

#[derive(Default)]
pub(super) struct Book {
    pub(super) mails: Vec<String>,
    pub(super) said: Vec<String>,
    busy: usize,
}

struct Post {
    port: u16,
    book: Arc<Mutex<Book>>,
    _server: JoinSet<()>,
}

impl Post {
    async fn open(manner: Manner) -> Self {
        let book = Arc::new(Mutex::new(Book::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut server = JoinSet::new();
        let shared = Arc::clone(&book);
        server.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that goes away in the middle is no fault of the server's.
                let _ended = converse(BufReader::new(stream), manner, &shared).await;
            }
        });
        Self { port, book, _server: server }
    }

    fn mails(&self) -> Vec<String> {
        self.book.lock().unwrap().mails.clone()
    }

    fn via(&self, login: bool) -> Via {
        Via::Mail(Box::new(Mail {
            host: "127.0.0.1".into(),
            port: self.port,
            tls: MailTls::None,
            ca_file: None,
            login: login.then(|| ("ada".into(), secret("s3cret"))),
            hello: None,
            from: "Plimsoll <plimsoll@example.org>".into(),
            to: vec!["ops@example.org".into(), "Ada <ada@example.org>".into()],
        }))
    }
}

pub(super) async fn converse(
    mut stream: BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    manner: Manner,
    book: &Mutex<Book>,
) -> std::io::Result<()> {
    stream.write_all(b"220 post.example.org ESMTP\r\n").await?;
    go_on(stream, manner, book).await
}

/// What follows the greeting, or what made it secret.
pub(super) async fn go_on(
    mut stream: BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    manner: Manner,
    book: &Mutex<Book>,
) -> std::io::Result<()> {
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let word = line.trim_end().to_owned();
        book.lock().unwrap().said.push(word.clone());
        let answer: &[u8] = match word.split(' ').next().unwrap_or_default() {
            "EHLO" if manner == Manner::Login => b"250-post\r\n250 AUTH PLAIN\r\n",
            "EHLO" => b"250-post\r\n250 8BITMIME\r\n",
            // Base64 of "\0ada\0s3cret".
            "AUTH" if word.ends_with("AGFkYQBzM2NyZXQ=") => b"235 welcome\r\n",
            "AUTH" => b"535 who are you\r\n",
            "MAIL" if manner == Manner::BusyOnce && busy(book) => b"451 come back later\r\n",
            "RCPT" if manner == Manner::NoSuchPerson => b"550 nobody of this name\r\n",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut mail).await? == 0 {
                        return Ok(());
                    }
                }
                book.lock().unwrap().mails.push(mail);
                b"250 taken\r\n"
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            _ => b"250 fine\r\n",
        };
        stream.write_all(answer).await?;
    }
}

fn busy(book: &Mutex<Book>) -> bool {
    let mut book = book.lock().unwrap();
    book.busy += 1;
    book.busy == 1
}

/// A header of a mail.
fn header(mail: &str, name: &str) -> String {
    let line = mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn mail_is_told_apart_by_group_and_a_second_try_is_the_same_mail() {
    let (post, journal, clock) =
        (Post::open(Manner::BusyOnce).await, memory().await, TurnedClock::at(START));
    let deliverer = deliverer(vec![desk("mail", post.via(false))], &clock);
    put(&journal, [message("mail", "a", START, body("DiskFull", "critical", true))]).await;
    assert_eq!(deliverer.deliver_due(&journal, START).await.unwrap().retried, 1);
    let error = journal.outbox_stats().await.unwrap().receivers["mail"].error.clone().unwrap();
    assert!(error.contains("come back later") && !respond::is_broken(&error), "{error}");
    clock.turn(Span::secs(2));
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap().sent, 1);
    clock.turn(Span::secs(20));
    put(
        &journal,
        [
            message("mail", "a", clock.now(), body("DiskFull", "critical", false)),
            message("mail", "b", clock.now(), body("HostDown", "warning", true)),
        ],
    )
    .await;
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap().sent, 2);
    let mails = post.mails();
    assert_eq!(mails.len(), 3);
    assert_eq!(header(&mails[0], "Subject"), "firing: DiskFull");
    assert_eq!(header(&mails[0], "To"), "ops@example.org, Ada <ada@example.org>");
    assert_eq!(header(&mails[0], "Date"), "Wed, 18 Nov 2026 10:26:42 +0000");
    assert!(mails[0].contains("critical since 18 Nov 10:26 UTC: it is full"), "{}", mails[0]);
    assert!(mails[0].contains("http://plimsoll/alerts?id=0123456789abcdef"), "{}", mails[0]);
    assert!(
        mails[1].contains("resolved: it is full (18 Nov 10:26 UTC to 18 Nov 10:43 UTC, 17m)"),
        "{}",
        mails[1]
    );
    let threads: Vec<_> = mails.iter().map(|mail| header(mail, "References")).collect();
    assert_eq!(threads[0], threads[1]);
    assert_ne!(threads[0], threads[2]);
    let names: std::collections::BTreeSet<_> =
        mails.iter().map(|mail| header(mail, "Message-ID")).collect();
    assert_eq!(names.len(), 3);
    assert!(names.iter().all(|own| own.ends_with("@example.org>")), "{names:?}");
}

#[tokio::test]
async fn a_name_and_a_password_are_given_and_wrong_ones_are_to_be_mended() {
    for (login, taken) in [(true, 1), (false, 0)] {
        let (post, journal, clock) =
            (Post::open(Manner::Login).await, memory().await, TurnedClock::at(START));
        let via = match post.via(login) {
            Via::Mail(mut mail) if !login => {
                mail.login = Some(("ada".into(), secret("wrong")));
                Via::Mail(mail)
            }
            via => via,
        };
        let deliverer = deliverer(vec![desk("mail", via)], &clock);
        put(&journal, [message("mail", "a", START, body("DiskFull", "critical", true))]).await;
        for _ in 0..3 {
            deliverer.deliver_due(&journal, clock.now()).await.unwrap();
            clock.turn(Span::secs(2));
        }
        assert_eq!((deliverer.totals().sent, post.mails().len() as u64), (taken, taken));
        let stats = journal.outbox_stats().await.unwrap();
        let error = stats.receivers.get("mail").and_then(|own| own.error.clone());
        assert_eq!(error.is_some_and(|error| respond::is_broken(&error)), !login);
        assert!(!post.book.lock().unwrap().said.join("\n").contains("s3cret"));
    }
}

#[tokio::test]
async fn a_person_who_is_not_there_is_to_be_mended_and_starttls_is_insisted_on() {
    let (post, journal, clock) =
        (Post::open(Manner::NoSuchPerson).await, memory().await, TurnedClock::at(START));
    let deliverer = deliverer(
        vec![
            desk("mail", post.via(false)),
            desk(
                "tls",
                match post.via(false) {
                    Via::Mail(mut mail) => {
                        mail.tls = MailTls::StartTls;
                        Via::Mail(mail)
                    }
                    via => via,
                },
            ),
        ],
        &clock,
    );
    for name in ["mail", "tls"] {
        put(&journal, [message(name, name, START, body("DiskFull", "critical", true))]).await;
    }
    for _ in 0..3 {
        deliverer.deliver_due(&journal, clock.now()).await.unwrap();
        clock.turn(Span::secs(2));
    }
    let stats = journal.outbox_stats().await.unwrap();
    for (name, word) in [("mail", "nobody of this name"), ("tls", "STARTTLS")] {
        let error = stats.receivers[name].error.clone().unwrap();
        assert!(respond::is_broken(&error) && error.contains(word), "{error}");
    }
    assert!(post.mails().is_empty());
}
