//! How an answer came about: the expression as a tree, and what each node read, made and took.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hashbrown::HashMap;
use model::Clock;

use crate::{
    Answer, Position,
    parse::{
        node::{Node, Selector, Shape},
        scan::position,
    },
    run::reads::shown_selector,
};

/// An answer and how it came about.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The answer.
    pub answer: Answer,
    /// The expression's root.
    pub plan: PlanNode,
    /// Samples that were read in all.
    pub samples: usize,
    /// The most bytes that were held at once.
    pub bytes_peak: usize,
    /// Steps that were not computed, as their values were known.
    pub reused_steps: usize,
    /// Time from the text to the expression.
    pub parse_time: Duration,
    /// Time from the expression to the answer.
    pub run_time: Duration,
}

/// One node of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanNode {
    /// What it is: `sum by (job)`, `rate`, `up{job="node"}[5m]`.
    pub what: String,
    /// Where it begins in the text, if that is known.
    pub at: Option<Position>,
    /// Series that came in from the source, or from the nodes below.
    pub series_in: usize,
    /// Series that went out.
    pub series_out: usize,
    /// Samples that it and the nodes below read.
    pub samples: usize,
    /// Bytes that what it made takes.
    pub bytes: usize,
    /// Time that it and the nodes below took.
    pub time: Duration,
    /// Whether its rows went on one by one and were folded by a node above, which has their time.
    pub folded_above: bool,
    /// The nodes below.
    pub inputs: Vec<Self>,
}

/// What is noted while a query runs.
pub(crate) struct Trace<'q> {
    clock: &'q dyn Clock,
    started: Duration,
    parsed: Mutex<Duration>,
    /// By the address of the node or selector, which does not move while the query runs.
    nodes: Mutex<HashMap<usize, Noted>>,
    samples: AtomicUsize,
    bytes_peak: AtomicUsize,
    reused: AtomicUsize,
}

#[derive(Clone, Copy, Default)]
struct Noted {
    series: usize,
    samples: usize,
    bytes: usize,
    time: Duration,
}

/// A node that is being computed.
pub(crate) struct Begun {
    at: Duration,
    samples: usize,
}

impl<'q> Trace<'q> {
    pub(crate) fn new(clock: &'q dyn Clock) -> Self {
        Self {
            clock,
            started: clock.elapsed(),
            parsed: Mutex::default(),
            nodes: Mutex::default(),
            samples: AtomicUsize::new(0),
            bytes_peak: AtomicUsize::new(0),
            reused: AtomicUsize::new(0),
        }
    }

    /// The text was read.
    pub(crate) fn parsed(&self) {
        *self.parsed.lock().unwrap_or_else(PoisonError::into_inner) = self.clock.elapsed();
    }

    /// So many steps need not be computed.
    pub(crate) fn reused(&self, steps: usize) {
        self.reused.fetch_add(steps, Ordering::Relaxed);
    }

    /// A node begins.
    pub(crate) fn begin(&self) -> Begun {
        Begun { at: self.clock.elapsed(), samples: self.samples.load(Ordering::Relaxed) }
    }

    /// A node ends, having made so many series of so many bytes.
    pub(crate) fn end(&self, node: &Node, begun: &Begun, (series, bytes): (usize, usize)) {
        let time = self.clock.elapsed().saturating_sub(begun.at);
        let samples = self.samples.load(Ordering::Relaxed) - begun.samples;
        let mut nodes = self.nodes();
        let noted = nodes.entry(std::ptr::from_ref(node).addr()).or_default();
        noted.series = noted.series.max(series);
        noted.samples += samples;
        noted.bytes += bytes;
        noted.time += time;
    }

    /// A selector found so many series, and read so many samples.
    pub(crate) fn read(&self, selector: &Selector, series: usize, samples: usize) {
        self.samples.fetch_add(samples, Ordering::Relaxed);
        let mut nodes = self.nodes();
        let noted = nodes.entry(std::ptr::from_ref(selector).addr() + 1).or_default();
        noted.series = noted.series.max(series);
        noted.samples += samples;
    }

