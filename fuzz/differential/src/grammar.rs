//! Random PromQL that means something: a tree that knows its types, written out for either side.

use std::fmt::Write as _;

use rwbench::data::Chance;

use crate::shrink::{Kind, kind};

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Number(f64),
    Text(&'static str),
    /// An instant selector, with modifiers.
    Select {
        text: String,
        modifier: String,
    },
    /// A range selector: seconds.
    Window {
        text: String,
        range_s: i64,
        modifier: String,
    },
    /// A subquery: range and step in seconds; a step of 0 is left out.
    Sub {
        of: Box<Node>,
        range_s: i64,
        step_s: i64,
        modifier: String,
    },
    Call {
        name: &'static str,
        with: Vec<Node>,
    },
    /// An aggregation: parameter, grouping, what.
    Fold {
        name: &'static str,
        with: Option<Box<Node>>,
        group: String,
        of: Box<Node>,
    },
    Binary {
        sign: &'static str,
        matching: String,
        left: Box<Node>,
        right: Box<Node>,
    },
    Minus(Box<Node>),
}

/// For whom a query is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reader {
    /// Us: ranges are open to the left.
    Ours,
    /// Prometheus 2, whose ranges are closed to the left: a millisecond less is the same.
    Closed,
    /// Prometheus 2 over data that never lie on an edge.
    Plain,
}

impl Node {
    /// The expression as text.
    pub fn write(&self, reader: Reader) -> String {
        let mut text = String::new();
        self.put(reader, &mut text);
        text
    }

    fn put(&self, reader: Reader, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Number(value) if value.is_infinite() => {
                write!(out, "{}", if *value > 0.0 { "+Inf" } else { "-Inf" })
            }
            Self::Number(value) => write!(out, "{value}"),
            Self::Text(text) => write!(out, "{text:?}"),
            Self::Select { text, modifier } => write!(out, "{text}{modifier}"),
            Self::Window { text, range_s, modifier } => {
                write!(out, "{text}[{}]{modifier}", range(*range_s, reader))
            }
            Self::Sub { of, range_s, step_s, modifier } => {
                out.push('(');
                of.put(reader, out);
                let step = if *step_s == 0 { String::new() } else { format!("{step_s}s") };
                write!(out, ")[{}:{step}]{modifier}", range(*range_s, reader))
            }
            Self::Call { name, with } => {
                out.push_str(name);
                list(with, reader, out);
                Ok(())
            }
            Self::Fold { name, with, group, of } => {
                let _ = write!(out, "{name}{group}(");
                if let Some(with) = with {
                    with.put(reader, out);
                    out.push_str(", ");
                }
                of.put(reader, out);
                write!(out, ")")
            }
            Self::Binary { sign, matching, left, right } => {
                out.push('(');
                left.put(reader, out);
                let _ = write!(out, " {sign} {matching}");
                right.put(reader, out);
                write!(out, ")")
            }
            Self::Minus(of) => {
                out.push_str("-(");
                of.put(reader, out);
                write!(out, ")")
            }
        };
    }

    /// The parts just below.
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Number(_) | Self::Text(_) | Self::Select { .. } | Self::Window { .. } => {
                Vec::new()
            }
            Self::Sub { of, .. } | Self::Minus(of) => vec![of],
            Self::Call { with, .. } => with.iter().collect(),
            Self::Fold { with, of, .. } => with.iter().map(|with| &**with).chain([&**of]).collect(),
            Self::Binary { left, right, .. } => vec![left, right],
        }
    }

    /// Without `@`, which Prometheus 2.42 lets move with the steps in `predict_linear` (fixed since).
    fn unpinned(self) -> Self {
        match self {
            Self::Window { text, range_s, modifier } if modifier.contains('@') => {
                Self::Window { text, range_s, modifier: String::new() }
            }
            Self::Sub { of, range_s, step_s, modifier } if modifier.contains('@') => {
                Self::Sub { of, range_s, step_s, modifier: String::new() }
            }
            other => other,
        }
    }

    /// All parts at any depth, the higher ones first.
    pub fn below(&self) -> Vec<&Self> {
        let mut found = self.parts();
        let mut at = 0;
        while at < found.len() {
            found.extend(found[at].parts());
            at += 1;
        }
        found
    }

    /// Whether it makes a query by itself, at every step of a range.
    pub fn can_be_asked(&self) -> bool {
        [Kind::Scalar, Kind::Vector].contains(&kind(self))
    }
}

