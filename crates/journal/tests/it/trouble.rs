//! Files that are full, damaged, held by another process, too new or another program's.

use std::{fs, os::unix::fs::FileExt as _, time::Duration};

use journal::{Entry, Journal, JournalError, Options, Place, VERSION};
use model::{Kind, Time};
use serde_json::json;
use sqlx::{Connection, SqliteConnection, raw_sql, sqlite::SqliteConnectOptions};

use crate::common::{event, events, meddle, message};

/// An entry with its message; both are large, so that a file fills up soon.
fn large(number: i64) -> Entry {
    let mut told = message("hook", "a", &format!("k{number}"), number);
    told.body = json!("y".repeat(20_000));
    let mut happened = event(number, "alert", "a");
    happened.body = json!("x".repeat(20_000));
    Entry { events: vec![happened], outbox: vec![told] }
}

#[tokio::test]
async fn a_full_file_takes_all_of_an_entry_or_nothing_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let options = Options { file_bytes_max: 1 << 20, ..Options::default() };
    let journal = Journal::open_with(&path, options).await.unwrap();
    let mut recorded = 0;
    let error = loop {
        match journal.record(large(recorded)).await {
            Ok(_) => recorded += 1,
            Err(error) => break error,
        }
        assert!(recorded < 100);
    };
    assert!(matches!(error, JournalError::Full { .. }), "{error:?}");
    assert_eq!(error.kind(), Kind::Busy);
    assert!(recorded > 10);
    for number in 0..5 {
        journal.record(large(1_000 + number)).await.unwrap_err();
    }
    let stats = journal.stats().await.unwrap();
    assert_eq!(stats.writes_failed, 6);
    assert_eq!(stats.events, u64::try_from(recorded).unwrap());
    assert!((1_000_000..=1 << 20).contains(&stats.file_bytes), "{stats:?}");
    let written = u64::try_from(recorded).unwrap();
    assert_eq!(journal.verify().await.unwrap().events, written);
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, written);
    assert_eq!(journal.due(Time(1_000), 10).await.unwrap().len(), 1);

    meddle(&path, "DELETE FROM outbox WHERE key <> 'k0'").await.unwrap();
    let seqs = journal.record(large(2_000)).await.unwrap();
    assert_eq!(seqs, [recorded + 1]);
    assert_eq!(journal.verify().await.unwrap().events, written + 1);
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, 2);
}

#[tokio::test]
async fn a_file_that_another_process_writes_is_said_to_be_locked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let options = Options { busy_timeout: Duration::from_millis(1), ..Options::default() };
    let journal = Journal::open_with(&path, options).await.unwrap();
    let mut other =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
    raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let error = journal.record(events([event(1, "alert", "a")])).await.unwrap_err();
    assert!(matches!(error, JournalError::Locked { .. }), "{error:?}");
    assert_eq!(error.kind(), Kind::Busy);
    assert!(journal.events(journal::EventQuery::default()).await.unwrap().is_empty());
    raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    journal.record(events([event(1, "alert", "a")])).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_held_alone_cannot_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    Journal::open(&path).await.unwrap().close().await.unwrap();
    let held = SqliteConnectOptions::new().filename(&path).pragma("locking_mode", "EXCLUSIVE");
    let mut other = SqliteConnection::connect_with(&held).await.unwrap();
    raw_sql("BEGIN EXCLUSIVE; DELETE FROM outbox; COMMIT").execute(&mut other).await.unwrap();
    let options = Options { busy_timeout: Duration::from_millis(1), ..Options::default() };
    let error = Journal::open_with(&path, options).await.unwrap_err();
    assert!(matches!(error, JournalError::Locked { .. }), "{error:?}");
}

