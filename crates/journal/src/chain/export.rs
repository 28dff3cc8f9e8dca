//! The log as lines of JSON, for keeping elsewhere and for strangers who want to verify it.
//!
//! The first line names the format, the place before the first event and its hash. Every further
//! line is an event. Its body is not a JSON object but the text that was hashed, as a JSON string,
//! so that nobody who reads it need write numbers as we do.

use std::io::{BufRead, Read as _};

use model::Time;
use serde::{Deserialize, Serialize};

use super::{Hash, Link, Verified, hash, log};
use crate::{
    Journal, JournalError,
    database::{Row, Statement},
    error::Doing as _,
};

const DOING: &str = "exporting the journal";
const FORMAT: &str = "plimsoll journal 1";
/// What is said of an event that was pruned under the feet of an export.
const GONE: &str = "was let go of while the journal was exported; export it once more";
/// Events of one page.
const PAGE: u32 = 500;
/// The longest line that is read, in bytes: a largest body, each letter of it escaped.
const LINE_BYTES_MAX: u64 = 8 << 20;

#[derive(Debug, Serialize, Deserialize)]
struct FirstLine {
    format: String,
    /// The place before the first event.
    after: i64,
    /// Its hash.
    hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct EventLine {
    seq: i64,
    at: i64,
    kind: String,
    subject: String,
    body: String,
    hash: String,
}

impl Journal {
    /// The first line of an export, and the place after which its events begin.
    pub async fn export_head(&self) -> Result<(String, i64), JournalError> {
        let mut read = self.read().await?;
        let head = log::head(read.connection()?, DOING).await?;
        let (after, hash) = (head.pruned, head.pruned_hash.to_string());
        Ok((line(&FirstLine { format: FORMAT.to_owned(), after, hash }), after))
    }

    /// Further lines, after a place; with the place of the last. None at the end.
    pub async fn export_after(&self, after: i64) -> Result<Option<(String, i64)>, JournalError> {
        const NEXT: &str = "SELECT seq, at, kind, subject, body, hash FROM events
            WHERE seq > $1 ORDER BY seq LIMIT $2";
        let mut lines = String::new();
        let mut last = after;
        let write = |row: &Row| {
            let seq = row.number("seq").doing(DOING)?;
            if seq != last + 1 {
                return Err(JournalError::Broken { seq: last + 1, why: GONE });
            }
            last = seq;
            lines.push_str(&line(&EventLine {
                seq: last,
                at: row.number("at").doing(DOING)?,
                kind: row.text("kind").doing(DOING)?.to_owned(),
                subject: row.text("subject").doing(DOING)?.to_owned(),
                body: row.text("body").doing(DOING)?.to_owned(),
                hash: log::read_hash(row, "hash", DOING)?.to_string(),
            }));
            Ok(true)
        };
        let statement = Statement::new(NEXT).bind(after).bind(PAGE);
        self.read().await?.connection()?.each(statement, write, DOING).await?;
        Ok((last > after).then_some((lines, last)))
    }
}

/// Verifies an export; the error names the first line that does not fit.
pub fn read_export(mut from: impl BufRead) -> Result<Verified, JournalError> {
    let wrong = |line, why| JournalError::Export { line, why };
    let text = next_line(&mut from, 1)?.ok_or_else(|| wrong(1, "is missing"))?;
    let first: FirstLine = serde_json::from_str(&text)
        .map_err(|_unsaid| wrong(1, "is not the beginning of an export"))?;
    if first.format != FORMAT {
        return Err(wrong(1, "names a format that this Plimsoll does not know"));
    }
    let before = Hash::from_hex(&first.hash).ok_or_else(|| wrong(1, "has no hash"))?;
    let (mut seq, mut head) = (first.after, before);
    let (mut from_time, mut to) = (None, None);
    for number in 2.. {
        let Some(text) = next_line(&mut from, number)? else { break };
        let event: EventLine =
            serde_json::from_str(&text).map_err(|_unsaid| wrong(number, "is not an event"))?;
        if event.seq != seq + 1 {
            return Err(wrong(number, "is not the event that follows the one before"));
        }
        let EventLine { seq: own, at, kind, subject, body, .. } = &event;
        head = hash(&head, Link { seq: *own, at: *at, kind, subject, body });
        if Hash::from_hex(&event.hash) != Some(head) {
            return Err(wrong(number, "does not match its hash"));
        }
        seq = event.seq;
        from_time = from_time.or(Some(Time(event.at)));
        to = Some(Time(event.at));
    }
    let events = u64::try_from(seq - first.after).unwrap_or(0);
    Ok(Verified { events, pruned: first.after, from: from_time, to, head })
}

fn next_line(from: &mut impl BufRead, number: u64) -> Result<Option<String>, JournalError> {
    let mut text = String::new();
    from.by_ref().take(LINE_BYTES_MAX).read_line(&mut text).map_err(JournalError::Read)?;
    match text.pop() {
        None => Ok(None),
        Some('\n') => Ok(Some(text)),
        Some(_) => Err(JournalError::Export { line: number, why: "is cut off" }),
    }
}

fn line(line: &impl Serialize) -> String {
    // These have text keys only, so they always become JSON.
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    text
}
