//! The cases in `cases/otlp`: a request as JSON, and the series that come of it.

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::{Context, Result, bail, ensure};
use collect::otlp::{Format, Histograms, Options, Promote, Scratch, Sent, Strategy, decode_into};
use model::Batch;

use super::tell::tell;

#[test]
fn every_case_gives_the_series_it_names() -> Result<()> {
    let mut requests = 0;
    for case in testkit::cases("otlp")? {
        for part in parts(&case.text).with_context(|| format!("in {}", case.path.display()))? {
            let mut batch = Batch::new("test");
            let sent = Sent { body: part.body.as_bytes(), format: Format::Json, encoding: None };
            let mut scratch = Scratch::default();
            let arrived =
                decode_into(&sent, &part.options, &mut |_| true, &mut batch, &mut scratch)
                    .with_context(|| format!("in {}", case.path.display()))?;
            let told = tell(&batch, &arrived);
            assert_eq!(told, part.wanted, "in {}", case.path.display());
            requests += 1;
        }
    }
    ensure!(requests > 0, "no request in any case");
    Ok(())
}

/// A request and what it gives.
#[derive(Default)]
struct Part {
    options: Options,
    body: String,
    wanted: String,
}

fn parts(text: &str) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut open = Part::default();
    let mut place = "options";
    for line in text.lines() {
        match (place, line) {
            ("options", line) if line.starts_with('#') || line.is_empty() => {}
            ("options", "send") => place = "send",
            ("options", line) => {
                let option = line.strip_prefix("option ").context("not an option")?;
                set(&mut open.options, option)?;
            }
            ("send", "gives") => place = "gives",
            ("send", line) => writeln!(open.body, "{line}")?,
            ("gives", "") => {
                parts.push(std::mem::take(&mut open));
                place = "options";
            }
            (_, line) => writeln!(open.wanted, "{line}")?,
        }
    }
    ensure!(place == "gives", "the case ends before what it gives");
    parts.push(open);
    Ok(parts)
}

fn set(options: &mut Options, option: &str) -> Result<()> {
    let (name, value) = option.split_once(' ').unwrap_or((option, ""));
    let names = || value.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
    match name {
        "translation_strategy" => {
            let known = Strategy::NAMED.iter().find(|(own, _)| *own == value);
            options.strategy = known.context("no such strategy")?.1;
        }
        "promote_resource_attributes" => options.promote = Promote::Only(names()),
        "promote_all_resource_attributes" => options.promote = Promote::AllBut(BTreeSet::new()),
        "ignore_resource_attributes" => options.promote = Promote::AllBut(names()),
        "keep_identifying_resource_attributes" => options.keep_identifying = true,
        "convert_histograms_to_nhcb" => options.histograms = Histograms::CustomBuckets,
        "promote_scope_metadata" => options.promote_scope = true,
        _ => bail!("no option is called {name:?}"),
    }
    Ok(())
}
