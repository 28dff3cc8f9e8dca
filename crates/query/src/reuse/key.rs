//! When two questions are the same, and which samples an answer depends on.

use std::fmt::Write as _;

use model::Time;

use crate::parse::node::{
    Aggregate, Binary, Call, Grouping, Matching, Node, Pin, Selector, Shape, Shift, Subquery,
};

/// A question: its expression whatever its spaces and brackets, its step, and where its steps lie.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    normal: String,
    /// Zero for one time.
    step: i64,
    /// The time itself, or what is left of every step's time after division by the step.
    phase: i64,
}

impl Key {
    /// The key of a range of steps.
    pub(crate) fn range(root: &Node, from: i64, step: i64) -> Self {
        Self { normal: normal(root), step, phase: from.rem_euclid(step.max(1)) }
    }

    /// The key of one time.
    pub(crate) fn instant(root: &Node, at: i64) -> Self {
        Self { normal: normal(root), step: 0, phase: at }
    }

    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.normal.len()
    }
}

/// Up to when the value at a step depends on samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The latest sample, relative to the step, in milliseconds; nothing if no sample moves with the step.
    latest: Option<i64>,
    /// The latest sample at a fixed time.
    fixed: Option<i64>,
}

impl Reach {
    /// How far an expression reaches; nothing if its value at a step depends on the other steps.
    pub(crate) fn of(root: &Node) -> Option<Self> {
        let mut reach = Self { latest: None, fixed: None };
        reach.add(root, Base::Step(0)).then_some(reach)
    }

    /// Whether a step is as it was, though samples changed from a time on.
    pub(crate) fn is_valid(&self, step: i64, changed: Option<Time>) -> bool {
        let Some(changed) = changed.map(Time::millis) else { return true };
        self.latest.is_none_or(|latest| step.saturating_add(latest) < changed)
            && self.fixed.is_none_or(|fixed| fixed < changed)
    }

    fn add(&mut self, node: &Node, base: Base) -> bool {
        match &node.shape {
            Shape::Number(_) | Shape::Text(_) => true,
            Shape::Select(selector) | Shape::Window(selector, _) => {
                match base.shifted(selector.shift) {
                    Some(Base::Step(latest)) => self.latest = self.latest.max(Some(latest)),
                    Some(Base::At(fixed)) => self.fixed = self.fixed.max(Some(fixed)),
                    None => return false,
                }
                true
            }
            Shape::Subquery(subquery) => {
                base.shifted(subquery.shift).is_some_and(|base| self.add(&subquery.inner, base))
            }
            Shape::Call(call) => {
                let of_all_steps = matches!(call.name, "start" | "end" | "range" | "step");
                !of_all_steps && call.args.iter().all(|arg| self.add(arg, base))
            }
            Shape::Aggregate(aggregate) => {
                let parameter = aggregate.parameter.as_ref();
                parameter.is_none_or(|own| self.add(own, base)) && self.add(&aggregate.inner, base)
            }
            Shape::Binary(binary) => self.add(&binary.left, base) && self.add(&binary.right, base),
            Shape::Negate(inner) => self.add(inner, base),
        }
    }
}

/// What a selector looks back from.
#[derive(Clone, Copy)]
enum Base {
    /// So much after the step.
    Step(i64),
    At(i64),
}

impl Base {
    /// Where one looks from below `offset` and `@`; nothing if that depends on the other steps.
    fn shifted(self, shift: Shift) -> Option<Self> {
        let Shift { offset, pin } = shift;
        Some(match (pin, self) {
            (Some(Pin::Start | Pin::End), _) => return None,
            (Some(Pin::At(time)), _) | (None, Self::At(time)) => {
                Self::At(time.saturating_sub(offset))
            }
            (None, Self::Step(after)) => Self::Step(after.saturating_sub(offset)),
        })
    }
}

/// An expression as a text that is the same for the same meaning. Every field is named here, so that none is
/// forgotten when there are more.
pub(crate) fn normal(root: &Node) -> String {
    let mut text = String::new();
    write_node(&mut text, root);
    text
}

