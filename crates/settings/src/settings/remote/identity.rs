//! Keys that say who we are to another server, and whom we believe; the same in each section that names one.

use crate::{
    settings::{
        TlsSettings,
        watch::scrape::{IdentityDraft, TLS_TABLE},
    },
    table::{Key, Otherwise},
};

/// What is read into has these.
pub(super) trait Identified {
    fn identity(&mut self) -> &mut IdentityDraft;
    fn tls(&mut self) -> &mut TlsSettings;
}

pub(super) const fn basic_auth<T: Identified>() -> Key<T> {
    Key {
        name: "basic_auth",
        form: "section",
        otherwise: Otherwise::Nothing,
        about: "Name and password, as in a scrape job.",
        read: |reader, field, into| into.identity().basic(reader, field),
    }
}

pub(super) const fn authorization<T: Identified>() -> Key<T> {
    Key {
        name: "authorization",
        form: "section",
        otherwise: Otherwise::Nothing,
        about: "A token in the `Authorization` header, as in a scrape job.",
        read: |reader, field, into| into.identity().authorization(reader, field),
    }
}

pub(super) const fn bearer_token_file<T: Identified>() -> Key<T> {
    Key {
        name: "bearer_token_file",
        form: "file",
        otherwise: Otherwise::Nothing,
        about: "A file that holds a bearer token; short for `authorization: {credentials_file: …}`.",
        read: |reader, field, into| into.identity().bearer_file(reader, field),
    }
}

/// `about` says whose certificate it is.
pub(super) const fn tls_config<T: Identified>(about: &'static str) -> Key<T> {
    Key {
        name: "tls_config",
        form: "section",
        otherwise: Otherwise::Nothing,
        about,
        read: |reader, field, into| *into.tls() = TLS_TABLE.one(reader, field.node),
    }
}
