//! Plans of JMeter: requests, what is checked of answers and taken from them, pauses, variables. What plans have not is
//! marked where it would stand, and never ends the import.

mod step;
mod texts;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use texts::Gaps;
use tree::Node;

use super::{
    Import, ImportError, STEPS_MAX,
    draft::{Draft, DraftJourney, DraftStep, Much, identifier},
};

/// Elements that say how JMeter shows and keeps results; our reports do that.
const SHOWN: [&str; 6] = [
    "ResultCollector",
    "Summariser",
    "BackendListener",
    "ResultSaver",
    "DebugPostProcessor",
    "ProxyControl",
];
/// Elements that ask for what journeys do anyway: keep cookies, ask for names once.
const USUAL: [&str; 4] = ["CookieManager", "CacheManager", "DNSCacheManager", "KeystoreConfig"];
/// Elements that only hold others together.
const FOLDERS: [&str; 4] =
    ["TestPlan", "GenericController", "TransactionController", "TestFragmentController"];

/// What holds for the requests below an element.
#[derive(Clone, Default)]
struct Scope {
    headers: Vec<(String, String)>,
    /// Protocol, host, port and path where a request does not say.
    defaults: BTreeMap<&'static str, String>,
    /// Seconds.
    think: f64,
    status: Option<u16>,
    contains: Option<String>,
    extract: Vec<(String, String)>,
    matches: Vec<(String, String)>,
    to_do: Vec<String>,
}

struct Reader<'d> {
    draft: &'d mut Draft,
    steps: Vec<DraftStep>,
    taken: BTreeSet<String>,
    left_out: BTreeMap<String, usize>,
    /// What stands for the requests that follow.
    waiting: Vec<String>,
}

/// Whether a text begins as a plan of JMeter does.
pub(super) fn is_one(text: &str) -> bool {
    text.trim_start().starts_with('<') && text.contains("<jmeterTestPlan")
}

pub(super) fn import(name: &str, text: &str, how: &Import) -> Result<Draft, ImportError> {
    let root = Node::read(text).ok_or(ImportError::Unknown)?;
    let mut variables = BTreeMap::new();
    gather_variables(&root, &mut variables);
    let named = || first_address(&root, &variables);
    let target = how.target.clone().or_else(named).ok_or(ImportError::NoTarget)?;
    let mut draft = Draft::new(name, &target)?;
    draft.variables = variables;
    let mut reader = Reader {
        draft: &mut draft,
        steps: Vec::new(),
        taken: BTreeSet::new(),
        left_out: BTreeMap::new(),
        waiting: Vec::new(),
    };
    for tree in root.children.iter().filter(|child| child.tag == "hashTree") {
        reader.groups(tree, &Scope::default());
    }
    reader.close("requests", 1);
    let left_out = std::mem::take(&mut reader.left_out);
    let waiting = std::mem::take(&mut reader.waiting);
    draft
        .notes
        .extend(left_out.into_iter().map(|(what, count)| format!("left out: {count} {what}")));
    draft.notes.extend(waiting.into_iter().map(|what| format!("TO DO: {what}")));
    Ok(draft)
}

/// Variables that the plan declares, wherever they stand.
fn gather_variables(node: &Node, variables: &mut BTreeMap<String, String>) {
    let is_own = node.tag == "Arguments" || node.attribute("elementType") == "Arguments";
    let of_request = node.attribute("name") == "HTTPsampler.Arguments";
    if is_own && !of_request {
        for item in node.items("Arguments.arguments") {
            let name = identifier(item.value("Argument.name"));
            variables.entry(name).or_insert_with(|| item.value("Argument.value").to_owned());
        }
    }
    node.children.iter().for_each(|child| gather_variables(child, variables));
}

/// The address of the first request or default that names a host.
fn first_address(node: &Node, variables: &BTreeMap<String, String>) -> Option<String> {
    let host = filled(node.value("HTTPSampler.domain"), variables);
    if !host.is_empty() && !host.contains('$') && !node.is_off() {
        let said = |name, usual: &str| {
            let text = filled(node.value(name), variables);
            if text.is_empty() || text.contains('$') { usual.to_owned() } else { text }
        };
        let protocol = said("HTTPSampler.protocol", "http");
        let port = said("HTTPSampler.port", "");
        let port = if port.is_empty() { port } else { format!(":{port}") };
        return Some(format!("{protocol}://{host}{port}/"));
    }
    node.children.iter().find_map(|child| first_address(child, variables))
}

