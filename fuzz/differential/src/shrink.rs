//! Smaller queries that still show the same difference.

use crate::grammar::Node;

/// What an expression yields.
#[derive(PartialEq)]
pub enum Kind {
    Scalar,
    Vector,
    Window,
    Text,
}

/// What it yields.
pub fn kind(node: &Node) -> Kind {
    match node {
        Node::Number(_) => Kind::Scalar,
        Node::Text(_) => Kind::Text,
        Node::Select { .. } | Node::Fold { .. } => Kind::Vector,
        Node::Window { .. } | Node::Sub { .. } => Kind::Window,
        Node::Call { name, .. } if ["scalar", "time"].contains(name) => Kind::Scalar,
        Node::Call { .. } => Kind::Vector,
        Node::Binary { left, right, .. } => {
            if kind(left) == Kind::Scalar && kind(right) == Kind::Scalar {
                Kind::Scalar
            } else {
                Kind::Vector
            }
        }
        Node::Minus(of) => kind(of),
    }
}

/// Every way to make it one thing simpler.
pub fn simpler(node: &Node) -> Vec<Node> {
    let mut found: Vec<Node> =
        node.below().into_iter().filter(|part| kind(part) == kind(node)).cloned().collect();
    let mut add = |changed: Node| {
        if changed != *node {
            found.push(changed);
        }
    };
    match node {
        Node::Select { text, .. } => {
            add(Node::Select { text: text.clone(), modifier: String::new() });
            for text in plain(text) {
                add(Node::Select { text, modifier: String::new() });
            }
        }
        Node::Window { text, range_s, modifier } => {
            add(Node::Window { text: text.clone(), range_s: *range_s, modifier: String::new() });
            for text in plain(text) {
                add(Node::Window { text, range_s: *range_s, modifier: modifier.clone() });
            }
        }
        Node::Sub { of, range_s, step_s, modifier } => {
            add(Node::Sub {
                of: of.clone(),
                range_s: *range_s,
                step_s: *step_s,
                modifier: String::new(),
            });
            for of in simpler(of) {
                add(Node::Sub {
                    of: Box::new(of),
                    range_s: *range_s,
                    step_s: *step_s,
                    modifier: modifier.clone(),
                });
            }
        }
        Node::Call { name, with } => {
            for (place, part) in with.iter().enumerate() {
                for smaller in simpler(part) {
                    let mut with = with.clone();
                    with[place] = smaller;
                    add(Node::Call { name, with });
                }
            }
        }
        Node::Fold { name, with, group, of } => {
            add(Node::Fold { name, with: with.clone(), group: " ".into(), of: of.clone() });
            for of in simpler(of) {
                add(Node::Fold {
                    name,
                    with: with.clone(),
                    group: group.clone(),
                    of: Box::new(of),
                });
            }
        }
        Node::Binary { sign, matching, left, right } => {
            add(Node::Binary {
                sign,
                matching: String::new(),
                left: left.clone(),
                right: right.clone(),
            });
            for smaller in simpler(left) {
                add(Node::Binary {
                    sign,
                    matching: matching.clone(),
                    left: Box::new(smaller),
                    right: right.clone(),
                });
            }
            for smaller in simpler(right) {
                add(Node::Binary {
                    sign,
                    matching: matching.clone(),
                    left: left.clone(),
                    right: Box::new(smaller),
                });
            }
        }
        Node::Minus(of) => {
            for of in simpler(of) {
                add(Node::Minus(Box::new(of)));
            }
        }
        Node::Number(_) | Node::Text(_) => {}
    }
    found
}

/// A selector with fewer matchers.
fn plain(text: &str) -> Vec<String> {
    let Some((name, matchers)) = text.split_once('{') else { return Vec::new() };
    if name.is_empty() {
        return Vec::new();
    }
    let all: Vec<&str> = matchers.trim_end_matches('}').split(',').collect();
    let mut found = vec![name.to_owned()];
    for leave in 0..all.len() {
        let kept: Vec<&str> = all
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != leave)
            .map(|(_, one)| *one)
            .collect();
        if !kept.is_empty() {
            found.push(format!("{name}{{{}}}", kept.join(",")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::{Grammar, Reader};

    #[test]
    fn every_step_is_simpler_and_comes_to_an_end() {
        for number in 0..200 {
            let mut node = Grammar::new(7, number, false).vector(crate::grammar::DEPTH);
            let mut steps = 0;
            while let Some(next) = simpler(&node).into_iter().next() {
                assert!(
                    next.write(Reader::Ours).len() <= node.write(Reader::Ours).len(),
                    "{next:?} of {node:?}"
                );
                node = next;
                steps += 1;
                assert!(steps < 100, "{node:?}");
            }
        }
    }

    #[test]
    fn a_seed_makes_the_same_queries_every_time() {
        let write =
            || Grammar::new(3, 14, true).vector(crate::grammar::DEPTH).write(Reader::Closed);
        assert_eq!(write(), write());
        assert_ne!(
            write(),
            Grammar::new(3, 15, true).vector(crate::grammar::DEPTH).write(Reader::Closed)
        );
    }
}
