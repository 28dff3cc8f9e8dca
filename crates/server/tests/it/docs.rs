//! Reference pages that the program writes must be those in `docs/reference`.

use std::{env, fs, path::Path};

use anyhow::{Context as _, Result, ensure};

fn compare(name: &str, written: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, written)?;
    }
    let way_out = "`UPDATE_DOCS=1 cargo test -p server` writes it anew";
    let found = fs::read_to_string(&path).with_context(|| format!("no {name}: {way_out}"))?;
    ensure!(found == written, "docs/reference/{name} is not what the program says: {way_out}");
    Ok(())
}

#[test]
fn the_metrics_page_is_what_the_program_counts() -> Result<()> {
    compare("metrics.md", &server::metrics_reference())
}

#[test]
fn the_api_description_is_generated_from_the_handlers() -> Result<()> {
    let description = server::description();
    let document: serde_json::Value = serde_json::from_str(&description)?;
    let paths = document["paths"].as_object().context("no paths")?;
    ensure!(paths.contains_key("/api/plimsoll/v1/overview"));
    ensure!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    compare("openapi.json", &description)
}
