//! A page of labels: packed texts one after another.

use model::{Labels, LabelsRef};

use crate::disk::block::{Reader, write_varint};

/// A page in the making.
#[derive(Debug, Default)]
pub(super) struct LabelPageBuilder {
    count: u32,
    texts: Vec<u8>,
}

impl LabelPageBuilder {
    pub(super) fn bytes(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn len(&self) -> u32 {
        self.count
    }

    pub(super) fn add(&mut self, labels: LabelsRef<'_>) {
        self.count += 1;
        let packed = labels.packed();
        write_varint(&mut self.texts, packed.len() as u64);
        self.texts.extend_from_slice(packed.as_bytes());
    }

    /// The page's bytes; the builder is empty again.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.texts.len() + 4);
        write_varint(&mut bytes, u64::from(self.count));
        bytes.append(&mut self.texts);
        self.count = 0;
        bytes
    }
}

/// A page as read; labels are made when they are asked for.
#[derive(Debug)]
pub(crate) struct LabelPage {
    bytes: Vec<u8>,
    /// Where each text starts, and its length.
    texts: Vec<(u32, u32)>,
}

impl LabelPage {
    pub(super) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let mut reader = Reader::new(&bytes);
        let count = reader.size()?;
        let mut texts = Vec::with_capacity(count.min(bytes.len()));
        for _ in 0..count {
            let length = reader.size()?;
            let start = u32::try_from(bytes.len() - reader.len()).ok()?;
            reader.take(length)?;
            texts.push((start, u32::try_from(length).ok()?));
        }
        reader.is_empty().then_some(())?;
        Some(Self { bytes, texts })
    }

    /// Bytes it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len() + self.texts.len() * 8
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The labels at a place; `None` if there are none, or what is there is no text.
    pub(super) fn labels(&self, at: usize) -> Option<Labels> {
        let (start, length) = *self.texts.get(at)?;
        let bytes = self.bytes.get(start as usize..)?.get(..length as usize)?;
        Some(LabelsRef::from_packed(std::str::from_utf8(bytes).ok()?)?.to_labels())
    }
}
