//! Conditions on labels as Alertmanager writes them: the classic form, and the one for any UTF-8 name.

use std::fmt;

use model::{Kind, Labels};
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::literal::Extractor;

/// Memory one compiled expression may take; as elsewhere in settings.
const COMPILED_BYTES_MAX: usize = 1 << 20;
/// Conditions in one text. Alertmanager has no bound; nobody writes a hundred.
const MATCHERS_MAX: usize = 200;

/// Values one expression may spell out and still be said to name them.
const NAMED_VALUES_MAX: usize = 100;

/// How a label's value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, the whole value
    Like,
    /// `!~`, the whole value
    NotLike,
}

impl Comparison {
    /// The sign that stands for it.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Like => "=~",
            Self::NotLike => "!~",
        }
    }

    /// From the two truth values of Alertmanager's API: `isRegex` and `isEqual`.
    pub fn from_flags([is_regex, is_equal]: [bool; 2]) -> Self {
        match (is_regex, is_equal) {
            (false, true) => Self::Equal,
            (false, false) => Self::NotEqual,
            (true, true) => Self::Like,
            (true, false) => Self::NotLike,
        }
    }

    /// Whether the value is a regular expression.
    pub fn is_regex(self) -> bool {
        matches!(self, Self::Like | Self::NotLike)
    }

    /// Whether what matches passes.
    pub fn is_equal(self) -> bool {
        matches!(self, Self::Equal | Self::Like)
    }
}

/// One condition on a label. A label that is not there counts as empty.
#[derive(Clone, Debug)]
pub struct LabelMatcher {
    name: String,
    comparison: Comparison,
    value: String,
    regex: Option<Regex>,
}

/// Why a text is no condition on labels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatcherError {
    /// It has not the form `name="value"`.
    #[error("`{text}` is not a condition such as `name=\"value\"`: {why}")]
    Form {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The regular expression is wrong or too large.
    #[error("the regular expression `{value}` of `{name}` is not valid: {why}")]
    Regex {
        /// The label.
        name: String,
        /// The expression.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// There are too many.
    #[error("more than {MATCHERS_MAX} conditions in one text")]
    TooMany,
}

impl MatcherError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl LabelMatcher {
    /// A condition; fails on a regular expression that is wrong or compiles to something huge.
    pub fn new(name: &str, comparison: Comparison, value: &str) -> Result<Self, MatcherError> {
        let compile = |text: &str| RegexBuilder::new(text).size_limit(COMPILED_BYTES_MAX).build();
        let wrong = |error: regex::Error| {
            let message = error.to_string();
            let why = message.lines().last().unwrap_or_default().trim_start_matches("error: ");
            MatcherError::Regex { name: name.into(), value: value.into(), why: why.to_owned() }
        };
        let regex = if comparison.is_regex() {
            // As written first, so that a stray parenthesis cannot pair with ours.
            compile(value).map_err(wrong)?;
            Some(compile(&format!("^(?:{value})$")).map_err(wrong)?)
        } else {
            None
        };
        Ok(Self { name: name.to_owned(), comparison, value: value.to_owned(), regex })
    }

    /// The label it looks at.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it compares.
    pub fn comparison(&self) -> Comparison {
        self.comparison
    }

    /// What it compares with.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether a value passes; `""` stands for a label that is not there.
    pub fn passes(&self, value: &str) -> bool {
        let found = match &self.regex {
            Some(regex) => regex.is_match(value),
            None => value == self.value,
        };
        found == self.comparison.is_equal()
    }

    /// Whether it asks for values that it names, so that what it matches cannot grow: `a="b"`, `a=~"b|c"`,
    /// `a=~"db-[12]"`. An expression that any of more than [`NAMED_VALUES_MAX`] values pass names none.
    pub fn names_values(&self) -> bool {
        match self.comparison {
            Comparison::Equal => !self.value.is_empty(),
            Comparison::Like => regex_syntax::parse(&self.value).is_ok_and(|parsed| {
                let mut extractor = Extractor::new();
                extractor.limit_total(NAMED_VALUES_MAX).limit_literal_len(self.value.len());
                let named = extractor.extract(&parsed);
                named.is_exact() && named.min_literal_len().is_some_and(|shortest| shortest > 0)
            }),
            Comparison::NotEqual | Comparison::NotLike => false,
        }
    }

    /// Whether labels pass.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.passes(labels.get(&self.name).unwrap_or_default())
    }
}

