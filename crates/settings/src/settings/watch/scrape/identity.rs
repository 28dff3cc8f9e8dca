//! How Plimsoll says who it is to whoever it asks: one way of several, while it is read.

use model::Secret;

use super::{
    Authorization,
    parts::{AUTHORIZATION_TABLE, BASIC_TABLE},
};
use crate::{
    mistake::{Mistake, Place},
    reader::{Field, Reader},
    settings::secret::SecretDraft,
    yaml::{Entry, Node},
};

/// An identity while it is read.
#[derive(Debug, Default)]
pub(crate) struct IdentityDraft {
    authorization: Authorization,
    bearer: SecretDraft,
    said: Option<Place>,
}

impl IdentityDraft {
    /// Reads `basic_auth`.
    pub(crate) fn basic<'d>(&mut self, reader: &Reader<'d>, field: Field<'d>) {
        self.say(reader, field);
        self.authorization = BASIC_TABLE.one(reader, field.node).finish(reader, field.node);
    }

    /// Reads `authorization`.
    pub(crate) fn authorization<'d>(&mut self, reader: &Reader<'d>, field: Field<'d>) {
        self.say(reader, field);
        self.authorization = AUTHORIZATION_TABLE.one(reader, field.node).finish(reader, field.node);
    }

    /// Reads `bearer_token_file`.
    pub(crate) fn bearer_file<'d>(&mut self, reader: &Reader<'d>, field: Field<'d>) {
        self.say(reader, field);
        self.bearer.name_file(reader, field);
    }

    /// Reads `bearer_token`.
    pub(crate) fn bearer<'d>(&mut self, reader: &Reader<'d>, field: Field<'d>) {
        self.say(reader, field);
        self.bearer.write(reader, field);
    }

    /// Only one way to say who is asking.
    fn say<'d>(&mut self, reader: &Reader<'d>, field: Field<'d>) {
        if let Some(first) = self.said.replace(field.key) {
            let mistake = Mistake::at(field.key, "there is only one way to say who is asking");
            reader.report(mistake.also(first, "said here already").help("keep one of the two"));
        }
    }

    /// What was said.
    pub(crate) fn finish(self, reader: &Reader<'_>) -> Authorization {
        match self.bearer.finish(reader, "bearer_token") {
            Some(token) => Authorization::Token { scheme: "Bearer".to_owned(), token },
            None => self.authorization,
        }
    }
}

/// Headers as Prometheus has them, `{values: […], secrets: […]}`, or simply a text or a list.
pub(crate) fn headers<'d>(reader: &Reader<'d>, node: Node<'d>) -> Vec<(String, Secret)> {
    let mut headers = Vec::new();
    for entry in reader.entries(node) {
        header(reader, &entry, &mut headers);
    }
    headers
}

fn header<'d>(reader: &Reader<'d>, entry: &Entry<'d>, headers: &mut Vec<(String, Secret)>) {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !entry.key.bytes().all(token) {
        let message = format!("`{}` cannot be a header's name", entry.key);
        reader.report(Mistake::at(entry.place, message));
        return;
    }
    let mut add = |node: Node<'d>| {
        let Some(text) = reader.text(node) else { return };
        if text.contains(['\r', '\n', '\0']) {
            reader.wrong(node, "a header's value is a single line", "");
        } else {
            headers.push((entry.key.to_owned(), Secret::new(text.to_owned())));
        }
    };
    if entry.node.scalar().is_some() {
        add(entry.node);
    } else if entry.node.items().is_some() {
        reader.items(entry.node).into_iter().for_each(add);
    } else if let Some(fields) = reader.fields(entry.node, "a header") {
        for key in ["values", "secrets"] {
            let items = fields.take(key).map(|field| reader.items(field.node));
            items.unwrap_or_default().into_iter().for_each(&mut add);
        }
        fields.refuse("files", "write the value as `secrets: [...]`, or use `credentials_file`");
        fields.finish();
    }
}
