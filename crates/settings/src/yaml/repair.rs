//! Quoted texts that go on in a line without the indentation that YAML demands of it. Most readers let that pass,
//! and rule files in use have it.

use std::borrow::Cow;

use serde_saphyr::granit_parser::{ErrorKind, Options, Parser, ScanError};

/// Bytes read again for repairs; each reads the file up to the line it repairs.
const BYTES_MAX: usize = 64 << 20;

/// The text with such lines moved to the right, as far as they must be. Lines keep their numbers.
pub(super) fn indented(text: &str) -> Cow<'_, str> {
    let mut repaired = Cow::Borrowed(text);
    let mut bytes = 0;
    while bytes < BYTES_MAX {
        let Some(at) = wrong_line(&repaired) else { break };
        bytes += at.start + 1;
        let mut more = String::with_capacity(repaired.len() + at.blanks);
        more.push_str(repaired.get(..at.start).unwrap_or_default());
        more.push_str(&" ".repeat(at.blanks));
        more.push_str(repaired.get(at.start..).unwrap_or_default());
        repaired = Cow::Owned(more);
    }
    repaired
}

/// A line that must move to the right.
struct Line {
    start: usize,
    blanks: usize,
}

fn wrong_line(text: &str) -> Option<Line> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    let error = Parser::new_from_str_with_options(text, options).find_map(Result::err)?;
    if *error.kind() != ErrorKind::InvalidQuotedScalarIndent {
        return None;
    }
    let start = line_start(text, byte_of(text, &error));
    let line = text.get(start..)?.lines().next()?;
    // The quote was opened in one of the lines above, at the latest in the one that has a key.
    let opened = text.get(..start)?.lines().rev().find(|line| line.contains(['"', '\'']))?;
    let wanted = blanks(opened) + 1;
    let missing = wanted.checked_sub(blanks(line)).filter(|missing| *missing > 0)?;
    Some(Line { start, blanks: missing })
}

fn blanks(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|head| head.rfind('\n')).map_or(0, |newline| newline + 1)
}

fn byte_of(text: &str, error: &ScanError) -> usize {
    let marker = error.marker();
    let at = marker.byte_offset().unwrap_or_else(|| {
        text.char_indices().nth(marker.index()).map_or(text.len(), |(at, _)| at)
    });
    text.floor_char_boundary(at.min(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Document;

    #[test]
    fn a_quoted_text_may_go_on_without_indentation() {
        let text = "a:\n  b: \"one\n  two\n  three: 'x'\"\n  c: 4\n";
        assert!(Document::parse("a.yaml", text).is_err());
        let document = Document::parse_many("a.yaml", text).unwrap();
        let found = document.root().get("a").unwrap();
        assert_eq!(found.get("b").unwrap().scalar(), Some("one two three: 'x'"));
        assert_eq!(found.get("c").unwrap().scalar(), Some("4"));
    }

    #[test]
    fn what_is_wrong_in_another_way_stays_as_it_is() {
        for text in ["a: \"b\n", "a: [1\n", "a: 1\n", "a: 'b\nc: 'd'\n"] {
            assert_eq!(indented(text).lines().count(), text.lines().count(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_repair_ends(text in "[a: \n\"'-]{0,60}") {
            drop(indented(&text));
        }
    }
}
