//! The files that place workers on other machines: what they start is what this program understands.

use std::{
    io::BufRead as _,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    program::{QUIET, Server, plimsoll},
    web::Stub,
};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/load-workers").join(name)
}

/// The words between the brackets of the line that has this in it.
fn words(file_name: &str, has: &str) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file(file_name))?;
    let line = text.lines().find(|line| line.contains(has)).context(has.to_owned())?;
    let (_, list) = line.split_once('[').context("no list")?;
    let (list, _) = list.rsplit_once(']').context("no end of the list")?;
    let (mut all, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in list.chars() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => quote = Some(letter),
            (',', None) => all.push(std::mem::take(&mut word)),
            (' ', None) => {}
            _ => word.push(letter),
        }
    }
    all.push(word);
    Ok(all)
}

/// Puts something else after an argument.
fn put(words: &mut [String], after: &str, value: &str) -> Result<()> {
    let at = words.iter().position(|word| word == after).context(after.to_owned())?;
    value.clone_into(words.get_mut(at + 1).context("nothing follows")?);
    Ok(())
}

fn worker(folder: &Path, words: &[String]) -> Result<(Child, String)> {
    let mut child =
        plimsoll(folder).args(words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
    let address = line.trim().strip_prefix("worker listens on ").context(line.clone())?;
    Ok((child, address.to_owned()))
}

fn write_plan(folder: &Path, target: &str) -> Result<()> {
    std::fs::write(folder.join("token"), "a token that both know\n")?;
    let plan = format!(
        "name: placed\ntarget: {target}\nlimits: {{workers: 1}}\nscenarios:\n  - {{name: a, rate: 30, for: 1s, steps: [{{get: /-/healthy}}]}}\n"
    );
    Ok(std::fs::write(folder.join("plan.yaml"), plan)?)
}

#[test]
fn workers_that_are_placed_by_kubernetes_nomad_and_ecs_send_together() -> Result<()> {
    let server = Server::start(QUIET)?;
    let folder = server.folder();
    write_plan(folder, &server.url())?;
    let (mut workers, mut addresses) = (Vec::new(), Vec::new());
    for (file, has) in [
        ("kubernetes.yaml", "load, worker"),
        ("nomad.hcl", "args "),
        ("ecs.json", "\"worker\", \"--once\""),
    ] {
        let mut told = words(file, has)?;
        ensure!(told.starts_with(&["load", "worker", "--once"].map(str::to_owned)), "{told:?}");
        put(&mut told, "--token-file", "token")?;
        put(&mut told, "--listen", "127.0.0.1:0")?;
        let (child, address) = worker(folder, &told).context(file)?;
        // Somebody who only looks whether it listens is not whom it waits for.
        drop(TcpStream::connect(&address)?);
        workers.push(child);
        addresses.push(address);
    }
    let mut told = words("kubernetes.yaml", "load, run")?;
    ensure!(told.iter().any(|word| word == "--worker-wait"), "{told:?}");
    put(&mut told, "run", "plan.yaml")?;
    put(&mut told, "--workers", &addresses.join(","))?;
    put(&mut told, "--worker-token-file", "token")?;
    let run = plimsoll(folder).args(told).output()?;
    let (out, said) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    ensure!(out.contains("30 good"), "{out}{said}");
    for mut worker in workers {
        ensure!(worker.wait()?.success(), "it was asked once");
    }
    Ok(())
}

#[test]
fn workers_that_are_placed_by_ssh_are_waited_for() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let target = Stub::receiver(0)?;
    write_plan(folder, &format!("http://{}", target.address))?;
    let program = folder.join("bin");
    std::fs::create_dir(&program)?;
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_plimsoll"), program.join("plimsoll"))?;
    // What leads to the other machine stays on this one, and is slow.
    std::fs::write(folder.join("way"), "for last; do :; done\nsleep 1\nexec sh -c \"$last\"\n")?;
    let told = Command::new("bash")
        .arg(file("ssh.sh"))
        .args(["plan.yaml", "ann@far"])
        .current_dir(folder)
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", program.display()))
        .env("SSH", format!("sh {}", folder.join("way").display()))
        .env("PORT", testkit::free_port()?.to_string())
        .output()?;
    let (out, said) =
        (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(out.contains("30 good") && matches!(told.status.code(), Some(0 | 4)), "{out}{said}");
    Ok(())
}
