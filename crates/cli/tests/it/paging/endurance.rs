//! Whoever is killed and whatever a receiver does: every beginning and every end of an alert arrives, in order, once.
//!
//! Our own rules and a real Prometheus raise and lower alerts; the server is killed at random moments of that, and the
//! receiver misbehaves. What the receiver has at the end is compared with what was done.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use testkit::{Peer, Postgres, http_get};

use super::receiver::{Call, Chance, Fate, Faulty};
use crate::{
    program::{Server, now_millis, run, series, until},
    web::Stub,
};

/// Shops that our own rules watch.
const OURS: usize = 4;
/// Shops that a Prometheus watches.
const THEIRS: usize = 2;
/// How often the server is killed, unless `PLIMSOLL_KILLS` says otherwise.
const KILLS: u64 = 6;
/// In so many rounds at most, if it is killed often.
const ROUNDS: u64 = 4;
/// Above this a queue is too long.
const LONG: f64 = 12.0;
/// And this is fine.
const SHORT: f64 = 3.0;

const ROUTING: &str = "
route: {receiver: desk, group_by: [alertname, shop], group_wait: 0s, group_interval: 1s}
receivers:
- name: desk
  webhook_configs: [{url: 'http://DESK/hook'}]
";

const THEIR_RULES: &str = "
groups:
- name: shops
  interval: 1s
  rules:
  - alert: TheirQueueLong
    expr: their_queue_length > 10
    labels: {severity: critical}
";

#[test]
fn nothing_is_lost_and_nobody_is_paged_twice_with_the_journal_in_a_file() -> Result<()> {
    let kit = Kit::start(11, "")?;
    let data = kit.server.data().display().to_string();
    kit.run(&["--data", &data])
}

#[test]
fn nothing_is_lost_and_nobody_is_paged_twice_with_the_journal_in_a_postgresql() -> Result<()> {
    let postgres = Postgres::shared();
    let address = postgres.database()?;
    Kit::start(23, &format!("journal: '{address}'\n"))?.run(&["--config", "plimsoll.yaml"])
}

/// What the receiver is to be told of one shop.
#[derive(Clone, Copy, Debug, Default)]
struct Shop {
    length: f64,
    /// How often its alert began.
    began: usize,
    /// How often it ended.
    ended: usize,
}

type Lengths = Arc<Mutex<[f64; THEIRS]>>;

struct Kit {
    server: Server,
    desk: Faulty,
    /// By name: ours begin with `o`, theirs with `p`.
    shops: BTreeMap<String, Shop>,
    lengths: Lengths,
    target: Stub,
    prometheus: Peer,
    scraped: TempDir,
    chance: Chance,
    kills: u64,
}

impl Kit {
    fn start(seed: u64, settings: &str) -> Result<Self> {
        let desk = Faulty::start(seed)?;
        let dir = tempfile::tempdir()?;
        fs::write(dir.path().join("rules.yaml"), our_rules())?;
        let routing = ROUTING.replace("DESK", &desk.address.to_string());
        fs::write(dir.path().join("alertmanager.yml"), routing)?;
        let server = Server::start_in(
            dir,
            &format!(
                "policy: none\nhost: {{enabled: false}}\nrule_files: [rules.yaml]\n\
                 alerts: {{routing: alertmanager.yml}}\n{settings}"
            ),
        )?;
        let lengths = Lengths::new(Mutex::new([SHORT; THEIRS]));
        let (scraped, target) = (tempfile::tempdir()?, their_shops(&lengths)?);
        let prometheus = prometheus(scraped.path(), &server, &target)?;
        let names =
            (0..OURS).map(|at| format!("o{at}")).chain((0..THEIRS).map(|at| format!("p{at}")));
        let shops = names.map(|name| (name, Shop { length: SHORT, ..Shop::default() })).collect();
        let chance = Chance(seed);
        Ok(Self { server, desk, shops, lengths, target, prometheus, scraped, chance, kills: 0 })
    }

