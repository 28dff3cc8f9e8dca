//! Real programs beside a test: started on a free port of loopback, watched until they answer, killed at the end.

use std::{
    fs::File,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// How long a peer may take to answer for the first time.
const START_MAX: Duration = Duration::from_secs(30);

/// A running program that is killed when the test lets go of it.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    log: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
}

/// A port of loopback that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Status and body of a GET request over plain HTTP/1.0, enough to see whether a peer is up.
pub fn http_get(address: SocketAddr, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no head")?;
    let status = head.split(' ').nth(1).context("the answer has no status")?.parse()?;
    Ok((status, body.to_owned()))
}

impl Peer {
    /// Starts a program, its output in a log file, and waits until `GET path` answers 200.
    ///
    /// The error carries the end of the log, or says which Debian package is missing.
    pub fn start(
        mut command: Command,
        address: SocketAddr,
        path: &str,
        log: PathBuf,
    ) -> Result<Self> {
        let output = File::create(&log)?;
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| {
                format!("cannot start {program}: `make test` as root installs it, else see CONTRIBUTING.md")
            })?;
        let mut peer = Self { child, log, address };
        peer.wait_until_up(path)?;
        Ok(peer)
    }

    fn wait_until_up(&mut self, path: &str) -> Result<()> {
        let started = now();
        while now().duration_since(started) < START_MAX {
            if let Some(status) = self.child.try_wait()? {
                bail!("the peer ended with {status}:\n{}", self.log_text());
            }
            if http_get(self.address, path).is_ok_and(|(status, _)| status == 200) {
                return Ok(());
            }
            pause();
        }
        bail!("the peer did not answer {path} in {START_MAX:?}:\n{}", self.log_text())
    }

    /// What it has printed so far.
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    pub fn terminate(&mut self) -> Result<()> {
        let id = self.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status()?;
        anyhow::ensure!(asked.success(), "cannot ask process {id} to end");
        let started = now();
        while now().duration_since(started) < START_MAX {
            if let Some(status) = self.child.try_wait()? {
                anyhow::ensure!(status.success(), "ended with {status}:\n{}", self.log_text());
                return Ok(());
            }
            pause();
        }
        bail!("did not end in {START_MAX:?}:\n{}", self.log_text())
    }

    /// Ends it at once, as a power cut would, and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Already ended is as good as killed; there is nobody to tell.
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a real peer lives in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a real peer lives in real time")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}
