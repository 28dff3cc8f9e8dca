//! What people write in files: YAML with marked mistakes, turned into nouns.
