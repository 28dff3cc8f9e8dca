//! Other servers that hold our numbers.

pub(super) mod query;

pub use query::RemoteQuery;
