//! How good baselines are on recorded series beside simpler bands, and what they cost: `bands [--vms FOLDER]
//! [--cost SERIES]`. `bench/bands.sh` calls it; the shared data is found by `PLIMSOLL_SHARED`.

mod cost;
mod peers;
mod score;
mod series;

use std::{env, error::Error, path::PathBuf};

use peers::Kind;
use score::Score;

#[expect(clippy::print_stdout, reason = "the figures are the answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    if let Some(count) = option("--cost") {
        println!("{}", cost::table(count.parse()?)?);
        return Ok(());
    }
    let sets = series::load(option("--vms").map(PathBuf::from).as_deref())?;
    println!("{}", score::HEADING);
    for kind in Kind::ALL {
        let mut all = Score::default();
        for (name, set) in &sets {
            let mut own = Score::default();
            for series in set {
                own.add(kind, series);
            }
            println!("{}", own.row(kind, &format!("{name}, {}", set.len())));
            all.join(own);
        }
        println!("{}", all.row(kind, "all"));
    }
    Ok(())
}
