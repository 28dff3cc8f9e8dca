//! About the server itself: how it is, what it keeps, who may look.

pub(super) mod session;
pub(super) mod status;
pub(super) mod store;
pub(super) mod targets;
