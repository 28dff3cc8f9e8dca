//! Texts with gaps: `/orders/{{ id }}`. Cut into pieces once, filled in for every request.

use std::ops::Range;

use stats::Chance;

/// Longest template that is read, in bytes.
const TEMPLATE_BYTES_MAX: usize = 1 << 20;

/// What a name in a gap may stand for; a gap with any other name is a mistake.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    names: Vec<String>,
    /// Feeds that could not be read: nobody knows their columns.
    unread: Vec<String>,
}

impl Scope {
    /// Takes any column of this feed for one that may be there.
    pub fn leave_open(&mut self, feed: &str) {
        self.unread.push(feed.to_owned());
    }

    /// Whether a name may be that of a column of a feed that could not be read.
    pub fn may_know(&self, name: &str) -> bool {
        name.split_once('.').is_some_and(|(feed, _)| self.unread.iter().any(|own| own == feed))
    }

    /// The slot of a name, made if it is new.
    pub fn define(&mut self, name: &str) -> usize {
        self.slot(name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    /// The slot of a name.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own == name)
    }

    /// How many slots there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All names in the order of their slots.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// What the gaps are filled with, for one journey.
#[derive(Clone, Debug)]
pub struct Values {
    /// One text for each slot of the scope.
    pub slots: Vec<String>,
    /// The number of the arrival, or of the round of a user.
    pub number: u64,
    /// Chance of this journey.
    pub chance: Chance,
}

/// How a value is written into its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    Nothing,
    Url,
    Json,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Slot(usize, Escape),
    Number,
    Random,
    Uuid,
}

/// A text with gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A gap that is not closed.
    #[error("`{{{{` has no `}}}}`")]
    Open,
    /// A name that nothing has.
    #[error("`{name}` is not known here")]
    Unknown {
        /// The name.
        name: String,
        /// What is known.
        known: Vec<String>,
    },
    /// A way to write values that there is not.
    #[error("`| {0}` is not known; there are `| url` and `| json`")]
    Escape(String),
    /// More than anybody means.
    #[error("a template has at most {TEMPLATE_BYTES_MAX} bytes")]
    TooLong,
}

impl Template {
    /// Cuts a text into pieces.
    pub fn parse(text: &str, scope: &Scope) -> Result<Self, TemplateError> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::TooLong);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (gap, tail) = after.split_once("}}").ok_or(TemplateError::Open)?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(piece(gap, scope)?);
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// A text without gaps.
    pub fn text(text: &str) -> Self {
        Self { pieces: vec![Piece::Text(text.to_owned())] }
    }

    /// The text, if there is no gap in it.
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether any of these slots is filled in.
    pub(crate) fn uses(&self, slots: &Range<usize>) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Slot(slot, _) if slots.contains(slot)))
    }

    /// The text that comes before the first gap.
    pub fn start(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// Writes the text with its gaps filled.
    pub fn fill(&self, values: &mut Values) -> String {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Slot(slot, escape) => {
                    let value = values.slots.get(*slot).map_or("", String::as_str);
                    write_escaped(&mut filled, value, *escape);
                }
                Piece::Number => push_number(&mut filled, values.number),
                Piece::Random => push_number(&mut filled, values.chance.bits() >> 32),
                Piece::Uuid => push_uuid(&mut filled, &mut values.chance),
            }
        }
        filled
    }
}

fn piece(gap: &str, scope: &Scope) -> Result<Piece, TemplateError> {
    let (name, escape) = match gap.split_once('|') {
        None => (gap.trim(), Escape::Nothing),
        Some((name, escape)) => match escape.trim() {
            "url" => (name.trim(), Escape::Url),
            "json" => (name.trim(), Escape::Json),
            other => return Err(TemplateError::Escape(other.to_owned())),
        },
    };
    if let Some(slot) = scope.slot(name) {
        return Ok(Piece::Slot(slot, escape));
    }
    match name {
        "number" => Ok(Piece::Number),
        "random" => Ok(Piece::Random),
        "uuid" => Ok(Piece::Uuid),
        _ => {
            let mut known = scope.names().to_vec();
            known.extend(["number", "random", "uuid"].map(str::to_owned));
            Err(TemplateError::Unknown { name: name.to_owned(), known })
        }
    }
}

/// Letters that stand for themselves in every part of a web address: RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn write_escaped(filled: &mut String, value: &str, escape: Escape) {
    match escape {
        Escape::Nothing => filled.push_str(value),
        Escape::Url => {
            for byte in value.bytes() {
                if is_unreserved(byte) {
                    filled.push(char::from(byte));
                } else {
                    filled.push('%');
                    for half in [byte >> 4, byte & 15] {
                        let digit = char::from_digit(u32::from(half), 16).unwrap_or('0');
                        filled.push(digit.to_ascii_uppercase());
                    }
                }
            }
        }
        Escape::Json => {
            // A string with its quotes; the quotes around the gap are the template's own.
            let quoted = serde_json::Value::from(value).to_string();
            filled.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
        }
    }
}

fn push_number(filled: &mut String, number: u64) {
    filled.push_str(&number.to_string());
}

/// A random UUID, version 4: RFC 9562, section 5.4.
fn push_uuid(filled: &mut String, chance: &mut Chance) {
    let wide = (u128::from(chance.bits()) << 64) | u128::from(chance.bits());
    let bits = (wide & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    for (index, letter) in hex.chars().enumerate() {
        if [8, 12, 16, 20].contains(&index) {
            filled.push('-');
        }
        filled.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str, pairs: &[(&str, &str)]) -> Result<String, TemplateError> {
        let mut scope = Scope::default();
        let mut slots = Vec::new();
        for (name, value) in pairs {
            scope.define(name);
            slots.push((*value).to_owned());
        }
        let mut values = Values { slots, number: 7, chance: Chance::new(3) };
        Ok(Template::parse(text, &scope)?.fill(&mut values))
    }

    #[test]
    fn gaps_are_filled_and_the_rest_stays() {
        let text = filled("/o/{{ id }}?q={{q|url}}&n={{number}}{", &[("id", "a/b"), ("q", "ü &")]);
        assert_eq!(text.unwrap(), "/o/a/b?q=%C3%BC%20%26&n=7{");
        assert_eq!(
            filled("\"{{x | json}}\"", &[("x", "say \"hi\"\n")]).unwrap(),
            r#""say \"hi\"\n""#
        );
    }

    #[test]
    fn a_uuid_has_its_form() {
        let text = filled("{{uuid}}", &[]).unwrap();
        let form = regex::Regex::new(
            "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        );
        assert!(form.unwrap().is_match(&text), "{text}");
    }

    #[test]
    fn a_gap_that_refers_to_nothing_is_a_mistake() {
        assert!(
            matches!(filled("{{ token }}", &[("id", "")]), Err(TemplateError::Unknown { name, .. }) if name == "token")
        );
        assert_eq!(filled("{{ id", &[("id", "")]), Err(TemplateError::Open));
        assert!(filled("{{ id | upper }}", &[("id", "")]).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}", value in ".{0,10}") {
            drop(filled(&text, &[("a", &value)]));
        }
    }
}
