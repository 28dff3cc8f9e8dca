//! Walks through a line: blanks, words, names, numbers, texts in quotes, labels.

use std::borrow::Cow;

/// Labels of one sample. More are a mistake of the exporter, not an identity.
const LABELS_MAX: usize = 1_024;

/// Name and value of one label, borrowed from the line unless something in them was escaped.
pub(crate) type Pair<'b> = (Cow<'b, str>, Cow<'b, str>);

/// A number as the formats write it: decimal, or one of the three that are none.
pub(super) fn number(word: &str) -> Result<f64, String> {
    let plain = word.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let bare = word.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let special = !plain
        && match bare.as_str() {
            "nan" => bare.len() == word.len(),
            "inf" | "infinity" => word.len() - bare.len() <= 1,
            _ => false,
        };
    if word.is_empty() {
        return Err("the value is missing".into());
    }
    if !plain && !special {
        return Err(format!("{:?} is not a value", shortened(word)));
    }
    let value: f64 =
        word.parse().map_err(|_not_a_number| format!("{:?} is not a value", shortened(word)))?;
    Ok(if value.is_nan() { f64::NAN } else { value })
}

/// A time stamp of `OpenMetrics`: a finite number of seconds.
pub(super) fn seconds(word: &str) -> Result<f64, String> {
    let value = number(word).ok().filter(|value| value.is_finite());
    value.ok_or_else(|| format!("{:?} is not a time stamp in seconds", shortened(word)))
}

/// A place within a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'b> {
    all: &'b str,
    at: usize,
    strict: bool,
}

impl<'b> Cursor<'b> {
    pub(super) fn new(all: &'b str, strict: bool) -> Self {
        Self { all, at: 0, strict }
    }

    pub(super) fn rest(&self) -> &'b str {
        self.all.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    pub(super) fn back(&mut self, letter: char) {
        self.at -= letter.len_utf8();
    }

    pub(super) fn skip_blanks(&mut self) {
        if !self.strict {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
        }
    }

    /// Everything up to the next blank.
    pub(super) fn word(&mut self) -> &'b str {
        let rest = self.rest();
        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// What separates one word from the next: any blanks, or none after a brace, in text; exactly one in `OpenMetrics`.
    pub(super) fn gap(&mut self, after: &str) -> Result<(), String> {
        if !self.strict {
            self.skip_blanks();
            return Ok(());
        }
        if !self.take(" ") || self.rest().is_empty() || self.rest().starts_with([' ', '\t']) {
            return Err(format!("exactly one blank and a word must follow {after}"));
        }
        Ok(())
    }

    /// A name without quotes, perhaps empty. Only metrics may have colons.
    pub(super) fn name(&mut self, colons: bool) -> Result<Cow<'b, str>, String> {
        let rest = self.rest();
        let end = rest
            .bytes()
            .position(|byte| {
                !(byte.is_ascii_alphanumeric() || byte == b'_' || (colons && byte == b':'))
            })
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(format!("{:?} begins with a digit", shortened(name)));
        }
        self.at += end;
        Ok(Cow::Borrowed(name))
    }

    /// `{a="1",b="2"}`; the metric's name may stand there in quotes if it is still empty.
    pub(super) fn labels(
        &mut self,
        labels: &mut Vec<Pair<'b>>,
        may_name: bool,
    ) -> Result<(), String> {
        self.take("{");
        let mut expects = true;
        loop {
            self.skip_blanks();
            if self.take("}") {
                // `{a="1",}` ends with a comma, which only text allows.
                if expects && labels.len() > 1 && self.strict {
                    return Err("a comma before }".into());
                }
                return twice(labels)
                    .map_or(Ok(()), |name| Err(format!("the label {name:?} stands twice")));
            }
            if !expects {
                return Err(format!(
                    "a comma or }} must follow a label, not {:?}",
                    shortened(self.rest())
                ));
            }
            self.label(labels, may_name)?;
            self.skip_blanks();
            expects = self.take(",");
        }
    }

    fn label(&mut self, labels: &mut Vec<Pair<'b>>, may_name: bool) -> Result<(), String> {
        let in_quotes = self.peek() == Some('"');
        let name = if in_quotes { self.quoted()? } else { self.name(false)? };
        if name.is_empty() {
            return Err(format!("a label's name is expected, not {:?}", shortened(self.rest())));
        }
        self.skip_blanks();
        if !self.take("=") {
            if in_quotes && may_name && labels[0].1.is_empty() {
                labels[0].1 = name;
                return Ok(());
            }
            return Err(format!("= must follow the label {name:?}"));
        }
        self.skip_blanks();
        if self.peek() != Some('"') {
            return Err(format!("the value of label {name:?} must be in double quotes"));
        }
        let value = self.quoted()?;
        if labels.len() >= LABELS_MAX {
            return Err(format!("more than {LABELS_MAX} labels"));
        }
        labels.push((name, value));
        Ok(())
    }

    /// A text in double quotes.
    pub(super) fn quoted(&mut self) -> Result<Cow<'b, str>, String> {
        self.take("\"");
        let rest = self.rest();
        let mut escaped = false;
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    self.at += at + 1;
                    return Ok(unescaped(rest.get(..at).unwrap_or_default(), true));
                }
                _ => {}
            }
        }
        Err(format!("the quotes of {:?} are not closed", shortened(rest)))
    }
}

/// A name that stands twice. Few labels are compared each with each; many are sorted first.
fn twice<'p>(labels: &'p [Pair<'_>]) -> Option<&'p str> {
    const FEW: usize = 16;
    if labels.len() <= FEW {
        let mut names = labels.iter().enumerate();
        return names
            .find(|(at, (name, _))| labels[..*at].iter().any(|(before, _)| before == name))
            .map(|(_, (name, _))| &**name);
    }
    let mut names: Vec<&str> = labels.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// `\\`, `\n` and, where quotes are, `\"`. Anything else after a backslash stays as it is.
pub(super) fn unescaped(text: &str, quotes: bool) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => plain.push('\n'),
            Some('\\') | None => plain.push('\\'),
            Some('"') if quotes => plain.push('"'),
            Some(other) => plain.extend(['\\', other]),
        }
    }
    Cow::Owned(plain)
}

/// The beginning of a text, for messages.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
