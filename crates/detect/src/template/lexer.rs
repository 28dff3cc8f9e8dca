//! Cuts a template into text and actions, and actions into tokens.

use super::{TemplateError, value::Value};

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// Text that stays as it is.
    Text(String),
    /// What stands between `{{` and `}}`, and where it begins.
    Action(Vec<Token>, usize),
}

/// A token of an action.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) what: What,
    /// The byte of the template it begins at.
    pub(super) at: usize,
    /// Whether a blank stands before it: `.a .b` are two things, `.a.b` is one.
    pub(super) spaced: bool,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// A keyword or a function's name.
    Word(String),
    /// `.name`
    Field(String),
    /// `$name`, or `$` alone
    Variable(String),
    /// A text, a number, a truth value.
    Literal(Value),
    Dot,
    Pipe,
    Declare,
    Assign,
    Comma,
    Open,
    Close,
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Cuts a template.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut trim = false;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let open = rest.find("{{");
        let mut plain = open.map_or(rest, |open| rest.get(..open).unwrap_or_default());
        if trim {
            plain = plain.trim_start_matches(BLANKS);
        }
        let Some(open) = open else {
            push_text(&mut pieces, plain);
            return Ok(pieces);
        };
        let start = at + open + 2;
        let inner = text.get(start..).unwrap_or_default();
        let mut letters = inner.chars();
        let trims_before = letters.next() == Some('-') && letters.next().is_some_and(is_blank);
        if trims_before {
            plain = plain.trim_end_matches(BLANKS);
        }
        push_text(&mut pieces, plain);
        let begin = start + if trims_before { 2 } else { 0 };
        let (action, end, trims_after) = action(text, begin, start)?;
        pieces.extend(action);
        (at, trim) = (end, trims_after);
    }
}

