//! Plain HTTP for tests: a client, and small servers that do what a test needs, good or bad.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// How long an answer may take.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// Sends a request over HTTP/1.0 and gives status and body.
pub(crate) fn send(
    address: SocketAddr,
    head: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, WAIT_MAX)?;
    stream.set_read_timeout(Some(WAIT_MAX))?;
    let mut text =
        format!("{head} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        text += &[name, ": ", value, "\r\n"].concat();
    }
    text.push_str("\r\n");
    stream.write_all(text.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no head")?;
    let status = head.split(' ').nth(1).context("the answer has no status")?.parse()?;
    Ok((status, body.to_owned()))
}

/// The JSON document at a path, whatever its status.
pub(crate) fn json(address: SocketAddr, path: &str) -> Result<Value> {
    let (status, body) = testkit::http_get(address, path)?;
    serde_json::from_str(&body).with_context(|| format!("{path}: {status} {body}"))
}

/// The rows that an instant query finds.
pub(crate) fn query(address: SocketAddr, expression: &str) -> Result<Vec<Value>> {
    let encoded =
        expression.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let answer = json(address, &format!("/api/v1/query?query={encoded}"))?;
    let rows = answer["data"]["result"].as_array().with_context(|| answer.to_string())?;
    Ok(rows.clone())
}

/// The value of the one series that an instant query finds.
pub(crate) fn value(address: SocketAddr, expression: &str) -> Result<Option<f64>> {
    let rows = query(address, expression)?;
    Ok(rows.first().and_then(|row| row["value"][1].as_str()?.parse().ok()))
}

/// A server that answers every request in its own way and keeps the bodies it was sent.
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Answers every request with what `answer` writes to the stream.
    pub(crate) fn start(
        answer: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::on(0, answer)
    }

    /// The same on a port of one's own choice.
    pub(crate) fn on(
        port: u16,
        answer: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&bodies), Arc::new(answer));
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                let keep =
                    move |body| kept.lock().unwrap_or_else(PoisonError::into_inner).push(body);
                // A client that hangs up early is part of the game.
                thread::spawn(move || {
                    let read = read_request(&mut stream).map(|request| keep(request.body));
                    drop(read.and_then(|()| Ok(answer(&mut stream)?)));
                });
            }
        });
        Ok(Self { address, bodies })
    }

    /// One that takes everything, as a receiver of messages does.
    pub(crate) fn receiver(port: u16) -> Result<Self> {
        Self::on(port, |stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        })
    }

    /// What it was sent so far.
    pub(crate) fn messages(&self) -> Vec<Value> {
        let bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.iter().map(|body| serde_json::from_str(body).unwrap_or(Value::Null)).collect()
    }
}

/// A request that came.
pub(crate) struct Request {
    /// Its first line and its headers.
    head: String,
    pub(crate) body: String,
}

impl Request {
    /// The value of a header, named in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(':'));
        pairs.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Reads a request to its end.
pub(crate) fn read_request(stream: &mut TcpStream) -> Result<Request> {
    stream.set_read_timeout(Some(WAIT_MAX))?;
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let seen = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = seen.split_once("\r\n\r\n") {
            let request = Request { head: head.to_owned(), body: body.to_owned() };
            let length = request.header("content-length").and_then(|text| text.parse().ok());
            if request.body.len() >= length.unwrap_or(0) {
                return Ok(request);
            }
        }
        let count = stream.read(&mut piece)?;
        anyhow::ensure!(count > 0, "the request broke off");
        text.extend(&piece[..count]);
    }
}
