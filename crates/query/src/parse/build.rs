//! From the grammar's tree to ours: operators and functions resolved, places put back, limits checked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::{METRIC_NAME, MatchOp, Matcher};
use promql_parser::{
    label::{self, Matchers},
    parser::{
        self as grammar, AtModifier, Expr, LabelModifier, Offset, VectorMatchCardinality,
        value::ValueType,
    },
};

use super::{
    node::{
        Aggregate, Binary, Call, Grouping, How, Many, Matching, Node, Operator, Pin, Selector,
        Shape, Shift, Subquery,
    },
    parts::{ANY_NAME, Part, Parts},
    scan::position,
};
use crate::{Position, QueryError, ValueKind};

/// Functions the grammar knows and the executor does not; all are experimental in Prometheus.
const NOT_SUPPORTED: [&str; 2] = ["integral", "start_timestamp"];

/// Builds our tree from the grammar's.
pub(super) struct Builder<'t> {
    text: &'t str,
    parts: std::vec::IntoIter<(Part, usize)>,
    lost: bool,
    selectors: usize,
    /// Operators between two operands so far, in the order of the text.
    operators: usize,
    /// Which of them cut histograms.
    trims: Vec<usize>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str, parts: Parts) -> Self {
        let (trims, parts) = (parts.trims, parts.found.into_iter());
        Self { text, parts, lost: false, selectors: 0, operators: 0, trims }
    }

    fn error(&self, at: Option<usize>, what: impl Into<String>) -> QueryError {
        QueryError::Parse { what: what.into(), position: self.place(at) }
    }

    fn place(&self, at: Option<usize>) -> Option<Position> {
        at.map(|byte| position(self.text, byte))
    }

    /// The place of the next part; nothing from then on if the text and the tree disagree.
    fn take(&mut self, wanted: Part) -> Option<usize> {
        if self.lost {
            return None;
        }
        match self.parts.next() {
            Some((part, at)) if part == wanted => Some(at),
            _ => {
                self.lost = true;
                None
            }
        }
    }

    fn take_number(&mut self) -> Option<usize> {
        let mut first = None;
        while !self.lost {
            match self.parts.next() {
                Some((Part::Minus, at)) => first = first.or(Some(at)),
                Some((Part::Number, at)) => return first.or(Some(at)),
                _ => self.lost = true,
            }
        }
        None
    }

    pub(super) fn node(&mut self, expr: Expr) -> Result<Node, QueryError> {
        match expr {
            Expr::NumberLiteral(number) => {
                Ok(Node::new(self.take_number(), Shape::Number(number.val)))
            }
            Expr::StringLiteral(text) => {
                Ok(Node::new(self.take(Part::Text), Shape::Text(text.val)))
            }
            Expr::Paren(paren) => {
                let at = self.take(Part::Group);
                let inner = self.node(*paren.expr)?;
                Ok(Node::new(at, inner.shape))
            }
            Expr::Unary(unary) => {
                let at = self.take(Part::Minus);
                let inner = self.node(*unary.expr)?;
                Ok(Node::new(at, Shape::Negate(Box::new(inner))))
            }
            Expr::VectorSelector(selector) => {
                let at = self.take(Part::Name);
                let selector = self.selector(selector, at)?;
                Ok(Node::new(at, Shape::Select(selector)))
            }
            Expr::MatrixSelector(matrix) => {
                let at = self.take(Part::Name);
                let range = millis(matrix.range);
                let selector = self.selector(matrix.vs, at)?;
                Ok(Node::new(at, Shape::Window(selector, range)))
            }
            Expr::Subquery(subquery) => self.subquery(subquery),
            Expr::Call(call) => self.call(call),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Extension(_) => Err(self.error(None, "unknown extension of the grammar")),
        }
    }

    fn subquery(&mut self, subquery: grammar::SubqueryExpr) -> Result<Node, QueryError> {
        let inner = self.node(*subquery.expr)?;
        let step = subquery.step.map(millis);
        if step == Some(0) {
            return Err(self.error(inner.at, "the step of a subquery must be above zero"));
        }
        let shift = shift(subquery.offset.as_ref(), subquery.at.as_ref());
        let range = millis(subquery.range);
        let at = inner.at;
        Ok(Node::new(at, Shape::Subquery(Box::new(Subquery { inner, range, step, shift }))))
    }

    fn call(&mut self, call: grammar::Call) -> Result<Node, QueryError> {
        let at = self.take(Part::Name);
        let name = call.func.name;
        let kind = value_kind(call.func.return_type);
        if NOT_SUPPORTED.contains(&name) {
            let what = format!("function {name} is experimental in Prometheus and not supported");
            return Err(self.error(at, what));
        }
        let mut args = Vec::with_capacity(call.args.args.len());
        for (number, arg) in call.args.args.into_iter().enumerate() {
            let arg = self.node(*arg)?;
            let types = &call.func.arg_types;
            let wanted =
                types.get(number).or_else(|| types.last()).map(|wanted| value_kind(*wanted));
            // The grammar lets some calls pass that the executor could not answer.
            if wanted.is_some_and(|wanted| wanted != arg.kind()) {
                let wanted = wanted.map_or("", ValueKind::word);
                return Err(self.error(
                    arg.at,
                    format!(
                        "expected type {wanted} in call to function \"{name}\", got {}",
                        arg.kind().word()
                    ),
                ));
            }
            args.push(arg);
        }
        if name == "info" {
            self.complete_info(at, &mut args)?;
        }
        Ok(Node::new(at, Shape::Call(Call { name, kind, args })))
    }

    /// Makes the second argument of `info` a selector of info series at the times of the first: `target_info` if no
    /// metric is named, and names that end in `_info` if some are only ruled out.
    fn complete_info(&mut self, at: Option<usize>, args: &mut Vec<Node>) -> Result<(), QueryError> {
        let [base, given @ ..] = &args[..] else { return Ok(()) };
        let (shift, number) = (base.looks_back().unwrap_or_default(), self.selectors);
        let mut selector = match given {
            [] => {
                self.selectors += 1;
                Selector { number, name: None, matchers: Vec::new(), shift }
            }
            [Node { shape: Shape::Select(given), .. }] => Selector { shift, ..given.clone() },
            _ => {
                let what = "expected label selectors as the second argument to \"info\" function";
                return Err(self.error(given.first().and_then(|own| own.at).or(at), what));
            }
        };
        let filler = |own: &Matcher| {
            own.name() == METRIC_NAME && own.op() == MatchOp::Regex && own.value() == ANY_NAME
        };
        if let Some(place) = selector.matchers.iter().position(filler) {
            selector.matchers.remove(place);
        }
        let of_names: Vec<MatchOp> = selector
            .matchers
            .iter()
            .filter(|matcher| matcher.name() == METRIC_NAME)
            .map(Matcher::op)
            .collect();
        if of_names.is_empty() {
            selector.matchers.insert(0, Matcher::equal(METRIC_NAME, "target_info"));
        } else if of_names.iter().all(|op| matches!(op, MatchOp::NotEqual | MatchOp::NotRegex)) {
            let some = Matcher::new(METRIC_NAME, MatchOp::Regex, ".+_info");
            selector.matchers.insert(0, some.map_err(|error| self.error(at, error.to_string()))?);
        }
        args.truncate(1);
        args.push(Node::new(at, Shape::Select(selector)));
        Ok(())
    }

    fn aggregate(&mut self, aggregate: grammar::AggregateExpr) -> Result<Node, QueryError> {
        let at = self.take(Part::Name);
        let Some(how) = How::from_token(aggregate.op.id()) else {
            return Err(self.error(at, format!("unknown aggregation {}", aggregate.op)));
        };
        let parameter = aggregate.param.map(|parameter| self.node(*parameter)).transpose()?;
        let inner = self.node(*aggregate.expr)?;
        let wanted = match how {
            How::TopK | How::BottomK | How::Quantile | How::LimitK | How::LimitRatio => {
                Some(ValueKind::Scalar)
            }
            How::CountValues => Some(ValueKind::Text),
            _ => None,
        };
        if parameter.as_ref().map(Node::kind) != wanted {
            let what = match wanted {
                Some(kind) => {
                    format!("this aggregation needs a {} as its first argument", kind.word())
                }
                None => "this aggregation takes one argument".to_owned(),
            };
            return Err(self.error(at, what));
        }
        let grouping = match aggregate.modifier {
            Some(LabelModifier::Include(labels)) => Grouping::By(labels.labels),
            Some(LabelModifier::Exclude(labels)) => Grouping::Without(labels.labels),
            None => Grouping::By(Vec::new()),
        };
        let aggregate = Aggregate { how, inner, parameter, grouping };
        Ok(Node::new(at, Shape::Aggregate(Box::new(aggregate))))
    }

    fn binary(&mut self, binary: grammar::BinaryExpr) -> Result<Node, QueryError> {
        let left = self.node(*binary.lhs)?;
        let is_trim = self.trims.contains(&self.operators);
        self.operators += 1;
        let right = self.node(*binary.rhs)?;
        let operator = match Operator::from_token(binary.op.id()) {
            Some(Operator::Less) if is_trim => Operator::TrimUpper,
            Some(Operator::Greater) if is_trim => Operator::TrimLower,
            Some(operator) => operator,
            None => return Err(self.error(left.at, format!("unknown operator {}", binary.op))),
        };
        let modifier = binary.modifier.unwrap_or_default();
        let labels = match modifier.matching {
            Some(LabelModifier::Include(labels)) => Grouping::By(labels.labels),
            Some(LabelModifier::Exclude(labels)) => Grouping::Without(labels.labels),
            None => Grouping::Without(Vec::new()),
        };
        let (many, include) = match modifier.card {
            VectorMatchCardinality::ManyToOne(include) => (Many::Left, include.labels),
            VectorMatchCardinality::OneToMany(include) => (Many::Right, include.labels),
            VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => {
                (Many::Neither, Vec::new())
            }
        };
        let filled = modifier.fill_values;
        if operator.is_set() && (filled.lhs.is_some() || filled.rhs.is_some()) {
            return Err(self.error(left.at, "filling in is not allowed for set operators"));
        }
        let matching =
            Matching { labels, many, include, fill_left: filled.lhs, fill_right: filled.rhs };
        let at = left.at;
        let as_bool = modifier.return_bool;
        if as_bool && operator.is_trim() {
            return Err(self.error(at, "bool modifier can only be used on comparison operators"));
        }
        let binary = Binary { operator, left, right, as_bool, matching };
        Ok(Node::new(at, Shape::Binary(Box::new(binary))))
    }

    fn selector(
        &mut self,
        selector: grammar::VectorSelector,
        at: Option<usize>,
    ) -> Result<Selector, QueryError> {
        let mut matchers =
            read_matchers(&selector.matchers).map_err(|what| self.error(at, what))?;
        let mut name = selector.name;
        match &name {
            Some(name) => matchers.insert(0, Matcher::equal(METRIC_NAME, name)),
            None => {
                name = matchers
                    .iter()
                    .find(|matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal)
                    .map(|matcher| matcher.value().to_owned());
            }
        }
        let number = self.selectors;
        self.selectors += 1;
        let shift = shift(selector.offset.as_ref(), selector.at.as_ref());
        Ok(Selector { number, name, matchers, shift })
    }
}

