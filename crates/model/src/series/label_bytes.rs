//! Labels on their way in, packed as they come: no copy of a label but the one that is kept.

use super::packed;
use crate::LabelsRef;

/// Takes the labels of one series as bytes, and gives them in packed form if they are as they should be. Used again and
/// again, it takes no more memory.
#[derive(Debug, Default)]
pub struct LabelBytes {
    packed: Vec<u8>,
    /// Where the last name is.
    last: (usize, usize),
    odd: bool,
}

impl LabelBytes {
    /// Starts with none.
    pub fn clear(&mut self) {
        self.packed.clear();
        self.last = (0, 0);
        self.odd = false;
    }

    /// Adds a label.
    #[inline]
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        let before = self.packed.get(self.last.0..self.last.1).unwrap_or_default();
        // Pieces that begin within a letter might be put together to one.
        let within_letter = |text: &[u8]| text.first().is_some_and(|byte| byte & 0xc0 == 0x80);
        let rises = match (before.first(), name.first()) {
            // Most names differ in their first letter.
            (Some(one), Some(other)) if one != other => one < other,
            _ => before < name,
        };
        self.odd |= !rises || value.is_empty() || within_letter(name) || within_letter(value);
        self.last.0 = packed::push_bytes(&mut self.packed, name, value);
        self.last.1 = self.last.0 + name.len();
    }

    /// The labels; `None` if they are not in order, if a name stands twice, or if something is empty or not UTF-8.
    pub fn labels(&self) -> Option<LabelsRef<'_>> {
        if self.odd {
            return None;
        }
        std::str::from_utf8(&self.packed).ok().map(LabelsRef::trusted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Labels;

    fn packed(pairs: &[(&[u8], &[u8])]) -> Option<Labels> {
        let mut bytes = LabelBytes::default();
        bytes.push(b"z", b"left over");
        bytes.clear();
        for (name, value) in pairs {
            bytes.push(name, value);
        }
        bytes.labels().map(LabelsRef::to_labels)
    }

    #[test]
    fn labels_in_order_are_packed_as_any_others() {
        let long = "ü".repeat(100);
        let found = packed(&[(b"a", b"1"), (b"b", long.as_bytes()), (b"bc", b"3")]);
        let wanted = Labels::from_pairs([("a", "1"), ("b", long.as_str()), ("bc", "3")]);
        assert_eq!(found, Some(wanted));
        assert_eq!(packed(&[]), Some(Labels::empty()));
    }

    #[test]
    fn what_is_odd_is_not_taken() {
        assert_eq!(packed(&[(b"b", b"1"), (b"a", b"2")]), None);
        assert_eq!(packed(&[(b"a", b"1"), (b"a", b"2")]), None);
        assert_eq!(packed(&[(b"a", b"")]), None);
        assert_eq!(packed(&[(b"", b"1")]), None);
        assert_eq!(packed(&[(b"a", b"\xff")]), None);
        // A letter cut in two between name and value.
        assert_eq!(packed(&[(b"a\xc3", b"\xbc")]), None);
    }
}
