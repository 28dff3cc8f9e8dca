//! From text to an expression the executor can walk.

mod build;
mod counters;
mod cursor;
mod duration;
pub(crate) mod kept;
mod needs;
pub(crate) mod node;
mod parts;
mod reckon;
pub(crate) mod scan;
mod stack;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use model::{METRIC_NAME, Matcher};
use node::{Node, Shape};
use promql_parser::parser as grammar;

pub use counters::{Counter, counters};
pub use duration::parse_duration;
pub use needs::Needs;
pub(crate) use reckon::Frame;

use crate::{Checked, QueryError};

/// Reads an expression and does something with it, with enough stack for its depth.
pub(crate) fn with_expression<T: Send>(
    text: &str,
    work: impl FnOnce(Node) -> Result<T, QueryError> + Send,
) -> Result<T, QueryError> {
    with_expression_in(text, Frame::default(), work)
}

/// The same for a query whose steps are known.
pub(crate) fn with_expression_in<T: Send>(
    text: &str,
    frame: Frame,
    work: impl FnOnce(Node) -> Result<T, QueryError> + Send,
) -> Result<T, QueryError> {
    let parts = scan::scan(text, frame)?;
    stack::with_room(parts.deepest, || work(read(text, parts)?))
}

fn read(text: &str, parts: parts::Parts) -> Result<Node, QueryError> {
    // Should the grammar panic on some text, that text is refused and nothing else suffers.
    let parsed = catch_unwind(AssertUnwindSafe(|| grammar::parse(&parts.for_grammar(text))))
        .unwrap_or_else(|_panic| Err("the grammar cannot read it".to_owned()));
    match parsed {
        Ok(expr) => build::Builder::new(text, parts).node(expr),
        Err(what) => Err(refused(text, &what, &parts)),
    }
}

fn refused(text: &str, what: &str, parts: &parts::Parts) -> QueryError {
    let (what, at) = match &parts.suspect {
        _ if text.trim().is_empty() => ("no expression found in input".to_owned(), None),
        Some((at, shown)) if what == "invalid promql query" => {
            (format!("unexpected {shown}"), Some(*at))
        }
        _ if what == "invalid promql query" => ("this is not PromQL".to_owned(), None),
        _ => (what.to_owned(), only_place_of_quoted(text, what)),
    };
    QueryError::Parse { what, position: at.map(|at| scan::position(text, at)) }
}

/// The place of the word that a message of the grammar quotes, if the text has it once and only once.
fn only_place_of_quoted(text: &str, message: &str) -> Option<usize> {
    let quoted = message.split('\'').nth(1).or_else(|| message.rsplit(": ").next())?;
    if quoted.is_empty() {
        return None;
    }
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| cursor::is_word(*byte));
    let bytes = text.as_bytes();
    let mut places = text.match_indices(quoted).map(|(at, _)| at).filter(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !is_word(before) && !is_word(bytes.get(at + quoted.len()))
    });
    let first = places.next()?;
    places.next().is_none().then_some(first)
}

/// Reads an expression and checks its types, without asking anything.
pub fn check(text: &str) -> Result<Checked, QueryError> {
    with_expression(text, |node| {
        let mut metrics = BTreeSet::new();
        node.each_selector(&mut |selector| metrics.extend(selector.name.clone()));
        Ok(Checked { kind: node.kind(), metrics: metrics.into_iter().collect() })
    })
}

/// Whether any selector of an expression may ask for series of a metric; not where it cannot be read.
pub fn may_read(text: &str, metric: &str) -> bool {
    let asks = |node: Node| {
        let mut asks = false;
        node.each_selector(&mut |selector| {
            let mut of_name = selector.matchers.iter().filter(|own| own.name() == METRIC_NAME);
            asks |= of_name.all(|own| own.matches(metric));
        });
        Ok(asks)
    };
    with_expression(text, asks).unwrap_or(false)
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
    fn an_expression_may_read_a_metric_by_any_selector() {
        for text in ["1 - ALERTS{a=\"b\"}", "{__name__=~\"AL.*\"}", "rate({job=\"a\"}[5m])"] {
            assert!(may_read(text, "ALERTS"), "{text}");
        }
        for text in ["up + 1", "vector(1)", "{__name__=~\"AL.*\", __name__!=\"ALERTS\"}", "a +"] {
            assert!(!may_read(text, "ALERTS"), "{text}");
        }
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
        for (text, place) in [
            ("a +", "1:4"),
            ("(a + )", "1:6"),
            ("1 +\n foo(x)", "2:2"),
            ("sum(rate(x))", "1:5"),
            ("x{a=b}", "1:5"),
            ("a + integral(b[5m])", "1:5"),
        ] {
            let error = check(text).unwrap_err();
            let found = error.position().map(|position| position.to_string());
            assert_eq!(found.as_deref(), Some(place), "{error}");
        }
        assert!(check("").is_err());
        assert!(check("rate(a)").is_err());
        assert!(check("a[1e40]").is_err());
        assert!(check("a offset 99999999999y5m").is_err());
    }

    #[test]
    fn patterns_may_have_braces() {
        for (pattern, value) in
            [("x{2}", "xx"), ("x{2,}y{", "xxxy{"), ("{x}", "{x}"), ("x[{]y", "x{y")]
        {
            let matchers = parse_selector(&format!("a{{b=~\"{pattern}\"}}")).unwrap();
            assert!(matchers[1].matches(value), "{pattern}");
            assert!(!matchers[1].matches("other"), "{pattern}");
        }
    }

    #[test]
    fn digits_may_be_grouped() {
        assert!(check("1_000 * x_1{a=\"2_3\"} > 0x1_f").is_ok());
        assert!(check("1__0").is_err());
        assert!(check("1_").is_err());
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