fn write_node(text: &mut String, node: &Node) {
    let Node { at: _, shape, share: _ } = node;
    // Writing into a text cannot fail.
    let _written = match shape {
        Shape::Number(value) => write!(text, "#{:x}", value.to_bits()),
        Shape::Text(own) => write!(text, "{own:?}"),
        Shape::Select(selector) => write_selector(text, selector, None),
        Shape::Window(selector, range) => write_selector(text, selector, Some(*range)),
        Shape::Subquery(subquery) => {
            let Subquery { inner, range, step, shift } = &**subquery;
            write_list(text, "subquery", [inner]);
            write!(text, "[{range}:{step:?}{shift:?}]")
        }
        Shape::Call(call) => {
            let Call { name, kind: _, args } = call;
            write_list(text, name, args);
            Ok(())
        }
        Shape::Aggregate(aggregate) => {
            let Aggregate { how, inner, parameter, grouping } = &**aggregate;
            write_list(text, "aggregate", parameter.iter().chain([inner]));
            write_grouping(text, grouping);
            write!(text, "{how:?}")
        }
        Shape::Binary(binary) => {
            let Binary { operator, left, right, as_bool, matching } = &**binary;
            let Matching { labels, many, include, fill_left, fill_right } = matching;
            write_list(text, "binary", [left, right]);
            write_grouping(text, labels);
            write!(text, "{operator:?}{as_bool}{many:?}{include:?}{fill_left:?}{fill_right:?}")
        }
        Shape::Negate(inner) => {
            write_list(text, "negate", [&**inner]);
            Ok(())
        }
    };
}

fn write_list<'n>(text: &mut String, name: &str, nodes: impl IntoIterator<Item = &'n Node>) {
    text.push_str(name);
    text.push('(');
    for node in nodes {
        write_node(text, node);
        text.push(',');
    }
    text.push(')');
}

fn write_grouping(text: &mut String, grouping: &Grouping) {
    let _written = write!(text, "{grouping:?}");
}

fn write_selector(text: &mut String, selector: &Selector, range: Option<i64>) -> std::fmt::Result {
    let Selector { number: _, name: _, matchers, shift } = selector;
    text.push('{');
    for matcher in matchers {
        write!(text, "{matcher},")?;
    }
    write!(text, "}}{range:?}{shift:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::with_expression;

    fn key(text: &str) -> Key {
        with_expression(text, |root| Ok(Key::range(&root, 7, 5))).unwrap()
    }

    fn reach(text: &str) -> Option<Reach> {
        with_expression(text, |root| Ok(Reach::of(&root))).unwrap()
    }

    #[test]
    fn spaces_and_brackets_make_no_other_question() {
        let one = key("sum by (a) (rate(b_total{c=\"d\"}[5m]))");
        assert_eq!(one, key(" sum(rate( b_total{c='d'}[300s]) ) by(a)"));
        for other in [
            "sum by (a, b) (rate(b_total{c=\"d\"}[5m]))",
            "sum without (a) (rate(b_total{c=\"d\"}[5m]))",
            "sum by (a) (rate(b_total{c=\"d\"}[6m]))",
            "sum by (a) (rate(b_total{c!=\"d\"}[5m]))",
            "sum by (a) (rate(b_total{c=\"d\"}[5m] offset 1s))",
            "max by (a) (rate(b_total{c=\"d\"}[5m]))",
            "-sum by (a) (rate(b_total{c=\"d\"}[5m]))",
        ] {
            assert_ne!(one, key(other), "{other}");
        }
    }

    #[test]
    fn an_answer_depends_on_samples_up_to_its_latest_selector() {
        let relative = |latest| Some(Reach { latest: Some(latest), fixed: None });
        assert_eq!(reach("a offset 1m"), relative(-60_000));
        assert_eq!(reach("a offset -1m + b"), relative(60_000));
        assert_eq!(reach("max_over_time(a[5m:1m] offset 1m)"), relative(-60_000));
        assert_eq!(reach("a @ 60 offset 10s"), Some(Reach { latest: None, fixed: Some(50_000) }));
        assert_eq!(
            reach("b + max_over_time((a offset 10s)[5m:1m] @ 60)"),
            Some(Reach { latest: Some(0), fixed: Some(50_000) })
        );
        for text in ["a @ start()", "a @ end()", "a + end()"] {
            assert!(reach(text).is_none(), "{text}");
        }
    }

    #[test]
    fn steps_that_end_before_a_change_are_as_they_were() {
        let reach = reach("a offset 1m").unwrap();
        assert!(reach.is_valid(0, None));
        assert!(reach.is_valid(159_999, Some(Time(100_000))));
        assert!(!reach.is_valid(160_000, Some(Time(100_000))));
    }
}
