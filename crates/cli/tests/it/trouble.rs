//! What keeps a server from starting, and a disk that is full: each with a clear word and a way out.

use std::{fs, net::Ipv4Addr, path::Path, process::Command};

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
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(path: &'a Path, bytes: &str) -> Result<Self> {
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
    if !rustix::process::getuid().is_root() {
        let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        ensure!(!ci, "in CI this check runs as root");
        eprintln!("SKIPPED: only root may mount a small disk; run the tests as root to check it");
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

/// Takes all the room there is.
fn fill(file: &Path) -> Result<()> {
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