fn read_matchers(matchers: &Matchers) -> Result<Vec<Matcher>, String> {
    if !matchers.or_matchers.is_empty() {
        return Err("`or` between matchers is not PromQL; use `or` between selectors".to_owned());
    }
    matchers.matchers.iter().map(read_matcher).collect()
}

fn read_matcher(matcher: &label::Matcher) -> Result<Matcher, String> {
    let op = match &matcher.op {
        label::MatchOp::Equal => MatchOp::Equal,
        label::MatchOp::NotEqual => MatchOp::NotEqual,
        label::MatchOp::Re(_) => MatchOp::Regex,
        label::MatchOp::NotRe(_) => MatchOp::NotRegex,
    };
    Matcher::new(&matcher.name, op, &matcher.value).or_else(|error| {
        // The grammar's reading of the regular expression also accepts braces that are not repetitions.
        match &matcher.op {
            label::MatchOp::Re(regex) | label::MatchOp::NotRe(regex) => {
                let inner = regex.as_str();
                let inner = inner.strip_prefix("^(?:").unwrap_or(inner);
                let inner = inner.strip_suffix(")$").unwrap_or(inner);
                Matcher::new(&matcher.name, op, inner).map_err(|_same| error.to_string())
            }
            _ => Err(error.to_string()),
        }
    })
}

fn shift(offset: Option<&Offset>, at: Option<&AtModifier>) -> Shift {
    let offset = match offset {
        None => 0,
        Some(Offset::Pos(duration)) => millis(*duration),
        Some(Offset::Neg(duration)) => -millis(*duration),
    };
    let pin = at.map(|at| match at {
        AtModifier::Start => Pin::Start,
        AtModifier::End => Pin::End,
        AtModifier::At(time) => Pin::At(unix_millis(*time)),
    });
    Shift { offset, pin }
}

fn unix_millis(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => millis(after),
        Err(before) => -millis(before.duration()),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn value_kind(value_type: ValueType) -> ValueKind {
    match value_type {
        ValueType::Scalar => ValueKind::Scalar,
        ValueType::String => ValueKind::Text,
        ValueType::Vector => ValueKind::Vector,
        ValueType::Matrix => ValueKind::Matrix,
    }
}
