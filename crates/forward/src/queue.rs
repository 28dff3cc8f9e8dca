//! A queue on disk for one receiver: appended to by whoever writes samples, read by the sender.
//!
//! A directory of segments. Appending never fails for the caller: what cannot be kept is dropped, counted and told. At
//! the bound of bytes or age the oldest segment goes. A killed process loses nothing; what was sent but not yet taken
//! down as sent is sent again.

mod position;
mod record;
mod segment;
mod state;
#[cfg(test)]
mod tests;

use std::{fs, path::Path, sync::Arc};

use model::{Batch, Clock, Span, Time, TimeRange};
use parking_lot::Mutex;
pub use position::Position;
use tokio::sync::Notify;

use crate::{
    Dropped, Figures, QueueError, Rewrite,
    error::{failed, may_pass},
};
use segment::{End, Frame, Frames};
use state::State;

/// When a queue is forced to the disk. A killed process loses nothing either way; a power cut does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syncing {
    /// Whenever it is tended.
    Tended,
    /// Before an append returns.
    Always,
}

/// What a queue may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueOptions {
    /// Bytes on disk; past them the oldest segments go.
    pub bytes_max: u64,
    /// How long samples may wait.
    pub age_max: Span,
    /// When it is forced to the disk.
    pub syncing: Syncing,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            bytes_max: 2 << 30,
            // A receiver that breaks on Friday evening is mended on Monday morning.
            age_max: Span::days(3),
            syncing: Syncing::Tended,
        }
    }
}

/// How a queue stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Samples that wait, those under way included.
    pub samples: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Files on disk.
    pub segments: usize,
}

/// What was read of a queue.
#[derive(Clone, Debug)]
pub struct Read {
    /// The samples, in the order they were appended.
    pub batch: Batch,
    /// When the first of them was appended; nothing if there are none.
    pub appended: Option<Time>,
    /// Where to read on, and what to confirm once these are done with.
    pub next: Position,
}

/// A queue on disk.
#[derive(Debug)]
pub struct Queue {
    name: String,
    clock: Arc<dyn Clock>,
    rewrite: Rewrite,
    syncing: Syncing,
    figures: Arc<Figures>,
    state: Mutex<State>,
    /// Held while files are synced, so that whoever finds nothing left to sync has waited for it.
    sync_turn: Mutex<()>,
    appended: Notify,
}

impl Queue {
    /// Opens or makes the queue of a receiver; its last record is cut off if it is not whole. Only one may be open for
    /// a directory. The name stands in the log.
    pub fn open(
        name: &str,
        dir: &Path,
        options: QueueOptions,
        rewrite: Rewrite,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, QueueError> {
        fs::create_dir_all(dir).map_err(failed("create", dir))?;
        let figures = Arc::new(Figures::default());
        let state = State::open(name, dir, options, Arc::clone(&figures))?;
        let (state, syncing) = (Mutex::new(state), options.syncing);
        let (name, appended) = (name.to_owned(), Notify::new());
        let sync_turn = Mutex::default();
        Ok(Self { name, clock, rewrite, syncing, figures, state, sync_turn, appended })
    }

    /// Whose it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What became of its samples.
    pub fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    /// Appends the samples of a batch whose time lies within. Blocks for the disk, and for nothing else.
    pub fn append(&self, batch: &Batch, taken: TimeRange) {
        let (records, lost) = record::pack(batch, taken, &self.rewrite);
        if lost > 0 {
            self.figures.drop_samples(Dropped::Unwritten, lost);
        }
        if records.is_empty() {
            return;
        }
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        self.state.lock().append(&records, now, elapsed);
        if self.syncing == Syncing::Always {
            self.sync();
        }
        self.appended.notify_one();
    }

    /// Waits until something was appended since this was last waited for.
    pub async fn appended(&self) {
        self.appended.notified().await;
    }

    /// Where delivery goes on.
    pub fn position(&self) -> Position {
        self.state.lock().position()
    }

    /// Samples from a place on.
    pub fn samples_after(&self, from: Position) -> u64 {
        self.state.lock().samples_after(from)
    }

    /// Reads from a place on, until there are so many samples or a segment ends. What is damaged, or cannot be read for
    /// a reason that will not pass, is counted and passed over. Blocks for the disk.
    pub fn read(&self, from: Position, samples_max: u64) -> Result<Read, QueueError> {
        let mut read = Read { batch: Batch::new(&self.name), appended: None, next: from };
        // Where a segment is damaged, the next one may still be whole; there are only so many.
        loop {
            let Some((segment, from)) = self.state.lock().segment_at(read.next) else {
                return Ok(read);
            };
            read.next = from;
            let Frames { frames, end } = segment.read(from.offset, samples_max);
            for frame in frames {
                self.unpack(&frame, &mut read);
            }
            match end {
                End::Whole => return Ok(read),
                // It was dropped meanwhile, to make room.
                End::Failed(_) if self.state.lock().has_dropped(segment.number) => {
                    read.next = Position::start_of(segment.number + 1);
                    return Ok(read);
                }
                End::Failed(error) if may_pass(&error) => {
                    let read = Some(read).filter(|own| !own.batch.is_empty());
                    return read.ok_or_else(|| failed("read", &segment.path)(error));
                }
                End::Failed(error) => self.state.lock().give_up_rest(read.next, Some(&error)),
                End::Damaged => self.state.lock().give_up_rest(read.next, None),
            }
            if !read.batch.is_empty() {
                return Ok(read);
            }
        }
    }

    fn unpack(&self, frame: &Frame, read: &mut Read) {
        read.next.offset += frame.bytes();
        read.next.samples += u64::from(frame.samples);
        if record::unpack(&frame.body, &mut read.batch).is_none() {
            self.figures.drop_samples(Dropped::Damaged, u64::from(frame.samples));
            tracing::error!(receiver = %self.name, "a record of the queue cannot be read");
        }
        read.appended.get_or_insert(frame.appended);
    }

    /// Everything before a place is done with, which is taken down; segments that are all before it are removed.
    pub fn confirm(&self, to: Position) {
        self.state.lock().confirm(to);
    }

    /// What has to be done now and then, every second or so: forces to the disk what was appended, drops what is too
    /// old.
    pub fn tend(&self) -> Result<(), QueueError> {
        self.sync();
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        let mut state = self.state.lock();
        state.drop_old(now, elapsed);
        state.save()
    }

    /// Forces it to the disk and takes down how far delivery has come. It can be used on.
    pub fn close(&self) -> Result<(), QueueError> {
        self.sync();
        self.state.lock().save()
    }

    /// How it stands.
    pub fn stats(&self) -> QueueStats {
        self.state.lock().stats()
    }

    /// Forces what was appended to the disk, without holding up who appends.
    fn sync(&self) {
        let _turn = self.sync_turn.lock();
        let unsynced = self.state.lock().take_unsynced();
        for file in unsynced {
            if let Err(error) = file.sync_data() {
                tracing::error!(receiver = %self.name, %error, "cannot force the queue to the disk");
            }
        }
    }
}