fn is_blank(letter: char) -> bool {
    BLANKS.contains(&letter)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

/// Reads an action: its piece (none for a comment), where the text goes on, and whether blanks
/// are trimmed there.
fn action(
    text: &str,
    begin: usize,
    start: usize,
) -> Result<(Option<Piece>, usize, bool), TemplateError> {
    let inner = text.get(begin..).unwrap_or_default();
    if inner.starts_with("/*") {
        let closed = inner.find("*/").ok_or_else(|| {
            TemplateError::new(begin, "unclosed comment").help("end it with `*/}}`")
        })?;
        let after = begin + closed + 2;
        let rest = text.get(after..).unwrap_or_default();
        if rest.starts_with("}}") {
            return Ok((None, after + 2, false));
        }
        let blanks = rest.len() - rest.trim_start_matches(BLANKS).len();
        if blanks > 0 && rest.get(blanks..).unwrap_or_default().starts_with("-}}") {
            return Ok((None, after + blanks + 3, true));
        }
        return Err(TemplateError::new(after, "a comment ends before its action does"));
    }
    let mut cursor = Cursor { text, at: begin, spaced: true };
    let mut tokens = Vec::new();
    loop {
        let spaced = cursor.skip_blanks();
        cursor.spaced = spaced || tokens.is_empty();
        let rest = cursor.rest();
        if rest.starts_with("}}") {
            return Ok((Some(Piece::Action(tokens, start)), cursor.at + 2, false));
        }
        if spaced && rest.starts_with("-}}") {
            return Ok((Some(Piece::Action(tokens, start)), cursor.at + 3, true));
        }
        if rest.is_empty() {
            let what = TemplateError::new(start.saturating_sub(2), "unclosed action");
            return Err(what.help("end it with `}}`"));
        }
        let token = cursor.token()?;
        tokens.push(token);
    }
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
    spaced: bool,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) -> bool {
        let rest = self.rest();
        let blanks = rest.len() - rest.trim_start_matches(BLANKS).len();
        self.at += blanks;
        blanks > 0
    }

    fn token(&mut self) -> Result<Token, TemplateError> {
        let (at, spaced) = (self.at, self.spaced);
        let rest = self.rest();
        let first = rest.chars().next().unwrap_or_default();
        let what = match first {
            '"' => self.quoted()?,
            '`' => self.raw()?,
            '\'' => self.letter()?,
            '|' => self.sign(1, What::Pipe),
            ':' if rest.starts_with(":=") => self.sign(2, What::Declare),
            '=' => self.sign(1, What::Assign),
            ',' => self.sign(1, What::Comma),
            '(' => self.sign(1, What::Open),
            ')' => self.sign(1, What::Close),
            '$' => {
                self.at += 1;
                What::Variable(self.name())
            }
            '.' if !rest
                .get(1..)
                .unwrap_or_default()
                .starts_with(|next: char| next.is_ascii_digit()) =>
            {
                self.at += 1;
                let name = self.name();
                if name.is_empty() { What::Dot } else { What::Field(name) }
            }
            '0'..='9' | '.' | '+' | '-' => self.number()?,
            letter if letter == '_' || letter.is_alphabetic() => match self.name().as_str() {
                "true" => What::Literal(Value::Bool(true)),
                "false" => What::Literal(Value::Bool(false)),
                "nil" => What::Literal(Value::Nil),
                word => What::Word(word.to_owned()),
            },
            other => {
                let code = u32::from(other);
                let what = format!("unrecognized character in action: U+{code:04X}");
                return Err(TemplateError::new(at, what));
            }
        };
        Ok(Token { what, at, spaced })
    }

    fn sign(&mut self, length: usize, what: What) -> What {
        self.at += length;
        what
    }

    fn name(&mut self) -> String {
        let rest = self.rest();
        let end = rest
            .find(|letter: char| letter != '_' && !letter.is_alphanumeric())
            .unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default().to_owned()
    }

    fn number(&mut self) -> Result<What, TemplateError> {
        let rest = self.rest();
        let mut end = 0;
        let mut before = ' ';
        for (at, letter) in rest.char_indices() {
            let sign = matches!(letter, '+' | '-');
            let goes_on = letter.is_ascii_alphanumeric()
                || matches!(letter, '.' | '_')
                || (sign && (at == 0 || matches!(before, 'e' | 'E')));
            if !goes_on {
                break;
            }
            end = at + 1;
            before = letter;
        }
        let word = rest.get(..end).unwrap_or_default();
        let value = read_number(word)
            .ok_or_else(|| TemplateError::new(self.at, format!("bad number syntax: {word:?}")))?;
        self.at += end;
        Ok(What::Literal(value))
    }

    fn raw(&mut self) -> Result<What, TemplateError> {
        let inner = self.rest().get(1..).unwrap_or_default();
        let end = inner
            .find('`')
            .ok_or_else(|| TemplateError::new(self.at, "unterminated raw quoted string"))?;
        self.at += end + 2;
        Ok(What::Literal(Value::text(inner.get(..end).unwrap_or_default())))
    }

    fn letter(&mut self) -> Result<What, TemplateError> {
        let wrong = TemplateError::new(self.at, "malformed character constant")
            .help("a text stands in double quotes or backquotes");
        let (text, length) = unquote(self.rest(), '\'').ok_or_else(|| wrong.clone())?;
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => {
                self.at += length;
                Ok(What::Literal(Value::Int(i64::from(u32::from(letter)))))
            }
            _ => Err(wrong),
        }
    }

    fn quoted(&mut self) -> Result<What, TemplateError> {
        let (text, length) = unquote(self.rest(), '"')
            .ok_or_else(|| TemplateError::new(self.at, "unterminated quoted string"))?;
        self.at += length;
        Ok(What::Literal(Value::text(text)))
    }
}

/// A number as Go writes it: `12`, `1_000`, `0x1f`, `1.5e3`.
fn read_number(word: &str) -> Option<Value> {
    let plain = word.replace('_', "");
    let (sign, body) = match plain.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    if !body.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let lower = body.to_ascii_lowercase();
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            return Some(Value::Int(sign * i64::from_str_radix(digits, base).ok()?));
        }
    }
    if let Ok(whole) = body.parse::<i64>() {
        return Some(Value::Int(sign * whole));
    }
    let number: f64 = body.parse().ok()?;
    Some(Value::Float(if sign < 0 { -number } else { number }))
}

/// The text in quotes, and how many bytes it takes with them.
fn unquote(text: &str, quote: char) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            letter if letter == quote => return Some((out, at + 1)),
            '\n' => return None,
            '\\' => out.push(escape(&mut letters)?),
            other => out.push(other),
        }
    }
    None
}

fn escape(letters: &mut impl Iterator<Item = (usize, char)>) -> Option<char> {
    let (_, letter) = letters.next()?;
    let mut code = |first: Option<char>, count: usize, base: u32| {
        let mut code = first.map_or(Some(0), |first| first.to_digit(base))?;
        for _ in 0..count {
            code = code * base + letters.next()?.1.to_digit(base)?;
        }
        char::from_u32(code)
    };
    match letter {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'a' => Some('\x07'),
        'b' => Some('\x08'),
        'f' => Some('\x0c'),
        'v' => Some('\x0b'),
        '\\' | '"' | '\'' => Some(letter),
        'x' => code(None, 2, 16),
        'u' => code(None, 4, 16),
        'U' => code(None, 8, 16),
        '0'..='7' => code(Some(letter), 2, 8),
        _ => None,
    }
}
