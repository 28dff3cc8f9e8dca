//! How often comparisons and capacity searches are right, against queues whose truth is known; part of `bench/load.sh`.
//! `calibrate 1000 searches` leaves the comparisons out.
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

#[path = "../tests/it/compared/calibration.rs"]
mod calibration;
#[path = "../tests/it/searches.rs"]
mod searches;
#[path = "../tests/it/simulated.rs"]
mod simulated;

use anyhow::Result;
use searches::{FOUR, Known};

/// Queues from one server to sixteen, objectives in the middle and in the tail, and one search that begins elsewhere.
const KNOWN: [Known; 5] = [
    FOUR,
    Known { start: 90.0, ..FOUR },
    Known { servers: 1, service: 0.002, longest: 0.02, allowed: 0.05, start: 20.0 },
    Known { servers: 16, service: 0.01, longest: 0.05, allowed: 0.05, start: 50.0 },
    Known { servers: 4, service: 0.01, longest: 0.06, allowed: 0.01, start: 20.0 },
];

fn main() -> Result<()> {
    let count = std::env::args().nth(1).map_or(Ok(200), |text| text.parse())?;
    if std::env::args().nth(2).is_none_or(|word| word != "searches") {
        comparisons(count)?;
    }
    for known in KNOWN {
        let truth = known.truth();
        let (mut held, mut narrow, mut took) = (0, 0, Vec::new());
        for seed in 0..count {
            let (found, seconds) = searches::searched(known, seed);
            took.push(seconds as f64);
            let (low, high) = (found.low.unwrap_or(f64::NAN), found.high.unwrap_or(f64::NAN));
            narrow += u64::from(high / low <= 1.0505);
            if low <= truth && truth <= high {
                held += 1;
            } else {
                println!("  missed with seed {seed}: {low:.1} to {high:.1}, {:?}", found.ending);
            }
        }
        println!(
            "{known:?}, truth {truth:.1}/s, of {count}: bracket holds it {held}, at most 5 % wide {narrow}; median \
             {:.0} s of load, at most {:.0} s",
            stats::median(&took),
            took.iter().copied().fold(0.0, f64::max)
        );
    }
    Ok(())
}

/// Pairs of runs and of five runs each, equal and not.
fn comparisons(count: u64) -> Result<()> {
    for (name, runs, seconds) in [("1 + 1 runs of 300 s", 1, 300), ("5 + 5 runs of 60 s", 5, 60)] {
        for (what, scale) in [("equal", 1.0), ("10 % slower", 1.1)] {
            let words = calibration::outcomes(count, runs, seconds, scale)?;
            println!("{name}, {what}: of {count}: {words:?}");
        }
    }
    Ok(())
}
