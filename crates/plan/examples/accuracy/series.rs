//! The recorded series, and which of them are held back.

use std::{error::Error, fs, path::Path};

/// Sets of the Numenta Anomaly Benchmark that come from operations.
const NAB: [(&str, &str); 3] = [
    ("cloudwatch", "realAWSCloudwatch"),
    ("known cause", "realKnownCause"),
    ("tweets", "realTweets"),
];

/// One recorded series.
pub(crate) struct Series {
    pub(crate) set: &'static str,
    pub(crate) name: String,
    /// Milliseconds; days are counted from a fixed day, which is all that matters here.
    pub(crate) times: Vec<i64>,
    pub(crate) values: Vec<f64>,
}

impl Series {
    /// The mean of what was seen in the hour that ends at `at`.
    pub(crate) fn hour(&self, at: i64) -> Option<f64> {
        let first = self.times.partition_point(|&time| time <= at - 3_600_000);
        let end = self.times.partition_point(|&time| time <= at);
        (first < end).then(|| stats::mean(&self.values[first..end]))
    }
}

/// Looked at while tuning, or not.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Part {
    Tuned,
    Held,
}

impl Part {
    /// By the hash of a name (FNV-1a, 64 bits): a third is held back.
    pub(crate) fn of(name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        if (hash >> 20) % 3 == 0 { Self::Held } else { Self::Tuned }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tuned => "tuned",
            Self::Held => "held",
        }
    }
}

/// All series: those of the shared data, and the machines in a folder of CSV files if one is given.
pub(crate) fn load(vms: Option<&Path>) -> Result<Vec<Series>, Box<dyn Error>> {
    let shared = |path| testkit::shared(path).ok_or("the shared data is not there");
    let mut all = Vec::new();
    for (set, folder) in NAB {
        folder_of(&mut all, set, &shared("data/series/nab")?.join(folder))?;
    }
    if let Some(vms) = vms {
        folder_of(&mut all, "machines", vms)?;
    }
    all.push(read("site", &shared("data/traces/worldcup98_per_minute.csv")?)?);
    Ok(all)
}

fn folder_of(
    all: &mut Vec<Series>,
    set: &'static str,
    folder: &Path,
) -> Result<(), Box<dyn Error>> {
    let mut paths: Vec<_> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    paths.sort();
    for path in paths {
        all.push(read(set, &path)?);
    }
    Ok(())
}

fn read(set: &'static str, path: &Path) -> Result<Series, Box<dyn Error>> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut samples = Vec::new();
    for row in csv::Reader::from_path(path)?.records() {
        let row = row?;
        let time = parse_time(&row[0]).ok_or_else(|| format!("no time in {}", path.display()))?;
        samples.push((time, row[1].parse::<f64>()?));
    }
    samples.sort_by_key(|sample| sample.0);
    samples.dedup_by_key(|sample| sample.0);
    let (times, values) = samples.into_iter().unzip();
    Ok(Series { set, name, times, values })
}

/// Milliseconds, or `2014-02-14 14:30:00` with a blank or a `T`.
fn parse_time(text: &str) -> Option<i64> {
    if let Ok(millis) = text.parse() {
        return Some(millis);
    }
    let mut parts = text.split(['-', ' ', ':', 'T', 'Z']).map(|part| part.parse::<i64>().ok());
    let mut next = || parts.next().flatten();
    let (year, month, day) = (next()?, next()?, next()?);
    let (hour, minute, second) = (next()?, next()?, next()?);
    let (shifted_year, shifted_month) =
        if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = shifted_year * 365 + shifted_year / 4 - shifted_year / 100
        + shifted_year / 400
        + (shifted_month * 153 + 2) / 5
        + day;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

/// CPU seconds that this thread has had: proc(5), `schedstat`.
pub(crate) fn cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|word| word.parse::<u64>().ok());
    nanos.unwrap_or(0) as f64 / 1e9
}
