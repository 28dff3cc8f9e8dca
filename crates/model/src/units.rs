//! Units, and how a number is said with one.

/// A part of a whole, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// `None` for anything that is not a part of a whole, `NaN` included.
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// From 0 to 1.
    pub fn value(self) -> f64 {
        self.0
    }

    /// From 0 to 100.
    pub fn percent(self) -> f64 {
        self.0 * 100.0
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Bytes; shown in KiB, MiB, GiB.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Seconds.
    Seconds,
    /// Processor cores.
    Cores,
    /// A part of a whole, shown in percent.
    Share,
    /// Things: files, connections, processes.
    Count,
    /// Things a second.
    PerSecond,
}

/// From here on numbers are said by their power of ten.
const WRITTEN_OUT_MAX: f64 = 1e9;
/// Less than this is said to be nought: sums of what cancels out come to as much.
const WRITTEN_OUT_MIN: f64 = 1e-6;

impl Unit {
    /// Every unit with the word that settings and answers use for it.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("bytes", Self::Bytes),
        ("bytes_per_second", Self::BytesPerSecond),
        ("seconds", Self::Seconds),
        ("cores", Self::Cores),
        ("share", Self::Share),
        ("count", Self::Count),
        ("per_second", Self::PerSecond),
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, unit)| *unit == self).map_or("count", |(word, _)| *word)
    }

    /// The unit a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(own, _)| *own == word).map(|(_, unit)| *unit)
    }

    /// A number as people say it, with three significant digits: `3.21 GiB`, `75 %`, `12.5 k`.
    pub fn say(self, value: f64) -> String {
        if !value.is_finite() {
            return "unknown".into();
        }
        match self {
            Self::Bytes => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"]),
            Self::BytesPerSecond => {
                scaled(value, 1024.0, &["B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s"])
            }
            Self::Seconds if value.abs() < 1.0 => format!("{} ms", digits(value * 1000.0)),
            Self::Seconds => format!("{} s", digits(value)),
            Self::Cores => match digits(value) {
                one if one == "1" => "1 core".to_owned(),
                many => format!("{many} cores"),
            },
            Self::Share => format!("{} %", digits(value * 100.0)),
            Self::Count => scaled(value, 1000.0, &["", "k", "M", "G", "T"]).trim_end().to_owned(),
            Self::PerSecond => scaled(value, 1000.0, &["/s", "k/s", "M/s", "G/s"]),
        }
    }
}

fn scaled(value: f64, base: f64, names: &[&str]) -> String {
    let mut rest = value;
    let mut step = 0;
    while rest.abs() >= base * 0.9995 && step + 1 < names.len() {
        rest /= base;
        step += 1;
    }
    format!("{} {}", digits(rest), names[step])
}

/// Three significant digits, two below a hundredth, without zeros that say nothing; a little more than nothing is nought.
fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= WRITTEN_OUT_MAX => return format!("{value:.2e}"),
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if !(WRITTEN_OUT_MIN..0.00995).contains(&size) => 2,
        size if size >= 0.000_995 => 4,
        size if size >= 0.000_099_5 => 5,
        size if size >= 0.000_009_95 => 6,
        _ => 7,
    };
    let text = format!("{value:.decimals$}");
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_with_three_digits_and_their_unit() {
        assert_eq!(Unit::Bytes.say(3.21 * 1024.0 * 1024.0 * 1024.0), "3.21 GiB");
        assert_eq!(Unit::Bytes.say(0.0), "0 B");
        assert_eq!(Unit::Share.say(0.75), "75 %");
        assert_eq!(Unit::Count.say(12_500.0), "12.5 k");
        assert_eq!(Unit::Count.say(200.0), "200");
        assert_eq!(Unit::Seconds.say(0.25), "250 ms");
        assert_eq!(Unit::Bytes.say(1024.0 * 1023.9), "1 MiB");
        assert_eq!(Unit::Cores.say(0.003), "0.003 cores");
        assert_eq!(Unit::Cores.say(1.0), "1 core");
        assert_eq!(Unit::Cores.say(0.000_415), "0.00042 cores");
        assert_eq!(Unit::Cores.say(1e-12), "0 cores");
        assert_eq!(Unit::Share.say(-0.000_05), "-0.005 %");
        assert_eq!(Unit::Count.say(1.22e304), "1.22e292 T");
    }

    #[test]
    fn a_share_is_never_outside_nought_to_one() {
        assert!(Share::new(f64::NAN).is_none() && Share::new(1.01).is_none());
        assert!(Share::new(0.0).is_some() && Share::new(1.0).is_some());
    }
}
