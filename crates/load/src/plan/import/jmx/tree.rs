//! The XML of JMeter as a tree of elements with their properties.

use std::collections::BTreeMap;

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// Deepest element; what goes deeper is no plan.
const DEPTH_MAX: usize = 128;
/// Most elements: the largest plans that people share have some ten thousand.
const ELEMENTS_MAX: usize = 500_000;

/// One element of XML.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) tag: String,
    attributes: BTreeMap<String, String>,
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

impl Node {
    /// The outermost element; nothing if it is no XML that ends.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        let mut count = 0;
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    open.push(Self::begun(&start)?);
                    count += 1;
                    if open.len() > DEPTH_MAX || count > ELEMENTS_MAX {
                        return None;
                    }
                }
                Event::Empty(start) => open.last_mut()?.children.push(Self::begun(&start)?),
                Event::End(_) => {
                    let done = open.pop()?;
                    open.last_mut()?.children.push(done);
                }
                Event::Text(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
                Event::CData(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
                Event::GeneralRef(name) => {
                    let letter = match name.resolve_char_ref().ok()? {
                        Some(letter) => letter,
                        None => known(&name.decode().ok()?)?,
                    };
                    open.last_mut()?.text.push(letter);
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        let [outside] = open.as_mut_slice() else { return None };
        outside.children.pop()
    }

    fn begun(start: &BytesStart<'_>) -> Option<Self> {
        let mut node = Self {
            tag: String::from_utf8_lossy(start.name().as_ref()).into_owned(),
            ..Self::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute.ok()?;
            let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            let value = attribute.unescape_value().ok()?.into_owned();
            node.attributes.insert(name, value);
        }
        Some(node)
    }

    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// What a person called it.
    pub(super) fn name(&self) -> &str {
        self.attribute("testname")
    }

    pub(super) fn is_off(&self) -> bool {
        self.attribute("enabled") == "false"
    }

    /// The property of this name.
    pub(super) fn property(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.attribute("name") == name)
    }

    /// The text of a property; empty if it is not there.
    pub(super) fn value(&self, name: &str) -> &str {
        self.property(name).map_or("", |property| property.text.trim())
    }

    /// What a collection holds.
    pub(super) fn items(&self, name: &str) -> &[Self] {
        self.property(name).map_or(&[], |property| property.children.as_slice())
    }

    /// The elements below, each with the tree that hangs on it.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&Self, Option<&Self>)> {
        let is_tree = |node: &&Self| node.tag == "hashTree";
        let all = self.children.iter().enumerate().filter(move |(_, node)| !is_tree(node));
        all.map(move |(place, node)| (node, self.children.get(place + 1).filter(is_tree)))
    }
}

/// The names that every XML knows.
fn known(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
