//! Scalars with a meaning: each reports what is wrong with an example of what is right.

use std::ops::RangeInclusive;

use model::{Labels, METRIC_NAME, Share, Span, Time};

use super::{Placed, Reader, listed, nearest, parse_date, parse_duration, parse_share, parse_size};
use crate::{mistake::Mistake, pattern::Pattern, yaml::Node};

impl<'d> Reader<'d> {
    /// A text that is not empty; numbers and truth values count as the text they are written as.
    pub fn text(&self, node: Node<'d>) -> Option<&'d str> {
        match node.scalar() {
            Some(text) if !node.is_null() && !text.is_empty() => Some(text),
            _ => {
                self.wrong(node, "a text is expected here", "");
                None
            }
        }
    }

    /// A text with its place.
    pub fn placed(&self, node: Node<'d>) -> Option<Placed<String>> {
        let value = self.text(node)?.to_owned();
        Some(Placed { value, place: node.place() })
    }

    /// A list of texts.
    pub fn texts(&self, node: Node<'d>) -> Vec<String> {
        let items = self.items(node);
        items.into_iter().filter_map(|item| self.text(item)).map(str::to_owned).collect()
    }

    /// One of a set of words.
    pub fn word<T: Clone>(&self, node: Node<'d>, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let mistake = Mistake::at(node.place(), format!("`{text}` is not known here"));
            self.report(match nearest(text, all.iter().copied()) {
                Some(near) => mistake.help(format!("did you mean `{near}`?")),
                None => mistake.help(format!("it may be {}", listed(&all, "or"))),
            });
        }
        found.map(|(_, value)| value.clone())
    }

    /// `true` or `false`.
    pub fn truth(&self, node: Node<'d>) -> Option<bool> {
        match node.plain() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => {
                self.wrong(
                    node,
                    "this is neither true nor false",
                    "write `true` or `false`, without quotes",
                );
                None
            }
        }
    }

    /// A whole number within a range.
    pub fn whole(&self, node: Node<'d>, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(node)?;
        let number = text.replace('_', "").parse::<u64>().ok();
        let found = number.filter(|number| range.contains(number));
        if found.is_none() {
            let problem = if number.is_some() { "out of range" } else { "not a whole number" };
            let help = if *range.end() == u64::MAX {
                format!("write a whole number of at least {}", range.start())
            } else {
                format!("write a whole number from {} to {}", range.start(), range.end())
            };
            self.wrong(node, &format!("`{text}` is {problem}"), &help);
        }
        found
    }

    /// A length of time within a range.
    pub fn duration(&self, node: Node<'d>, range: RangeInclusive<Span>) -> Option<Span> {
        let text = self.text(node)?;
        let Some(span) = parse_duration(text) else {
            let help = match text.parse::<u64>() {
                Ok(number) => {
                    format!("a duration needs a unit: `{number}s`, `{number}m` or `{number}h`")
                }
                Err(_) => {
                    "write a number and a unit, as in `250ms`, `15s`, `1h30m` or `14d`".to_owned()
                }
            };
            self.wrong(node, &format!("`{text}` is not a duration"), &help);
            return None;
        };
        if range.contains(&span) {
            return Some(span);
        }
        let help = format!("it may be from {} to {}", range.start(), range.end());
        self.wrong(node, &format!("`{text}` is out of range"), &help);
        None
    }

    /// A day in UTC.
    pub fn date(&self, node: Node<'d>) -> Option<Time> {
        let text = self.text(node)?;
        let found = parse_date(text);
        if found.is_none() {
            self.wrong(
                node,
                &format!("`{text}` is no date"),
                "write year, month and day: 2026-12-15",
            );
        }
        found
    }

    /// A size in bytes within a range.
    pub fn size(&self, node: Node<'d>, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(node)?;
        let Some(size) = parse_size(text) else {
            self.wrong(
                node,
                &format!("`{text}` is not a size"),
                "write bytes, or a number and a unit, as in `64MiB`",
            );
            return None;
        };
        if range.contains(&size) {
            return Some(size);
        }
        let help = format!("it may be from {} to {} bytes", range.start(), range.end());
        self.wrong(node, &format!("`{text}` is out of range"), &help);
        None
    }

    /// A part of a whole.
    pub fn share(&self, node: Node<'d>) -> Option<Share> {
        let text = self.text(node)?;
        let found = parse_share(text);
        if found.is_none() {
            let help = match text.parse::<f64>() {
                Ok(number) if (1.0..=100.0).contains(&number) => {
                    format!("did you mean `{text} %`?")
                }
                _ => "write a share from `0 %` to `100 %`, or from 0 to 1".to_owned(),
            };
            self.wrong(node, &format!("`{text}` is not a share"), &help);
        }
        found
    }

    /// A regular expression; `whole` if it has to match the whole text.
    pub fn pattern(&self, node: Node<'d>, whole: bool) -> Option<Pattern> {
        // An empty expression is valid: it matches an empty text.
        let Some(text) = node.scalar().filter(|_| node.plain() != Some("null")) else {
            self.wrong(node, "a regular expression is expected here", "");
            return None;
        };
        let made = if whole { Pattern::whole(text) } else { Pattern::anywhere(text) };
        match made {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                let mistake = Mistake::at(node.place(), "the regular expression is not valid");
                self.report(mistake.label(why).help("the syntax is RE2's, as in Prometheus"));
                None
            }
        }
    }

    /// A web address: `http://` or `https://` and a host.
    pub fn web_address(&self, node: Node<'d>) -> Option<String> {
        let text = self.text(node)?;
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        if host.is_empty() || text.contains(char::is_whitespace) {
            let help = "write it with `http://` or `https://`, as in `https://relay.example/hook`";
            // The address of a web hook is a secret.
            self.wrong(node, "this is not a web address", help);
            return None;
        }
        Some(text.to_owned())
    }

    /// Labels: names as Prometheus allows them, any texts as values.
    pub fn labels(&self, node: Node<'d>) -> Labels {
        let mut pairs = Vec::new();
        for entry in self.entries(node) {
            if !is_label_name(entry.key) || entry.key == METRIC_NAME {
                let message = format!("`{}` cannot be a label's name", entry.key);
                let help = "letters, digits and `_` make a label's name; the first is no digit";
                self.report(Mistake::at(entry.place, message).help(help));
            } else if let Some(value) = entry.node.scalar() {
                pairs.push((entry.key, if entry.node.is_null() { "" } else { value }));
            } else {
                self.wrong(entry.node, "a label's value is a text", "");
            }
        }
        Labels::from_pairs(pairs)
    }
}

/// Letters, digits and `_`, the first no digit: <https://prometheus.io/docs/concepts/data_model/>.
pub(crate) fn is_label_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
