//! A listener that takes so many connections and no more: the rest wait in the system's queue.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tracing::warn;

/// Connections open at once: pages, scrapers and senders of one installation stay far below.
const CONNECTIONS_MAX: usize = 2048;
/// How long to wait when the system has no more file handles.
const PAUSE: Duration = Duration::from_millis(200);

/// A TCP listener with a bound.
#[derive(Debug)]
pub(crate) struct Bounded {
    inner: TcpListener,
    seats: Arc<Semaphore>,
    clock: Arc<dyn model::Clock>,
}

impl Bounded {
    pub(crate) fn new(inner: TcpListener, clock: Arc<dyn model::Clock>) -> Self {
        Self { inner, seats: Arc::new(Semaphore::new(CONNECTIONS_MAX)), clock }
    }
}

impl Listener for Bounded {
    type Io = Seated;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Seated, SocketAddr) {
        // The semaphore is never closed, so there always is a seat in the end.
        let seat = Arc::clone(&self.seats).acquire_owned().await.ok();
        loop {
            match self.inner.accept().await {
                Ok((stream, address)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        warn!(%error, "cannot switch off delay of small packets");
                    }
                    return (Seated { stream, _seat: seat }, address);
                }
                Err(error) => {
                    warn!(%error, "cannot accept a connection");
                    self.clock.wait(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// A connection that gives its seat back when it ends.
#[derive(Debug)]
pub(crate) struct Seated {
    stream: TcpStream,
    _seat: Option<OwnedSemaphorePermit>,
}

/// Where a connection comes from; requests carry it as `ConnectInfo`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SentFrom(pub(crate) SocketAddr);

impl Connected<IncomingStream<'_, Bounded>> for SentFrom {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl AsyncRead for Seated {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Seated {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
