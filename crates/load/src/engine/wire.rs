//! A connection: bytes to a target, and one exchange after the other on them.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::{
    body::{Body as _, Frame, Incoming},
    client::conn::http1::{self, Connection, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::record::Trouble;

/// Largest head of an answer; what goes on longer has no end. nginx sends 4 to 8 KiB at most by default.
pub(crate) const HEAD_BYTES_MAX: usize = 256 << 10;
/// Most headers of an answer.
pub(crate) const HEADERS_MAX: usize = 200;
/// Largest body that is read, and thrown away.
pub(crate) const BODY_BYTES_MAX: u64 = 1 << 30;

/// Bytes to a target, enciphered or not.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}

/// An answer with as much of its body as was asked for.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// All bytes of the body, kept or not.
    pub(crate) body_bytes: u64,
}

/// Why an exchange came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) trouble: Trouble,
    /// The status, if the head of the answer had come.
    pub(crate) status: u16,
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, status: 0 }
    }
}

type Driver = Pin<Box<Connection<TokioIo<Stream>, Full<Bytes>>>>;

/// A connection that speaks HTTP/1.1. It is driven by whoever waits for an answer on it, so that no second task has
/// to be woken for each request.
pub(crate) struct Line {
    sender: SendRequest<Full<Bytes>>,
    /// Gone once it has ended: whatever still waits on it is told so by that.
    driver: Option<Driver>,
}

impl Line {
    pub(crate) async fn new(stream: Stream) -> Result<Self, Trouble> {
        let made = http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, connection) = made.map_err(|error| Trouble::of_exchange(&error, false))?;
        Ok(Self { sender, driver: Some(Box::pin(connection)) })
    }

    /// Whether another exchange can be tried on it.
    pub(crate) fn is_open(&self) -> bool {
        self.driver.is_some() && !self.sender.is_closed()
    }

    /// Sends a request and waits for all of the answer. Up to `keep` bytes of its body are kept.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        keep: usize,
    ) -> Result<Answer, Failure> {
        let response = self.head(request).await?;
        let status = response.status().as_u16();
        let (parts, body) = response.into_parts();
        let (body, body_bytes) =
            self.body(body, keep).await.map_err(|trouble| Failure { trouble, status })?;
        if !self.sender.is_ready() {
            self.settle().await;
        }
        Ok(Answer { status, headers: parts.headers, body, body_bytes })
    }

    /// Lets the connection notice that the exchange is over.
    async fn settle(&mut self) {
        std::future::poll_fn(|context| {
            drive(&mut self.driver, context);
            Poll::Ready(())
        })
        .await;
    }

    async fn head(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Trouble> {
        let mut answer = std::pin::pin!(self.sender.send_request(request));
        let driver = &mut self.driver;
        let head = std::future::poll_fn(|context| {
            drive(driver, context);
            answer.as_mut().poll(context)
        });
        head.await.map_err(|error| Trouble::of_exchange(&error, false))
    }

    async fn body(&mut self, mut body: Incoming, keep: usize) -> Result<(Bytes, u64), Trouble> {
        let mut pieces = Pieces::new(keep);
        loop {
            let frame = std::future::poll_fn(|context| {
                let frame = Pin::new(&mut body).poll_frame(context);
                if frame.is_ready() {
                    return frame;
                }
                // The connection reads on now that somebody waits for more.
                drive(&mut self.driver, context);
                Pin::new(&mut body).poll_frame(context)
            });
            match frame.await {
                None => return Ok(pieces.whole()),
                Some(frame) => pieces.take(frame)?,
            }
        }
    }
}

/// The body of an answer while it comes in. One that comes in one piece, as most do, is not copied.
pub(crate) struct Pieces {
    first: Bytes,
    more: BytesMut,
    keep: usize,
    count: u64,
}

impl Pieces {
    pub(crate) fn new(keep: usize) -> Self {
        Self { first: Bytes::new(), more: BytesMut::new(), keep, count: 0 }
    }

    pub(crate) fn take(&mut self, frame: hyper::Result<Frame<Bytes>>) -> Result<(), Trouble> {
        let frame = frame.map_err(|error| Trouble::of_exchange(&error, true))?;
        let Ok(mut piece) = frame.into_data() else { return Ok(()) };
        self.count += piece.len() as u64;
        let room = self.keep.saturating_sub(self.first.len() + self.more.len());
        piece.truncate(room);
        if self.first.is_empty() {
            self.first = piece;
        } else {
            self.more.extend_from_slice(&piece);
        }
        if self.count > BODY_BYTES_MAX { Err(Trouble::TooLarge) } else { Ok(()) }
    }

    /// What was kept, and how many bytes there were.
    pub(crate) fn whole(self) -> (Bytes, u64) {
        if self.more.is_empty() {
            return (self.first, self.count);
        }
        (Bytes::from([&self.first[..], &self.more[..]].concat()), self.count)
    }
}

/// Lets the connection read and write. Its own error says nothing that the exchange on it is not told as well.
fn drive(driver: &mut Option<Driver>, context: &mut Context<'_>) {
    if driver.as_mut().is_some_and(|driver| driver.as_mut().poll(context).is_ready()) {
        *driver = None;
    }
}
