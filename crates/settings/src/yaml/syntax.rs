//! What is wrong with a text that is no YAML, said so that a person can mend it.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use crate::mistake::{Mistake, Place};

/// The parser's complaint as a mistake with its place and a hint.
pub(super) fn mistake(text: &str, error: &ScanError) -> Mistake {
    let at = byte_of(text, error);
    // The parser may stop at the end of the line before the tab.
    let lines_ahead = if is_about_tab(error.kind()) { 3 } else { 1 };
    if let Some(place) = tab_in_indentation(text, at, lines_ahead) {
        return Mistake::at(place, "a tab is used as indentation")
            .label("YAML allows only spaces here")
            .help("replace the tab by spaces, as many as the lines around it have");
    }
    let place = match error.kind() {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => {
            open_quote(text, at).unwrap_or_else(|| letter_at(text, at))
        }
        _ => letter_at(text, at),
    };
    let (message, help) = words(error.kind());
    let message = message.map_or_else(|| error.info(), str::to_owned);
    let mistake = Mistake::at(place, message);
    match help {
        Some(help) => mistake.help(help),
        None => mistake,
    }
}

/// Our words for what people run into; the parser's own for the rest.
fn words(kind: &ErrorKind) -> (Option<&'static str>, Option<&'static str>) {
    let (message, help) = match kind {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => (
            "a quote is opened and never closed",
            "close it with the same kind of quote, `\"` or `'`",
        ),
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping => {
            ("a bracket is opened and never closed", "close it with `]` or `}`")
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => (
            "a comma or a closing bracket is missing before this",
            "separate items in `[…]` and `{…}` by commas; quote a text that holds `,`, `[` or `{`",
        ),
        ErrorKind::MismatchedFlowCollectionEnd { .. } | ErrorKind::MisplacedFlowCollectionEnd => {
            ("a bracket is closed that was not opened", "every `[` needs a `]`, every `{` a `}`")
        }
        ErrorKind::UnknownAnchor => (
            "an alias refers to nothing",
            "define it before with `&name`, or quote a text that begins with `*`",
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a `:` stands where no key can be",
            "quote a text that holds `: `, or check the indentation of this line",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("a key without `:`", "write `key: value`, with a space behind the colon")
        }
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::InvalidIndentation
        | ErrorKind::BlockSequenceEntryNotAllowed => (
            "the indentation does not fit the lines above",
            "keys of one map, and the `-` of one list, begin in the same column",
        ),
        ErrorKind::UnexpectedCharacter { .. } | ErrorKind::UnexpectedEndOfPlainScalar => {
            ("a text cannot begin with this letter", "put the text into quotes")
        }
        ErrorKind::UnknownQuotedScalarEscape => (
            "an escape that YAML does not know",
            "write `\\\\` for a backslash, or use single quotes, in which it stands for itself",
        ),
        ErrorKind::InvalidTrailingDoubleQuotedScalar
        | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            ("something follows a closed quote", "put the whole text into the quotes")
        }
        ErrorKind::RecursionLimitExceeded => {
            ("lists and maps nest too deep", "at most 64 levels are read")
        }
        kind if is_about_tab(kind) => {
            ("a tab stands where YAML allows none", "replace the tab by spaces, or quote the text")
        }
        _ => return (None, None),
    };
    (Some(message), Some(help))
}

fn byte_of(text: &str, error: &ScanError) -> usize {
    let marker = error.marker();
    let at = marker.byte_offset().unwrap_or_else(|| {
        text.char_indices().nth(marker.index()).map_or(text.len(), |(at, _)| at)
    });
    text.floor_char_boundary(at.min(text.len()))
}

fn is_about_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
    )
}

/// The tabs among the blanks that the line at `at`, or one of those behind it, begins with.
fn tab_in_indentation(text: &str, at: usize, lines: usize) -> Option<Place> {
    let head = text.get(..at)?;
    let mut begin = head.rfind('\n').map_or(0, |newline| newline + 1);
    for line in text.get(begin..)?.split('\n').take(lines) {
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line.get(..blanks)?.find('\t') {
            let tabs = line.get(tab..blanks)?.bytes().take_while(|byte| *byte == b'\t').count();
            return Some(Place::new(begin + tab, begin + tab + tabs));
        }
        begin += line.len() + 1;
    }
    None
}

/// From the quote that was left open before `at` to the end of its line: the last line with an
/// odd number of quotes of one kind.
fn open_quote(text: &str, at: usize) -> Option<Place> {
    let mut end = at;
    for line in text.get(..at)?.rsplit('\n') {
        let begin = end - line.len();
        for quote in ['"', '\''] {
            if line.matches(quote).count() % 2 == 1 {
                let first = begin + line.rfind(quote)?;
                return Some(Place::new(first, begin + line.trim_end().len()));
            }
        }
        end = begin.saturating_sub(1);
    }
    None
}

/// The letter at a place, or the last one before the end of the line.
fn letter_at(text: &str, at: usize) -> Place {
    let rest = text.get(at..).unwrap_or_default();
    match rest.chars().next() {
        Some(letter) if letter != '\n' && letter != '\r' => Place::new(at, at + letter.len_utf8()),
        _ => {
            let before = text.get(..at).unwrap_or_default();
            let end = before.trim_end().len();
            let letter = text.get(..end).unwrap_or_default().chars().next_back();
            Place::new(end - letter.map_or(0, char::len_utf8), end)
        }
    }
}
