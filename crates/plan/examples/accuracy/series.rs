//! The recorded series, and which of them are held back.

use std::{error::Error, fs, ops::Deref, path::Path};

use testkit::Recorded;

/// Sets of the Numenta Anomaly Benchmark that come from operations.
const NAB: [(&str, &str); 3] = [
    ("cloudwatch", "realAWSCloudwatch"),
    ("known cause", "realKnownCause"),
    ("tweets", "realTweets"),
];

/// One recorded series, and the set it belongs to.
pub(crate) struct Series {
    pub(crate) set: &'static str,
    recorded: Recorded,
}

impl Deref for Series {
    type Target = Recorded;

    fn deref(&self) -> &Recorded {
        &self.recorded
    }
}

impl Series {
    /// The mean of what was seen in the hour that ends at `at`.
    pub(crate) fn hour(&self, at: i64) -> Option<f64> {
        self.recorded.mean(at, 3_600_000)
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
    Ok(Series { set, recorded: Recorded::read(path)? })
}

/// CPU seconds that this thread has had: proc(5), `schedstat`.
pub(crate) fn cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|word| word.parse::<u64>().ok());
    nanos.unwrap_or(0) as f64 / 1e9
}