fn list(with: &[Node], reader: Reader, out: &mut String) {
    out.push('(');
    for (place, one) in with.iter().enumerate() {
        if place > 0 {
            out.push_str(", ");
        }
        one.put(reader, out);
    }
    out.push(')');
}

fn range(seconds: i64, reader: Reader) -> String {
    match reader {
        Reader::Closed => format!("{}s999ms", seconds - 1),
        _ => format!("{seconds}s"),
    }
}

/// Names of counters; rates of others may reach zero by extrapolation, which Prometheus 2 judges otherwise.
const COUNTERS: [&str; 5] =
    ["work_total", "errors_total", "took_seconds_bucket", "took_seconds_count", "took_seconds_sum"];

/// How deep expressions are nested.
pub const DEPTH: u32 = 4;

/// Makes expressions.
#[derive(Debug)]
pub struct Grammar {
    chance: Chance,
    /// Data lie on the edges of windows: no function whose answer depends on the length of the window itself.
    edges: bool,
    /// Inside a subquery with `@`.
    pinned: bool,
}

const NAMES: [&str; 14] = [
    "level",
    "limit",
    "spare",
    "work_total",
    "errors_total",
    "flat",
    "odd",
    "other_level",
    "info",
    "took_seconds_bucket",
    "took_seconds_count",
    "took_seconds_sum",
    "none",
    "level",
];
const MATCHERS: [&str; 14] = [
    "host=\"a\"",
    "host!=\"a\"",
    "host=~\"a|b\"",
    "host!~\"b.*\"",
    "zone=\"x\"",
    "zone=~\"x|y\"",
    "kind=\"read\"",
    "kind=\"\"",
    "kind!=\"\"",
    "host=~\"[a-c]\"",
    "version=~\".+\"",
    "le=\"0.5\"",
    "zone!~\"\"",
    "host=~\".*\"",
];
/// Of windows; the second list depends on where exactly the window begins.
const OVER_TIME: [&str; 16] = [
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "last_over_time",
    "present_over_time",
    "absent_over_time",
    "deriv",
    "irate",
    "idelta",
    "sum_over_time",
    "max_over_time",
    "last_over_time",
];
const EXTRAPOLATED: [&str; 3] = ["rate", "increase", "delta"];
const MATHS: [&str; 23] = [
    "abs",
    "ceil",
    "floor",
    "exp",
    "ln",
    "log2",
    "log10",
    "sqrt",
    "sgn",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "deg",
    "rad",
    "timestamp",
    "day_of_week",
    "hour",
    "minute",
    "month",
    "year",
    "days_in_month",
];
const FOLDS: [&str; 8] = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"];
const SIGNS: [&str; 12] = ["+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<="];
const LABELS: [&str; 5] = ["host", "zone", "kind", "le", "version"];

impl Grammar {
    /// Expressions of one seed.
    pub fn new(seed: u64, number: u64, edges: bool) -> Self {
        Self { chance: Chance::new(seed ^ 0x51ED, number + 1), edges, pinned: false }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.chance.bits() % bound
    }

    fn likely(&mut self, share: f64) -> bool {
        self.chance.share() < share
    }

    /// An expression that yields a vector.
    pub fn vector(&mut self, depth: u32) -> Node {
        if depth == 0 {
            return self.select();
        }
        match self.below(20) {
            0..=2 => self.select(),
            3..=6 => self.over_time(depth),
            7..=10 => self.fold(depth),
            11..=14 => self.binary(depth),
            15..=16 => {
                let (name, of) = (self.chance.pick(&MATHS), self.vector(depth - 1));
                Node::Call { name, with: vec![of] }
            }
            17..=18 => self.special(depth),
            _ => Node::Minus(Box::new(self.vector(depth - 1))),
        }
    }

