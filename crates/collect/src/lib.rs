//! Samples come in: this host, scrapes, remote write, imports.
