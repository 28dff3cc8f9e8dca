//! How well sizes told from the past do on the week that follows: `sizes --vms FOLDER`. `bench/sizes.sh` calls it.

use std::{env, error::Error, fs, path::PathBuf};

use plan::{Machine, SURE, SizePolicy, Walk, need, walked};
use stats::{mean, median, quantile};
use testkit::Recorded;

const WEEK: i64 = 7 * 86_400_000;

/// By the hash of a name (FNV-1a, 64 bits): a third is held back.
fn held(name: &str) -> bool {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 20) % 3 == 0
}

/// A machine with its past and the week that followed.
struct Split {
    name: String,
    times: Vec<i64>,
    used: Vec<f64>,
    after: Vec<f64>,
}

#[expect(clippy::print_stdout, reason = "the figures are the answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let folder =
        arguments.iter().position(|own| own == "--vms").and_then(|at| arguments.get(at + 1));
    let folder = folder.map(PathBuf::from).ok_or("--vms FOLDER")?;
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|own| Ok(own?.path())).collect::<Result<_, std::io::Error>>()?;
    paths.sort();
    let mut machines = Vec::new();
    for path in paths {
        let recorded = Recorded::read(&path)?;
        let Some(last) = recorded.times.last() else { continue };
        let cut = recorded.times.partition_point(|time| *time <= last - WEEK);
        let (used, after) = recorded.values.split_at(cut);
        machines.push(Split {
            name: recorded.name,
            times: recorded.times[..cut].to_vec(),
            used: used.to_vec(),
            after: after.to_vec(),
        });
    }
    let walks: Vec<Walk> = machines
        .iter()
        .map(|own| walked(Machine { times: &own.times, used: &own.used }, SizePolicy::default()))
        .collect();
    println!(
        "| machines | rule | how many | samples above size | machines above > 1 % of the time | size / mean use, median |"
    );
    println!("|---|---|---:|---:|---:|---:|");
    for (part, of) in [("tuned", false), ("held", true)] {
        for (rule, sure) in [
            ("walked, 0.8", 0.8),
            ("walked, 0.85", 0.85),
            ("walked, 0.9", SURE),
            ("walked, 0.95", 0.95),
            ("p99.5 / 0.8", 0.0),
        ] {
            let (mut over, mut above, mut sizes) = (Vec::new(), 0.0, Vec::new());
            for (at, own) in machines.iter().enumerate().filter(|(_, own)| held(&own.name) == of) {
                let others = walks.iter().enumerate().filter(|(other, _)| *other != at);
                let fleet = Walk::of_all(others.map(|(_, own)| own));
                let machine = Machine { times: &own.times, used: &own.used };
                let policy = SizePolicy { sure, ..SizePolicy::default() };
                let Ok(told) = need(machine, &fleet, policy) else { continue };
                let size = if sure > 0.0 { told.needed } else { quantile(&own.used, 0.995) / 0.8 };
                let share = own.after.iter().filter(|used| **used > size).count() as f64
                    / own.after.len() as f64;
                over.push(share);
                above += f64::from(u8::from(share > 0.01));
                sizes.push(size / mean(&own.after));
            }
            println!(
                "| {part} | {rule} | {} | {:.1} % | {:.1} % | {:.2} |",
                over.len(),
                100.0 * mean(&over),
                100.0 * above / over.len() as f64,
                median(&sizes)
            );
        }
    }
    Ok(())
}