/// A text with what the variables of the plan stand for.
fn filled(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (name, value) in variables {
        text = text.replace(&format!("${{{name}}}"), value);
    }
    // `${__P(host,localhost)}` has what it stands for in itself.
    match text.strip_prefix("${__P(").and_then(|rest| rest.strip_suffix(")}")) {
        Some(inside) => {
            inside.split_once(',').map_or_else(|| text.clone(), |(_, usual)| usual.to_owned())
        }
        None => text,
    }
}

impl Reader<'_> {
    /// Thread groups become journeys; what stands beside them holds for all that follow.
    fn groups(&mut self, tree: &Node, above: &Scope) {
        let mut scope = above.clone();
        self.around(tree, &mut scope);
        for (node, below) in tree.pairs() {
            if node.is_off() {
                *self.left_out.entry("elements that are switched off".to_owned()).or_default() += 1;
            } else if node.tag.contains("ThreadGroup") {
                self.close("requests", 1);
                let users = node.value("ThreadGroup.num_threads").parse().unwrap_or(1_u32).max(1);
                self.much(node, users);
                if let Some(below) = below {
                    self.steps(below, &scope);
                }
                self.close(node.name(), users);
            } else if FOLDERS.contains(&node.tag.as_str()) {
                if let Some(below) = below {
                    self.groups(below, &scope);
                }
            } else {
                self.element(node, below, &scope);
            }
        }
    }

    /// A journey of the steps so far.
    fn close(&mut self, name: &str, weight: u32) {
        let steps = std::mem::take(&mut self.steps);
        self.taken.clear();
        if !steps.is_empty() {
            let name = if name.is_empty() { "requests" } else { name };
            self.draft.journeys.push(DraftJourney { name: name.to_owned(), weight, steps });
        }
    }

    fn much(&mut self, group: &Node, users: u32) {
        let seconds: f64 = group.value("ThreadGroup.duration").parse().unwrap_or(0.0);
        let seconds = if seconds > 0.0 { seconds } else { 60.0 };
        let users = match self.draft.much {
            Much::Users(others, _) => others.saturating_add(users),
            Much::Rate(..) => users,
        };
        self.draft.much = Much::Users(users.min(100_000), seconds);
    }

    /// What holds for all requests of a tree, because it stands in it and has no tree of its own to hold for.
    fn around(&mut self, tree: &Node, scope: &mut Scope) {
        for (node, _) in tree.pairs().filter(|(node, _)| !node.is_off()) {
            self.hold(node, scope);
        }
    }

    fn steps(&mut self, tree: &Node, above: &Scope) {
        let mut scope = above.clone();
        self.around(tree, &mut scope);
        for (node, below) in tree.pairs() {
            if node.is_off() {
                *self.left_out.entry("elements that are switched off".to_owned()).or_default() += 1;
            } else {
                self.element(node, below, &scope);
            }
        }
    }

    /// One element that is no thread group.
    fn element(&mut self, node: &Node, below: Option<&Node>, scope: &Scope) {
        let tag = node.tag.as_str();
        if tag.starts_with("HTTPSampler") {
            let mut own = scope.clone();
            if let Some(below) = below {
                self.around(below, &mut own);
            }
            self.request(node, own);
        } else if FOLDERS.contains(&tag) {
            if let Some(below) = below {
                self.steps(below, scope);
            }
        } else if tag.ends_with("Controller") || tag == "InterleaveControl" {
            let name = node.name();
            self.waiting.push(format!(
                "the requests of `{name}` ({tag}) are sent once, one after the other"
            ));
            if let Some(below) = below {
                self.steps(below, scope);
            }
        } else if !step::holds(tag)
            && !SHOWN.contains(&tag)
            && !USUAL.contains(&tag)
            && tag != "Arguments"
        {
            self.waiting.push(format!("`{}` ({tag}) is not taken over", node.name()));
        }
    }

    fn request(&mut self, node: &Node, scope: Scope) {
        if self.steps.len() >= STEPS_MAX {
            let why = format!("requests beyond the {STEPS_MAX} that a journey may have");
            *self.left_out.entry(why).or_default() += 1;
            return;
        }
        let mut gaps =
            Gaps { variables: &mut self.draft.variables, taken: &self.taken, to_do: Vec::new() };
        let made = step::made(node, scope, &self.draft.origin, &mut gaps);
        let to_do = gaps.to_do;
        let Some(mut step) = made else {
            *self
                .left_out
                .entry("requests to other hosts, or with methods that plans have not".to_owned())
                .or_default() += 1;
            return;
        };
        let mut before = std::mem::take(&mut self.waiting);
        before.extend(to_do);
        before.append(&mut step.to_do);
        step.to_do = before;
        let names = step.extract.iter().chain(&step.matches).map(|(name, _)| name.clone());
        self.taken.extend(names);
        self.steps.push(step);
    }
}

#[cfg(test)]
mod tests;
