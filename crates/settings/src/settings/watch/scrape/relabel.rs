//! Relabelling steps, as Prometheus has them.

use crate::{
    mistake::Mistake,
    pattern::Pattern,
    reader::{Reader, is_label_name},
    table::{Key, Otherwise, Table, set},
    yaml::Node,
};

/// One step that rewrites labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Relabel {
    /// The labels whose values are joined and looked at.
    pub source_labels: Vec<String>,
    /// What stands between the joined values.
    pub separator: String,
    /// Must match the whole of the joined values (or of a label's name).
    pub regex: Pattern,
    /// What a hash is taken modulo.
    pub modulus: u64,
    /// The label that is written; may use groups of the match: `${1}`.
    pub target_label: String,
    /// What is written; may use groups of the match: `$1`.
    pub replacement: String,
    /// What is done.
    pub action: RelabelAction,
}

/// What a relabelling step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelabelAction {
    /// Writes the replacement into the target label if the joined values match.
    Replace,
    /// Drops what does not match.
    Keep,
    /// Drops what matches.
    Drop,
    /// Drops that whose joined values differ from the target label's.
    KeepEqual,
    /// Drops that whose joined values equal the target label's.
    DropEqual,
    /// Writes a hash of the joined values, modulo the modulus, into the target label.
    HashMod,
    /// Copies labels whose names match to the names that the replacement gives.
    LabelMap,
    /// Removes labels whose names match.
    LabelDrop,
    /// Removes labels whose names do not match.
    LabelKeep,
    /// Writes the joined values in lower case into the target label.
    Lowercase,
    /// Writes the joined values in upper case into the target label.
    Uppercase,
}

impl RelabelAction {
    /// Every action with its word.
    pub const WORDS: [(&'static str, Self); 11] = [
        ("replace", Self::Replace),
        ("keep", Self::Keep),
        ("drop", Self::Drop),
        ("keepequal", Self::KeepEqual),
        ("dropequal", Self::DropEqual),
        ("hashmod", Self::HashMod),
        ("labelmap", Self::LabelMap),
        ("labeldrop", Self::LabelDrop),
        ("labelkeep", Self::LabelKeep),
        ("lowercase", Self::Lowercase),
        ("uppercase", Self::Uppercase),
    ];
}

impl Default for Relabel {
    fn default() -> Self {
        Self {
            source_labels: Vec::new(),
            separator: ";".to_owned(),
            regex: Pattern::built_in(Pattern::whole("(.*)")),
            modulus: 0,
            target_label: String::new(),
            replacement: "$1".to_owned(),
            action: RelabelAction::Replace,
        }
    }
}

pub(crate) static TABLE: Table<Relabel> = Table {
    what: "a relabelling step",
    keys: &[
        Key {
            name: "source_labels",
            form: "list of label names",
            otherwise: Otherwise::Nothing,
            about: "The labels whose values are joined and looked at.",
            read: |reader, field, into| into.source_labels = reader.texts(field.node),
        },
        Key {
            name: "separator",
            form: "text",
            otherwise: Otherwise::Is("';'"),
            about: "What stands between the joined values.",
            read: |reader, field, into| {
                // May be empty, so it is not read as a text that must say something.
                match field.node.scalar() {
                    Some(text) => text.clone_into(&mut into.separator),
                    None => reader.wrong(field.node, "a text is expected here", ""),
                }
            },
        },
        Key {
            name: "regex",
            form: "regular expression",
            otherwise: Otherwise::Is("(.*)"),
            about: "Must match the whole of the joined values; for `labelmap`, `labeldrop` and `labelkeep`, of a label's name.",
            read: |reader, field, into| set(&mut into.regex, reader.pattern(field.node, true)),
        },
        Key {
            name: "modulus",
            form: "number",
            otherwise: Otherwise::Nothing,
            about: "What the hash of `hashmod` is taken modulo.",
            read: |reader, field, into| {
                set(&mut into.modulus, reader.whole(field.node, 1..=u64::MAX));
            },
        },
        Key {
            name: "target_label",
            form: "label name",
            otherwise: Otherwise::Nothing,
            about: "The label that is written; may use groups of the match, as in `${1}`.",
            read: |reader, field, into| {
                set(&mut into.target_label, reader.text(field.node).map(str::to_owned));
            },
        },
        Key {
            name: "replacement",
            form: "text",
            otherwise: Otherwise::Is("$1"),
            about: "What is written; may use groups of the match, as in `$1`.",
            read: |reader, field, into| match field.node.scalar() {
                Some(text) => text.clone_into(&mut into.replacement),
                None => reader.wrong(field.node, "a text is expected here", ""),
            },
        },
        Key {
            name: "action",
            form: "word",
            otherwise: Otherwise::Is("replace"),
            about: "What is done: `replace`, `keep`, `drop`, `keepequal`, `dropequal`, `hashmod`, `labelmap`, `labeldrop`, `labelkeep`, `lowercase` or `uppercase`.",
            read: |reader, field, into| {
                set(&mut into.action, reader.word(field.node, &RelabelAction::WORDS));
            },
        },
    ],
    refused: &[],
};

/// Reads a list of steps and checks each as a whole.
pub(in crate::settings) fn steps<'d>(reader: &Reader<'d>, node: Node<'d>) -> Vec<Relabel> {
    let read = |item| {
        let step = TABLE.one(reader, item);
        step.check(reader, item);
        step
    };
    reader.items(node).into_iter().map(read).collect()
}

impl Relabel {
    /// What an action needs besides: a target label, a modulus.
    fn check<'d>(&self, reader: &Reader<'d>, node: Node<'d>) {
        use RelabelAction::{
            DropEqual, HashMod, KeepEqual, LabelDrop, LabelKeep, LabelMap, Lowercase, Replace,
            Uppercase,
        };
        let action = RelabelAction::WORDS.iter().find(|(_, action)| *action == self.action);
        let word = action.map_or("", |(word, _)| *word);
        let lacks = |key: &str| {
            let message = format!("the action `{word}` needs `{key}`");
            reader.report(
                Mistake::at(node.place(), message).label(format!("`{key}` is missing here")),
            );
        };
        let targeted = matches!(
            self.action,
            Replace | HashMod | Lowercase | Uppercase | KeepEqual | DropEqual
        );
        if targeted && self.target_label.is_empty() {
            lacks("target_label");
        }
        if self.action == HashMod && self.modulus == 0 {
            lacks("modulus");
        }
        let by_name = matches!(self.action, LabelMap | LabelDrop | LabelKeep);
        if by_name && node.get("source_labels").is_some() {
            let message = format!("the action `{word}` looks at names, not at `source_labels`");
            reader.report(Mistake::at(node.place(), message).help("remove `source_labels`"));
        }
        let fixed = !self.target_label.contains('$') && !self.target_label.is_empty();
        if let Some(target) = node.get("target_label").filter(|_| fixed)
            && !is_label_name(&self.target_label)
        {
            let help = "letters, digits and `_` make a label's name; the first is no digit";
            reader.wrong(
                target,
                &format!("`{}` cannot be a label's name", self.target_label),
                help,
            );
        }
    }
}
