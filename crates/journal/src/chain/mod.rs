//! The hash chain: what is hashed, in which form.
//!
//! The hash of an event is SHA-256 over, one after the other:
//!
//! 1. the 25 bytes `plimsoll journal event 1\n`,
//! 2. the 32 bytes of the hash of the event before it; for the first event, 32 bytes of nought,
//! 3. its place and its time in milliseconds since 1970, each as 8 bytes, signed, high byte first,
//! 4. kind, subject and body, each as its length in bytes (8 bytes, high byte first) and its UTF-8.
//!
//! The body is hashed as the text that is stored: JSON without spaces between its parts, keys of
//! every object sorted by their UTF-8 bytes, numbers and escapes as `serde_json` writes them. So the
//! same event has the same hash on every machine and in every database that keeps text as it is.

mod export;
pub(crate) mod log;
mod verify;

use std::{collections::BTreeMap, fmt};

use serde_json::Value;
use sha2::{Digest, Sha256};

pub use export::read_export;
pub use verify::Verified;

const DOMAIN: &[u8; 25] = b"plimsoll journal event 1\n";

/// A SHA-256 hash; shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands before the first event.
    pub const NONE: Self = Self([0; 32]);

    /// A hash from 64 hexadecimal digits in lower case.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(hash))
    }

    /// A hash from bytes, if there are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// An event as it is hashed.
#[derive(Clone, Copy)]
pub(crate) struct Link<'a> {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) kind: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) body: &'a str,
}

/// The hash of an event that follows another.
pub(crate) fn hash(before: &Hash, link: Link<'_>) -> Hash {
    let mut digest = Sha256::new();
    digest.update(DOMAIN);
    digest.update(before.0);
    digest.update(link.seq.to_be_bytes());
    digest.update(link.at.to_be_bytes());
    for text in [link.kind, link.subject, link.body] {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    }
    Hash(digest.finalize().into())
}

/// A value as text with sorted keys.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            text.push('{');
            for (place, (name, field)) in sorted.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(field, text);
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_canonical_form_has_sorted_keys_and_no_spaces() {
        let value = json!({"b": [1, 2.5, {"z": null, "a": "x\n\"é"}], "a": true, "B": -0.0});
        assert_eq!(canonical(&value), r#"{"B":-0.0,"a":true,"b":[1,2.5,{"a":"x\n\"é","z":null}]}"#);
    }

    // Written once with Python's hashlib, from the description above.
    #[test]
    fn the_hash_is_the_one_the_description_gives() {
        let link = Link { seq: 1, at: 1_700_000_000_000, kind: "a", subject: "b", body: "{}" };
        assert_eq!(
            hash(&Hash::NONE, link).to_string(),
            "a89effb8ea93d34874cd877b4b8f1b05ad9aee4bd1c2b1e2fa4828f7ac8c512c"
        );
    }

    #[test]
    fn a_hash_is_read_back_from_its_digits() {
        let hash = hash(&Hash::NONE, Link { seq: 1, at: 0, kind: "a", subject: "b", body: "{}" });
        assert_eq!(Hash::from_hex(&hash.to_string()), Some(hash));
        for wrong in ["", "00", &"g".repeat(64), &"A".repeat(64), &"é".repeat(32)] {
            assert_eq!(Hash::from_hex(wrong), None);
        }
    }

    #[test]
    fn moving_a_letter_between_fields_changes_the_hash() {
        let one = Link { seq: 1, at: 0, kind: "ab", subject: "c", body: "{}" };
        let other = Link { kind: "a", subject: "bc", ..one };
        assert_ne!(hash(&Hash::NONE, one), hash(&Hash::NONE, other));
    }
}
