//! Who is told: grouping and delivery from the outbox.
//!
//! [`notify`] decides, as a pure fold, what each receiver is told about alerts that began, got
//! worse or ended; what it gives is recorded in the journal together with the events it follows
//! from. The [`Deliverer`] then carries messages from the journal's outbox to their receivers.

mod deliver;
mod groups;
mod notify;
pub mod quiet;
mod restore;
pub mod routing;
mod via;

pub use deliver::{Delivered, Deliverer, DeliveryLimits, PASSED_ON, is_broken, is_passed_over};
pub use groups::Groups;
pub use notify::{NOTIFIED, Notices, Scene, notify};
pub use restore::{is_over, restore};
pub use via::{
    Authorization, Mail, MailTls, Receiver, SlackApi, Told, Via, WebHook, change_json, change_of,
    evidence_json, evidence_of,
};
