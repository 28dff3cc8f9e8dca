//! Finds the places of the parts of an expression in its text, and refuses text that is too long or too deep,
//! before the grammar sees it. The grammar we use keeps no places; this pass gives them back.

use crate::{Position, QueryError};

/// Longest text of a query, in bytes; far beyond what people or dashboards write.
pub(crate) const TEXT_BYTES_MAX: usize = 256 * 1024;

/// How deep an expression may nest, chains of operators counted, so that no walk over it exhausts the stack.
pub(crate) const DEPTH_MAX: usize = 300;

/// What kind of part begins at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A function, an aggregation or a metric by its name, or a selector in braces.
    Name,
    /// A number.
    Number,
    /// A text in quotes.
    Text,
    /// A parenthesis that groups.
    Group,
    /// A minus in front of something.
    Minus,
}

/// The parts of an expression in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Kind and byte of each.
    pub(crate) found: Vec<(Part, usize)>,
    /// The first place where the order of parts cannot be right, and what is there.
    pub(crate) suspect: Option<(usize, String)>,
}

/// Turns a byte of the text into line and column.
pub(crate) fn position(text: &str, byte: usize) -> Position {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count());
    Position { line: before.matches('\n').count() + 1, column: column + 1 }
}

/// Scans the text. Errors are about limits and brackets; everything else is for the grammar to judge.
pub(crate) fn scan(text: &str) -> Result<Parts, QueryError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(QueryError::Parse {
            what: format!(
                "the expression has {} bytes, at most {TEXT_BYTES_MAX} are allowed",
                text.len()
            ),
            position: None,
        });
    }
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
        operand_due: true,
        call_due: false,
        parts: Parts::default(),
        open: Vec::new(),
        depth: 0,
        chain: 0,
    };
    scanner.run()?;
    Ok(scanner.parts)
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Whether an operand may begin here, rather than an operator.
    operand_due: bool,
    /// Whether the next parenthesis belongs to the name before it.
    call_due: bool,
    parts: Parts,
    /// Open parentheses: where, and how long the chain of operators around each was.
    open: Vec<(usize, usize)>,
    depth: usize,
    chain: usize,
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), QueryError> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'#' => self.skip_comment(),
                b'"' | b'\'' | b'`' => self.text_part()?,
                b'0'..=b'9' | b'.' => self.number_part(),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' => self.word()?,
                b'{' => {
                    self.operand(Part::Name, self.at, "{");
                    self.skip_braces()?;
                }
                b'[' => self.skip_to(b']')?,
                b'(' => self.open()?,
                b')' => self.close()?,
                b',' => {
                    self.at += 1;
                    self.depth -= self.chain;
                    self.chain = 0;
                    self.operand_due = true;
                }
                b'@' => self.skip_modifier(),
                _ => self.operator(byte)?,
            }
        }
        match self.open.last() {
            Some(&(at, _)) => Err(self.error(at, "unclosed left parenthesis")),
            None => Ok(()),
        }
    }

    fn error(&self, at: usize, what: impl Into<String>) -> QueryError {
        QueryError::Parse { what: what.into(), position: Some(position(self.text, at)) }
    }

    fn deeper(&mut self) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error(
                self.at,
                format!("the expression nests deeper than {DEPTH_MAX}; split it into recording rules"),
            ));
        }
        Ok(())
    }

    fn operand(&mut self, part: Part, at: usize, shown: &str) {
        if !self.operand_due && self.parts.suspect.is_none() {
            self.parts.suspect = Some((at, shown.to_owned()));
        }
        self.parts.found.push((part, at));
        self.operand_due = false;
        self.call_due = false;
    }

    fn open(&mut self) -> Result<(), QueryError> {
        if !self.call_due {
            self.operand(Part::Group, self.at, "(");
        }
        self.deeper()?;
        self.open.push((self.at, self.chain));
        self.chain = 0;
        self.call_due = false;
        self.operand_due = true;
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), QueryError> {
        let Some((_, chain)) = self.open.pop() else {
            return Err(self.error(self.at, "unexpected right parenthesis"));
        };
        self.depth -= self.chain + 1;
        self.chain = chain;
        self.operand_due = false;
        self.at += 1;
        Ok(())
    }

    fn operator(&mut self, byte: u8) -> Result<(), QueryError> {
        let start = self.at;
        let width = match (byte, self.bytes.get(self.at + 1)) {
            (b'=' | b'!' | b'<' | b'>', Some(b'=')) => 2,
            _ => self.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8),
        };
        if self.operand_due {
            match byte {
                b'-' => self.parts.found.push((Part::Minus, start)),
                b'+' => {}
                _ if self.parts.suspect.is_none() => {
                    let shown = self.text.get(start..start + width).unwrap_or_default();
                    self.parts.suspect = Some((start, shown.to_owned()));
                }
                _ => {}
            }
        }
        self.at += width;
        self.operand_due = true;
        self.call_due = false;
        self.chain += 1;
        self.deeper()
    }

    fn word(&mut self) -> Result<(), QueryError> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|byte| is_word(*byte)) {
            self.at += 1;
        }
        let word = self.text.get(start..self.at).unwrap_or_default();
        match word.to_ascii_lowercase().as_str() {
            "and" | "or" | "unless" | "atan2" if !self.operand_due => {
                self.operand_due = true;
                self.chain += 1;
                self.deeper()
            }
            "on" | "ignoring" | "group_left" | "group_right" | "fill" | "fill_left" | "fill_right"
                if self.operand_due =>
            {
                self.skip_list()
            }
            "bool" if self.operand_due => Ok(()),
            // Between an aggregation and its parenthesis, or after it.
            "by" | "without" if !self.operand_due => {
                let call_due = self.parts.found.last().is_some_and(|(part, _)| *part == Part::Name)
                    && self.bytes.get(..start).is_some_and(|before| !before.trim_ascii_end().ends_with(b")"));
                self.skip_list()?;
                self.call_due = call_due;
                Ok(())
            }
            "offset" if !self.operand_due => {
                self.skip_signed_word();
                Ok(())
            }
            "inf" | "nan" => {
                self.operand(Part::Number, start, word);
                Ok(())
            }
            _ => {
                self.operand(Part::Name, start, word);
                self.skip_space();
                match self.bytes.get(self.at) {
                    Some(b'{') => self.skip_braces(),
                    Some(b'(') => {
                        self.call_due = true;
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    fn number_part(&mut self) {
        let start = self.at;
        self.skip_number();
        let shown = self.text.get(start..self.at).unwrap_or_default();
        self.operand(Part::Number, start, shown);
    }

    fn skip_number(&mut self) {
        let hexadecimal = matches!(self.bytes.get(self.at + 1), Some(b'x' | b'X'));
        while let Some(&byte) = self.bytes.get(self.at) {
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

    fn text_part(&mut self) -> Result<(), QueryError> {
        let start = self.at;
        self.skip_text()?;
        let shown = self.text.get(start..self.at).unwrap_or_default();
        self.operand(Part::Text, start, shown);
        Ok(())
    }

    fn skip_text(&mut self) -> Result<(), QueryError> {
        let start = self.at;
        let quote = self.bytes[start];
        self.at += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' if quote != b'`' => self.at += 1,
                _ if byte == quote => return Ok(()),
                _ => {}
            }
        }
        self.at = self.at.min(self.bytes.len());
        Err(self.error(start, "unterminated quoted string"))
    }

    fn skip_braces(&mut self) -> Result<(), QueryError> {
        let start = self.at;
        self.at += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
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

    fn skip_to(&mut self, end: u8) -> Result<(), QueryError> {
        let start = self.at;
        match self.bytes[start..].iter().position(|byte| *byte == end) {
            Some(ahead) => {
                self.at = start + ahead + 1;
                self.deeper()?;
                self.chain += 1;
                Ok(())
            }
            None => Err(self.error(start, "unclosed left bracket")),
        }
    }

    /// Skips a list in parentheses, if one follows.
    fn skip_list(&mut self) -> Result<(), QueryError> {
        self.skip_space();
        let start = self.at;
        if self.bytes.get(start) != Some(&b'(') {
            return Ok(());
        }
        while let Some(&byte) = self.bytes.get(self.at) {
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
    fn skip_modifier(&mut self) {
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

    fn skip_signed_word(&mut self) {
        self.skip_space();
        if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
            self.at += 1;
        }
        self.skip_space();
        self.skip_number();
    }

    fn skip_space(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'#' => self.skip_comment(),
                _ => return,
            }
        }
    }

    fn skip_comment(&mut self) {
        let ahead = self.bytes[self.at..].iter().position(|byte| *byte == b'\n');
        self.at = ahead.map_or(self.bytes.len(), |ahead| self.at + ahead);
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Part, usize)> {
        scan(text).unwrap().found
    }

    #[test]
    fn parts_are_found_in_the_order_of_the_text() {
        assert_eq!(
            kinds("sum by (job) (rate(a{b=\"(\"}[5m] offset 1m @ start())) / -(2 + x)"),
            [
                (Part::Name, 0),
                (Part::Name, 14),
                (Part::Name, 19),
                (Part::Minus, 58),
                (Part::Group, 59),
                (Part::Number, 60),
                (Part::Name, 64),
            ]
        );
    }

    #[test]
    fn matching_lists_are_not_parts() {
        assert_eq!(
            kinds("a * on (b) group_left (c) d"),
            [(Part::Name, 0), (Part::Name, 26)]
        );
    }

    #[test]
    fn text_that_nests_too_deep_is_refused() {
        let deep = format!("{}1{}", "(".repeat(1000), ")".repeat(1000));
        assert!(scan(&deep).unwrap_err().to_string().contains("nests deeper"));
        let chain = "a".to_owned() + &" + a".repeat(1000);
        assert!(scan(&chain).is_err());
        let flat = "f(a + b), ".repeat(1000);
        assert!(scan(&flat).is_ok());
    }

    #[test]
    fn open_brackets_are_named_with_their_place() {
        assert_eq!(
            scan("sum(\n rate(x[5m])").unwrap_err().to_string(),
            "1:4: parse error: unclosed left parenthesis"
        );
        assert_eq!(
            scan("x{a=\"b}").unwrap_err().to_string(),
            "1:5: parse error: unterminated quoted string"
        );
    }
}
