//! `--name value` options of the command line.

use std::collections::HashMap;

/// What was typed after the command.
#[derive(Debug, Default)]
pub struct Options(HashMap<String, String>);

impl Options {
    /// Reads `--name value` and lone `--name` words.
    pub fn parse(words: &[String]) -> Result<Self, String> {
        let mut options = HashMap::new();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let name =
                word.strip_prefix("--").ok_or_else(|| format!("unexpected argument {word}"))?;
            let value = words.next_if(|next| !next.starts_with("--"));
            options.insert(name.to_owned(), value.map_or("1", |value| value).to_owned());
        }
        Ok(Self(options))
    }

    /// Whether it was given.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// What was given, or something else.
    pub fn text(&self, name: &str, otherwise: &str) -> String {
        self.0.get(name).map_or(otherwise, |value| value).to_owned()
    }

    /// What was given, if anything.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| &**value)
    }

    /// What must be given.
    pub fn needed(&self, name: &str) -> Result<String, String> {
        self.get(name).map(str::to_owned).ok_or_else(|| format!("--{name} is needed"))
    }

    /// A number, or something else.
    pub fn number(&self, name: &str, otherwise: f64) -> Result<f64, String> {
        self.get(name).map_or(Ok(otherwise), |value| {
            value.parse().map_err(|_| format!("--{name}: {value} is no number"))
        })
    }
}
