//! What keeps a server from starting, and a disk that is full: each with a clear word and a way out.

use std::{
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    program::{Outcome, QUIET, Server, launch, now_millis, run, series, until},
    web,
};

fn serve(dir: &Path, data: &Path, listen: &str) -> Result<Outcome> {
    run(dir, &["serve", "--log", "error", "--listen", listen, "--data", &data.to_string_lossy()])
}

#[test]
fn a_tab_in_the_settings_is_marked() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(
        dir.path().join("plimsoll.yaml"),
        "listen: 127.0.0.1:7546\nserver:\n\trequests_max: 5\n",
    )?;
    let checked = run(dir.path(), &["check"])?;
    assert_eq!(checked.code, Some(2));
    assert_eq!(checked.out, "");
    insta::assert_snapshot!("tab_in_settings", checked.err);
    let served = serve(dir.path(), &dir.path().join("data"), "127.0.0.1:0")?;
    assert_eq!(served.code, Some(2));
    assert!(served.err.contains("a tab"), "{}", served.err);
    Ok(())
}

#[test]
fn every_mistake_of_the_settings_is_shown_at_once() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let text = "listn: 127.0.0.1:7546\nstore: {retention: long}\n\
                scrape_configs:\n- {job_name: a, kubernetes_sd_configs: []}\n\
                resources:\n- {name: beds, used: 'sum(', limit: '10', unit: count}\n";
    fs::write(dir.path().join("plimsoll.yaml"), text)?;
    let checked = run(dir.path(), &["check"])?;
    assert_eq!(checked.code, Some(2));
    insta::assert_snapshot!("many_mistakes", checked.err);
    Ok(())
}

#[test]
fn two_servers_do_not_share_a_folder() -> Result<()> {
    let server = Server::start(QUIET)?;
    let second = serve(server.folder(), &server.data(), "127.0.0.1:0")?;
    assert_eq!(second.code, Some(4), "{}", second.err);
    assert!(second.err.contains("in use"), "{}", second.err);
    assert_eq!(testkit::http_get(server.address, "/-/healthy")?.0, 200);
    Ok(())
}

#[test]
fn a_port_in_use_is_said() -> Result<()> {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let dir = tempfile::tempdir()?;
    let address = taken.local_addr()?.to_string();
    let refused = serve(dir.path(), &dir.path().join("data"), &address)?;
    assert_eq!(refused.code, Some(4), "{}", refused.err);
    assert!(refused.err.contains(&address), "{}", refused.err);
    Ok(())
}

#[test]
fn the_whole_network_needs_a_token() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let refused = serve(dir.path(), &dir.path().join("data"), "0.0.0.0:0")?;
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(refused.err.contains("token"), "{}", refused.err);
    Ok(())
}

