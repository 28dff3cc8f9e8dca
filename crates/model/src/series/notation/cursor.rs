//! A place in a text that is read from left to right.

use super::NotationError;

/// A text and how far it has been read.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The byte that comes next.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn at_blank(&self) -> bool {
        self.rest().starts_with(char::is_whitespace)
    }

    pub(super) fn starts_with(&self, word: &str) -> bool {
        self.rest().starts_with(word)
    }

    /// Goes past a word if it comes next.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let eats = self.starts_with(word);
        if eats {
            self.at += word.len();
        }
        eats
    }

    pub(super) fn blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Everything up to the first letter that does not belong to it.
    pub(super) fn take_while(&mut self, mut belongs: impl FnMut(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|letter| !belongs(letter)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// Everything up to and with a word; nothing if it does not come.
    pub(super) fn take_through(&mut self, word: &str) -> Option<&'t str> {
        let end = self.rest().find(word)? + word.len();
        let taken = self.rest().get(..end)?;
        self.at += end;
        Some(taken)
    }

    /// An error at this place.
    pub(super) fn wrong<T>(&self, what: &str) -> Result<T, NotationError> {
        Err(NotationError::new(self.at, what))
    }

    /// A text in quotes, with the escapes of Go: <https://go.dev/ref/spec#String_literals>.
    pub(super) fn quoted(&mut self) -> Result<String, NotationError> {
        let begun = self.at;
        let Some(quote) = self.rest().chars().next().filter(|own| matches!(own, '"' | '\'' | '`'))
        else {
            return self.wrong("a text in quotes is expected here");
        };
        self.at += 1;
        let mut value = String::new();
        while let Some(letter) = self.rest().chars().next() {
            self.at += letter.len_utf8();
            match letter {
                _ if letter == quote => return Ok(value),
                '\\' if quote != '`' => value.push(self.escaped()?),
                _ => value.push(letter),
            }
        }
        Err(NotationError::new(begun, "the quote is opened and never closed"))
    }

    fn escaped(&mut self) -> Result<char, NotationError> {
        let begun = self.at - 1;
        let Some(letter) = self.rest().chars().next() else {
            return Err(NotationError::new(begun, "a letter is missing behind the `\\`"));
        };
        self.at += letter.len_utf8();
        let simple = match letter {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' | '"' | '\'' => letter,
            'x' => return self.code(begun, 2),
            'u' => return self.code(begun, 4),
            'U' => return self.code(begun, 8),
            other => {
                let what =
                    format!("`\\{other}` stands for nothing; write `\\\\` for the letter itself");
                return Err(NotationError::new(begun, what));
            }
        };
        Ok(simple)
    }

    fn code(&mut self, begun: usize, digits: usize) -> Result<char, NotationError> {
        let text = self.rest().get(..digits).unwrap_or_default();
        self.at += text.len();
        u32::from_str_radix(text, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| NotationError::new(begun, "the number stands for no letter"))
    }
}
