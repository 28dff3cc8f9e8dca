//! What questions share that are asked at one time, one after the other, as the rules of a group are.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use model::{Labels, Time};

use crate::{
    parse::kept::{Names, Share},
    run::rows::Table,
};

/// Bytes that are kept; what does not fit is computed again.
const BYTES_MAX: usize = 4 << 20;

/// One round of questions at one time, all of them to one engine. A part that several expressions of the engine have is
/// computed once; later questions get what was there when the first needed it.
#[derive(Debug)]
pub struct Round {
    at: Time,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    parts: HashMap<u64, (Names, Table)>,
    bytes: usize,
}

impl Round {
    /// A round of questions at this time.
    pub fn at(at: Time) -> Self {
        Self { at, kept: Mutex::default() }
    }

    /// Forgets what may be another now that these series were written.
    pub fn written<'l>(&self, series: impl IntoIterator<Item = &'l Labels>) {
        let mut last = None;
        for labels in series {
            let name = labels.metric_name().unwrap_or_default();
            if last.replace(name) == Some(name) {
                continue;
            }
            let names = Names::of(name);
            let mut kept = self.kept();
            let Kept { parts, bytes } = &mut *kept;
            parts.retain(|_, (own, table)| {
                let stays = !own.meet(names);
                *bytes -= if stays { 0 } else { table.bytes() };
                stays
            });
        }
    }

    /// Whether it has to do with questions of this time.
    pub(crate) fn is_at(&self, at: Time) -> bool {
        self.at == at
    }

    /// What was computed of a part.
    pub(crate) fn get(&self, share: &Share) -> Option<Table> {
        self.kept().parts.get(&share.number).map(|(_, table)| table.clone())
    }

    /// Keeps what was computed of a part.
    pub(crate) fn put(&self, share: &Share, table: &Table) {
        let bytes = table.bytes();
        let mut kept = self.kept();
        if kept.bytes.saturating_add(bytes) <= BYTES_MAX
            && kept.parts.insert(share.number, (share.names, table.clone())).is_none()
        {
            kept.bytes += bytes;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
