//! The `changes` section: who may tell of changes by web hooks.

use std::path::PathBuf;

use model::Secret;

use crate::{
    mistake::{Mistake, Place},
    reader::{Placed, Reader},
    settings::SecretSource,
    table::{Key, Otherwise, Table, set},
};

/// Letters of a hook's name at most; it is a part of its address.
const NAME_LETTERS_MAX: usize = 64;

/// What others may tell of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeSettings {
    /// The web hooks that are open.
    pub hooks: Vec<ChangeHook>,
}

/// A web hook through which somebody tells of changes.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeHook {
    /// Its name, unique: the last part of its address.
    pub name: String,
    /// Whose form deliveries have.
    pub from: HookSender,
    /// What deliveries are signed with, or bring.
    pub secret: SecretSource,
    /// The service, whatever a delivery says.
    pub service: Option<String>,
    /// The environment, where a delivery names none.
    pub environment: Option<String>,
    /// Names of GitHub workflows whose runs are changes.
    pub workflows: Vec<String>,
}

/// Whose form the deliveries of a hook have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HookSender {
    /// GitHub's web hooks.
    #[default]
    GitHub,
    /// GitLab's web hooks.
    GitLab,
    /// Argo CD's notifications.
    ArgoCd,
    /// `CDEvents` over `CloudEvents`.
    CdEvents,
}

/// The section while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct ChangesDraft {
    hooks: Vec<HookDraft>,
}

/// A hook while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct HookDraft {
    name: Option<Placed<String>>,
    from: HookSender,
    secret: Option<(Place, Secret)>,
    secret_file: Option<(Place, PathBuf)>,
    service: Option<String>,
    environment: Option<String>,
    workflows: Vec<String>,
}

pub(in crate::settings) static TABLE: Table<ChangesDraft> = Table {
    what: "the `changes` section",
    keys: &[Key {
        name: "hooks",
        form: "list",
        otherwise: Otherwise::Nothing,
        about: "Web hooks through which others tell of changes, each at `/api/plimsoll/v1/hooks/NAME`.",
        read: |reader, field, into| into.hooks = HOOK_TABLE.each(reader, field.node),
    }],
    refused: &[],
};

pub(in crate::settings) static HOOK_TABLE: Table<HookDraft> = Table {
    what: "a web hook for changes",
    keys: &[
        Key {
            name: "name",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "Its name, unique among hooks: letters, digits, `-` and `_`. It is the last part of its address.",
            read: |reader, field, into| into.name = reader.placed(field.node),
        },
        Key {
            name: "from",
            form: "word",
            otherwise: Otherwise::Needed,
            about: "Whose form deliveries have: `github`, `gitlab`, `argo_cd` or `cd_events`.",
            read: |reader, field, into| {
                let words = [
                    ("github", HookSender::GitHub),
                    ("gitlab", HookSender::GitLab),
                    ("argo_cd", HookSender::ArgoCd),
                    ("cd_events", HookSender::CdEvents),
                ];
                set(&mut into.from, reader.word(field.node, &words));
            },
        },
        Key {
            name: "secret_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file that holds the secret with which deliveries are signed (GitHub), or which they bring (GitLab, Argo CD, CDEvents). It is read at each delivery.",
            read: |reader, field, into| {
                into.secret_file =
                    reader.text(field.node).map(|text| (field.key, PathBuf::from(text)));
            },
        },
        Key {
            name: "secret",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The secret itself; `secret_file` keeps it out of this file.",
            read: |reader, field, into| {
                let text = reader.text(field.node);
                into.secret = text.map(|text| (field.key, Secret::new(text.to_owned())));
            },
        },
        Key {
            name: "service",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The service that its changes are made to, instead of the one that deliveries name: the repository, the application.",
            read: |reader, field, into| {
                into.service = reader.text(field.node).map(str::to_owned);
            },
        },
        Key {
            name: "environment",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The environment of changes that name none.",
            read: |reader, field, into| {
                into.environment = reader.text(field.node).map(str::to_owned);
            },
        },
        Key {
            name: "workflows",
            form: "list of names",
            otherwise: Otherwise::Said("those with `deploy` in their name"),
            about: "GitHub: the workflows whose runs are changes.",
            read: |reader, field, into| into.workflows = reader.texts(field.node),
        },
    ],
    refused: &[
        ("url", "a hook is called by others; its address is `/api/plimsoll/v1/hooks/NAME`"),
        ("token", "write it as `secret_file` or `secret`"),
    ],
};

impl ChangesDraft {
    /// The hooks with their names and the places of these.
    pub(in crate::settings) fn finish(
        self,
        reader: &Reader<'_>,
    ) -> Vec<(ChangeHook, Option<Placed<String>>)> {
        self.hooks.into_iter().filter_map(|hook| hook.finish(reader)).collect()
    }
}

impl HookDraft {
    fn finish(self, reader: &Reader<'_>) -> Option<(ChangeHook, Option<Placed<String>>)> {
        let name = self.name?;
        let letters = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if name.value.len() > NAME_LETTERS_MAX || !name.value.chars().all(letters) {
            let message = format!("`{}` cannot be a part of an address", name.value);
            let mistake = Mistake::at(name.place, message);
            reader.report(mistake.help("write letters, digits, `-` and `_`, 64 at most"));
        }
        let secret = match (self.secret, self.secret_file) {
            (Some((written, _)), Some((file, _))) => {
                let mistake = Mistake::at(written, "both `secret` and `secret_file` are written");
                reader.report(mistake.also(file, "and here").help("keep `secret_file`"));
                return None;
            }
            (Some((_, secret)), None) => SecretSource::Written(secret),
            (None, Some((_, file))) => SecretSource::File(file),
            (None, None) => {
                let message = format!("the hook `{}` has no secret", name.value);
                let help = "write `secret_file`: without one, anybody could tell of changes";
                reader.report(Mistake::at(name.place, message).help(help));
                return None;
            }
        };
        let hook = ChangeHook {
            name: name.value.clone(),
            from: self.from,
            secret,
            service: self.service,
            environment: self.environment,
            workflows: self.workflows,
        };
        Some((hook, Some(name)))
    }
}