impl PartialEq for LabelMatcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.comparison, &self.value) == (&other.name, other.comparison, &other.value)
    }
}

impl fmt::Display for LabelMatcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = is_classic_name(&self.name);
        let sign = self.comparison.sign();
        if plain {
            write!(formatter, "{}{sign}{:?}", self.name, self.value)
        } else {
            write!(formatter, "{:?}{sign}{:?}", self.name, self.value)
        }
    }
}

/// Whether labels pass every condition; no conditions pass everything.
pub fn all_match(matchers: &[LabelMatcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels))
}

/// Conditions as text: `{a="b",c=~"d"}`.
pub fn matchers_text(matchers: &[LabelMatcher]) -> String {
    let texts: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", texts.join(","))
}

/// Reads conditions as Alertmanager does when it is not told otherwise: in the classic form, and where that
/// fails, in the form that allows any UTF-8 text in quotes as a label's name.
pub fn parse_matchers(text: &str) -> Result<Vec<LabelMatcher>, MatcherError> {
    classic(text).or_else(|wrong| utf8::parse(text).map_err(|_other| wrong))
}

/// The classic form: <https://prometheus.io/docs/alerting/latest/configuration/#matcher>.
fn classic(text: &str) -> Result<Vec<LabelMatcher>, MatcherError> {
    let inner = text.strip_prefix('{').unwrap_or(text);
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let mut matchers = Vec::new();
    for token in tokens(inner) {
        if matchers.len() >= MATCHERS_MAX {
            return Err(MatcherError::TooMany);
        }
        matchers.push(classic_one(&token)?);
    }
    Ok(matchers)
}

/// The text cut at commas outside quotes; what follows the last comma may be empty.
fn tokens(text: &str) -> Vec<String> {
    let (mut inside, mut escaped) = (false, false);
    let mut tokens = Vec::new();
    let mut token = String::new();
    for letter in text.chars() {
        match letter {
            ',' if !inside => {
                tokens.push(std::mem::take(&mut token));
                continue;
            }
            '"' if escaped => escaped = false,
            '"' => inside = !inside,
            '\\' => escaped = !escaped,
            // A comma within quotes leaves the mark of an escape as it is, as it does there.
            ',' => {}
            _ => escaped = false,
        }
        token.push(letter);
    }
    if !token.trim().is_empty() {
        tokens.push(token);
    }
    tokens
}

fn classic_one(text: &str) -> Result<LabelMatcher, MatcherError> {
    let form = |why| MatcherError::Form { text: text.trim().to_owned(), why };
    let trimmed = text.trim_matches(is_go_space);
    let end = trimmed.find(|letter: char| !is_name_letter(letter)).unwrap_or(trimmed.len());
    let (name, rest) = trimmed.split_at_checked(end).unwrap_or((trimmed, ""));
    if !is_classic_name(name) {
        return Err(form("it does not begin with a label's name"));
    }
    let rest = rest.trim_start_matches(is_go_space);
    let (comparison, raw) =
        comparison_of(rest).ok_or_else(|| form("no `=`, `!=`, `=~` or `!~` follows the name"))?;
    let raw = raw.trim_start_matches(is_go_space);
    let (raw, quoted) = raw.strip_prefix('"').map_or((raw, false), |raw| (raw, true));
    let value = unescape(raw, quoted).ok_or_else(|| form("a quote stands alone"))?;
    LabelMatcher::new(name, comparison, &value)
}

fn comparison_of(text: &str) -> Option<(Comparison, &str)> {
    [
        ("=~", Comparison::Like),
        ("!~", Comparison::NotLike),
        ("!=", Comparison::NotEqual),
        ("=", Comparison::Equal),
    ]
    .into_iter()
    .find_map(|(sign, comparison)| Some((comparison, text.strip_prefix(sign)?)))
}

