//! A PostgreSQL that goes away, cuts connections, or dies with an answer on its lips.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use journal::{EventQuery, Journal, JournalError, Options};
use model::{Kind, Time};
use testkit::Postgres;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

use crate::common::{World, event, events, message, messages, place};

#[tokio::test]
async fn a_server_that_was_away_is_gone_on_with_as_if_nothing_had_been() {
    let mut server = Postgres::start().unwrap();
    let address = server.database().unwrap();
    let journal = Journal::open_at(place(&address), Options::default()).await.unwrap();
    journal.record(events([event(1, "alert", "a")])).await.unwrap();
    server.stop().unwrap();
    for _ in 0..3 {
        let error = journal.record(events([event(2, "alert", "a")])).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Upstream, "{error:?}");
        assert!(!error.is_unsure());
        assert!(journal.events(EventQuery::default()).await.is_err());
        assert!(journal.trouble().is_some());
    }
    let cold = Journal::open_at(place(&address), Options::default()).await.unwrap_err();
    assert!(matches!(cold, JournalError::Unreachable { .. }), "{cold:?}");
    server.start_again().unwrap();
    assert_eq!(journal.record(events([event(3, "alert", "a")])).await.unwrap(), [2]);
    assert_eq!(journal.events(EventQuery::default()).await.unwrap().len(), 2);
    assert_eq!(journal.trouble(), None);
    assert_eq!(journal.verify().await.unwrap().events, 2);
}

#[tokio::test]
async fn connections_that_were_cut_while_idle_cost_nothing() {
    let world = World::server();
    let journal = world.open().await;
    journal.record(messages([message("hook", "a", "k", 0)])).await.unwrap();
    assert_eq!(journal.due(Time(1), 1).await.unwrap().len(), 1);
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    world.meddle(cut).await.unwrap();
    assert_eq!(journal.due(Time(1), 1).await.unwrap().len(), 1);
    journal.record(events([event(2, "alert", "a")])).await.unwrap();
}

/// Stands between us and the server; once armed, it lets a commit through and nothing back.
async fn cut_answers(listener: UnixListener, server: String, armed: Arc<AtomicBool>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(&server).await.unwrap();
        connections.spawn(pass_on(client, server, Arc::clone(&armed)));
    }
}

async fn pass_on(client: UnixStream, server: UnixStream, armed: Arc<AtomicBool>) {
    let (mut from, mut to) = client.into_split();
    let (mut answers, mut calls) = server.into_split();
    let forth = async {
        let mut bytes = vec![0; 65_536];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            let commit = bytes[..count].windows(6).any(|word| word == b"COMMIT");
            let passed = calls.write_all(&bytes[..count]).await.is_ok();
            if !passed || (commit && armed.swap(false, Ordering::SeqCst)) {
                return;
            }
        }
    };
    tokio::select! {
        _ = tokio::io::copy(&mut answers, &mut to) => {}
        () = forth => {}
    }
}

#[tokio::test]
async fn a_commit_without_an_answer_is_said_to_be_unsure_and_reading_tells() {
    let address = Postgres::shared().database().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (before, socket) = address.split_once("host=").unwrap();
    let socket = format!("{}/.s.PGSQL.5432", socket.replace("%2F", "/"));
    let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
    let armed = Arc::new(AtomicBool::new(false));
    let mut between_us = JoinSet::new();
    between_us.spawn(cut_answers(listener, socket, Arc::clone(&armed)));
    let between = folder.path().display().to_string().replace('/', "%2F");
    let through = place(&format!("{before}host={between}"));

    let journal = Journal::open_at(through, Options::default()).await.unwrap();
    journal.record(events([event(1, "alert", "a")])).await.unwrap();
    armed.store(true, Ordering::SeqCst);
    let error = journal.record(events([event(2, "alert", "b")])).await.unwrap_err();
    assert!(error.is_unsure(), "{error:?}");
    assert_eq!(error.kind(), Kind::Upstream);
    // The next write waits for the one that was cut, so after it nothing is open any more.
    let next = journal.record(events([event(3, "alert", "c")])).await.unwrap();
    let there = journal.events(EventQuery::default()).await.unwrap();
    assert_eq!(i64::try_from(there.len()).unwrap(), next[0]);
    assert_eq!(journal.verify().await.unwrap().events, there.len() as u64);
}

#[tokio::test]
async fn servers_that_start_at_once_make_one_journal() {
    let world = World::server();
    let opened = futures_util::future::join_all((0..4).map(|_| world.open())).await;
    let writes = opened.iter().zip(0..).map(|(journal, at)| async move {
        for turn in 0..10 {
            journal.record(events([event(at * 100 + turn, "alert", "a")])).await.unwrap();
        }
    });
    futures_util::future::join_all(writes).await;
    assert_eq!(opened[0].verify().await.unwrap().events, 40);
}
