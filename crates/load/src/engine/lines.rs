//! Which connection a request takes: one that rests, one of the user's own, or a new one.

use std::rc::Rc;

use bytes::Bytes;
use http::{HeaderMap, Request, Uri, header};
use http_body_util::Full;

use super::{
    http2::Line2,
    wire::{Answer, Failure, Line},
    worker::Worker,
};
use crate::{
    journey::Prepared,
    plan::{Connections, Protocol},
    record::Trouble,
};

/// A connection of either version.
pub(crate) enum Either {
    One(Line),
    Two(Line2),
}

/// The connections of one place or user.
pub(crate) struct Lines {
    worker: Rc<Worker>,
    scenario: usize,
    connections: Connections,
    protocol: Protocol,
    /// The user's own, by origin.
    own: Vec<Option<Either>>,
}

impl Lines {
    pub(crate) fn new(worker: Rc<Worker>, scenario: usize) -> Self {
        let (connections, protocol) = worker
            .plan
            .scenarios
            .get(scenario)
            .map(|scenario| (scenario.connections, scenario.protocol))
            .unwrap_or_default();
        let own = (0..worker.plan.origins.len()).map(|_| None).collect();
        Self { worker, scenario, connections, protocol, own }
    }

    /// Ends the connections of this user.
    pub(crate) fn forget(&mut self) {
        self.own.iter_mut().for_each(|line| *line = None);
    }

    /// One exchange. A kept connection that turns out to be closed by the target is replaced once, since any client
    /// would: only where asking twice does no harm, and counted.
    pub(crate) async fn exchange(
        &mut self,
        origin: usize,
        request: &Prepared,
        keep: usize,
    ) -> Result<Answer, Failure> {
        if let Some(mut line) = self.resting(origin) {
            let done = self.on(&mut line, origin, request, keep).await;
            match done {
                Ok(answer) => {
                    self.put_back(origin, line);
                    return Ok(answer);
                }
                Err(failure) if is_stale(failure, request) => {
                    self.worker.recording.borrow_mut().stale += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
        let mut line = self.connect(origin).await?;
        let answer = self.on(&mut line, origin, request, keep).await?;
        self.put_back(origin, line);
        Ok(answer)
    }

    async fn on(
        &self,
        line: &mut Either,
        origin: usize,
        request: &Prepared,
        keep: usize,
    ) -> Result<Answer, Failure> {
        match line {
            Either::One(line) => line.exchange(plain(request), keep).await,
            Either::Two(line) => {
                let origin = self.worker.plan.origins.get(origin).ok_or(Trouble::NotAllowed)?;
                let authority = origin.authority();
                let scheme = if origin.tls { "https" } else { "http" };
                line.exchange(absolute(request, scheme, &authority)?, keep).await
            }
        }
    }

    fn resting(&mut self, origin: usize) -> Option<Either> {
        match (self.connections, self.protocol) {
            (Connections::New, _) => None,
            (Connections::PerUser, _) => {
                self.own.get_mut(origin)?.take().filter(|line| match line {
                    Either::One(line) => line.is_open(),
                    Either::Two(line) => line.is_open(),
                })
            }
            (Connections::Shared, Protocol::Http1) => {
                let mut resting = self.worker.resting.borrow_mut();
                let lines = resting.get_mut(self.scenario)?.get_mut(origin)?;
                while let Some(line) = lines.pop() {
                    if line.is_open() {
                        return Some(Either::One(line));
                    }
                }
                None
            }
            (Connections::Shared, Protocol::Http2) => {
                let mut streams = self.worker.streams.borrow_mut();
                streams.get_mut(self.scenario)?.get_mut(origin)?.take().map(Either::Two)
            }
        }
    }

    fn put_back(&mut self, origin: usize, line: Either) {
        match (self.connections, line) {
            (Connections::PerUser, line) => {
                if let Some(own) = self.own.get_mut(origin) {
                    *own = Some(line);
                }
            }
            (Connections::Shared, Either::One(line)) if line.is_open() => {
                let mut resting = self.worker.resting.borrow_mut();
                if let Some(lines) =
                    resting.get_mut(self.scenario).and_then(|lines| lines.get_mut(origin))
                {
                    lines.push(line);
                }
            }
            // A shared connection of HTTP/2 stays where it is; one of a single exchange ends here.
            _ => {}
        }
    }

    async fn connect(&self, origin: usize) -> Result<Either, Failure> {
        if (self.connections, self.protocol) != (Connections::Shared, Protocol::Http2) {
            return Ok(self.make(origin).await?);
        }
        let streams = |worker: &Worker| {
            let mut all = worker.streams.borrow_mut();
            let streams = all.get_mut(self.scenario)?.get_mut(origin)?;
            Some((streams.take(), Rc::clone(&streams.making)))
        };
        let Some((_, making)) = streams(&self.worker) else {
            return Err(Trouble::NotAllowed.into());
        };
        let _held = making.lock().await;
        if let Some((Some(line), _)) = streams(&self.worker) {
            return Ok(Either::Two(line));
        }
        let made = self.make(origin).await?;
        if let Either::Two(line) = &made {
            let mut all = self.worker.streams.borrow_mut();
            if let Some(streams) =
                all.get_mut(self.scenario).and_then(|streams| streams.get_mut(origin))
            {
                streams.keep(line.clone());
            }
        }
        Ok(made)
    }

    async fn make(&self, origin: usize) -> Result<Either, Trouble> {
        let begun_ns = self.worker.now_ns();
        let ways = self.worker.ways.get(self.scenario).ok_or(Trouble::NotAllowed)?;
        let stream = ways.connect(origin).await?;
        let line = match self.protocol {
            Protocol::Http1 => Either::One(Line::new(stream).await?),
            Protocol::Http2 => Either::Two(Line2::new(stream).await?),
        };
        let took_ns = self.worker.now_ns().saturating_sub(begun_ns);
        self.worker.recording.borrow_mut().connects.record(took_ns);
        Ok(line)
    }
}

/// Nothing of an answer came on a connection that had rested, and the method may be tried again: RFC 9110, 9.2.2.
fn is_stale(failure: Failure, request: &Prepared) -> bool {
    matches!(failure.trouble, Trouble::Closed | Trouble::Reset)
        && failure.status == 0
        && request.method.is_idempotent()
}

fn plain(prepared: &Prepared) -> Request<Full<Bytes>> {
    with(prepared, prepared.uri.clone(), prepared.headers.clone())
}

/// HTTP/2 has scheme and host beside the path, and no `Host` header.
fn absolute(
    prepared: &Prepared,
    scheme: &str,
    authority: &str,
) -> Result<Request<Full<Bytes>>, Trouble> {
    let path = prepared.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build();
    let uri = uri.ok().ok_or(Trouble::Request)?;
    let mut headers = prepared.headers.clone();
    headers.remove(header::HOST);
    Ok(with(prepared, uri, headers))
}

fn with(prepared: &Prepared, uri: Uri, headers: HeaderMap) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(prepared.body.clone()));
    *request.method_mut() = prepared.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request
}
