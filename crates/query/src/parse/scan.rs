//! Finds the places of the parts of an expression in its text, and refuses text that is too long or too deep,
//! before the grammar sees it. The grammar we use keeps no places; this pass gives them back.

use model::{METRIC_NAME, Span};

use super::{
    cursor::{Cursor, is_word},
    duration::parse_duration,
    parts::{ANY_NAME, Part, Parts},
    reckon::{self, Frame},
};
use crate::{Position, QueryError};

/// Longest text of a query, in bytes; far beyond what people or dashboards write.
pub(crate) const TEXT_BYTES_MAX: usize = 256 * 1024;

/// How deep an expression may nest, chains of operators counted, so that no walk over it exhausts the stack.
pub(crate) const DEPTH_MAX: usize = 500;

/// Turns a byte of the text into line and column.
pub(crate) fn position(text: &str, byte: usize) -> Position {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count());
    Position { line: before.matches('\n').count() + 1, column: column + 1 }
}

/// Scans the text. Errors are about limits and brackets; everything else is for the grammar to judge.
pub(crate) fn scan(text: &str, frame: Frame) -> Result<Parts, QueryError> {
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
        cursor: Cursor::new(text),
        operand_due: true,
        call_due: false,
        parts: Parts::default(),
        open: Vec::new(),
        infos: Vec::new(),
        depth: 0,
        chain: 0,
        frame,
    };
    scanner.run()?;
    Ok(scanner.parts)
}

