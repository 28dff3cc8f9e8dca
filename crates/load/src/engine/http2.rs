//! Connections of HTTP/2, each carrying many exchanges at once.

use std::{cell::Cell, pin::Pin, rc::Rc};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper::{
    body::{Body as _, Incoming},
    client::conn::http2::{Builder, SendRequest},
    rt::Executor,
};
use hyper_util::rt::TokioIo;

use super::wire::{Answer, Failure, HEAD_BYTES_MAX, Pieces, Stream};
use crate::record::Trouble;

/// Exchanges on one connection at once: what nginx and Apache allow by default is 128 and 100.
const STREAMS_MAX: u32 = 100;

/// The connections to one target that many share.
#[derive(Default)]
pub(crate) struct Streams {
    kept: Vec<Line2>,
    /// Held while a connection is made, so that a hundred who need one do not make a hundred.
    pub(crate) making: Rc<tokio::sync::Mutex<()>>,
}

impl Streams {
    /// A place on a connection that is there and has room.
    pub(crate) fn take(&mut self) -> Option<Line2> {
        self.kept.retain(|line| !line.sender.is_closed());
        self.kept.iter().find(|line| line.in_use.get() < STREAMS_MAX).cloned()
    }

    /// Keeps a new connection for all.
    pub(crate) fn keep(&mut self, line: Line2) {
        self.kept.push(line);
    }
}

/// A connection that speaks HTTP/2. Clones are the same connection.
#[derive(Clone)]
pub(crate) struct Line2 {
    sender: SendRequest<Full<Bytes>>,
    in_use: Rc<Cell<u32>>,
}

/// Starts tasks on this thread.
#[derive(Clone, Copy)]
struct Here;

impl<F: Future + 'static> Executor<F> for Here {
    fn execute(&self, work: F) {
        tokio::task::spawn_local(async move {
            drop(work.await);
        });
    }
}

impl Line2 {
    pub(crate) async fn new(stream: Stream) -> Result<Self, Trouble> {
        let made = Builder::new(Here)
            .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, connection) = made.map_err(|error| Trouble::of_exchange(&error, false))?;
        tokio::task::spawn_local(async move {
            // Each exchange on it is told what went wrong.
            drop(connection.await);
        });
        Ok(Self { sender, in_use: Rc::default() })
    }

    /// Whether another exchange can be tried on it.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a request and waits for all of the answer. Up to `keep` bytes of its body are kept.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        keep: usize,
    ) -> Result<Answer, Failure> {
        let _place = InUse::new(&self.in_use);
        let response = self
            .sender
            .send_request(request)
            .await
            .map_err(|error| Trouble::of_exchange(&error, false))?;
        let status = response.status().as_u16();
        let (parts, body) = response.into_parts();
        let (body, body_bytes) =
            read(body, keep).await.map_err(|trouble| Failure { trouble, status })?;
        Ok(Answer { status, headers: parts.headers, body, body_bytes })
    }
}

/// Counts an exchange for as long as it goes on.
struct InUse(Rc<Cell<u32>>);

impl InUse {
    fn new(count: &Rc<Cell<u32>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

async fn read(mut body: Incoming, keep: usize) -> Result<(Bytes, u64), Trouble> {
    let mut pieces = Pieces::new(keep);
    while let Some(frame) =
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        pieces.take(frame)?;
    }
    Ok(pieces.whole())
}
