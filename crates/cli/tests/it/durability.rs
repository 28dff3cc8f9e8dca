//! What was acknowledged survives the end of the process, however it ends.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{
    program::{QUIET, Server, instant, now_millis, series, until},
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
    let server = Server::start("")?;
    let address = server.address;
    let listener = std::thread::spawn(move || {
        web::send(address, "GET /api/plimsoll/v1/events", &[], b"").map(|(status, _)| status)
    });
    until("the page listens", || {
        Ok((server.metric("plimsoll_server_listeners")? > 0.5).then_some(()))
    })?;
    let asked = instant();
    let sent = Command::new("kill").args(["-TERM", &server.id().to_string()]).status()?;
    ensure!(sent.success());
    until("it says that it has stopped", || Ok(server.log().contains("stopped").then_some(())))?;
    assert!((instant() - asked).as_secs() < 10, "{}", server.log());
    let status = listener.join().ok().context("the listener broke")??;
    assert_eq!(status, 200);
    Ok(())
}
