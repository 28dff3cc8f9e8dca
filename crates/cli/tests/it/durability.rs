//! What was acknowledged survives the end of the process, however it ends.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command},
    thread,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    program::{QUIET, Server, instant, now_millis, plimsoll, series, until},
    web,
};

#[test]
fn a_kill_loses_no_acknowledged_sample() -> Result<()> {
    let mut server = Server::start(QUIET)?;
    let start = now_millis() - 1_000_000;
    let mut acknowledged = 0;
    for round in 0..20 {
        let batch: Vec<_> = (0..10)
            .map(|id| {
                let samples: Vec<_> =
                    (0..50).map(|at| (start + (round * 50 + at) * 1000, f64::from(id))).collect();
                series(&[("__name__", "kept"), ("id", &id.to_string())], &samples)
            })
            .collect();
        let (status, text) = server.write(&batch)?;
        ensure!(status == 204, "{status} {text}");
        acknowledged += 500;
        if round == 9 {
            server.kill_and_restart()?;
        }
    }
    server.kill_and_restart()?;
    let count = web::value(server.address, "sum(count_over_time(kept[1h]))")?;
    assert_eq!(count, Some(f64::from(acknowledged)));
    assert_eq!(web::query(server.address, "last_over_time(kept[1h])")?.len(), 10);
    Ok(())
}

#[test]
fn asked_to_stop_it_ends_in_order_within_seconds_although_a_page_listens() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()?));
    let mut server = Ended(
        plimsoll(dir.path())
            .args(["serve", "--data", "data", "--listen", &address.to_string()])
            .stderr(File::create(dir.path().join("log"))?)
            .spawn()?,
    );
    until("it is ready", || Ok((testkit::http_get(address, "/-/ready")?.0 == 200).then_some(())))?;
    let listener = thread::spawn(move || {
        web::send(address, "GET /api/plimsoll/v1/events", &[], b"").map(|(status, _)| status)
    });
    until("the page listens", || {
        let (_, metrics) = testkit::http_get(address, "/metrics")?;
        Ok(metrics.contains("\nplimsoll_server_listeners 1\n").then_some(()))
    })?;
    let asked = instant();
    ensure!(Command::new("kill").args(["-TERM", &server.0.id().to_string()]).status()?.success());
    let status = until("it has ended", || Ok(server.0.try_wait()?))?;
    assert!((instant() - asked).as_secs() < 10, "{:?}", instant() - asked);
    let log = fs::read_to_string(dir.path().join("log"))?;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("stopped") && !log.contains("ERROR"), "{log}");
    let status = listener.join().ok().context("the listener broke")??;
    assert_eq!(status, 200);
    Ok(())
}

/// A process that does not outlive the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Already ended is as good as killed.
        if self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}
