//! Other servers that hold our numbers or facts, or are sent them.

pub(super) mod forward;
mod identity;
pub(super) mod journal;
pub(super) mod query;

use model::Secret;

pub use forward::{Forward, ForwardProtocol};
pub use journal::JournalSettings;
pub use query::RemoteQuery;

use crate::{reader::Reader, yaml::Node};

/// Whose numbers they are, as a header can say it.
fn tenant<'d>(reader: &Reader<'d>, node: Node<'d>) -> Option<Secret> {
    let text = reader.text(node)?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        reader.wrong(node, "a tenant is a single word", "");
        return None;
    }
    Some(Secret::new(text.to_owned()))
}
