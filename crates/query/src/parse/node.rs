//! An expression as the executor wants it: names resolved, times in milliseconds, each node with its place.

use std::sync::Arc;

use model::Matcher;
use promql_parser::parser::token::TokenId;

use super::kept::Share;
use crate::ValueKind;

/// One node of an expression.
#[derive(Debug)]
pub(crate) struct Node {
    /// The byte of the text where it begins, if it is known.
    pub(crate) at: Option<usize>,
    pub(crate) shape: Shape,
    /// What it has in common with other expressions, if that is known.
    pub(crate) share: Option<Arc<Share>>,
}

impl Node {
    pub(crate) fn new(at: Option<usize>, shape: Shape) -> Self {
        Self { at, shape, share: None }
    }

    /// Puts the query's own start and end where `@ start()` and `@ end()` stand. The end is the one that was asked
    /// for, which may lie behind the last step.
    pub(crate) fn pin(&mut self, start: i64, end: i64) {
        let pin = |shift: &mut Shift| {
            shift.pin = shift.pin.map(|pin| match pin {
                Pin::Start => Pin::At(start),
                Pin::End => Pin::At(end),
                Pin::At(_) => pin,
            });
        };
        match &mut self.shape {
            Shape::Number(_) | Shape::Text(_) => {}
            Shape::Select(selector) | Shape::Window(selector, _) => pin(&mut selector.shift),
            Shape::Subquery(subquery) => {
                pin(&mut subquery.shift);
                subquery.inner.pin(start, end);
            }
            Shape::Call(call) => {
                for arg in &mut call.args {
                    arg.pin(start, end);
                }
            }
            Shape::Aggregate(aggregate) => {
                aggregate.inner.pin(start, end);
                if let Some(parameter) = &mut aggregate.parameter {
                    parameter.pin(start, end);
                }
            }
            Shape::Binary(binary) => {
                binary.left.pin(start, end);
                binary.right.pin(start, end);
            }
            Shape::Negate(inner) => inner.pin(start, end),
        }
    }

    /// Whether the order of what it makes was asked for, and has to stay.
    pub(crate) fn orders(&self) -> bool {
        match &self.shape {
            Shape::Number(_)
            | Shape::Text(_)
            | Shape::Select(_)
            | Shape::Window(..)
            | Shape::Subquery(_) => false,
            Shape::Call(call) => {
                call.name.starts_with("sort") || call.args.iter().any(Self::orders)
            }
            Shape::Aggregate(aggregate) => matches!(aggregate.how, How::TopK | How::BottomK),
            Shape::Binary(binary) => binary.left.orders() || binary.right.orders(),
            Shape::Negate(inner) => inner.orders(),
        }
    }
}

#[derive(Debug)]
pub(crate) enum Shape {
    Number(f64),
    Text(String),
    /// One value of each series.
    Select(Selector),
    /// A range of values of each series, in milliseconds.
    Window(Selector, i64),
    Subquery(Box<Subquery>),
    Call(Call),
    Aggregate(Box<Aggregate>),
    Binary(Box<Binary>),
    Negate(Box<Node>),
}

/// Which series, and when.
#[derive(Clone, Debug)]
pub(crate) struct Selector {
    /// Counts selectors from zero in the order of the text.
    pub(crate) number: usize,
    /// The metric's name, if it is fixed.
    pub(crate) name: Option<String>,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) shift: Shift,
}

/// `offset` and `@`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shift {
    /// Milliseconds to look back.
    pub(crate) offset: i64,
    pub(crate) pin: Option<Pin>,
}

/// A time that does not move with the steps.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pin {
    Start,
    End,
    At(i64),
}

#[derive(Debug)]
pub(crate) struct Subquery {
    pub(crate) inner: Node,
    pub(crate) range: i64,
    pub(crate) step: Option<i64>,
    pub(crate) shift: Shift,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) kind: ValueKind,
    pub(crate) args: Vec<Node>,
}

/// Which labels count: those named, or all but those named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

#[derive(Debug)]
pub(crate) struct Aggregate {
    pub(crate) how: How,
    pub(crate) inner: Node,
    pub(crate) parameter: Option<Node>,
    pub(crate) grouping: Grouping,
}

/// How series of a group become one, or which of them stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Sum,
    Avg,
    Count,
    Min,
    Max,
    Group,
    Stddev,
    Stdvar,
    Quantile,
    CountValues,
    TopK,
    BottomK,
    LimitK,
    LimitRatio,
}

#[derive(Debug)]
pub(crate) struct Binary {
    pub(crate) operator: Operator,
    pub(crate) left: Node,
    pub(crate) right: Node,
    /// A comparison that answers 0 or 1 instead of filtering.
    pub(crate) as_bool: bool,
    pub(crate) matching: Matching,
}

/// How the series of two sides find each other.
#[derive(Debug)]
pub(crate) struct Matching {
    pub(crate) labels: Grouping,
    pub(crate) many: Many,
    /// Labels taken over from the side of one.
    pub(crate) include: Vec<String>,
    pub(crate) fill_left: Option<f64>,
    pub(crate) fill_right: Option<f64>,
}

