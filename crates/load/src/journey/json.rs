//! A small part of `JSONPath` (RFC 9535): names and indices, and `[*]` for the first that fits.

use serde_json::Value;

/// Most steps of a path; deeper documents are not read.
const STEPS_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(i64),
    Any,
}

/// A path into a JSON document: `$.items[0].id`, `$['a b']`, `$.items[*].id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

/// A text that is no path we read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no path; write `$.name`, `$.list[0].name` or `$['any name']`")]
pub struct JsonPathError(String);

impl JsonPath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self, JsonPathError> {
        let wrong = || JsonPathError(text.to_owned());
        let mut rest = text.strip_prefix('$').ok_or_else(wrong)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, tail) = step(rest).ok_or_else(wrong)?;
            steps.push(step);
            rest = tail;
            if steps.len() > STEPS_MAX {
                return Err(wrong());
            }
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first value the path leads to.
    pub fn find<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        find(document, &self.steps)
    }
}

/// A value as a text: strings without their quotes, all else as JSON.
pub(crate) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn step(rest: &str) -> Option<(Step, &str)> {
    if let Some(after) = rest.strip_prefix('.') {
        let end = after.find(['.', '[']).unwrap_or(after.len());
        let (name, tail) = after.split_at_checked(end)?;
        let is_name = !name.is_empty() && !name.contains([']', '\'', '"', ' ']);
        let step = if name == "*" { Step::Any } else { Step::Name(name.to_owned()) };
        return is_name.then_some((step, tail));
    }
    let after = rest.strip_prefix('[')?;
    for quote in ['\'', '"'] {
        if let Some(quoted) = after.strip_prefix(quote) {
            let (name, tail) = quoted.split_once(quote)?;
            return Some((Step::Name(name.to_owned()), tail.strip_prefix(']')?));
        }
    }
    let (inside, tail) = after.split_once(']')?;
    let step = if inside == "*" { Step::Any } else { Step::Index(inside.parse().ok()?) };
    Some((step, tail))
}

fn find<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    match (step, value) {
        (Step::Name(name), Value::Object(map)) => find(map.get(name)?, rest),
        (Step::Index(index), Value::Array(items)) => {
            let from_end = items.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?);
            let at = if *index < 0 { from_end } else { usize::try_from(*index).ok() };
            find(items.get(at?)?, rest)
        }
        (Step::Any, Value::Array(items)) => items.iter().find_map(|item| find(item, rest)),
        (Step::Any, Value::Object(map)) => map.values().find_map(|item| find(item, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn found(path: &str) -> Option<String> {
        let document = json!({
            "id": 7, "list": [{ "a": "x" }, { "b": true, "c": [1, 2] }], "two words": null
        });
        JsonPath::parse(path).unwrap().find(&document).map(as_text)
    }

    #[test]
    fn paths_lead_to_names_and_indices() {
        assert_eq!(found("$.id").as_deref(), Some("7"));
        assert_eq!(found("$.list[0].a").as_deref(), Some("x"));
        assert_eq!(found("$.list[-1].c[1]").as_deref(), Some("2"));
        assert_eq!(found("$.list[*].b").as_deref(), Some("true"));
        assert_eq!(found("$['two words']").as_deref(), Some("null"));
        assert_eq!(found("$.list[9].a"), None);
        assert_eq!(found("$.list[-9]"), None);
        assert_eq!(found("$.id.more"), None);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for wrong in ["", "id", "$id", "$.", "$..a", "$[", "$[x]", "$['a]", "$.a b"] {
            assert!(JsonPath::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[$.\\[\\]'*a-c0-9-]{0,20}") {
            if let Ok(path) = JsonPath::parse(&text) {
                path.find(&json!({ "a": [{ "b": 1 }] }));
            }
        }
    }
}
