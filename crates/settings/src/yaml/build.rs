//! From the parser's events to a tree: aliases shared, merge keys merged, duplicate keys found.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map},
    sync::Arc,
};

use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span};

use super::{Content, Key, Tree, syntax};
use crate::mistake::{Mistake, Place};

/// How deep lists and maps may nest; settings and rule files need less than ten.
const DEPTH_MAX: usize = 64;

/// How many nodes a file may have with every alias unfolded. Aliases are shared, so they cost no
/// memory, but whoever walks the tree walks them.
const NODES_MAX: usize = 1_000_000;

/// A list or map that is still open.
struct Open {
    start: usize,
    anchor: usize,
    weight: usize,
    content: OpenContent,
}

enum OpenContent {
    List(Vec<Arc<Tree>>),
    Map { entries: Vec<(Key, Arc<Tree>)>, key: Option<Key>, seen: BTreeMap<String, Place> },
}

struct Builder<'t> {
    text: &'t str,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Arc<Tree>>,
    /// One for each document that has something in it.
    roots: Vec<Arc<Tree>>,
    /// What all documents unfold to.
    weight: usize,
    /// Documents that have begun, and whether there may be more than one.
    documents: usize,
    many: bool,
    found: Vec<Mistake>,
}

/// The trees of a text, at least one, and mistakes that leave a tree behind.
pub(super) fn build(text: &str, many: bool) -> Result<(Vec<Arc<Tree>>, Vec<Mistake>), Mistake> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    let mut builder = Builder {
        text,
        open: Vec::new(),
        anchors: BTreeMap::new(),
        roots: Vec::new(),
        weight: 0,
        documents: 0,
        many,
        found: Vec::new(),
    };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| syntax::mistake(text, &error))?;
        builder.take(event, span)?;
    }
    let Builder { mut roots, found, .. } = builder;
    if roots.is_empty() {
        roots.push(Arc::new(scalar(Place::default(), String::new(), true)));
    }
    Ok((roots, found))
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Mistake> {
        let place = self.place(span);
        match event {
            Event::DocumentStart(..) => self.begin_document(place)?,
            Event::Scalar(value, style, anchor, tag) => {
                // `!!str 12` is a text like `"12"`; other tags change nothing that is read here.
                let text_tag = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let plain = style == ScalarStyle::Plain && !text_tag;
                let tree = scalar(self.trimmed(place), value.into_owned(), plain);
                self.place_node(Arc::new(tree), anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                self.begin(place, anchor, OpenContent::List(Vec::new()))?;
            }
            Event::MappingStart(_, anchor, _) => {
                let content =
                    OpenContent::Map { entries: Vec::new(), key: None, seen: BTreeMap::new() };
                self.begin(place, anchor, content)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end()?,
            Event::Alias(anchor) => self.alias(place, anchor)?,
            _ => {}
        }
        Ok(())
    }

    fn begin_document(&mut self, place: Place) -> Result<(), Mistake> {
        self.documents += 1;
        self.anchors.clear();
        if self.documents > 1 && !self.many {
            return Err(Mistake::at(place, "the file holds more than one document")
                .label("a second one begins here")
                .help("remove the `---`, or put the second document into a file of its own"));
        }
        Ok(())
    }

    fn begin(&mut self, place: Place, anchor: usize, content: OpenContent) -> Result<(), Mistake> {
        if self.open.len() >= DEPTH_MAX {
            return Err(Mistake::at(place, "lists and maps nest too deep")
                .label(format!("at most {DEPTH_MAX} levels are read")));
        }
        if let Some(Open { content: OpenContent::Map { key: None, .. }, .. }) = self.open.last() {
            return Err(Mistake::at(self.first_line(place), "a key must be a single text")
                .label("a list or map stands where a key belongs"));
        }
        self.open.push(Open { start: place.start, anchor, weight: 1, content });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Mistake> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let place = self.first_line(Place::new(open.start, open.start));
        let content = match open.content {
            OpenContent::List(items) => Content::List(items),
            OpenContent::Map { entries, .. } => Content::Map(self.merged(entries)),
        };
        self.place_node(Arc::new(Tree { place, content, weight: open.weight }), open.anchor)
    }

    fn alias(&mut self, place: Place, anchor: usize) -> Result<(), Mistake> {
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(Mistake::at(place, "an alias stands inside what it stands for")
                .label("this would go on for ever"));
        };
        let target = Arc::clone(target);
        self.weigh(place, target.weight)?;
        self.put(target);
        Ok(())
    }

    fn place_node(&mut self, tree: Arc<Tree>, anchor: usize) -> Result<(), Mistake> {
        if anchor > 0 {
            self.anchors.insert(anchor, Arc::clone(&tree));
        }
        self.weigh(tree.place, tree.weight)?;
        self.put(tree);
        Ok(())
    }

    /// Counts what a node unfolds to towards the list or map that holds it.
    fn weigh(&mut self, place: Place, weight: usize) -> Result<(), Mistake> {
        let open = self.open.last_mut().map_or(&mut self.weight, |open| &mut open.weight);
        *open = open.saturating_add(weight);
        let total = *open;
        if total > NODES_MAX {
            return Err(Mistake::at(place, "the file unfolds to too many values")
                .label(format!("more than {NODES_MAX} up to here"))
                .help("aliases of aliases multiply; write the values out or split the file"));
        }
        Ok(())
    }

    /// Puts a finished node where it belongs: under the open key, into the open list, or on top.
    fn put(&mut self, tree: Arc<Tree>) {
        let Some(open) = self.open.last_mut() else {
            self.roots.push(tree);
            return;
        };
        let (entries, key, seen) = match &mut open.content {
            OpenContent::List(items) => return items.push(tree),
            OpenContent::Map { entries, key, seen } => (entries, key, seen),
        };
        let Some(name) = key.take() else {
            *key = Some(key_of(&tree));
            return;
        };
        match seen.entry(name.text.clone()) {
            btree_map::Entry::Vacant(entry) => {
                entry.insert(name.place);
                entries.push((name, tree));
            }
            btree_map::Entry::Occupied(first) => {
                let mistake = Mistake::at(name.place, format!("`{}` is written twice", name.text))
                    .label("once more here")
                    .also(*first.get(), "first here")
                    .help("keep one of the two");
                self.found.push(mistake);
            }
        }
    }

    /// Unfolds merge keys (`<<: *alias`): what a map says itself wins over what is merged into it.
    fn merged(&mut self, entries: Vec<(Key, Arc<Tree>)>) -> Vec<(Key, Arc<Tree>)> {
        if !entries.iter().any(|(key, _)| key.text == "<<") {
            return entries;
        }
        let (merges, mut own): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|(key, _)| key.text == "<<");
        let mut names: BTreeSet<String> = own.iter().map(|(key, _)| key.text.clone()).collect();
        for (key, tree) in merges {
            let parts = match &tree.content {
                Content::List(parts) => parts.clone(),
                Content::Map(_) | Content::Scalar { .. } => vec![tree],
            };
            for part in parts {
                let Content::Map(others) = &part.content else {
                    let mistake = Mistake::at(part.place, "only maps can be merged with `<<`")
                        .label("this is no map")
                        .also(key.place, "merged here");
                    self.found.push(mistake);
                    continue;
                };
                let new = others.iter().filter(|(key, _)| names.insert(key.text.clone()));
                own.extend(new.cloned());
            }
        }
        own
    }

    fn place(&self, span: Span) -> Place {
        let range = span.byte_range().unwrap_or(0..0);
        Place::new(range.start.min(self.text.len()), range.end.min(self.text.len()))
    }

    /// Without the blanks and line breaks that may follow a scalar.
    fn trimmed(&self, place: Place) -> Place {
        let Some(text) = self.text.get(place.start..place.end) else { return place };
        Place::new(place.start, place.start + text.trim_end().len())
    }

    /// From a place to the end of its line, without what may follow: blanks and a comment.
    fn first_line(&self, place: Place) -> Place {
        let line = self.text.get(place.start..).and_then(|rest| rest.lines().next());
        let line = line.unwrap_or_default();
        let line = line.split(" #").next().unwrap_or_default();
        Place::new(place.start, place.start + line.trim_end().len())
    }
}

/// A list or map cannot be a key; `begin` has refused it, and an alias to one gets a text nobody
/// asks for, so that it is reported as an unknown key.
fn key_of(tree: &Tree) -> Key {
    let text = match &tree.content {
        Content::Scalar { text, .. } => text.clone(),
        Content::List(_) | Content::Map(_) => "(an alias of a list or map)".to_owned(),
    };
    Key { text, place: tree.place }
}

fn scalar(place: Place, text: String, plain: bool) -> Tree {
    Tree { place, content: Content::Scalar { text, plain }, weight: 1 }
}
