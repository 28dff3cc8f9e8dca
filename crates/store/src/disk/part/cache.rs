//! What was read of parts and index segments lately, bounded by bytes.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

use super::page::Page;
use crate::{
    disk::block::mixed,
    disk::index::{Directory, Keys, LabelPage},
};

/// Shelves that are locked apart from each other, so that readers seldom wait.
const SHELVES: usize = 16;

/// Something read of a file.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Page(Page),
    Group(Arc<[u8]>),
    Directory(Arc<Directory>),
    Keys(Arc<Keys>),
    Labels(Arc<LabelPage>),
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

/// Pieces read lately. The least lately used go first.
#[derive(Debug)]
pub(crate) struct Cache {
    shelves: [Mutex<Shelf>; SHELVES],
    shelf_bytes_max: usize,
}

impl Cache {
    /// A cache of so many bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { shelves: Default::default(), shelf_bytes_max: bytes_max / SHELVES }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.shelves.iter().map(|shelf| shelf.lock().bytes).sum()
    }

    fn shelf(&self, file: u64, offset: u64) -> &Mutex<Shelf> {
        &self.shelves[(mixed((file, offset)) >> 60) as usize % SHELVES]
    }

    pub(crate) fn get(&self, file: u64, offset: u64) -> Option<Piece> {
        let mut shelf = self.shelf(file, offset).lock();
        shelf.tick += 1;
        let tick = shelf.tick;
        let held = shelf.held.get_mut(&(file, offset))?;
        held.used = tick;
        Some(held.piece.clone())
    }

    /// Keeps a piece, unless it alone would take more than the shelf has.
    pub(crate) fn put(&self, file: u64, offset: u64, piece: Piece, bytes: usize) {
        if bytes > self.shelf_bytes_max {
            return;
        }
        let mut shelf = self.shelf(file, offset).lock();
        shelf.tick += 1;
        let used = shelf.tick;
        shelf.bytes += bytes;
        if let Some(old) = shelf.held.insert((file, offset), Held { piece, bytes, used }) {
            shelf.bytes -= old.bytes;
        }
        if shelf.bytes > self.shelf_bytes_max {
            shelf.shrink(self.shelf_bytes_max / 4 * 3);
        }
    }

    /// Forgets a file.
    pub(crate) fn forget(&self, file: u64) {
        for shelf in &self.shelves {
            let mut shelf = shelf.lock();
            shelf.held.retain(|(own, _), _| *own != file);
            shelf.bytes = shelf.held.values().map(|held| held.bytes).sum();
        }
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
