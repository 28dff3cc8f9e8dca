//! Pairs of texts in one text: each text has its length before it, in digits of six bits that are letters of ASCII, so
//! that the whole is UTF-8 and can be cut without copying. The same pairs always give the same text.

/// Set in a digit if more follow.
const MORE: u8 = 0x40;
/// The bits of a digit.
const DIGIT: usize = 0x3f;
/// Digits of a length at most: 30 bits.
const DIGITS_MAX: u32 = 5;

/// Appends a pair to bytes; gives where its name begins.
#[inline]
pub(super) fn push_bytes(bytes: &mut Vec<u8>, name: &[u8], value: &[u8]) -> usize {
    bytes.reserve(name.len() + value.len() + 2 * DIGITS_MAX as usize);
    for text in [name, value] {
        let mut length = text.len();
        while length > DIGIT {
            bytes.push(digit(length) | MORE);
            length >>= 6;
        }
        bytes.push(digit(length));
    }
    let start = bytes.len();
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(value);
    start
}

/// Appends a pair.
pub(super) fn push(text: &mut String, name: &str, value: &str) {
    text.reserve(name.len() + value.len() + 4);
    push_length(text, name.len());
    push_length(text, value.len());
    text.push_str(name);
    text.push_str(value);
}

fn push_length(text: &mut String, mut length: usize) {
    while length > DIGIT {
        text.push(char::from(digit(length) | MORE));
        length >>= 6;
    }
    text.push(char::from(digit(length)));
}

#[expect(clippy::cast_possible_truncation, reason = "six bits fit")]
fn digit(length: usize) -> u8 {
    (length & DIGIT) as u8
}

/// Takes the next pair off the front; `None` at the end, and if there is no whole pair.
pub(super) fn next<'a>(text: &mut &'a str) -> Option<(&'a str, &'a str)> {
    let bytes = text.as_bytes();
    let (name, at) = length(bytes, 0)?;
    let (value, at) = length(bytes, at)?;
    let middle = at.checked_add(name)?;
    let end = middle.checked_add(value)?;
    let pair = (text.get(at..middle)?, text.get(middle..end)?);
    *text = text.get(end..)?;
    Some(pair)
}

fn length(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let first = *bytes.get(at)?;
    if first & MORE == 0 && first < 0x80 {
        return Some((usize::from(first), at + 1));
    }
    let mut length = 0;
    for digit in 0..DIGITS_MAX {
        let own = *bytes.get(at + digit as usize)?;
        if own >= 0x80 {
            return None;
        }
        length |= (usize::from(own) & DIGIT) << (6 * digit);
        if own & MORE == 0 {
            return Some((length, at + digit as usize + 1));
        }
    }
    None
}

/// Whether a text is nothing but whole pairs.
pub(super) fn check(text: &str) -> bool {
    let mut rest = text;
    while next(&mut rest).is_some() {}
    rest.is_empty()
}
