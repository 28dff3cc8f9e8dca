//! How good forecasts and dates are on recorded series, and how fast: `accuracy --vms FOLDER [--of tuned|held|all]
//! [--part near,week,dates,disks] [--tasks FILE]`. `bench/forecast.sh` calls it.
//!
//! A third of the series, by a hash of their names, is held back: nothing was tuned with sight of them, and their
//! figures stand apart.

mod ahead;
mod dates;
mod disks;
mod linear;
mod series;
mod tasks;

use std::{env, error::Error, path::PathBuf};

use model::Span;
use series::{Part, Series};
use tasks::Tasks;

/// Two days ahead, from three moments.
const NEAR: Span = Span::hours(48);
const WEEK: Span = Span::days(7);

#[expect(clippy::print_stdout, reason = "the figures are the answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let vms = option("--vms").map(PathBuf::from);
    let of = option("--of").unwrap_or_else(|| "all".into());
    let part = option("--part").unwrap_or_else(|| "near,week,dates,disks".into());
    let shown: Vec<Part> = [Part::Tuned, Part::Held]
        .into_iter()
        .filter(|one| of == "all" || of == one.word())
        .collect();
    let detail = arguments.iter().any(|argument| argument == "--detail");
    let mut tasks = Tasks::into_file(option("--tasks").map(PathBuf::from).as_deref())?;
    let all = series::load(vms.as_deref())?;
    let of_part = |part: Part| -> Vec<&Series> {
        all.iter().filter(|series| Part::of(&series.name) == part).collect()
    };
    for (name, horizon) in [("near", NEAR), ("week", WEEK)] {
        if part.contains(name) {
            println!("{}", ahead::heading(horizon));
            for &part in &shown {
                let own = of_part(part);
                println!("{}", ahead::table((part, &own), horizon, &mut tasks, detail)?);
            }
        }
    }
    if part.contains("dates") {
        println!("{}", dates::heading());
        for &part in &shown {
            println!("{}", dates::rows(part, &of_part(part))?);
        }
    }
    if part.contains("disks") {
        println!("{}", disks::heading());
        for &part in &shown {
            println!("{}", disks::rows(part, detail)?);
        }
    }
    Ok(())
}