    fn run(mut self, audit: &[&str]) -> Result<()> {
        let wanted = kills_wanted();
        // Each round ends with a minute in which nothing of ours may end: so few of them if there are many kills.
        let in_a_round = (wanted / ROUNDS).max(2 * OURS as u64);
        while self.kills < wanted {
            let until = self.kills + in_a_round;
            for own in 0..OURS {
                self.turn(&format!("o{own}"), LONG)?;
                self.turn_theirs(own)?;
            }
            while self.kills < until {
                self.turn_theirs(usize::try_from(self.kills)?)?;
            }
            // The other side dies too.
            self.prometheus.kill()?;
            self.prometheus = prometheus(self.scraped.path(), &self.server, &self.target)?;
            self.wait_until_they_fire()?;
            for name in self.shops.keys().cloned().collect::<Vec<_>>() {
                self.set(&name, SHORT)?;
            }
            self.wait_until_seen()?;
        }
        self.desk.be_well();
        until("nothing waits any more", || {
            let status = self.server.json("/api/plimsoll/v1/status")?;
            Ok((status["messages_waiting"].as_u64() == Some(0)).then_some(()))
        })?;
        let calls = self.desk.calls();
        let told = check(&calls, &self.shops, self.kills)?;
        self.server.restart()?;
        let verified = run(self.server.folder(), &[&["audit", "verify"], audit].concat())?;
        ensure!(verified.code == Some(0), "{} {}", verified.out, verified.err);
        println!(
            "{} kills: {told}; {}",
            self.kills,
            verified.out.lines().next().unwrap_or_default()
        );
        Ok(())
    }

    /// Changes a queue, kills the server at some moment of what follows, and waits until it is seen.
    fn turn(&mut self, name: &str, length: f64) -> Result<()> {
        self.set(name, length)?;
        let moment = self.chance.next() % 1500;
        pause(moment);
        self.server.kill_and_restart()?;
        self.kills += 1;
        // What we watch is written again, as a target would say it again.
        self.write_ours()?;
        self.wait_until_seen()
    }

    /// The same with a queue that a Prometheus watches, from long to short or back.
    fn turn_theirs(&mut self, place: usize) -> Result<()> {
        let name = format!("p{}", place % THEIRS);
        let was_long = self.shops[&name].length > SHORT;
        self.turn(&name, if was_long { SHORT } else { LONG })
    }

    fn set(&mut self, name: &str, length: f64) -> Result<()> {
        let shop = self.shops.get_mut(name).context("no such shop")?;
        match (shop.length > SHORT, length > SHORT) {
            (false, true) => shop.began += 1,
            (true, false) => shop.ended += 1,
            _ => {}
        }
        shop.length = length;
        if let Some(at) = name.strip_prefix('p') {
            let mut lengths = self.lengths.lock().unwrap_or_else(PoisonError::into_inner);
            lengths[at.parse::<usize>()?] = length;
            return Ok(());
        }
        self.write_ours()
    }

    fn write_ours(&self) -> Result<()> {
        let ours = self.shops.iter().filter(|(name, _)| name.starts_with('o'));
        let batch: Vec<_> = ours
            .map(|(name, shop)| {
                let labels = [("__name__", "our_queue_length"), ("shop", name.as_str())];
                series(&labels, &[(now_millis(), shop.length)])
            })
            .collect();
        let (status, text) = self.server.write(&batch)?;
        ensure!(status == 204, "{status} {text}");
        Ok(())
    }

    /// Waits until the server knows of exactly the alerts that hold.
    fn wait_until_seen(&self) -> Result<()> {
        let long = self.shops.iter().filter(|(_, shop)| shop.length > SHORT);
        let expected: BTreeSet<String> = long.map(|(name, _)| name.clone()).collect();
        let mut tries = 0;
        let what = format!("the alerts are {expected:?}");
        // An end that is seen soon after a start is waited with for a minute.
        until(&what, || Ok(self.seen_or_later(&expected, &mut tries)))
            .or_else(|_| until(&what, || Ok(self.seen_or_later(&expected, &mut tries))))
            .with_context(|| format!("there are {:?}", self.server.json("/api/v2/alerts").ok()))
    }

    /// Waits until their Prometheus fires what it should after its start. Before that it would never say that it is over, and
    /// its silence alone ends no alert for twenty minutes.
    fn wait_until_they_fire(&self) -> Result<()> {
        let theirs = self.shops.iter().filter(|(name, _)| name.starts_with('p'));
        let long = theirs.filter(|(_, shop)| shop.length > SHORT);
        let expected: BTreeSet<String> = long.map(|(name, _)| name.clone()).collect();
        until(&format!("Prometheus fires {expected:?}"), || {
            let (_, text) = http_get(self.prometheus.address, "/api/v1/alerts")?;
            let answer: serde_json::Value = serde_json::from_str(&text)?;
            let alerts = answer["data"]["alerts"].as_array().context("no alerts")?;
            let shops = alerts.iter().filter_map(|alert| alert["labels"]["shop"].as_str());
            Ok((shops.map(str::to_owned).collect::<BTreeSet<_>>() == expected).then_some(()))
        })
    }

    fn seen_or_later(&self, expected: &BTreeSet<String>, tries: &mut u64) -> Option<()> {
        *tries += 1;
        let seen = self.server.json("/api/v2/alerts").ok()?;
        let shops = seen.as_array()?.iter().filter_map(|alert| alert["labels"]["shop"].as_str());
        if shops.map(str::to_owned).collect::<BTreeSet<_>>() == *expected {
            return Some(());
        }
        // So that no sample gets too old meanwhile.
        if tries.is_multiple_of(50) {
            self.write_ours().ok()?;
        }
        None
    }
}