struct Scanner<'t> {
    cursor: Cursor<'t>,
    /// Whether an operand may begin here, rather than an operator.
    operand_due: bool,
    /// Whether the next parenthesis belongs to the name before it.
    call_due: bool,
    parts: Parts,
    /// Open parentheses: where, and how long the chain of operators around each was.
    open: Vec<(usize, usize)>,
    /// Which parentheses hold the arguments of `info`.
    infos: Vec<usize>,
    depth: usize,
    chain: usize,
    frame: Frame,
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), QueryError> {
        while let Some(byte) = self.cursor.byte() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.cursor.at += 1,
                b'#' => self.cursor.skip_comment(),
                b'"' | b'\'' | b'`' => self.text_part()?,
                b'0'..=b'9' | b'.' => self.number_part()?,
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' => self.word()?,
                b'{' => {
                    self.operand(Part::Name, self.cursor.at, "{");
                    self.fill_info();
                    self.cursor.skip_braces()?;
                }
                b'[' => self.skip_to(b']')?,
                b'(' => self.open()?,
                b')' => self.close()?,
                b',' => {
                    self.cursor.at += 1;
                    self.depth -= self.chain;
                    self.chain = 0;
                    self.operand_due = true;
                }
                b'@' => self.cursor.skip_modifier(),
                _ => self.operator(byte)?,
            }
        }
        if self.operand_due && !self.parts.found.is_empty() {
            self.suspect(self.cursor.at, "end of input");
        }
        match self.open.last() {
            Some(&(at, _)) => Err(self.cursor.error(at, "unclosed left parenthesis")),
            None => Ok(()),
        }
    }

    fn deeper(&mut self) -> Result<(), QueryError> {
        self.depth += 1;
        self.parts.deepest = self.parts.deepest.max(self.depth);
        if self.depth > DEPTH_MAX {
            return Err(self.cursor.error(
                self.cursor.at,
                format!(
                    "the expression nests deeper than {DEPTH_MAX}; split it into recording rules"
                ),
            ));
        }
        Ok(())
    }

    /// Remembers the first place where the order of parts cannot be right.
    fn suspect(&mut self, at: usize, shown: &str) {
        if self.parts.suspect.is_none() {
            self.parts.suspect = Some((at, shown.to_owned()));
        }
    }

    fn operand(&mut self, part: Part, at: usize, shown: &str) {
        if !self.operand_due {
            self.suspect(at, shown);
        }
        self.parts.found.push((part, at));
        self.operand_due = false;
        self.call_due = false;
    }

    fn open(&mut self) -> Result<(), QueryError> {
        if !self.call_due {
            self.operand(Part::Group, self.cursor.at, "(");
        }
        self.deeper()?;
        self.open.push((self.cursor.at, self.chain));
        self.chain = 0;
        self.call_due = false;
        self.operand_due = true;
        self.cursor.at += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), QueryError> {
        let Some((_, chain)) = self.open.pop() else {
            return Err(self.cursor.error(self.cursor.at, "unexpected right parenthesis"));
        };
        // Nothing between parentheses is right in a call without arguments only.
        if self.operand_due && self.chain > 0 {
            self.suspect(self.cursor.at, ")");
        }
        self.depth -= self.chain + 1;
        self.chain = chain;
        self.operand_due = false;
        self.cursor.at += 1;
        Ok(())
    }

    fn operator(&mut self, byte: u8) -> Result<(), QueryError> {
        let start = self.cursor.at;
        let width = match (byte, self.cursor.bytes.get(self.cursor.at + 1)) {
            (b'=' | b'!' | b'<' | b'>', Some(b'=')) => 2,
            (b'<' | b'>', Some(b'/')) => {
                self.parts.trims.push(self.parts.operators);
                self.parts.edits.push((start + 1..start + 2, " ".to_owned()));
                2
            }
            _ => self
                .cursor
                .text
                .get(self.cursor.at..)
                .and_then(|rest| rest.chars().next())
                .map_or(1, char::len_utf8),
        };
        if self.operand_due {
            match byte {
                b'-' => self.parts.found.push((Part::Minus, start)),
                b'+' => {}
                _ => {
                    let shown = self.cursor.text.get(start..start + width).unwrap_or_default();
                    self.suspect(start, shown);
                }
            }
        }
        self.parts.operators += usize::from(!self.operand_due);
        self.cursor.at += width;
        self.operand_due = true;
        self.call_due = false;
        self.chain += 1;
        self.deeper()
    }

    fn word(&mut self) -> Result<(), QueryError> {
        let start = self.cursor.at;
        while self.cursor.byte().is_some_and(is_word) {
            self.cursor.at += 1;
        }
        let word = self.cursor.since(start);
        match word.to_ascii_lowercase().as_str() {
            "and" | "or" | "unless" | "atan2" if !self.operand_due => {
                self.operand_due = true;
                self.parts.operators += 1;
                self.chain += 1;
                self.deeper()
            }
            "on" | "ignoring" | "group_left" | "group_right" | "fill" | "fill_left"
            | "fill_right"
                if self.operand_due =>
            {
                self.cursor.skip_list()
            }
            "bool" if self.operand_due => Ok(()),
            // Between an aggregation and its parenthesis, or after it.
            "by" | "without" if !self.operand_due => {
                let call_due = self.parts.found.last().is_some_and(|(part, _)| *part == Part::Name)
                    && self
                        .cursor
                        .bytes
                        .get(..start)
                        .is_some_and(|before| !before.trim_ascii_end().ends_with(b")"));
                self.cursor.skip_list()?;
                self.call_due = call_due;
                Ok(())
            }
            "offset" if !self.operand_due => self.offset(start),
            "inf" | "nan" => {
                self.operand(Part::Number, start, word);
                Ok(())
            }
            _ => {
                self.operand(Part::Name, start, word);
                self.cursor.skip_space();
                match self.cursor.byte() {
                    Some(b'{') => self.cursor.skip_braces(),
                    Some(b'(') => {
                        self.call_due = true;
                        if word.eq_ignore_ascii_case("info") {
                            self.infos.push(self.cursor.at);
                        }
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    fn number_part(&mut self) -> Result<(), QueryError> {
        let start = self.cursor.at;
        self.cursor.skip_number();
        let shown = self.cursor.since(start);
        if shown.contains('_') && !shown.ends_with('_') && !shown.contains("__") {
            self.parts.edits.push((start..self.cursor.at, shown.replace('_', "")));
        }
        self.operand(Part::Number, start, shown);
        match shown.parse::<f64>() {
            Ok(_) => Ok(()),
            Err(_) => self.cursor.check_duration(start, self.cursor.at),
        }
    }

    fn text_part(&mut self) -> Result<(), QueryError> {
        let start = self.cursor.at;
        self.cursor.skip_text()?;
        let shown = self.cursor.since(start);
        self.operand(Part::Text, start, shown);
        Ok(())
    }

    /// The grammar refuses matchers that all allow the empty text; those of `info` may. It gets one more, which is
    /// taken out again when the tree is built.
    fn fill_info(&mut self) {
        let at = self.cursor.at;
        let before = self.cursor.bytes.get(..at).unwrap_or_default().trim_ascii_end();
        let is_info = self.open.last().is_some_and(|(open, _)| self.infos.contains(open));
        if is_info && before.ends_with(b",") {
            let empty = self
                .cursor
                .text
                .get(at + 1..)
                .is_some_and(|rest| rest.trim_start().starts_with('}'));
            let end = if empty { "" } else { "," };
            self.parts.edits.push((at..at + 1, format!("{{{METRIC_NAME}=~\"{ANY_NAME}\"{end}")));
        }
    }

    /// Reckons an offset, whose word begins at a place. The grammar refuses one of zero, which changes nothing.
    fn offset(&mut self, word: usize) -> Result<(), QueryError> {
        let start = self.cursor.at;
        let rest = self.cursor.text.get(start..).unwrap_or_default();
        let reckoned = reckon::leading(rest, self.frame);
        let millis = if let Some((millis, length)) = reckoned {
            self.cursor.at += length;
            Some(millis)
        } else {
            let number = self.cursor.skip_signed_word();
            self.cursor.check_duration(number, self.cursor.at)?;
            parse_duration(self.cursor.since(number)).map(Span::as_millis)
        };
        match millis {
            Some(0) => self.parts.edits.push((word..self.cursor.at, String::new())),
            Some(millis) if reckoned.is_some() => {
                self.parts.edits.push((start..self.cursor.at, shown_millis(millis)));
            }
            _ => {}
        }
        Ok(())
    }

    /// Reckons a duration in brackets, if it is more than a plain one.
    fn duration(&mut self, place: std::ops::Range<usize>) -> Result<(), QueryError> {
        let text = self.cursor.text.get(place.clone()).unwrap_or_default();
        if text.bytes().any(|byte| b"+-*/%^(".contains(&byte))
            && let Some(millis) = reckon::whole(text, self.frame)
        {
            if millis <= 0 {
                return Err(self.cursor.error(place.start, "duration must be greater than 0"));
            }
            self.parts.edits.push((place, shown_millis(millis)));
            return Ok(());
        }
        self.cursor.check_duration(place.start, place.end)
    }

    fn skip_to(&mut self, end: u8) -> Result<(), QueryError> {
        let start = self.cursor.at;
        match self.cursor.bytes[start..].iter().position(|byte| *byte == end) {
            Some(ahead) => {
                let end = start + ahead;
                let colon = self.cursor.bytes[start..end].iter().position(|byte| *byte == b':');
                let middle = colon.map_or(end, |colon| start + colon);
                self.duration(start + 1..middle)?;
                self.duration((middle + 1).min(end)..end)?;
                self.cursor.at = end + 1;
                self.deeper()?;
                self.chain += 1;
                Ok(())
            }
            None => Err(self.cursor.error(start, "unclosed left bracket")),
        }
    }
}

/// A duration as the grammar knows it, with a space before it.
fn shown_millis(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    format!(" {sign}{}ms", millis.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Result<Parts, QueryError> {
        super::scan(text, Frame::default())
    }

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
                (Part::Minus, 56),
                (Part::Group, 57),
                (Part::Number, 58),
                (Part::Name, 62),
            ]
        );
    }

    #[test]
    fn matching_lists_are_not_parts() {
        assert_eq!(kinds("a * on (b) group_left (c) d"), [(Part::Name, 0), (Part::Name, 26)]);
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
