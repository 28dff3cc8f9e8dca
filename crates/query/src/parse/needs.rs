//! What must be there for an expression to answer anything: whoever asks of few series, as tests of rules do, need
//! not ask what has no answer.

use super::node::{Call, Node, Operator, Shape};
use crate::{QueryError, ValueKind};

/// Functions that answer something of nothing.
const OF_NOTHING: [&str; 2] = ["absent", "absent_over_time"];

/// What must be there for an expression to answer anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// It may answer something of nothing, or of metrics whose names it does not say.
    Nothing,
    /// A metric of this name.
    Metric(String),
    /// All of these.
    All(Vec<Self>),
    /// One of these.
    Any(Vec<Self>),
}

impl Needs {
    /// What an expression needs.
    pub fn of(text: &str) -> Result<Self, QueryError> {
        super::with_expression(text, |node| Ok(of(&node)))
    }

    /// Whether the expression may answer anything where these metrics are.
    pub fn are_met(&self, has: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Nothing => true,
            Self::Metric(name) => has(name),
            Self::All(all) => all.iter().all(|own| own.are_met(has)),
            Self::Any(any) => any.iter().any(|own| own.are_met(has)),
        }
    }
}

fn of(node: &Node) -> Needs {
    match &node.shape {
        Shape::Number(_) | Shape::Text(_) => Needs::Nothing,
        Shape::Select(selector) | Shape::Window(selector, _) => match &selector.name {
            Some(name) => Needs::Metric(name.clone()),
            None => Needs::Nothing,
        },
        Shape::Subquery(subquery) => of(&subquery.inner),
        Shape::Call(call) => of_call(call),
        Shape::Aggregate(aggregate) => of(&aggregate.inner),
        Shape::Negate(inner) => of(inner),
        Shape::Binary(binary) => {
            let sides = || vec![of(&binary.left), of(&binary.right)];
            let fills = binary.matching.fill_left.is_some() || binary.matching.fill_right.is_some();
            match binary.operator {
                Operator::Or => Needs::Any(sides()),
                Operator::Unless => of(&binary.left),
                _ if fills => Needs::Any(sides()),
                _ => Needs::All(sides()),
            }
        }
    }
}

/// A function answers nothing if the series it is given are none; what else it is given does not matter.
fn of_call(call: &Call) -> Needs {
    let is_series = |arg: &&Node| matches!(arg.kind(), ValueKind::Vector | ValueKind::Matrix);
    match call.args.iter().find(is_series) {
        Some(arg) if call.kind == ValueKind::Vector && !OF_NOTHING.contains(&call.name) => of(arg),
        _ => Needs::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_needs_what_it_cannot_answer_without() {
        let has = |name: &str| name == "a";
        for (text, met) in [
            ("a", true),
            ("b", false),
            ("{job=\"x\"}", true),
            ("a + b", false),
            ("a and b", false),
            ("b unless a", false),
            ("a unless b", true),
            ("a or b", true),
            ("a + on () fill(0) b", true),
            ("sum by (x) (rate(b[5m])) > 1", false),
            ("-b", false),
            ("absent(b)", true),
            ("count(absent_over_time(b[5m]))", true),
            ("vector(1)", true),
            ("scalar(b)", true),
            ("b * scalar(a)", false),
            ("time() - b > 5", false),
            ("time() > bool 5", true),
            ("minute()", true),
            ("label_replace(b, \"x\", \"y\", \"\", \"\")", false),
            ("max_over_time((b > 1)[5m:1m])", false),
            ("histogram_quantile(0.9, b)", false),
            ("1", true),
        ] {
            assert_eq!(Needs::of(text).unwrap().are_met(&has), met, "{text}");
        }
    }
}
