//! The comparison that an expression is: `rate(errors[5m]) > 5`. Two thirds of the alerts in use are one, and what
//! stands left of it tells «false» from «no data».

use query::ValueKind;

/// Words that join conditions; an expression with one outside of brackets is more than one comparison.
const JOINS: [&str; 4] = ["and", "or", "unless", "default"];
/// Longest first.
const COMPARISONS: [&str; 6] = ["==", "!=", ">=", "<=", ">", "<"];

/// What is compared, if the expression is one comparison of series with a number or with other series.
pub(super) fn subject(expr: &str) -> Option<String> {
    let (left, right) = sides(expr)?;
    is_compared(left, right).then(|| left.to_owned())
}

/// The same where series are matched by some of their labels, too: `x` of `x > 5`, and of `x > ignoring (y) z`. Its series
/// are not always those of the comparison.
pub fn compared(expr: &str) -> Option<String> {
    let (left, right) = sides(expr)?;
    is_compared(left, matched(right)).then(|| left.to_owned())
}

fn is_compared(left: &str, right: &str) -> bool {
    let kind = |text: &str| query::check(text).ok().map(|checked| checked.kind);
    kind(left) == Some(ValueKind::Vector)
        && matches!(kind(right), Some(ValueKind::Vector | ValueKind::Scalar))
}

/// What stands left and right of the only comparison outside of brackets.
fn sides(expr: &str) -> Option<(&str, &str)> {
    let expr = bare(expr);
    let mut scan = Scan { text: expr, at: 0, depth: 0 };
    let mut found: Option<(usize, usize)> = None;
    while let Some((at, word)) = scan.next() {
        if COMPARISONS.contains(&word) {
            if found.is_some() {
                return None;
            }
            found = Some((at, at + word.len()));
        } else if JOINS.iter().any(|join| word.eq_ignore_ascii_case(join)) {
            return None;
        }
    }
    let (end, start) = found?;
    Some((expr.get(..end)?.trim(), expr.get(start..)?.trim()))
}

/// The right side without the words that say how series are matched.
fn matched(right: &str) -> &str {
    let mut rest = right;
    for word in ["on", "ignoring", "group_left", "group_right"] {
        let Some(after) = rest.strip_prefix(word).map(str::trim_start) else { continue };
        rest = match after.strip_prefix('(').and_then(|list| list.split_once(')')) {
            Some((_, after)) => after.trim_start(),
            // A metric may begin with such a word.
            None if word.starts_with("group") && after.len() < rest.len() - word.len() => after,
            None => continue,
        };
    }
    rest
}

/// Without the brackets around the whole.
fn bare(expr: &str) -> &str {
    let mut expr = expr.trim();
    while let Some(inside) = expr.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        let mut scan = Scan { text: inside, at: 0, depth: 0 };
        while scan.next().is_some() {}
        if scan.depth != 0 || closes_early(inside) {
            break;
        }
        expr = inside.trim();
    }
    expr
}

/// Whether a bracket closes that was opened before the text.
fn closes_early(text: &str) -> bool {
    let mut scan = Scan { text, at: 0, depth: 0 };
    let mut lowest = 0;
    while scan.step().is_some() {
        lowest = lowest.min(scan.depth);
    }
    lowest < 0
}

/// Walks over an expression, past texts, comments and whatever is in brackets.
struct Scan<'t> {
    text: &'t str,
    at: usize,
    depth: i32,
}

impl<'t> Scan<'t> {
    /// The next word or comparison outside of brackets.
    fn next(&mut self) -> Option<(usize, &'t str)> {
        loop {
            let (at, word) = self.step()?;
            if self.depth == 0 && !word.is_empty() {
                return Some((at, word));
            }
        }
    }

    /// Goes on by one letter, word, text or comment; answers words and comparisons.
    fn step(&mut self) -> Option<(usize, &'t str)> {
        let rest = self.text.get(self.at..)?;
        let letter = rest.chars().next()?;
        let at = self.at;
        let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':' | '.');
        let comparison = COMPARISONS.iter().find(|own| rest.starts_with(**own));
        let length = match letter {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' | '`' => quoted(rest, letter),
            '(' | '[' | '{' => {
                self.depth += 1;
                1
            }
            ')' | ']' | '}' => {
                self.depth -= 1;
                1
            }
            _ if is_word(letter) => rest.find(|own| !is_word(own)).unwrap_or(rest.len()),
            _ => comparison.map_or_else(|| letter.len_utf8(), |own| own.len()),
        };
        self.at += length;
        let word = rest.get(..length)?;
        let counts = is_word(letter) || comparison.is_some();
        Some((at, if counts { word } else { "" }))
    }
}

/// How long a text in quotes is, with its quotes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quote != '`' => drop(letters.next()),
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_has_a_left_side() {
        for (expr, wanted) in [
            ("up == 0", Some("up")),
            (
                "(rate(errors_total{code=~\"5..\"}[5m]) > 0.5)",
                Some("rate(errors_total{code=~\"5..\"}[5m])"),
            ),
            ("a{x=\"> 5\"} # > 6\n  >= 1 + 2", Some("a{x=\"> 5\"} # > 6")),
            ("sum by (job) (a > 1) > 5", Some("sum by (job) (a > 1)")),
            ("a > b", Some("a")),
            ("a > on (x) b", None),
            ("a > bool 5", None),
            ("5 < a", None),
            ("a > 5 and b > 6", None),
            ("a > 5 > 4", None),
            ("(a > 5) or (b > 6)", None),
            ("absent(up)", None),
            ("up", None),
            ("", None),
        ] {
            assert_eq!(subject(expr).as_deref(), wanted, "{expr}");
        }
    }

    #[test]
    fn what_is_compared_may_be_matched_by_some_labels() {
        for (expr, wanted) in [
            ("a > on (x) b", Some("a")),
            ("a > ignoring(x, y) group_left (z) b * 2", Some("a")),
            ("a > ignoring(x, y) group_left b", Some("a")),
            ("a < 5", Some("a")),
            ("a > only_b", Some("a")),
            ("a > bool on (x) b", None),
            ("a > on (x", None),
        ] {
            assert_eq!(compared(expr).as_deref(), wanted, "{expr}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z(){}\\[\\]<>=!\"'`# 0-9ä\n]{0,40}") {
            drop((subject(&text), compared(&text)));
        }
    }
}
