//! Which counters an expression adds up, for whoever counts what they rise by without guessing at the ends of windows.

use model::{MatchOp, Matcher};

use super::node::{Aggregate, Call, Grouping, How, Node, Operator, Selector, Shape};
use crate::QueryError;

/// Counters that an expression adds up, or takes away.
#[derive(Clone, Debug, PartialEq)]
pub struct Counter {
    /// The selector of their series.
    pub selector: String,
    /// Whether they are taken away.
    pub minus: bool,
}

/// The counters whose rise an expression adds up: selectors, `sum` of them, their `rate` or `increase`, and sums and
/// differences of all that; `or vector(0)` adds nothing.
///
/// An error if it does anything else with them.
pub fn counters(text: &str) -> Result<Vec<Counter>, QueryError> {
    super::with_expression(text, |node| {
        let mut found = Vec::new();
        add(&node, false, &mut found)?;
        if found.is_empty() {
            return Err(refused("there is no counter in it"));
        }
        Ok(found)
    })
}

fn add(node: &Node, minus: bool, found: &mut Vec<Counter>) -> Result<(), QueryError> {
    match &node.shape {
        Shape::Select(selector) => take(selector, minus, found),
        Shape::Aggregate(aggregate) => match &**aggregate {
            Aggregate { how: How::Sum, inner, .. } => add(inner, minus, found),
            _ => Err(refused("only `sum` adds counters up")),
        },
        Shape::Call(call) => of_call(call, minus, found),
        Shape::Binary(binary) => match binary.operator {
            Operator::Add | Operator::Sub => {
                if binary.matching.labels != Grouping::Without(Vec::new()) {
                    return Err(refused("counters are added up without `on` and `ignoring`"));
                }
                add(&binary.left, minus, found)?;
                add(&binary.right, minus != (binary.operator == Operator::Sub), found)
            }
            Operator::Or if is_nothing(&binary.right) => add(&binary.left, minus, found),
            _ => Err(refused("counters can only be added up and taken away")),
        },
        _ => Err(refused("a counter is needed, or a sum of counters")),
    }
}

fn of_call(call: &Call, minus: bool, found: &mut Vec<Counter>) -> Result<(), QueryError> {
    match (call.name, call.args.as_slice()) {
        ("rate" | "increase", [Node { shape: Shape::Window(selector, _), .. }]) => {
            take(selector, minus, found)
        }
        _ => Err(refused("of functions only `rate` and `increase` are known here")),
    }
}

/// `vector(0)`, which many write so that a sum is never empty.
fn is_nothing(node: &Node) -> bool {
    let Shape::Call(call) = &node.shape else { return false };
    let of = call.args.first().map(|arg| &arg.shape);
    call.name == "vector"
        && matches!(of, Some(Shape::Number(number)) if number.abs() < f64::MIN_POSITIVE)
}

fn take(selector: &Selector, minus: bool, found: &mut Vec<Counter>) -> Result<(), QueryError> {
    if selector.shift.offset != 0 || selector.shift.pin.is_some() {
        return Err(refused("counters are read as they come, without `offset` and `@`"));
    }
    found.push(Counter { selector: written(&selector.matchers), minus });
    Ok(())
}

fn refused(what: &str) -> QueryError {
    QueryError::Parse { what: what.to_owned(), position: None }
}

/// A selector as it is written.
fn written(matchers: &[Matcher]) -> String {
    let conditions: Vec<String> = matchers.iter().map(condition).collect();
    ["{", &conditions.join(","), "}"].concat()
}

fn condition(matcher: &Matcher) -> String {
    let name = matcher.name();
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !name.starts_with(|letter: char| letter.is_ascii_digit());
    let name = if plain { name.to_owned() } else { quoted(name) };
    let operator = match matcher.op() {
        MatchOp::Equal => "=",
        MatchOp::NotEqual => "!=",
        MatchOp::Regex => "=~",
        MatchOp::NotRegex => "!~",
    };
    [&name, operator, &quoted(matcher.value())].concat()
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    ["\"", &text, "\""].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let found = counters(text).unwrap();
        found
            .into_iter()
            .map(|own| format!("{}{}", if own.minus { "-" } else { "+" }, own.selector))
            .collect()
    }

    #[test]
    fn what_is_added_up_is_told_apart() {
        let plain = ["+{__name__=\"a_total\",code!~\"5..\"}"];
        for text in [
            "a_total{code!~\"5..\"}",
            "sum(a_total{code!~\"5..\"})",
            "sum by (job) (rate(a_total{code!~\"5..\"}[5m]))",
            "(sum(increase(a_total{code!~\"5..\"}[1h])) or vector(0))",
        ] {
            assert_eq!(read(text), plain, "{text}");
        }
        let three = ["+{__name__=\"a\"}", "-{__name__=\"b\"}", "+{__name__=\"c\"}"];
        assert_eq!(read("sum(a) - (b - sum(c))"), three);
    }

    #[test]
    fn what_is_told_apart_reads_back() {
        for text in ["{__name__=~\"a|b\",path=\"\\\\d\\\"\"}", "{\"a.b\"=\"c\"}"] {
            for own in counters(text).unwrap() {
                assert_eq!(counters(&own.selector).unwrap(), [own]);
            }
        }
    }

    #[test]
    fn what_does_more_than_add_counters_up_is_refused() {
        for text in [
            "a / b",
            "a * 2",
            "avg(a)",
            "max_over_time(a[5m])",
            "a offset 5m",
            "1",
            "vector(0)",
            "a + on (x) b",
            "a > 5",
            "a or b",
        ] {
            assert!(counters(text).is_err(), "{text}");
        }
    }
}