#[tokio::test]
async fn a_newer_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    Journal::open(&path).await.unwrap().close().await.unwrap();
    meddle(&path, "UPDATE schema_version SET version = 99").await.unwrap();
    let error = Journal::open(&path).await.unwrap_err();
    assert!(matches!(error, JournalError::Newer { found: 99, known: VERSION, .. }));
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.to_string().contains("start the newer Plimsoll"), "{error}");
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    meddle(&path, "CREATE TABLE cookies (name TEXT)").await.unwrap();
    let error = Journal::open(&path).await.unwrap_err();
    assert!(matches!(error, JournalError::Foreign { .. }), "{error:?}");
    meddle(&path, "INSERT INTO cookies VALUES ('still there')").await.unwrap();
}

#[tokio::test]
async fn what_is_no_database_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    fs::write(&path, "this is a letter, not a database\n".repeat(1_000)).unwrap();
    let error = Journal::open(&path).await.unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("restore a copy"), "{error}");
}

#[tokio::test]
async fn a_damaged_page_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = Journal::open(&path).await.unwrap();
    for number in 0..200 {
        journal.record(events([event(number, "alert", "a")])).await.unwrap();
    }
    journal.close().await.unwrap();
    drop(journal);
    let pages = fs::metadata(&path).unwrap().len() / 4_096;
    for page in 1..pages {
        let copy = folder.path().join(format!("copy-{page}.db"));
        fs::copy(&path, &copy).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&copy).unwrap();
        file.write_all_at(&[0xa5; 4_096], page * 4_096).unwrap();
        let Ok(journal) = Journal::open(&copy).await else { continue };
        // A page of an index or of the outbox does not matter to the chain.
        if let Err(error) = journal.verify().await {
            assert!(
                matches!(error, JournalError::Damaged { .. } | JournalError::Broken { .. }),
                "page {page}: {error:?}"
            );
        }
        let _read = journal.events(journal::EventQuery::default()).await;
        let _recorded = journal.record(events([event(1, "alert", "a")])).await;
        let _due = journal.due(Time(0), 10).await;
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere/journal.db");
    let error = Journal::open(&path).await.unwrap_err();
    assert!(matches!(error, JournalError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains("nowhere/journal.db"));
}

#[tokio::test]
async fn a_file_of_the_first_version_goes_on_where_it_was() {
    const EVENT: &str = "INSERT INTO events VALUES (1, 1700000000000, 'a', 'b', '{}',
        x'a89effb8ea93d34874cd877b4b8f1b05ad9aee4bd1c2b1e2fa4828f7ac8c512c');
        UPDATE schema_version SET version = 1; PRAGMA application_id = 1349282157;";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    meddle(&path, include_str!("../../src/database/file_1.sql")).await.unwrap();
    meddle(&path, EVENT).await.unwrap();
    let looked = Journal::look_at(Place::File(path.clone()), Options::default()).await;
    assert!(matches!(looked.unwrap_err(), JournalError::Older { .. }));
    let journal = Journal::open(&path).await.unwrap();
    assert_eq!(journal.record(events([event(2, "alert", "a")])).await.unwrap(), [2]);
    assert_eq!(journal.verify().await.unwrap().events, 2);
    meddle(&path, "DELETE FROM events").await.unwrap_err();
}

#[tokio::test]
async fn a_copy_is_whole_and_goes_on_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("journal.db"), folder.path().join("copy.db"));
    let journal = Journal::open(&path).await.unwrap();
    journal.record(large(1)).await.unwrap();
    assert!(journal.copy_to(&copy).await.unwrap());
    journal.record(large(2)).await.unwrap();
    let refused = journal.copy_to(&copy).await.unwrap_err();
    assert!(matches!(refused, JournalError::Sql { .. }), "{refused:?}");
    let copied = Journal::look_at(Place::File(copy.clone()), Options::default()).await.unwrap();
    assert_eq!(copied.verify().await.unwrap().events, 1);
    copied.record(large(3)).await.unwrap_err();
    drop(copied);
    let copied = Journal::open(&copy).await.unwrap();
    assert_eq!(copied.outbox_stats().await.unwrap().waiting, 1);
    assert_eq!(copied.record(large(3)).await.unwrap(), [2]);
}