#[expect(clippy::disallowed_methods, reason = "the bench asks for more")]
fn kills_wanted() -> u64 {
    std::env::var("PLIMSOLL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// A group for each shop, so that a start holds up only those in which something stands.
fn our_rules() -> String {
    let group = |at| {
        format!(
            "- name: shop {at}\n  interval: 1s\n  rules:\n  - alert: OurQueueLong\n    \
             expr: our_queue_length{{shop=\"o{at}\"}} > 10\n    labels: {{severity: critical}}\n"
        )
    };
    std::iter::once("groups:\n".to_owned()).chain((0..OURS).map(group)).collect()
}

/// What their Prometheus watches. It stays where it is when the Prometheus dies: of a target that moved, the old
/// series would go on firing for five minutes.
fn their_shops(lengths: &Lengths) -> Result<Stub> {
    let lengths = Arc::clone(lengths);
    Stub::start(move |stream| {
        let lengths = *lengths.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = lengths.iter().enumerate();
        let said = |(at, length)| format!("their_queue_length{{shop=\"p{at}\"}} {length}\n");
        let body = lines.map(said).collect::<Vec<_>>().concat();
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close";
        stream
            .write_all(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes())
    })
}

fn prometheus(dir: &Path, server: &Server, target: &Stub) -> Result<Peer> {
    fs::write(dir.join("rules.yml"), THEIR_RULES)?;
    fs::write(
        dir.join("prometheus.yml"),
        format!(
            "global: {{evaluation_interval: 1s, scrape_interval: 1s}}\nrule_files: [rules.yml]\n\
             alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{}']}}]}}]}}\n\
             scrape_configs: [{{job_name: shops, static_configs: [{{targets: ['{}']}}]}}]\n",
            server.address, target.address
        ),
    )?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()?));
    let mut command = Command::new("prometheus");
    command
        .current_dir(dir)
        .args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"])
        .arg("--rules.alert.resend-delay=2s")
        .arg(format!("--web.listen-address={address}"));
    Peer::start(command, address, "/-/ready", dir.join("prometheus.log"))
}

/// Compares what the receiver has with what was done; what was told, in a sentence.
fn check(calls: &[Call], shops: &BTreeMap<String, Shop>, kills: u64) -> Result<String> {
    let (mut keys, mut copies) = (BTreeSet::new(), 0_u64);
    let mut told: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.fate.has_it()) {
        ensure!(!call.key.is_empty(), "a message without a key: {}", call.body);
        if !keys.insert(call.key.clone()) {
            copies += 1;
            continue;
        }
        for alert in call.body["alerts"].as_array().context("no alerts")? {
            let shop = alert["labels"]["shop"].as_str().context("no shop")?;
            let began = alert["startsAt"].as_str().context("no beginning")?;
            let ended = alert["status"] == "resolved";
            let lines = told.entry(shop.to_owned()).or_default();
            let line = (began.to_owned(), ended);
            ensure!(!lines.contains(&line), "{shop} was told twice: {line:?} after {lines:?}");
            lines.push(line);
        }
    }
    for (name, shop) in shops {
        let lines = told.remove(name).unwrap_or_default();
        let expected: Vec<bool> = (0..shop.began + shop.ended).map(|at| at % 2 == 1).collect();
        let found: Vec<bool> = lines.iter().map(|(_, ended)| *ended).collect();
        ensure!(found == expected, "{name}: {lines:?} where {shop:?}");
        ensure!(lines.is_sorted_by_key(|(began, _)| began), "{name}: {lines:?}");
        let same = lines.chunks(2).all(|pair| pair.iter().all(|(began, _)| *began == pair[0].0));
        ensure!(same, "{name}: an end tells of another beginning: {lines:?}");
    }
    ensure!(told.is_empty(), "nobody asked for {told:?}");
    // A copy is due to an answer that never came, or to a kill before it could be taken down.
    let unsaid =
        calls.iter().filter(|call| matches!(call.fate, Fate::Dropped | Fate::Hung)).count();
    ensure!(copies <= unsaid as u64 + kills, "{copies} copies, {unsaid} unsaid, {kills} kills");
    let refused = calls.iter().filter(|call| !call.fate.has_it()).count();
    let transitions: usize = shops.values().map(|shop| shop.began + shop.ended).sum();
    Ok(format!(
        "{transitions} transitions, {} messages, {refused} refused, {unsaid} taken without a word, {copies} copies \
         with the key of the first",
        keys.len()
    ))
}

#[expect(clippy::disallowed_methods, reason = "a kill comes at any moment of real time")]
fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}
