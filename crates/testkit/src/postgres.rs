//! A real PostgreSQL beside a test: in a folder of its own, on a Unix socket alone, and gone when the test is.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::peer::{now, pause};

/// How long it may take to answer for the first time.
const START_MAX: Duration = Duration::from_mins(1);
/// Where Debian keeps each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Whom it knows, without a password.
const USER: &str = "plimsoll";
/// Runs the server until its own input ends, which it does when the test is over however it ends. What follows
/// the folder is what to do with it then.
const UNTIL_LET_GO: &str = r#"
exec 3<&0
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c shared_buffers=16MB \
    -c max_connections=60 </dev/null 3<&- >>"$2/log" 2>&1 &
server=$!
cat <&3 >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
[ "$3" = keep ] || rm -rf "$2"
"#;

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    /// Its folder, unless whoever runs the server removes it.
    owned: Option<TempDir>,
    running: Option<Child>,
    databases: AtomicU32,
}

impl Postgres {
    /// One for all tests of a program; each makes databases of its own in it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| match Self::make(false) {
            Ok(made) => made,
            #[expect(clippy::panic, reason = "a test that needs a peer cannot go on without")]
            Err(error) => panic!("{error:?}"),
        })
    }

    /// One for a test that stops it.
    pub fn start() -> Result<Self> {
        Self::make(true)
    }

    fn make(owned: bool) -> Result<Self> {
        let programs = programs()?;
        let folder = TempDir::with_prefix("plimsoll-postgres-")?;
        let path = folder.path().to_owned();
        let (path, owned) = if owned { (path, Some(folder)) } else { (folder.keep(), None) };
        let mut own =
            Self { programs, folder: path, owned, running: None, databases: AtomicU32::new(0) };
        if let Some((user, group)) = unprivileged()? {
            chown(&own.folder, Some(user), Some(group))?;
        }
        let data = own.folder.join("data");
        let made = own
            .program("initdb")?
            .arg("-D")
            .arg(&data)
            .args(["-U", USER, "-A", "trust", "--no-sync", "--no-instructions"])
            .args(["--encoding", "UTF8", "--locale", "C"])
            .output()?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        own.start_again()?;
        Ok(own)
    }

    /// Starts it after it was stopped.
    pub fn start_again(&mut self) -> Result<()> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", UNTIL_LET_GO, "sh"])
            .arg(&self.programs)
            .arg(&self.folder)
            .arg(if self.owned.is_some() { "keep" } else { "remove" })
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.running = Some(self.as_nobody(&mut command)?.spawn()?);
        let started = now();
        while now().duration_since(started) < START_MAX {
            let asked = self.program("pg_isready")?.arg("-q").arg("-h").arg(&self.folder).status();
            if asked?.success() {
                return Ok(());
            }
            pause();
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        bail!("PostgreSQL did not answer in {START_MAX:?}:\n{log}")
    }

    /// Stops it at once, as a crash would.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(mut running) = self.running.take() {
            drop(running.stdin.take());
            running.wait()?;
        }
        Ok(())
    }

    /// Makes a database of its own for a test, and gives its address.
    pub fn database(&self) -> Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        let socket = self.folder.display().to_string().replace('/', "%2F");
        Ok(format!("postgres://{USER}@localhost/{name}?host={socket}"))
    }

    /// Runs SQL as its owner may, in the database of an address that [`Postgres::database`] gave.
    pub fn sql_at(&self, address: &str, sql: &str) -> Result<String> {
        let name = address.split('?').next().unwrap_or_default().rsplit('/').next();
        self.sql(name.unwrap_or_default(), sql)
    }

    fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let answer = self
            .program("psql")?
            .arg("-h")
            .arg(&self.folder)
            .args(["-U", USER, "-d", database, "-v", "ON_ERROR_STOP=1", "-qAt", "-c", sql])
            .output()?;
        let text = String::from_utf8_lossy(&answer.stderr);
        ensure!(answer.status.success(), "{sql}: {text}");
        Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    }

    fn program(&self, name: &str) -> Result<Command> {
        let mut command = Command::new(self.programs.join(name));
        self.as_nobody(&mut command)?;
        Ok(command)
    }

    /// PostgreSQL refuses to run as root.
    fn as_nobody<'c>(&self, command: &'c mut Command) -> Result<&'c mut Command> {
        if let Some((user, group)) = unprivileged()? {
            command.uid(user).gid(group);
        }
        Ok(command.current_dir(&self.folder).env("LC_ALL", "C"))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // There is nobody to tell, and its folder goes next.
        drop(self.stop());
    }
}

/// Where the programs of the newest version are.
fn programs() -> Result<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN)
        .with_context(|| {
            format!("no PostgreSQL in {DEBIAN}: `make test` as root installs it, else see CONTRIBUTING.md")
        })?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("postgres").is_file())
        .collect();
    versions.sort();
    Ok(versions.pop().context("there is no version of PostgreSQL with a server")?.1)
}

/// Who to be instead of root.
fn unprivileged() -> Result<Option<(u32, u32)>> {
    let whoami = Command::new("id").arg("-u").output()?;
    if whoami.stdout.trim_ascii() != b"0" {
        return Ok(None);
    }
    let known = fs::read_to_string("/etc/passwd")?;
    let number = |name: &str| {
        let line = known.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut parts = line.split(':').skip(2);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    Ok(Some(number("postgres").or_else(|| number("nobody")).context("there is nobody to be")?))
}