/// Which side may have several series for one of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Many {
    Neither,
    Left,
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    Unless,
    /// `</`: cuts off what a histogram has above a value.
    TrimUpper,
    /// `>/`: cuts off what it has below.
    TrimLower,
}

impl Operator {
    /// Whether it cuts histograms.
    pub(crate) fn is_trim(self) -> bool {
        matches!(self, Self::TrimUpper | Self::TrimLower)
    }

    /// Whether its values are not the metric's any more.
    pub(crate) fn renames(self) -> bool {
        !self.compares() && !self.is_trim()
    }

    /// The operator as it is written.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
            Self::TrimUpper => "</",
            Self::TrimLower => ">/",
        }
    }

    /// Whether it compares.
    pub(crate) fn compares(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
        )
    }

    /// Whether it works on sets of series.
    pub(crate) fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// The operator of a token of the grammar.
    pub(crate) fn from_token(token: TokenId) -> Option<Self> {
        use promql_parser::parser::token as t;
        Some(match token {
            t::T_ADD => Self::Add,
            t::T_SUB => Self::Sub,
            t::T_MUL => Self::Mul,
            t::T_DIV => Self::Div,
            t::T_MOD => Self::Mod,
            t::T_POW => Self::Pow,
            t::T_ATAN2 => Self::Atan2,
            t::T_EQLC => Self::Equal,
            t::T_NEQ => Self::NotEqual,
            t::T_LSS => Self::Less,
            t::T_LTE => Self::LessOrEqual,
            t::T_GTR => Self::Greater,
            t::T_GTE => Self::GreaterOrEqual,
            t::T_LAND => Self::And,
            t::T_LOR => Self::Or,
            t::T_LUNLESS => Self::Unless,
            _ => return None,
        })
    }
}

impl How {
    /// The aggregation of a token of the grammar.
    pub(crate) fn from_token(token: TokenId) -> Option<Self> {
        use promql_parser::parser::token as t;
        Some(match token {
            t::T_SUM => Self::Sum,
            t::T_AVG => Self::Avg,
            t::T_COUNT => Self::Count,
            t::T_MIN => Self::Min,
            t::T_MAX => Self::Max,
            t::T_GROUP => Self::Group,
            t::T_STDDEV => Self::Stddev,
            t::T_STDVAR => Self::Stdvar,
            t::T_QUANTILE => Self::Quantile,
            t::T_COUNT_VALUES => Self::CountValues,
            t::T_TOPK => Self::TopK,
            t::T_BOTTOMK => Self::BottomK,
            t::T_LIMITK => Self::LimitK,
            t::T_LIMIT_RATIO => Self::LimitRatio,
            _ => return None,
        })
    }
}

impl Node {
    /// The type of its value.
    pub(crate) fn kind(&self) -> ValueKind {
        match &self.shape {
            Shape::Number(_) => ValueKind::Scalar,
            Shape::Text(_) => ValueKind::Text,
            Shape::Select(_) | Shape::Aggregate(_) => ValueKind::Vector,
            Shape::Window(..) | Shape::Subquery(_) => ValueKind::Matrix,
            Shape::Call(call) => call.kind,
            Shape::Negate(inner) => inner.kind(),
            Shape::Binary(binary) => match (binary.left.kind(), binary.right.kind()) {
                (ValueKind::Scalar, ValueKind::Scalar) => ValueKind::Scalar,
                _ => ValueKind::Vector,
            },
        }
    }

    /// When its first selector looks, relative to the step.
    pub(crate) fn looks_back(&self) -> Option<Shift> {
        match &self.shape {
            Shape::Number(_) | Shape::Text(_) => None,
            Shape::Select(selector) | Shape::Window(selector, _) => Some(selector.shift),
            Shape::Subquery(own) => own.inner.looks_back().map(|inner| match inner.pin {
                Some(_) => inner,
                None => Shift {
                    pin: own.shift.pin,
                    offset: own.shift.offset.saturating_add(inner.offset),
                },
            }),
            Shape::Call(call) => call.args.iter().find_map(Self::looks_back),
            Shape::Aggregate(own) => own.inner.looks_back(),
            Shape::Binary(own) => own.left.looks_back().or_else(|| own.right.looks_back()),
            Shape::Negate(inner) => inner.looks_back(),
        }
    }

    /// Calls with every selector below.
    pub(crate) fn each_selector<'n>(&'n self, visit: &mut dyn FnMut(&'n Selector)) {
        match &self.shape {
            Shape::Number(_) | Shape::Text(_) => {}
            Shape::Select(selector) | Shape::Window(selector, _) => visit(selector),
            Shape::Subquery(subquery) => subquery.inner.each_selector(visit),
            Shape::Call(call) => {
                for arg in &call.args {
                    arg.each_selector(visit);
                }
            }
            Shape::Aggregate(aggregate) => {
                if let Some(parameter) = &aggregate.parameter {
                    parameter.each_selector(visit);
                }
                aggregate.inner.each_selector(visit);
            }
            Shape::Binary(binary) => {
                binary.left.each_selector(visit);
                binary.right.each_selector(visit);
            }
            Shape::Negate(inner) => inner.each_selector(visit),
        }
    }
}
