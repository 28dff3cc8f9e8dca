//! Takes fields from a document and collects every mistake on the way.

mod nearest;
mod quantities;
mod values;

use std::{cell::RefCell, ops::Range};

pub(crate) use nearest::nearest;
pub use quantities::{parse_date, parse_duration, parse_share, parse_size};
pub(crate) use values::is_label_name;

use crate::{
    mistake::{Mistake, Mistakes, Place},
    yaml::{Document, Entry, Node},
};

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub place: Place,
}

/// Reads a document's fields. A value that is wrong is reported and read as `None`, so that the
/// reading goes on; [`Reader::finish`] says at the end whether anything was wrong.
#[derive(Debug)]
pub struct Reader<'d> {
    document: &'d Document,
    found: RefCell<Mistakes>,
}

/// A key that was found in a map.
#[derive(Clone, Copy, Debug)]
pub struct Field<'d> {
    /// Where the key is written.
    pub key: Place,
    /// Its value.
    pub node: Node<'d>,
}

/// The fields of one map while they are taken; what is left over at the end is unknown.
#[derive(Debug)]
pub struct Fields<'r, 'd> {
    reader: &'r Reader<'d>,
    node: Node<'d>,
    what: &'r str,
    known: RefCell<Vec<&'static str>>,
}

impl<'d> Reader<'d> {
    /// Begins with the mistakes that reading the document left behind, such as keys written twice.
    pub fn new(document: &'d Document) -> Self {
        let reader = Self { document, found: RefCell::new(Mistakes::default()) };
        for mistake in document.found() {
            reader.report(mistake.clone());
        }
        reader
    }

    /// The document's outermost node.
    pub fn root(&self) -> Node<'d> {
        self.document.root()
    }

    /// The outermost nodes of all documents of the file.
    pub fn roots(&self) -> impl ExactSizeIterator<Item = Node<'d>> {
        self.document.roots()
    }

    /// Adds a mistake.
    pub fn report(&self, mistake: Mistake) {
        self.found.borrow_mut().push(mistake.in_source(self.document.source()));
    }

    /// How many mistakes there are so far.
    pub fn mistakes(&self) -> usize {
        self.found.borrow().len()
    }

    /// Whether a mistake was found between these bytes of the file. Past the number of mistakes
    /// that are kept, every place counts as wrong.
    pub fn is_wrong_within(&self, bytes: Range<usize>) -> bool {
        let found = self.found.borrow();
        let within = |place: Place| bytes.contains(&place.start);
        found.is_full() || found.iter().any(|mistake| mistake.place().is_none_or(within))
    }

    /// All mistakes in the order of their places; possibly none.
    pub fn found(self) -> Mistakes {
        let mut found = self.found.into_inner();
        found.sort();
        found
    }

    /// Whether further mistakes are only counted.
    fn is_full(&self) -> bool {
        self.found.borrow().is_full()
    }

    /// All mistakes in the order of their places, or none.
    pub fn finish(self) -> Result<(), Mistakes> {
        let mut found = self.found.into_inner();
        found.sort();
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// Begins to take a map's fields; `what` says in messages what the map is: `a rule`.
    /// Nothing at all counts as an empty map.
    pub fn fields<'r>(&'r self, node: Node<'d>, what: &'r str) -> Option<Fields<'r, 'd>> {
        if node.entries().is_none() && !node.is_null() {
            self.wrong(node, &format!("{what} is a map of keys and values"), "write `key: value`");
            return None;
        }
        Some(Fields { reader: self, node, what, known: RefCell::new(Vec::new()) })
    }

    /// The keys and values of a map whose keys are free: labels, headers, parameters.
    pub fn entries(&self, node: Node<'d>) -> Vec<Entry<'d>> {
        match node.entries() {
            Some(entries) => entries.collect(),
            None if node.is_null() => Vec::new(),
            None => {
                self.wrong(node, "a map is expected here", "write `key: value`");
                Vec::new()
            }
        }
    }

    /// The items of a list; nothing at all counts as an empty one.
    pub fn items(&self, node: Node<'d>) -> Vec<Node<'d>> {
        match node.items() {
            Some(items) => items.collect(),
            None if node.is_null() => Vec::new(),
            None => {
                self.wrong(node, "a list is expected here", "begin each item with `- `");
                Vec::new()
            }
        }
    }

    /// Reports a value of the wrong kind or form.
    pub fn wrong(&self, node: Node<'d>, message: &str, help: &str) {
        let mut mistake = Mistake::at(node.place(), message);
        mistake = match node.scalar() {
            Some(_) if !node.is_null() => mistake,
            _ => mistake.label(format!("here is {}", node.what())),
        };
        self.report(if help.is_empty() { mistake } else { mistake.help(help) });
    }
}

impl<'d> Fields<'_, 'd> {
    /// The key's value if it is written and not empty.
    pub fn take(&self, key: &'static str) -> Option<Field<'d>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        let entry = self.node.entries()?.find(|entry| entry.key == key)?;
        Some(Field { key: entry.place, node: entry.node }).filter(|field| !field.node.is_null())
    }

    /// The key's value; reports that it is missing if it is not there.
    pub fn need(&self, key: &'static str) -> Option<Field<'d>> {
        let field = self.take(key);
        if field.is_none() {
            let what = self.what;
            self.reader.report(
                Mistake::at(self.node.place(), format!("{what} needs `{key}`"))
                    .label(format!("`{key}` is missing here")),
            );
        }
        field
    }

    /// The map itself.
    pub fn node(&self) -> Node<'d> {
        self.node
    }

    /// Says that a key may be there which is read by somebody else.
    pub fn allow(&self, key: &'static str) {
        self.known.borrow_mut().push(key);
    }

    /// Reports a key that is known and not supported, with what to do instead.
    pub fn refuse(&self, key: &'static str, help: &str) {
        self.known.borrow_mut().push(key);
        let Some(entry) =
            self.node.entries().and_then(|mut all| all.find(|entry| entry.key == key))
        else {
            return;
        };
        self.reader.report(
            Mistake::at(entry.place, format!("`{key}` is not supported")).help(help.to_owned()),
        );
    }

    /// Reports every key that nobody asked for, with the nearest known one.
    pub fn finish(self) {
        let known = self.known.into_inner();
        for entry in self.node.entries().into_iter().flatten() {
            if known.contains(&entry.key) {
                continue;
            }
            let mistake =
                Mistake::at(entry.place, format!("{} has no key `{}`", self.what, entry.key));
            // Past the number of mistakes that are shown, nobody reads what was meant.
            let near = (!self.reader.is_full()).then(|| nearest(entry.key, known.iter().copied()));
            self.reader.report(match near.flatten() {
                Some(near) => mistake.label("unknown key").help(format!("did you mean `{near}`?")),
                None => mistake
                    .label("unknown key")
                    .help(format!("known keys are {}", listed(&known, "and"))),
            });
        }
    }
}

/// `a`, `b` and `c`, in backquotes.
pub(crate) fn listed(words: &[&str], last_with: &str) -> String {
    let mut words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match words.pop() {
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} {last_with} {last}", words.join(", ")),
        None => "none".to_owned(),
    }
}
