//! How often comparisons and capacity searches are right, against queues whose truth is known; part of `bench/load.sh`.
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

#[path = "../tests/it/calibration.rs"]
mod calibration;
#[path = "../tests/it/simulated.rs"]
mod simulated;

use anyhow::Result;

fn main() -> Result<()> {
    let count = std::env::args().nth(1).map_or(Ok(200), |text| text.parse())?;
    for (name, runs, seconds) in [("1 + 1 runs of 300 s", 1, 300), ("5 + 5 runs of 60 s", 5, 60)] {
        for (what, scale) in [("equal", 1.0), ("10 % slower", 1.1)] {
            let words = calibration::outcomes(count, runs, seconds, scale)?;
            println!("{name}, {what}: of {count}: {words:?}");
        }
    }
    Ok(())
}