/// A value without its escapes; nothing if a quote stands where none may.
fn unescape(raw: &str, quoted: bool) -> Option<String> {
    let mut value = String::new();
    let mut letters = raw.chars().peekable();
    let mut closed = !quoted;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => value.push('\n'),
                Some(own @ ('"' | '\\')) => value.push(own),
                // An escape of nothing known stands for itself.
                Some(own) => value.extend(['\\', own]),
                None => value.push('\\'),
            },
            '"' if closed || letters.peek().is_some() => return None,
            '"' => closed = true,
            own => value.push(own),
        }
    }
    closed.then_some(value)
}

/// What Go's `\s` matches.
fn is_go_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'
}

/// Letters, digits, `_` and `:`, the first no digit.
pub(crate) fn is_classic_name(name: &str) -> bool {
    name.chars().all(is_name_letter)
        && name.chars().next().is_some_and(|first| !first.is_ascii_digit())
}

mod utf8 {
    //! The newer form: names and values may be quoted, and hold any text then.

    use super::{LabelMatcher, MATCHERS_MAX, MatcherError, comparison_of};

    /// Reads conditions; braces around them are optional, but come in pairs.
    pub(super) fn parse(text: &str) -> Result<Vec<LabelMatcher>, MatcherError> {
        let form = |why| MatcherError::Form { text: text.trim().to_owned(), why };
        let trimmed = text.trim();
        let open = trimmed.starts_with('{');
        if open != trimmed.ends_with('}') {
            return Err(form("a brace stands alone"));
        }
        let mut rest = trimmed.strip_prefix('{').unwrap_or(trimmed);
        rest = if open { rest.strip_suffix('}').unwrap_or(rest) } else { rest }.trim_start();
        let mut matchers = Vec::new();
        while !rest.is_empty() {
            if matchers.len() >= MATCHERS_MAX {
                return Err(MatcherError::TooMany);
            }
            let (name, after) = word(rest).ok_or_else(|| form("a label's name is missing"))?;
            let (comparison, after) = comparison_of(after.trim_start())
                .ok_or_else(|| form("no `=`, `!=`, `=~` or `!~` follows the name"))?;
            let (value, after) =
                word(after.trim_start()).ok_or_else(|| form("a value is missing"))?;
            if name.is_empty() {
                return Err(form("a label's name is empty"));
            }
            matchers.push(LabelMatcher::new(&name, comparison, &value)?);
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if after.is_empty() => after,
                None => return Err(form("a comma is missing")),
            };
        }
        Ok(matchers)
    }

    /// A quoted or plain word, and what follows it.
    fn word(text: &str) -> Option<(String, &str)> {
        let Some(inner) = text.strip_prefix('"') else {
            let reserved = |letter: char| letter.is_whitespace() || "{}!=~,\\\"'`".contains(letter);
            let end = text.find(reserved).unwrap_or(text.len());
            let (word, rest) = text.split_at_checked(end).filter(|(word, _)| !word.is_empty())?;
            return Some((word.to_owned(), rest));
        };
        let mut word = String::new();
        let mut letters = inner.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => return Some((word, inner.get(at + 1..)?)),
                '\\' => word.push(escape(&mut letters)?),
                '\n' => return None,
                own => word.push(own),
            }
        }
        None
    }

    /// What stands behind a backslash, as in Go's texts.
    fn escape(letters: &mut std::str::CharIndices<'_>) -> Option<char> {
        let (_, letter) = letters.next()?;
        let digits = match letter {
            'a' => return Some('\u{7}'),
            'b' => return Some('\u{8}'),
            'f' => return Some('\u{c}'),
            'n' => return Some('\n'),
            'r' => return Some('\r'),
            't' => return Some('\t'),
            'v' => return Some('\u{b}'),
            '\\' | '"' => return Some(letter),
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        let mut code = 0_u32;
        for _ in 0..digits {
            let (_, digit) = letters.next()?;
            code = code.checked_mul(16)?.checked_add(digit.to_digit(16)?)?;
        }
        char::from_u32(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, &'static str, String)> {
        let matchers = parse_matchers(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let parts =
            |own: &LabelMatcher| (own.name.clone(), own.comparison.sign(), own.value.clone());
        matchers.iter().map(parts).collect()
    }

    fn one(name: &str, sign: &'static str, value: &str) -> Vec<(String, &'static str, String)> {
        vec![(name.to_owned(), sign, value.to_owned())]
    }

    #[test]
    fn the_classic_form_is_read_with_its_quirks() {
        assert_eq!(read(r#"foo="bar""#), one("foo", "=", "bar"));
        assert_eq!(read("{foo=bar}"), one("foo", "=", "bar"));
        assert_eq!(read(" foo =~ \"b.r\" "), one("foo", "=~", "b.r"));
        assert_eq!(read("foo!=bar"), one("foo", "!=", "bar"));
        assert_eq!(read(r#"foo!~"a|b,c""#), one("foo", "!~", "a|b,c"));
        assert_eq!(read("foo="), one("foo", "=", ""));
        assert_eq!(read(r#"foo="a\nb\"c\\d\e""#), one("foo", "=", "a\nb\"c\\d\\e"));
        assert_eq!(read("foo=a b"), one("foo", "=", "a b"));
        assert_eq!(read(r#"{a="1", b=2,}"#).len(), 2);
        assert!(read("{}").is_empty());
        assert_eq!(read("foo==bar"), one("foo", "=", "=bar"));
    }

    #[test]
    fn any_text_in_quotes_may_be_a_name() {
        assert_eq!(read(r#""föö bar"="b\u00e4z""#), one("föö bar", "=", "bäz"));
        assert_eq!(read("{\"a.b\"=~\"x+\"}"), one("a.b", "=~", "x+"));
        assert_eq!(read("föö=ü"), one("föö", "=", "ü"));
    }

    #[test]
    fn an_expression_names_values_as_long_as_it_spells_them_out() {
        let names = |text: &str| parse_matchers(text).unwrap()[0].names_values();
        for text in
            ["a=b", "a=~b", "a=~\"b|c\"", "a=~\"[012]\"", "a=~\"(?i)db\"", "a=~\"db-(1|2)x?\""]
        {
            assert!(names(text), "{text}");
        }
        for text in [
            "a=",
            "a!=b",
            "a!~b",
            "a=~\"b.*\"",
            "a=~\".\"",
            "a=~\"b?\"",
            "a=~\"b|.+\"",
            "a=~\"\\d+\"",
        ] {
            assert!(!names(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in [
            "foo",
            "=bar",
            "1a=b",
            r#"foo="bar"#,
            r#"foo=b"ar"#,
            "a=~(",
            "{a=b",
            "a=b}}=",
            ",a=b,,",
        ] {
            // The classic form minds no stray brace, the newer one no digit.
            let taken = ["{a=b", "a=b}}=", "1a=b"].contains(&text);
            assert_eq!(parse_matchers(text).is_ok(), taken, "{text}");
        }
        assert!(parse_matchers(&"a=b,".repeat(300)).is_err());
    }

    #[test]
    fn a_condition_looks_at_the_whole_value_and_takes_a_missing_label_for_empty() {
        let labels = Labels::from_pairs([("a", "one\ntwo")]);
        let passes = |text: &str| all_match(&parse_matchers(text).unwrap(), &labels);
        assert!(
            passes("a=~\"one[[:space:]]two\"") && !passes("a=~one") && !passes("a=~\"one.two\"")
        );
        assert!(passes("b=") && passes("b!=x") && passes("b=~.*") && !passes("b=~.+"));
        assert!(passes("a=~\"x|one\\ntwo\""));
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        for text in [r#"{a="b",c=~"d|e",f!="",g!~"h\n\""}"#, r#"{"x y"="z"}"#] {
            let matchers = parse_matchers(text).unwrap();
            assert_eq!(parse_matchers(&matchers_text(&matchers)).unwrap(), matchers);
        }
    }
}
