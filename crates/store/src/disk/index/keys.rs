//! The keys of a segment's series, in order.

use roaring::RoaringTreemap;

use crate::{
    disk::block::{Reader, write_varint, write_zigzag},
    key::Key,
};

/// Keys in order.
#[derive(Debug, Default)]
pub(crate) struct Keys(Vec<Key>);

impl Keys {
    pub(super) fn new(keys: Vec<Key>) -> Self {
        Self(keys)
    }

    /// The key at a place.
    pub(crate) fn get(&self, at: u32) -> Option<Key> {
        self.0.get(at as usize).copied()
    }

    /// The numbers of all series.
    pub(crate) fn ids(&self) -> RoaringTreemap {
        self.0.iter().map(|key| key.id).collect()
    }

    /// Bytes they take in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Key>()
    }

    /// As differences: names rise, and numbers mostly do within a name.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 4);
        let mut last = Key::default();
        for key in &self.0 {
            write_varint(&mut bytes, u64::from(key.name.wrapping_sub(last.name)));
            write_zigzag(&mut bytes, key.id.wrapping_sub(last.id).cast_signed());
            last = *key;
        }
        bytes
    }

    /// Reads so many keys; `None` if they are not, or not in order.
    pub(super) fn decode(bytes: &[u8], count: u32) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut keys = Vec::with_capacity((count as usize).min(bytes.len()));
        let mut last = Key::default();
        for at in 0..count {
            let name = last.name.wrapping_add(u32::try_from(reader.varint()?).ok()?);
            let id = last.id.wrapping_add(reader.zigzag()?.cast_unsigned());
            let key = Key { name, id };
            if at > 0 && key <= last {
                return None;
            }
            keys.push(key);
            last = key;
        }
        reader.is_empty().then_some(Self(keys))
    }
}
