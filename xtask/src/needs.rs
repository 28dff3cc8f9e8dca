//! The programs that `make test` calls besides cargo and node: real peers and a browser, from Debian's packages.

use std::{path::Path, process::Command};

use anyhow::{Result, ensure};

/// A program the checks call, and the Debian package that brings it.
const NEEDS: [(&str, &str); 10] = [
    ("/usr/bin/chromium", "chromium"),
    ("/usr/bin/prometheus", "prometheus"),
    ("/usr/lib/postgresql", "postgresql"),
    ("/usr/sbin/nginx", "nginx"),
    ("/usr/bin/amtool", "prometheus-alertmanager"),
    ("/usr/bin/prometheus-node-exporter", "prometheus-node-exporter"),
    ("/usr/bin/victoria-metrics", "victoria-metrics"),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core"),
    ("/usr/bin/curl", "curl"),
    ("/usr/bin/openssl", "openssl"),
];

/// Installs what is missing when it may; otherwise answers with the one line to type.
pub(crate) fn missing() -> Result<Vec<String>> {
    let wanted = packages_missing()?;
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    if !is_root()? {
        return Ok(vec![format!(
            "the checks need programs that are not here; type:\n  sudo apt-get install --yes --no-install-recommends {}",
            wanted.join(" ")
        )]);
    }
    apt(&["update", "--quiet"])?;
    let mut arguments = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    arguments.extend(&wanted);
    apt(&arguments)?;
    Ok(packages_missing()?.into_iter().map(|name| format!("{name} did not install")).collect())
}

fn packages_missing() -> Result<Vec<&'static str>> {
    let mut wanted = Vec::new();
    for (file, package) in NEEDS {
        if !Path::new(file).try_exists()? {
            wanted.push(package);
        }
    }
    Ok(wanted)
}

fn is_root() -> Result<bool> {
    let answer = Command::new("id").arg("-u").output()?;
    Ok(answer.stdout.trim_ascii() == b"0")
}

fn apt(arguments: &[&str]) -> Result<()> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // The peers are started by the tests; Debian would otherwise start them as services too.
        .env("RUNLEVEL", "1")
        .status()?;
    ensure!(status.success(), "apt-get {} ended with {status}", arguments.join(" "));
    Ok(())
}
