//! Fixtures of `/proc` and `/sys`, and what must come of them.
