//! Numbers in, numbers out; pure.
