//! A program that writes is killed again and again, at any moment. Whatever it was told is recorded
//! is there, nothing is there by halves, and the chain holds.
//!
//! `PLIMSOLL_KILLS` says how often; `bench/kills.sh` does it a hundred times.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use journal::{Act, DELIVERED, Entry, EventQuery, Journal, NewTimer, Options};
use model::Time;
use serde_json::json;

use crate::common::{World, both, event, message, place};

both! {
    nothing_that_was_recorded_is_lost_by_kills,
}

const ADDRESS: &str = "PLIMSOLL_TEST_JOURNAL";
const ROUND: &str = "PLIMSOLL_TEST_ROUND";

fn said(name: &str) -> Option<String> {
    env::var_os(name)?.into_string().ok()
}

/// Not a test by itself: the program that is killed. It says what it has recorded.
#[tokio::test]
async fn the_program_that_is_killed() {
    let Some(address) = said(ADDRESS) else { return };
    let round: i64 = said(ROUND).unwrap().parse().unwrap();
    let journal = Journal::open_at(place(&address), Options::default()).await.unwrap();
    for turn in 0.. {
        let name = format!("{round}-{turn}");
        let mut happened = event(turn, "transition", &name);
        happened.body = json!({"text": "x".repeat(usize::try_from(turn % 50).unwrap() * 40)});
        let timer =
            NewTimer { key: name.clone(), kind: "later".into(), due: Time(0), body: json!({}) };
        let entry = Entry {
            events: vec![happened.clone(), happened],
            outbox: vec![message("hook", &name, &name, 0)],
        };
        journal.record(Act { entry, set: vec![timer], ..Act::default() }).await.unwrap();
        writeln!(std::io::stdout(), "\nrecorded {name}").unwrap();
        if turn % 3 == 0 {
            let waiting = journal.due(Time(1), 1).await.unwrap();
            journal.done(waiting[0].id, Time(2)).await.unwrap();
            writeln!(std::io::stdout(), "\ndelivered {}", waiting[0].key).unwrap();
        }
    }
}

/// Lets the program write, and kills it after so many words; gives what it said.
fn killed_after(address: &str, round: u32, words: u32) -> Vec<String> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kills::the_program_that_is_killed", "--nocapture", "--test-threads=1"])
        .env(ADDRESS, address)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut words_said = Vec::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while words_said.len() < words as usize {
        let line = lines.next().expect("it ended by itself").unwrap();
        if line.starts_with("recorded ") || line.starts_with("delivered ") {
            words_said.push(line);
        }
    }
    // It is in the middle of what follows, wherever that is.
    std::hint::black_box((0..u64::from(round) * 7_919 % 50_000).sum::<u64>());
    child.kill().unwrap();
    child.wait().unwrap();
    let whole = |line: &String| line.starts_with("recorded ") || line.starts_with("delivered ");
    words_said.extend(lines.map_while(Result::ok).filter(whole));
    words_said
}

async fn nothing_that_was_recorded_is_lost_by_kills(world: World) {
    let kills: u32 = said("PLIMSOLL_KILLS").map_or(20, |text| text.parse().unwrap());
    let (mut recorded, mut delivered) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..kills {
        for line in killed_after(world.address(), round, 1 + round * 37 % 23) {
            match line.split_once(' ').unwrap() {
                ("recorded", name) => recorded.insert(name.to_owned()),
                (_, name) => delivered.insert(name.to_owned()),
            };
        }
    }
    let journal = world.open().await;
    let verified = journal.verify().await.unwrap();
    let mut happened = BTreeMap::<String, u32>::new();
    let (mut told, mut after) = (BTreeSet::new(), None);
    loop {
        let page = journal.events(EventQuery { after, ..EventQuery::default() }).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.seq);
        for event in page {
            if event.kind == DELIVERED {
                let once = told.insert(event.body["key"].as_str().unwrap().to_owned());
                assert!(once, "{} was delivered twice", event.body["key"]);
            } else {
                *happened.entry(event.subject).or_default() += 1;
            }
        }
    }
    assert!(recorded.len() >= kills as usize);
    let lost = recorded.iter().filter(|name| !happened.contains_key(*name)).count();
    assert_eq!(lost, 0, "transitions were lost");
    assert!(happened.values().all(|count| *count == 2), "half an entry is there");
    assert!(delivered.is_subset(&told), "a delivery was forgotten");
    let waiting = journal.outbox_stats().await.unwrap().waiting;
    assert_eq!(waiting, (happened.len() - told.len()) as u64, "messages and events differ");
    // Only so many are answered at once.
    let timers = journal.timers_due("later", Time(0), 256).await.unwrap().len();
    assert_eq!(timers, happened.len().min(256), "timers and events differ");
    println!(
        "{}: {kills} kills, {} transitions told, {} there, {lost} lost, {} events, chain holds",
        if world.is_server() { "PostgreSQL" } else { "SQLite" },
        recorded.len(),
        happened.len(),
        verified.events
    );
}
