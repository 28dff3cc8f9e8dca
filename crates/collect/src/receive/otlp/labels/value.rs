//! Attributes, and what their values are as a text.

use std::{fmt::Write as _, ops::Range};

use crate::receive::wire::{Field, Fields, WireError};

/// How deep values may stand in values.
const DEPTH_MAX: usize = 16;

/// A text: either a piece of the request, or a piece of the room that is used again for each data point.
#[derive(Clone, Debug)]
pub(in crate::receive::otlp) enum Text<'r> {
    Sent(&'r str),
    Made(Range<usize>),
}

impl<'r> Text<'r> {
    pub(in crate::receive::otlp) fn get<'t>(&self, room: &'t str) -> &'t str
    where
        'r: 't,
    {
        match self {
            Self::Sent(text) => text,
            Self::Made(range) => room.get(range.clone()).unwrap_or_default(),
        }
    }
}

/// An attribute with its value as a text.
#[derive(Clone, Debug)]
pub(in crate::receive::otlp) struct Attribute<'r> {
    pub(in crate::receive::otlp) key: &'r str,
    pub(in crate::receive::otlp) value: Text<'r>,
}

/// Reads a `KeyValue`. A value that is no text is put behind what the room has already.
pub(in crate::receive::otlp) fn attribute<'r>(
    message: Fields<'r>,
    room: &mut String,
) -> Result<Attribute<'r>, WireError> {
    let mut attribute = Attribute { key: "", value: Text::Sent("") };
    for field in message {
        match field? {
            (1, Field::Bytes(text)) => attribute.key = text.text("an attribute's name")?,
            (2, Field::Bytes(value)) => attribute.value = text_of(value, room)?,
            _ => {}
        }
    }
    Ok(attribute)
}

fn text_of<'r>(message: Fields<'r>, room: &mut String) -> Result<Text<'r>, WireError> {
    let start = room.len();
    let mut found = Text::Sent("");
    for field in message {
        let field = field?;
        if let (1, Field::Bytes(text)) = field {
            found = Text::Sent(text.text("an attribute's value")?);
            continue;
        }
        room.truncate(start);
        if push_plain(field, room)? {
            found = Text::Made(start..room.len());
        }
    }
    Ok(found)
}

/// Puts a value of any kind but text at the end of the room; says whether it is of a kind we know.
fn push_plain(field: (u64, Field<'_>), room: &mut String) -> Result<bool, WireError> {
    match field {
        (2, Field::Number(truth)) => room.push_str(if truth == 0 { "false" } else { "true" }),
        (3, Field::Number(whole)) => display(room, whole.cast_signed()),
        (4, Field::Fixed64(bits)) => push_float(room, f64::from_bits(bits)),
        (5, Field::Bytes(list)) => push_list(list, room, DEPTH_MAX)?,
        (6, Field::Bytes(map)) => push_map(map, room, DEPTH_MAX)?,
        (7, Field::Bytes(bytes)) => push_base64(room, bytes.raw()),
        _ => return Ok(false),
    }
    Ok(true)
}

fn display(room: &mut String, value: impl std::fmt::Display) {
    // Writing to a text cannot fail.
    write!(room, "{value}").unwrap_or_default();
}

/// A float as JSON has it.
fn push_float(room: &mut String, value: f64) {
    let size = value.abs();
    if value.is_nan() {
        room.push_str("NaN");
    } else if value.is_infinite() {
        room.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        room.push_str(&if size < 1.0 { text } else { text.replace('e', "e+") });
    } else {
        display(room, value);
    }
}

/// Base64 as of RFC 4648, section 4, with padding.
fn push_base64(room: &mut String, bytes: &[u8]) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let three = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
        let bits = three[0] << 16 | three[1] << 8 | three[2];
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            room.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
}

/// A value inside another, as JSON.
fn push_json(message: Fields<'_>, room: &mut String, depth: usize) -> Result<(), WireError> {
    let start = room.len();
    room.push_str("null");
    for field in message {
        let field = field?;
        let before = room.len();
        match field {
            (1, Field::Bytes(text)) => push_quoted(text.text("an attribute's value")?, room),
            (2, Field::Number(truth)) => {
                room.push_str(if truth == 0 { "false" } else { "true" });
            }
            (3, Field::Number(whole)) => display(room, whole.cast_signed()),
            (4, Field::Fixed64(bits)) => {
                let value = f64::from_bits(bits);
                let quote = if value.is_finite() { "" } else { "\"" };
                room.push_str(quote);
                push_float(room, value);
                room.push_str(quote);
            }
            (5 | 6, Field::Bytes(within)) if depth == 0 => {
                return Err(within.broken("values stand too deep in each other"));
            }
            (5, Field::Bytes(list)) => push_list(list, room, depth - 1)?,
            (6, Field::Bytes(map)) => push_map(map, room, depth - 1)?,
            (7, Field::Bytes(bytes)) => {
                room.push('"');
                push_base64(room, bytes.raw());
                room.push('"');
            }
            _ => continue,
        }
        // Of several the last counts.
        room.replace_range(start..before, "");
    }
    Ok(())
}

fn push_list(message: Fields<'_>, room: &mut String, depth: usize) -> Result<(), WireError> {
    room.push('[');
    let mut first = true;
    for field in message {
        if let (1, Field::Bytes(value)) = field? {
            if !std::mem::take(&mut first) {
                room.push(',');
            }
            push_json(value, room, depth)?;
        }
    }
    room.push(']');
    Ok(())
}

/// Keys in order, as Go writes maps.
fn push_map(message: Fields<'_>, room: &mut String, depth: usize) -> Result<(), WireError> {
    let mut entries = Vec::new();
    for field in message {
        if let (1, Field::Bytes(entry)) = field? {
            let (mut key, mut own) = ("", None);
            for field in entry {
                match field? {
                    (1, Field::Bytes(text)) => key = text.text("an attribute's name")?,
                    (2, Field::Bytes(value)) => own = Some(value),
                    _ => {}
                }
            }
            entries.push((key, own));
        }
    }
    entries.sort_by_key(|(key, _)| *key);
    // Of a key given twice the last value counts.
    let last = |at: usize| entries.get(at + 1).is_none_or(|(next, _)| *next != entries[at].0);
    let kept: Vec<_> = (0..entries.len()).filter(|at| last(*at)).collect();
    room.push('{');
    for (number, at) in kept.into_iter().enumerate() {
        if number > 0 {
            room.push(',');
        }
        let (key, own) = &entries[at];
        push_quoted(key, room);
        room.push(':');
        match own {
            Some(value) => push_json(value.clone(), room, depth)?,
            None => room.push_str("null"),
        }
    }
    room.push('}');
    Ok(())
}

/// A text in quotes; `<`, `>` and `&` are escaped as Go's encoder does it, so that labels are equal to Prometheus'.
fn push_quoted(text: &str, room: &mut String) {
    room.push('"');
    for letter in text.chars() {
        match letter {
            '"' => room.push_str("\\\""),
            '\\' => room.push_str("\\\\"),
            '\u{8}' => room.push_str("\\b"),
            '\u{c}' => room.push_str("\\f"),
            '\n' => room.push_str("\\n"),
            '\r' => room.push_str("\\r"),
            '\t' => room.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                write!(room, "\\u{:04x}", u32::from(letter)).unwrap_or_default();
            }
            other => room.push(other),
        }
    }
    room.push('"');
}
