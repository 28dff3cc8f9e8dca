//! What many baselines cost: memory, and processor time for each reading.

use std::{error::Error, fmt::Write as _, fs, time::Instant};

use stats::{Baseline, Chance};

use crate::peers::moment;

/// A Monday, 0:00 UTC.
const MONDAY: i64 = 1_795_392_000;
const STEP: i64 = 300;
/// Series are taken through eight days by so many at a time; then all of them through an hour.
const DAYS: i64 = 8;

/// Takes so many series through eight days of readings every five minutes.
#[expect(clippy::disallowed_methods, reason = "a measurement looks at the clock")]
pub(crate) fn table(count: usize) -> Result<String, Box<dyn Error>> {
    let before = resident()?;
    let mut all = vec![Baseline::default(); count];
    let mut chance = Chance::new(7);
    let (readings, hours) = (DAYS * 288, DAYS * 24);
    let began = Instant::now();
    for baseline in &mut all {
        for step in 0..readings {
            let at = MONDAY + step * STEP;
            baseline.take(moment(at), 100.0 + 10.0 * chance.share());
        }
    }
    let learnt = began.elapsed();
    let held = resident()?.saturating_sub(before);
    // The dearest tick is the first of an hour, when the hour before is closed and the next prepared.
    let mut tick = |step: i64| {
        let at = MONDAY + (readings + step) * STEP;
        let began = Instant::now();
        let mut outside = 0_usize;
        for baseline in &mut all {
            let band = baseline.take(moment(at), 100.0 + 10.0 * chance.share());
            outside += usize::from(band.is_some_and(|band| !band.holds(100.0)));
        }
        (began.elapsed(), outside)
    };
    let (first, _) = tick(0);
    let (other, _) = tick(1);
    let total = count as f64 * readings as f64;
    let mut text = String::from("| figure | value |\n|---|---:|\n");
    let own = all.first().map_or(0, Baseline::bytes);
    writeln!(text, "| series | {count} |")?;
    writeln!(text, "| bytes a series, by the types | {own} |")?;
    writeln!(text, "| resident memory for all, MB | {:.0} |", held as f64 / 1e6)?;
    writeln!(
        text,
        "| a reading, ns, over {DAYS} days | {:.0} |",
        learnt.as_nanos() as f64 / total
    )?;
    let hourly = count as f64 * hours as f64;
    writeln!(text, "| an hour of a series, us | {:.1} |", learnt.as_secs_f64() * 1e6 / hourly)?;
    writeln!(
        text,
        "| one tick of all, the first of an hour, ms | {:.0} |",
        first.as_secs_f64() * 1e3
    )?;
    writeln!(text, "| one tick of all, any other, ms | {:.0} |", other.as_secs_f64() * 1e3)?;
    let share = learnt.as_secs_f64() / (DAYS * 86_400) as f64;
    writeln!(text, "| of one core, % | {:.3} |", share * 100.0)?;
    Ok(text)
}

/// Bytes that this process holds.
fn resident() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}
