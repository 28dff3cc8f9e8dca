//! What was read of parts lately, bounded by bytes.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

use super::{page::Page, terms::Directory};

/// Something read of a part.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Page(Page),
    Directory(Arc<Directory>),
    Group(Arc<[u8]>),
}

#[derive(Debug)]
struct Held {
    piece: Piece,
    bytes: usize,
    used: u64,
}

#[derive(Debug, Default)]
struct Shelf {
    held: HashMap<(u64, u64), Held>,
    bytes: usize,
    tick: u64,
}

/// Pages, directories and groups read lately. The least lately used go first.
#[derive(Debug)]
pub(crate) struct Cache {
    shelf: Mutex<Shelf>,
    bytes_max: usize,
}

impl Cache {
    /// A cache of so many bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { shelf: Mutex::default(), bytes_max }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.shelf.lock().bytes
    }

    pub(super) fn get(&self, part: u64, offset: u64) -> Option<Piece> {
        let mut shelf = self.shelf.lock();
        shelf.tick += 1;
        let tick = shelf.tick;
        let held = shelf.held.get_mut(&(part, offset))?;
        held.used = tick;
        Some(held.piece.clone())
    }

    /// Keeps a piece, unless it alone would take a quarter of the room.
    pub(super) fn put(&self, part: u64, offset: u64, piece: Piece, bytes: usize) {
        if bytes > self.bytes_max / 4 {
            return;
        }
        let mut shelf = self.shelf.lock();
        shelf.tick += 1;
        let used = shelf.tick;
        shelf.bytes += bytes;
        if let Some(old) = shelf.held.insert((part, offset), Held { piece, bytes, used }) {
            shelf.bytes -= old.bytes;
        }
        if shelf.bytes > self.bytes_max {
            shelf.shrink(self.bytes_max / 4 * 3);
        }
    }

    /// Forgets a part.
    pub(crate) fn forget(&self, part: u64) {
        let mut shelf = self.shelf.lock();
        shelf.held.retain(|(own, _), _| *own != part);
        shelf.bytes = shelf.held.values().map(|held| held.bytes).sum();
    }
}

impl Shelf {
    fn shrink(&mut self, bytes: usize) {
        let mut uses: Vec<(u64, usize)> =
            self.held.values().map(|held| (held.used, held.bytes)).collect();
        uses.sort_unstable();
        let mut oldest = 0;
        for (used, own) in uses {
            if self.bytes <= bytes {
                break;
            }
            self.bytes -= own;
            oldest = used;
        }
        self.held.retain(|_, held| held.used > oldest);
    }
}
