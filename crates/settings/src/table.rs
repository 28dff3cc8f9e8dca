//! Tables of keys: what reads a section is also what documents it.

use std::collections::BTreeMap;

use crate::{
    mistake::{Mistake, Place},
    reader::{Field, Placed, Reader},
    yaml::Node,
};

/// One key of a section that is read into a `T`.
pub(crate) struct Key<T> {
    /// The key as it is written.
    pub(crate) name: &'static str,
    /// What its value looks like.
    pub(crate) form: &'static str,
    /// What holds if it is not written.
    pub(crate) otherwise: Otherwise,
    /// What it does, in a sentence.
    pub(crate) about: &'static str,
    /// Reads its value.
    pub(crate) read: for<'d> fn(&Reader<'d>, Field<'d>, &mut T),
}

/// What holds if a key is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// It must be written.
    Needed,
    /// Nothing.
    Nothing,
    /// As if this were written.
    Is(&'static str),
    /// Something that cannot be written in one word.
    Said(&'static str),
}

/// All keys of a section.
pub(crate) struct Table<T: 'static> {
    /// What the section is, with its article: `a scrape job`.
    pub(crate) what: &'static str,
    /// The keys that are read, in the order in which they are.
    pub(crate) keys: &'static [Key<T>],
    /// Keys that people know from elsewhere, and what to do instead.
    pub(crate) refused: &'static [(&'static str, &'static str)],
}

/// A key as it is documented.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) form: &'static str,
    pub(crate) otherwise: Otherwise,
    pub(crate) about: &'static str,
}

impl<T> Table<T> {
    /// Reads a map's keys into what holds by default.
    pub(crate) fn read<'d>(&self, reader: &Reader<'d>, node: Node<'d>, into: &mut T) {
        let Some(fields) = reader.fields(node, self.what) else { return };
        for key in self.keys {
            let field = match key.otherwise {
                Otherwise::Needed => fields.need(key.name),
                _ => fields.take(key.name),
            };
            if let Some(field) = field {
                (key.read)(reader, field, into);
            }
        }
        for (name, help) in self.refused {
            fields.refuse(name, help);
        }
        fields.finish();
    }

    /// Reads one map into a value that begins as its default.
    pub(crate) fn one<'d>(&self, reader: &Reader<'d>, node: Node<'d>) -> T
    where
        T: Default,
    {
        let mut value = T::default();
        self.read(reader, node, &mut value);
        value
    }

    /// Reads a list of maps.
    pub(crate) fn each<'d>(&self, reader: &Reader<'d>, node: Node<'d>) -> Vec<T>
    where
        T: Default,
    {
        reader.items(node).into_iter().map(|item| self.one(reader, item)).collect()
    }

    /// The keys as they are documented.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let row = |key: &Key<T>| Row {
            name: key.name,
            form: key.form,
            otherwise: key.otherwise,
            about: key.about,
        };
        self.keys.iter().map(row).collect()
    }
}

/// Sets what was read without a mistake.
pub(crate) fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

/// The things themselves; names that come twice are reported with both places.
pub(crate) fn unique<T>(
    reader: &Reader<'_>,
    what: &str,
    named: Vec<(T, Option<Placed<String>>)>,
) -> Vec<T> {
    let mut first: BTreeMap<String, Place> = BTreeMap::new();
    let mut things = Vec::new();
    for (thing, name) in named {
        if let Some(name) = name {
            match first.get(&name.value) {
                Some(place) => reader.report(
                    Mistake::at(name.place, format!("there are two {what}s `{}`", name.value))
                        .label("once more here")
                        .also(*place, "first here")
                        .help(format!("give each {what} a name of its own")),
                ),
                None => {
                    first.insert(name.value, name.place);
                }
            }
        }
        things.push(thing);
    }
    things
}
