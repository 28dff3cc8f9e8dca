//! From text to an expression the executor can walk.

mod build;
mod cursor;
mod duration;
pub(crate) mod node;
pub(crate) mod scan;
mod stack;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use model::Matcher;
use node::{Node, Shape};
use promql_parser::parser as grammar;

pub use duration::parse_duration;

use crate::{Checked, QueryError};

/// Reads an expression and does something with it, with enough stack for its depth.
pub(crate) fn with_expression<T: Send>(
    text: &str,
    work: impl FnOnce(Node) -> Result<T, QueryError> + Send,
) -> Result<T, QueryError> {
    let parts = scan::scan(text)?;
    stack::with_room(parts.deepest, || work(read(text, parts)?))
}

fn read(text: &str, parts: scan::Parts) -> Result<Node, QueryError> {
    // The grammar panics on some numbers that no duration can hold; that is the text's fault, not ours.
    let parsed = catch_unwind(AssertUnwindSafe(|| grammar::parse(text)))
        .unwrap_or_else(|_panic| Err("a number in it is out of range".to_owned()));
    match parsed {
        Ok(expr) => build::Builder::new(text, parts).node(expr),
        Err(what) => Err(refused(text, &what, &parts)),
    }
}

fn refused(text: &str, what: &str, parts: &scan::Parts) -> QueryError {
    match &parts.suspect {
        Some((at, shown)) if what == "invalid promql query" => QueryError::Parse {
            what: format!("unexpected {shown}"),
            position: Some(scan::position(text, *at)),
        },
        _ if text.trim().is_empty() => {
            QueryError::Parse { what: "no expression found in input".to_owned(), position: None }
        }
        _ => QueryError::Parse { what: what.to_owned(), position: None },
    }
}

/// Reads an expression and checks its types, without asking anything.
pub fn check(text: &str) -> Result<Checked, QueryError> {
    with_expression(text, |node| {
        let mut metrics = BTreeSet::new();
        node.each_selector(&mut |selector| metrics.extend(selector.name.clone()));
        Ok(Checked { kind: node.kind(), metrics: metrics.into_iter().collect() })
    })
}

/// Reads a series selector as `match[]` of the HTTP API has it: `up{job="node"}`.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, QueryError> {
    with_expression(text, |node| match node.shape {
        Shape::Select(selector) if selector.shift.offset == 0 && selector.shift.pin.is_none() => {
            Ok(selector.matchers)
        }
        _ => Err(QueryError::Parse {
            what: "a series selector is needed, such as up{job=\"node\"}".to_owned(),
            position: None,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ValueKind;

    #[test]
    fn an_expression_names_its_metrics_and_its_type() {
        let checked = check("sum(rate(b_total[5m])) / on () a + {__name__=\"c\"}").unwrap();
        assert_eq!(checked.kind, ValueKind::Vector);
        assert_eq!(checked.metrics, ["a", "b_total", "c"]);
    }

    #[test]
    fn a_selector_is_read_as_matchers() {
        let matchers = parse_selector("up{job=~\"a|b\"}").unwrap();
        assert_eq!(matchers.len(), 2);
        assert!(parse_selector("up offset 5m").is_err());
        assert!(parse_selector("sum(up)").is_err());
    }

    #[test]
    fn nonsense_is_refused_with_its_place() {
        let error = check("sum(rate(a[5m])) b").unwrap_err();
        assert_eq!(error.to_string(), "1:18: parse error: unexpected b");
        assert!(check("").is_err());
        assert!(check("rate(a)").is_err());
        assert!(check("a[1e40]").is_err());
    }

    #[test]
    fn the_deepest_expression_that_is_allowed_fits_a_small_stack() {
        let deep = scan::DEPTH_MAX - 2;
        let texts = [
            "(".repeat(deep) + "1" + &")".repeat(deep),
            "1".to_owned() + &" + 1".repeat(deep),
            "-".repeat(deep) + "a",
            "abs(".repeat(deep) + "a" + &")".repeat(deep),
        ];
        let ask = move || texts.iter().for_each(|text| drop(check(text).unwrap()));
        std::thread::Builder::new().stack_size(1 << 20).spawn(ask).unwrap().join().unwrap();
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[ a-z0-9(){}\\[\\]\"',=~!<>+*/^%@:.#-]{0,40}") {
            if let Err(error) = check(&text) {
                proptest::prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