/// A small file system of its own, gone with the test.
pub(crate) struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    pub(crate) fn mount(path: &'a Path, bytes: &str) -> Result<Self> {
        fs::create_dir_all(path)?;
        let size = format!("size={bytes}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).status()?;
        ensure!(mounted.success(), "cannot mount a tmpfs at {}", path.display());
        Ok(Self(path))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // A mount that stays behind holds a few megabytes and harms nobody.
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}

#[test]
fn a_full_disk_leaves_reading_alive_is_said_and_needs_no_restart() -> Result<()> {
    if !may_mount()? {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("plimsoll.yaml"), QUIET)?;
    let data = dir.path().join("small");
    let _disk = SmallDisk::mount(&data, "4m")?;
    let address = (Ipv4Addr::LOCALHOST, testkit::free_port()?).into();
    let peer = launch(dir.path(), address, &data)?;
    let post = |body: &[u8]| {
        let headers = [("Content-Encoding", "snappy"), ("Content-Type", "application/x-protobuf")];
        web::send(address, "POST /api/v1/write", &headers, body)
    };
    let now = now_millis();
    let first = series(&[("__name__", "first")], &[(now, 1.0)]);
    let (status, text) = post(&collect::remote_write::encode(&[first])?)?;
    ensure!(status == 204, "{status} {text}");
    fill(&data.join("filler"))?;
    // Values that do not compress, until the store has to refuse one.
    let refusal = until("a write is refused", || {
        let batch: Vec<_> = (0..20)
            .map(|id: i64| {
                let samples: Vec<_> =
                    (0..200).map(|at| (now - at, f64::from_bits(noise(id * 1000 + at)))).collect();
                series(&[("__name__", "later"), ("id", &id.to_string())], &samples)
            })
            .collect();
        let (status, text) = post(&collect::remote_write::encode(&batch)?)?;
        Ok((status >= 400).then_some((status, text)))
    })?;
    assert!([429, 500, 502, 503].contains(&refusal.0), "{refusal:?}");
    assert!(refusal.1.len() > 10, "{refusal:?}");
    assert_eq!(testkit::http_get(address, "/-/healthy")?.0, 200);
    assert_eq!(web::value(address, "last_over_time(first[10m])")?, Some(1.0));
    let (_, metrics) = testkit::http_get(address, "/metrics")?;
    let refused = metrics
        .lines()
        .find_map(|line| line.strip_prefix("plimsoll_store_writes_refused_total "))
        .context("no counter")?;
    assert!(refused.parse::<f64>()? > 0.5, "{refused}");
    let overview = web::json(address, "/api/plimsoll/v1/overview")?;
    let text = overview["verdict"]["text"].as_str().unwrap_or_default();
    assert_eq!(overview["verdict"]["level"], "critical", "{text}\n{metrics}");
    assert!(text.starts_with("Samples cannot be kept"), "{text}");
    // With room again it goes on by itself.
    fs::remove_file(data.join("filler"))?;
    let after = collect::remote_write::encode(&[series(&[("__name__", "after")], &[(now, 2.0)])])?;
    until("a write is taken again", || Ok((post(&after)?.0 == 204).then_some(())))?;
    until("nothing is wrong any more", || {
        let overview = web::json(address, "/api/plimsoll/v1/overview")?;
        Ok((overview["verdict"]["level"] != "critical").then_some(()))
    })?;
    assert_eq!(web::value(address, "last_over_time(after[10m])")?, Some(2.0));
    assert!(!peer.log_text().contains("panic"), "{}", peer.log_text());
    Ok(())
}

pub(crate) fn may_mount() -> Result<bool> {
    let root = rustix::process::getuid().is_root();
    if !root {
        let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        ensure!(!ci, "in CI this check runs as root");
        eprintln!("SKIPPED: only root may mount a small disk; run the tests as root to check it");
    }
    Ok(root)
}

/// Sends an alert as a Prometheus does; the status.
fn send_alert(address: SocketAddr, host: &str) -> Result<u16> {
    let body = format!(
        r#"[{{"labels": {{"alertname": "Down", "host": "{host}", "severity": "critical"}}}}]"#
    );
    let headers = [("Content-Type", "application/json")];
    Ok(web::send(address, "POST /api/v2/alerts", &headers, body.as_bytes())?.0)
}

#[test]
fn what_was_taken_before_the_disk_was_full_stands_and_what_was_not_is_said() -> Result<()> {
    if !may_mount()? {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let desk = web::Stub::receiver(0)?;
    let settings = format!(
        "{QUIET}receivers: [{{name: desk, url: 'http://{}/', group_wait: 0s, group_by: ['...']}}]\n",
        desk.address
    );
    fs::write(dir.path().join("plimsoll.yaml"), settings)?;
    let data = dir.path().join("small");
    let _disk = SmallDisk::mount(&data, "6m")?;
    let address = (Ipv4Addr::LOCALHOST, testkit::free_port()?).into();
    let mut peer = launch(dir.path(), address, &data)?;
    assert_eq!(send_alert(address, "before")?, 200);
    let mut taken = vec!["before".to_owned()];
    until("somebody is paged", || Ok((desk.messages().len() == 1).then_some(())))?;
    fill(&data.join("filler"))?;
    // The journal may go on for a while in room that it has taken already.
    for host in (0..500).map(|own| own.to_string()) {
        let status = send_alert(address, &host)?;
        if status == 200 {
            taken.push(host);
        } else {
            assert!([429, 500, 503].contains(&status), "{status}");
            break;
        }
    }
    assert!(taken.len() < 500, "the disk never filled up");
    let (status, said) = testkit::http_get(address, "/-/ready")?;
    assert_eq!(status, 200);
    assert!(
        said.contains("judges and tells nothing") && said.contains("no room for the journal"),
        "{said}"
    );
    let told = web::json(address, "/api/plimsoll/v1/status")?;
    assert!(told["journal"]["trouble"].is_string(), "{told}");
    // With room again it goes on by itself, and nothing that was taken is missing.
    fs::remove_file(data.join("filler"))?;
    until("an alert is taken again", || Ok((send_alert(address, "after")? == 200).then_some(())))?;
    taken.push("after".to_owned());
    until("nothing waits any more", || {
        let status = web::json(address, "/api/plimsoll/v1/status")?;
        Ok((status["messages_waiting"] == 0 && status["journal"]["trouble"].is_null())
            .then_some(()))
    })?;
    peer.kill()?;
    let peer = launch(dir.path(), address, &data)?;
    let standing = web::json(address, "/api/v2/alerts")?;
    let hosts: BTreeSet<_> = (standing.as_array().into_iter().flatten())
        .filter_map(|own| own["labels"]["host"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(hosts, taken.iter().cloned().collect());
    let mut told: Vec<_> = (desk.messages().iter())
        .filter_map(|own| own["alerts"][0]["labels"]["host"].as_str().map(str::to_owned))
        .collect();
    told.sort();
    taken.sort();
    assert_eq!(told, taken, "each was told once");
    drop(peer);
    let folder = data.display().to_string();
    let verified = run(dir.path(), &["audit", "verify", "--data", &folder])?;
    assert_eq!(verified.code, Some(0), "{} {}", verified.out, verified.err);
    Ok(())
}

/// Takes all the room there is.
pub(crate) fn fill(file: &Path) -> Result<()> {
    use std::io::Write as _;
    let mut file = fs::File::create(file)?;
    let piece = vec![7; 4096];
    while file.write_all(&piece).is_ok() {}
    Ok(())
}

/// Bits without a pattern: the mixing step of `SplitMix64`, kept below the exponent of infinities.
fn noise(seed: i64) -> u64 {
    let mixed = seed.unsigned_abs().wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)) & 0x3fff_ffff_ffff_ffff
}