    /// So many bytes were held.
    pub(crate) fn held(&self, bytes: usize) {
        self.bytes_peak.fetch_max(bytes, Ordering::Relaxed);
    }

    fn nodes(&self) -> MutexGuard<'_, HashMap<usize, Noted>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The expression with what was noted.
    pub(crate) fn plan(&self, text: &str, root: &Node) -> PlanNode {
        let nodes = self.nodes();
        plan_of(&nodes, text, root)
    }

    /// The answer with all that was noted.
    pub(crate) fn explained(self, answer: Answer, plan: PlanNode) -> Explained {
        let ended = self.clock.elapsed();
        let parsed = self.parsed.into_inner().unwrap_or_else(PoisonError::into_inner);
        Explained {
            answer,
            plan,
            samples: self.samples.into_inner(),
            bytes_peak: self.bytes_peak.into_inner(),
            reused_steps: self.reused.into_inner(),
            parse_time: parsed.saturating_sub(self.started),
            run_time: ended.saturating_sub(parsed),
        }
    }
}

fn plan_of(nodes: &HashMap<usize, Noted>, text: &str, node: &Node) -> PlanNode {
    let inputs: Vec<PlanNode> =
        inputs(node).into_iter().map(|inner| plan_of(nodes, text, inner)).collect();
    let noted = nodes.get(&std::ptr::from_ref(node).addr()).copied();
    let read = match &node.shape {
        Shape::Select(selector) | Shape::Window(selector, _) => {
            nodes.get(&(std::ptr::from_ref(selector).addr() + 1)).copied()
        }
        _ => None,
    };
    let below: usize = inputs.iter().map(|own| own.samples).sum();
    let series_in =
        read.map_or_else(|| inputs.iter().map(|own| own.series_out).sum(), |read| read.series);
    let own = noted.or(read).unwrap_or_default();
    let ranges = matches!(node.shape, Shape::Window(..) | Shape::Subquery(_));
    PlanNode {
        what: what(node),
        at: node.at.map(|at| position(text, at)),
        series_in,
        series_out: if noted.is_some() { own.series } else { series_in },
        samples: own.samples.max(below),
        bytes: own.bytes,
        time: own.time,
        folded_above: noted.is_none() && !ranges,
        inputs,
    }
}

fn inputs(node: &Node) -> Vec<&Node> {
    match &node.shape {
        Shape::Number(_) | Shape::Text(_) | Shape::Select(_) | Shape::Window(..) => Vec::new(),
        Shape::Subquery(subquery) => vec![&subquery.inner],
        Shape::Call(call) => call.args.iter().collect(),
        Shape::Aggregate(own) => own.parameter.iter().chain([&own.inner]).collect(),
        Shape::Binary(binary) => vec![&binary.left, &binary.right],
        Shape::Negate(inner) => vec![inner],
    }
}

fn what(node: &Node) -> String {
    match &node.shape {
        Shape::Number(value) => value.to_string(),
        Shape::Text(text) => format!("{text:?}"),
        Shape::Select(selector) => shown_selector(&selector.matchers),
        Shape::Window(selector, range) => {
            format!("{}[{}]", shown_selector(&selector.matchers), model::Span::millis(*range))
        }
        Shape::Subquery(subquery) => format!("subquery [{}]", model::Span::millis(subquery.range)),
        Shape::Call(call) => call.name.to_owned(),
        Shape::Aggregate(own) => {
            let how = format!("{:?}", own.how).to_lowercase();
            match &own.grouping {
                crate::parse::node::Grouping::By(named) if named.is_empty() => how,
                crate::parse::node::Grouping::By(named) => {
                    format!("{how} by ({})", named.join(", "))
                }
                crate::parse::node::Grouping::Without(named) => {
                    format!("{how} without ({})", named.join(", "))
                }
            }
        }
        Shape::Binary(binary) => format!("{:?}", binary.operator).to_lowercase(),
        Shape::Negate(_) => "negate".to_owned(),
    }
}
