//! The built pages, embedded.
