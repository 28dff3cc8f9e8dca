//! The recorded series.

use std::{env, error::Error, fs, path::Path};

/// A series: seconds since 1970 and values, in order.
pub(crate) type Series = Vec<(i64, f64)>;
/// Series of one origin.
pub(crate) type Set = (&'static str, Vec<Series>);

/// Those of the shared data, and the machines of a folder.
pub(crate) fn load(vms: Option<&Path>) -> Result<Vec<Set>, Box<dyn Error>> {
    #[expect(clippy::disallowed_methods, reason = "an example is started by hand")]
    let shared = env::var("PLIMSOLL_SHARED").unwrap_or_else(|_| "../shared".into());
    let root = Path::new(&shared).join("data/series");
    let mut sets = Vec::new();
    for (name, folder) in [
        ("CloudWatch", "realAWSCloudwatch"),
        ("known causes", "realKnownCause"),
        ("tweets", "realTweets"),
    ] {
        sets.push((name, folder_of(&root.join("nab").join(folder), false)?));
    }
    if let Some(folder) = vms {
        sets.push(("machines", folder_of(folder, true)?));
    }
    Ok(sets)
}

fn folder_of(folder: &Path, millis: bool) -> Result<Vec<Series>, Box<dyn Error>> {
    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(fs::DirEntry::path);
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(file.path())?;
        let row = |line: &str| {
            let (time, value) = line.split_once(',')?;
            let time = if millis { time.parse::<i64>().ok()? / 1000 } else { seconds(time)? };
            Some((time, value.parse::<f64>().ok()?))
        };
        let mut series: Series = text.lines().filter_map(row).collect();
        series.sort_by_key(|(time, _)| *time);
        series.dedup_by_key(|(time, _)| *time);
        all.push(series);
    }
    Ok(all)
}

/// `2014-02-14 14:27:00` in seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    // Days since 1970 of the proleptic Gregorian calendar, with years that begin in March.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + part(11, 13)? * 3600 + part(14, 16)? * 60 + part(17, 19).unwrap_or(0))
}
