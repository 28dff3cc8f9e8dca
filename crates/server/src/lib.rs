//! Wires the stages, HTTP API, access, pages.
