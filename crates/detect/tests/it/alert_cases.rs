//! Runs the cases of this room.

use anyhow::{Context, Result};

use crate::case_language::Stage;

#[test]
fn every_case_goes_as_it_says() -> Result<()> {
    let mut steps = 0;
    for case in testkit::cases("detect")? {
        steps += Stage::run(&case.text).with_context(|| case.path.display().to_string())?;
    }
    assert!(steps > 100, "only {steps} steps");
    Ok(())
}

#[test]
fn a_case_that_goes_otherwise_names_its_line() {
    let text = "watch resource\nhold 0s\nat 0m /var=86% -> nothing\n";
    let error = format!("{:#}", Stage::run(text).unwrap_err());
    assert!(error.contains("line 3") && error.contains("firing /var warning told"), "{error}");
}
