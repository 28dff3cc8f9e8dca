//! Real series, rule files and conformance suites that tests read but the project does not hold.

use std::{env, path::PathBuf};

/// The path of a file or folder of the shared data (`PLIMSOLL_SHARED`, default `../shared` beside the checkout).
///
/// In CI (`CI=true`) missing data fails the test; elsewhere the test is told to skip, and the reason is printed.
#[expect(clippy::print_stderr, reason = "a skipped check must say so")]
#[expect(clippy::disallowed_methods, reason = "tests have no settings to read")]
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = env::var("PLIMSOLL_SHARED").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let wanted = root.join(path);
    if wanted.try_exists().unwrap_or(false) {
        return Some(wanted);
    }
    let ci = env::var("CI").is_ok_and(|value| value == "true");
    assert!(!ci, "shared data is missing: {}; set PLIMSOLL_SHARED", wanted.display());
    eprintln!("SKIPPED: {} is not there; set PLIMSOLL_SHARED to check it", wanted.display());
    None
}
