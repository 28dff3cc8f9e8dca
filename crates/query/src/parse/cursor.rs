//! Walks over the text of an expression, and knows how its smallest parts end.

use super::duration::parse_duration;
use super::scan::position;
use crate::QueryError;
use model::Span;

/// The longest duration; Prometheus can hold no longer one in its nanoseconds either.
const DURATION_MAX: Span = Span::days(292 * 365);

/// A place in a text that moves forward.
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    pub(super) at: usize,
}

impl<'t> Cursor<'t> {
    /// The start of a text.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    /// The byte here, if there is one.
    pub(super) fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The text from a place up to here.
    pub(super) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// An error at a place.
    pub(super) fn error(&self, at: usize, what: impl Into<String>) -> QueryError {
        QueryError::Parse { what: what.into(), position: Some(position(self.text, at)) }
    }

    /// Refuses durations that overflow, which the grammar would shorten in silence. Whether something else may stand
    /// here is for the grammar to judge.
    pub(super) fn check_duration(&self, start: usize, end: usize) -> Result<(), QueryError> {
        let word = self.text.get(start..end).unwrap_or_default().trim();
        let span = match word.parse::<f64>() {
            Ok(seconds) if seconds > DURATION_MAX.as_secs() => None,
            Ok(_) => return Ok(()),
            Err(_) if !is_duration(word) => return Ok(()),
            Err(_) => parse_duration(word),
        };
        match span {
            Some(span) if span <= DURATION_MAX => Ok(()),
            _ => Err(self.error(start, format!("{word} is not a duration, or out of range"))),
        }
    }

    pub(super) fn skip_number(&mut self) {
        let hexadecimal = matches!(self.bytes.get(self.at + 1), Some(b'x' | b'X'));
        while let Some(byte) = self.byte() {
            let signed = matches!(byte, b'e' | b'E')
                && !hexadecimal
                && matches!(self.bytes.get(self.at + 1), Some(b'+' | b'-'));
            match byte {
                _ if signed => self.at += 2,
                b'.' => self.at += 1,
                _ if is_word(byte) && byte != b':' => self.at += 1,
                _ => return,
            }
        }
    }

    pub(super) fn skip_text(&mut self) -> Result<(), QueryError> {
        let start = self.at;
        let quote = self.bytes[start];
        self.at += 1;
        while let Some(byte) = self.byte() {
            self.at += 1;
            match byte {
                b'\\' if quote != b'`' => {
                    self.check_escape()?;
                    self.at += 1;
                }
                _ if byte == quote => return Ok(()),
                _ => {}
            }
        }
        self.at = self.at.min(self.bytes.len());
        Err(self.error(start, "unterminated quoted string"))
    }

    /// Refuses escapes of bytes beyond ASCII: the grammar takes each for a letter, Prometheus for a part of one.
    fn check_escape(&self) -> Result<(), QueryError> {
        let digits = |from: usize, width: usize, radix: u32| {
            let digits = self.text.get(self.at + from..self.at + from + width)?;
            u32::from_str_radix(digits, radix).ok()
        };
        let byte = match self.bytes.get(self.at) {
            Some(b'x') => digits(1, 2, 16),
            Some(b'0'..=b'7') => digits(0, 3, 8),
            _ => None,
        };
        match byte {
            Some(128..) => Err(self.error(
                self.at - 1,
                "escapes of bytes beyond ASCII are not supported; write the letter itself, or \\u",
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn skip_braces(&mut self) -> Result<(), QueryError> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.byte() {
            match byte {
                b'"' | b'\'' | b'`' => self.skip_text()?,
                b'#' => self.skip_comment(),
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
        Err(self.error(start, "unclosed left brace"))
    }

    /// Skips a list in parentheses, if one follows.
    pub(super) fn skip_list(&mut self) -> Result<(), QueryError> {
        self.skip_space();
        let start = self.at;
        if self.bytes.get(start) != Some(&b'(') {
            return Ok(());
        }
        while let Some(byte) = self.byte() {
            match byte {
                b'"' | b'\'' | b'`' => self.skip_text()?,
                b')' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
        Err(self.error(start, "unclosed left parenthesis"))
    }

    /// Skips `@ 12.5`, `@ start()`.
    pub(super) fn skip_modifier(&mut self) {
        self.at += 1;
        self.skip_signed_word();
        self.skip_space();
        if self.bytes.get(self.at) == Some(&b'(') {
            self.at += 1;
            self.skip_space();
            if self.bytes.get(self.at) == Some(&b')') {
                self.at += 1;
            }
        }
    }

    /// Skips a number or duration with its sign; says where it began after the sign.
    pub(super) fn skip_signed_word(&mut self) -> usize {
        self.skip_space();
        if matches!(self.byte(), Some(b'+' | b'-')) {
            self.at += 1;
        }
        self.skip_space();
        let start = self.at;
        self.skip_number();
        start
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.byte() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'#' => self.skip_comment(),
                _ => return,
            }
        }
    }

    pub(super) fn skip_comment(&mut self) {
        let ahead = self.bytes[self.at..].iter().position(|byte| *byte == b'\n');
        self.at = ahead.map_or(self.bytes.len(), |ahead| self.at + ahead);
    }
}

/// Whether a word is digits and units, such as `1h30m`.
fn is_duration(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_digit())
        && word.bytes().all(|byte| byte.is_ascii_digit() || b"mshdwy".contains(&byte))
}

/// Whether a byte may be within a name or a number.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':'
}