    fn scalar(&mut self, depth: u32) -> Node {
        match self.below(8) {
            0 if depth > 0 => Node::Call { name: "scalar", with: vec![self.fold(depth - 1)] },
            1 => Node::Call { name: "time", with: Vec::new() },
            2 if depth > 0 => {
                let sign = self.chance.pick(&SIGNS[..6]);
                Node::Binary {
                    sign,
                    matching: String::new(),
                    left: Box::new(self.scalar(depth - 1)),
                    right: Box::new(self.scalar(depth - 1)),
                }
            }
            3 => Node::Number(
                [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0, -1.0][self.below(5) as usize],
            ),
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Node {
        Node::Number([0.5, 1.0, 2.0, 3.0, 10.0, 20.5, 50.0, 1000.0][self.below(8) as usize])
    }

    fn selector(&mut self) -> String {
        if self.likely(0.06) {
            let names = ["level|limit", ".*_total", "odd|flat", "(other_)?level"];
            return format!("{{__name__=~\"{}\"}}", self.chance.pick(&names));
        }
        let mut text = self.chance.pick(&NAMES).to_owned();
        let matchers: Vec<&str> =
            (0..self.below(6).saturating_sub(3)).map(|_| self.chance.pick(&MATCHERS)).collect();
        if !matchers.is_empty() {
            text = format!("{text}{{{}}}", matchers.join(","));
        }
        text
    }

    fn modifier(&mut self) -> String {
        match self.below(16) {
            0 => " offset 5m".into(),
            1 => " offset -2m15s".into(),
            // Inside one with `@` Prometheus forgets an inner `@` when the first step happens to be the query's own time.
            2..=4 if self.pinned => String::new(),
            2 => format!(" @ {}", crate::samples::START_S + 3600),
            3 => " @ end()".into(),
            4 => " @ start() offset 90s".into(),
            _ => String::new(),
        }
    }

    fn select(&mut self) -> Node {
        Node::Select { text: self.selector(), modifier: self.modifier() }
    }

    /// A range selector or a subquery.
    fn window(&mut self, depth: u32) -> Node {
        if depth > 1 && self.likely(0.25) {
            let (modifier, outer) = (self.modifier(), self.pinned);
            self.pinned |= modifier.contains('@');
            let of = Box::new(self.vector(depth - 1));
            self.pinned = outer;
            // Queries ask at multiples of 15 s, and so are all steps: 7 s more keep the points off the edge.
            let range_s =
                [300, 600, 900, 1800][self.below(4) as usize] + if self.edges { 0 } else { 7 };
            let step_s = [0, 30, 60, 120, 300][self.below(5) as usize];
            return Node::Sub { of, range_s, step_s, modifier };
        }
        let range_s = [30, 60, 120, 300, 600, 900, 3600][self.below(7) as usize];
        Node::Window { text: self.selector(), range_s, modifier: self.modifier() }
    }

    fn over_time(&mut self, depth: u32) -> Node {
        let window = self.window(depth);
        if !self.edges && self.likely(0.3) {
            let counter = matches!(&window, Node::Window { text, .. } if COUNTERS.iter().any(|name| text.starts_with(name)));
            let name = if counter { self.chance.pick(&EXTRAPOLATED) } else { "delta" };
            return Node::Call { name, with: vec![window] };
        }
        match self.below(10) {
            0 => {
                let share = [0.0, 0.1, 0.5, 0.9, 1.0, 1.5, -1.0][self.below(7) as usize];
                Node::Call { name: "quantile_over_time", with: vec![Node::Number(share), window] }
            }
            1 => {
                let ahead = [60.0, 3600.0, -600.0][self.below(3) as usize];
                Node::Call {
                    name: "predict_linear",
                    with: vec![window.unpinned(), Node::Number(ahead)],
                }
            }
            // Last digits show in how often values change.
            2 if matches!(window, Node::Window { .. }) => {
                Node::Call { name: self.chance.pick(&["changes", "resets"]), with: vec![window] }
            }
            _ => Node::Call { name: self.chance.pick(&OVER_TIME), with: vec![window] },
        }
    }

    fn group(&mut self) -> String {
        if self.likely(0.3) {
            return " ".into();
        }
        let word = if self.likely(0.75) { "by" } else { "without" };
        format!(" {word} ({}) ", self.labels())
    }

    fn labels(&mut self) -> String {
        let count = self.below(3);
        let mut labels: Vec<&str> = (0..count).map(|_| self.chance.pick(&LABELS)).collect();
        labels.sort_unstable();
        labels.dedup();
        labels.join(", ")
    }

    fn fold(&mut self, depth: u32) -> Node {
        let (of, group) = (self.vector(depth.saturating_sub(1)), self.group());
        let (name, with) = match self.below(12) {
            // Only outermost: which of equal values are chosen is open, and deeper down that shows in other ways.
            0 | 1 if depth == DEPTH => (
                self.chance.pick(&["topk", "bottomk"]),
                Some(Node::Number([1.0, 2.0, 3.0][self.below(3) as usize])),
            ),
            2 => (
                "quantile",
                Some(Node::Number([0.0, 0.25, 0.5, 0.99, 2.0][self.below(5) as usize])),
            ),
            // Values become text, in which last digits show: only of samples as they are.
            3 => {
                let (with, of) = (Some(Box::new(Node::Text("value"))), Box::new(self.select()));
                return Node::Fold { name: "count_values", with, group, of };
            }
            _ => (self.chance.pick(&FOLDS), None),
        };
        Node::Fold { name, with: with.map(Box::new), group, of: Box::new(of) }
    }

    fn binary(&mut self, depth: u32) -> Node {
        let left = Box::new(self.vector(depth - 1));
        if self.likely(0.2) {
            let sign = self.chance.pick(&["and", "or", "unless"]);
            return Node::Binary {
                sign,
                matching: self.matching(false),
                left,
                right: Box::new(self.vector(depth - 1)),
            };
        }
        let sign = self.chance.pick(&SIGNS);
        // What is left of a large number is all last digits.
        let left = if sign == "%" { Box::new(self.select()) } else { left };
        let with_bool = if SIGNS[6..].contains(&sign) && self.likely(0.4) { "bool " } else { "" };
        if self.likely(0.5) {
            let (scalar, matching) = (Box::new(self.scalar(depth - 1)), with_bool.to_owned());
            return if self.likely(0.7) {
                Node::Binary { sign, matching, left, right: scalar }
            } else {
                Node::Binary { sign, matching, left: scalar, right: left }
            };
        }
        let matching = format!("{with_bool}{}", self.matching(true));
        Node::Binary { sign, matching, left, right: Box::new(self.vector(depth - 1)) }
    }

    fn matching(&mut self, groups: bool) -> String {
        if self.likely(0.35) {
            return String::new();
        }
        let word = if self.likely(0.7) { "on" } else { "ignoring" };
        let side = match self.below(5) {
            0 if groups => "group_left () ",
            1 if groups => "group_right () ",
            2 if groups => "group_left (version) ",
            _ => "",
        };
        format!("{word} ({}) {side}", self.labels())
    }

    fn special(&mut self, depth: u32) -> Node {
        let of = self.vector(depth - 1);
        match self.below(13) {
            0 => Node::Call {
                name: "histogram_quantile",
                with: vec![
                    Node::Number([0.1, 0.5, 0.9, 0.99, 1.0][self.below(5) as usize]),
                    self.buckets(),
                ],
            },
            1 => Node::Call {
                name: "histogram_quantile",
                with: vec![Node::Number(0.9), self.select()],
            },
            2 => Node::Call {
                name: "label_replace",
                with: vec![
                    of,
                    Node::Text("copy"),
                    Node::Text("<$1>"),
                    Node::Text("host"),
                    Node::Text("([a-c])"),
                ],
            },
            3 => Node::Call {
                name: "label_join",
                with: vec![
                    of,
                    Node::Text("both"),
                    Node::Text("-"),
                    Node::Text("host"),
                    Node::Text("zone"),
                ],
            },
            4 => Node::Call { name: "clamp", with: vec![of, Node::Number(1.0), self.number()] },
            5 => Node::Call { name: "clamp_min", with: vec![of, self.scalar(0)] },
            6 => Node::Call { name: "clamp_max", with: vec![of, self.scalar(0)] },
            7 => Node::Call { name: "round", with: vec![self.select(), self.number()] },
            8 => Node::Call { name: "absent", with: vec![self.select()] },
            9 => Node::Call { name: "vector", with: vec![self.scalar(depth - 1)] },
            10 => Node::Call { name: self.chance.pick(&["sort", "sort_desc"]), with: vec![of] },
            // Of samples as they are: of other numbers these make last digits large.
            11 => {
                let name =
                    self.chance.pick(&["sin", "cos", "tan", "asin", "acos", "acosh", "atanh"]);
                Node::Call { name, with: vec![self.select()] }
            }
            _ => Node::Call {
                name: self.chance.pick(&["day_of_month", "day_of_year", "sgn"]),
                with: vec![of],
            },
        }
    }

    fn buckets(&mut self) -> Node {
        let inner = if self.edges {
            Node::Select { text: "took_seconds_bucket".into(), modifier: String::new() }
        } else {
            let window = Node::Window {
                text: "took_seconds_bucket".into(),
                range_s: 300,
                modifier: self.modifier(),
            };
            Node::Call { name: "rate", with: vec![window] }
        };
        if self.likely(0.5) {
            return inner;
        }
        let group = [" by (le) ", " by (le, zone) ", " without (host) "][self.below(3) as usize];
        Node::Fold { name: "sum", with: None, group: group.into(), of: Box::new(inner) }
    }
}
