//! Texts of JMeter, in which `${name}` and `${__function()}` are gaps.

use std::collections::{BTreeMap, BTreeSet};

use super::super::draft::{identifier, plain};

/// A text with its gaps as ours, and what could not be taken over.
pub(super) struct Gaps<'n> {
    /// Names that stand for something, with what they stand for: variables of the plan.
    pub(super) variables: &'n mut BTreeMap<String, String>,
    /// Names that earlier steps of the journey took from answers.
    pub(super) taken: &'n BTreeSet<String>,
    pub(super) to_do: Vec<String>,
}

impl Gaps<'_> {
    /// The text as a template.
    pub(super) fn template(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(&plain(before));
            let Some((inside, tail)) = after.split_once('}') else {
                out.push_str(&plain(rest.get(before.len()..).unwrap_or_default()));
                return out;
            };
            let name = self.name(inside.trim());
            if out.ends_with('{') {
                // Three in a row would begin another gap.
                out.push(' ');
            }
            out.push_str(&["{{ ", &name, " }}"].concat());
            rest = tail;
        }
        out.push_str(&plain(rest));
        out
    }

    /// What stands for a gap of JMeter's.
    fn name(&mut self, inside: &str) -> String {
        let Some(function) = inside.strip_prefix("__") else { return self.variable(inside, None) };
        let (name, arguments) = function.split_once('(').unwrap_or((function, ""));
        let arguments: Vec<&str> =
            arguments.trim_end_matches(')').split(',').map(str::trim).collect();
        match name {
            "UUID" => "uuid".to_owned(),
            "Random" | "RandomString" => "random".to_owned(),
            "counter" | "threadNum" => "number".to_owned(),
            "P" | "property" => self.variable(arguments[0], arguments.get(1).copied()),
            "V" | "eval" => self.variable(arguments[0], None),
            _ => {
                self.to_do
                    .push(format!("`${{{inside}}}` is a function of JMeter that plans have not"));
                self.variable(name, None)
            }
        }
    }

    /// A name that is known by then: taken from an answer, or a variable with a value to be filled in.
    fn variable(&mut self, name: &str, usual: Option<&str>) -> String {
        let name = identifier(name);
        if !self.taken.contains(&name) && !self.variables.contains_key(&name) {
            if usual.is_none() {
                self.to_do.push(format!("nothing gives `{name}`: fill in the variable"));
            }
            self.variables.insert(name.clone(), usual.unwrap_or("TO-DO").to_owned());
        }
        name
    }
}
