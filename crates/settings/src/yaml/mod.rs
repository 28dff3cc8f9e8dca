//! A YAML file as a tree in which everything knows its place; the one place where YAML is read.

pub(crate) mod blot;
mod build;
mod file;
mod repair;
mod syntax;

pub use file::read_text;
use std::sync::Arc;

use crate::mistake::{Mistake, Mistakes, Place, Source};

/// Largest file that is read. Rule files of large installations stay below one mebibyte.
pub(crate) const FILE_BYTES_MAX: usize = 4 << 20;

/// A file that is well-formed YAML, and mistakes that do not keep it from being read further.
#[derive(Debug)]
pub struct Document {
    source: Arc<Source>,
    /// The first is always there.
    roots: Vec<Arc<Tree>>,
    found: Vec<Mistake>,
}

/// A node: what it holds and where it is written.
#[derive(Debug)]
struct Tree {
    place: Place,
    content: Content,
    /// How many nodes there are with every alias unfolded, this one included.
    weight: usize,
}

#[derive(Debug)]
enum Content {
    Scalar { text: String, plain: bool },
    List(Vec<Arc<Tree>>),
    Map(Vec<(Key, Arc<Tree>)>),
}

#[derive(Clone, Debug)]
struct Key {
    text: String,
    place: Place,
}

impl Document {
    /// Reads one YAML document. Fails on text that is no YAML, is too large, nests too deep,
    /// unfolds to too much, or holds more than one document.
    pub fn parse(name: &str, text: &str) -> Result<Self, Mistakes> {
        Self::parse_with(name, text, false)
    }

    /// Reads a file as those who write for many readers write them: with several documents, or with
    /// quoted texts that go on without the indentation YAML demands, which most readers let pass.
    pub fn parse_many(name: &str, text: &str) -> Result<Self, Mistakes> {
        Self::parse_with(name, text, true)
    }

    fn parse_with(name: &str, text: &str, many: bool) -> Result<Self, Mistakes> {
        if text.len() > FILE_BYTES_MAX {
            let source = Arc::new(Source::new(name, ""));
            let mistake = Mistake::somewhere(format!("the file has {} bytes", text.len()))
                .help(format!("at most {FILE_BYTES_MAX} are read; split it into several files"));
            return Err(mistake.in_source(&source).into());
        }
        let text = if many { repair::indented(text) } else { text.into() };
        let source = Arc::new(Source::new(name, &text));
        match build::build(&source.text, many) {
            Ok((roots, found)) => Ok(Self { source, roots, found }),
            Err(mistake) => Err(mistake.in_source(&source).into()),
        }
    }

    /// The outermost node; an empty file is an empty scalar.
    pub fn root(&self) -> Node<'_> {
        Node { tree: &self.roots[0] }
    }

    /// The outermost nodes of all documents, of which there is at least one.
    pub fn roots(&self) -> impl ExactSizeIterator<Item = Node<'_>> {
        self.roots.iter().map(|tree| Node { tree })
    }

    /// The text that places refer to.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// The file's name as it was given.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// Keys that are written twice and other mistakes that were found on the way.
    pub(crate) fn found(&self) -> &[Mistake] {
        &self.found
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }
}

/// A part of a document: a scalar, a list or a map.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    tree: &'d Tree,
}

/// A key of a map with its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'d> {
    /// The key's text.
    pub key: &'d str,
    /// Where the key is written.
    pub place: Place,
    /// Its value.
    pub node: Node<'d>,
}

impl<'d> Node<'d> {
    /// Where it is written; of a list or map the first line.
    pub fn place(self) -> Place {
        self.tree.place
    }

    /// The text of a scalar, whether quoted or not.
    pub fn scalar(self) -> Option<&'d str> {
        match &self.tree.content {
            Content::Scalar { text, .. } => Some(text),
            Content::List(_) | Content::Map(_) => None,
        }
    }

    /// The text of a scalar without quotes, which YAML takes for a number or a word of its own.
    pub fn plain(self) -> Option<&'d str> {
        match &self.tree.content {
            Content::Scalar { text, plain: true } => Some(text),
            _ => None,
        }
    }

    /// Whether nothing, `~` or `null` stands here.
    pub fn is_null(self) -> bool {
        matches!(self.plain(), Some("" | "~" | "null" | "Null" | "NULL"))
    }

    /// The items of a list.
    pub fn items(self) -> Option<impl ExactSizeIterator<Item = Node<'d>>> {
        match &self.tree.content {
            Content::List(items) => Some(items.iter().map(|tree| Node { tree })),
            Content::Scalar { .. } | Content::Map(_) => None,
        }
    }

    /// The keys and values of a map in the order they are written, each key once.
    pub fn entries(self) -> Option<impl ExactSizeIterator<Item = Entry<'d>>> {
        match &self.tree.content {
            Content::Map(entries) => Some(entries.iter().map(|(key, tree)| Entry {
                key: &key.text,
                place: key.place,
                node: Node { tree },
            })),
            Content::Scalar { .. } | Content::List(_) => None,
        }
    }

    /// The value of a map's key.
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        self.entries()?.find(|entry| entry.key == key).map(|entry| entry.node)
    }

    /// What it is, with its article: `a list`.
    pub fn what(self) -> &'static str {
        match &self.tree.content {
            Content::Scalar { .. } if self.is_null() => "nothing",
            Content::Scalar { plain: false, .. } => "a text",
            Content::Scalar { text, .. } if text.parse::<f64>().is_ok() => "a number",
            Content::Scalar { text, .. } if text == "true" || text == "false" => "a truth value",
            Content::Scalar { .. } => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }
}

#[cfg(test)]
mod tests;
