//! What metrics and attributes are called here.
//!
//! The rules are those of <https://github.com/prometheus/otlptranslator> with the defaults of Prometheus 3, which follow
//! the OpenTelemetry specification's `compatibility/prometheus_and_openmetrics.md`.

/// How names become names of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Whatever is not a letter, a digit or an underscore becomes one, and unit and type are added.
    #[default]
    UnderscoreEscapingWithSuffixes,
    /// Names stay as they are, and unit and type are added.
    NoUtf8EscapingWithSuffixes,
    /// Whatever is not a letter, a digit or an underscore becomes one; nothing is added.
    UnderscoreEscapingWithoutSuffixes,
    /// Names stay as they are.
    NoTranslation,
}

impl Strategy {
    /// Every strategy with the name it has in settings, the default first.
    pub const NAMED: [(&'static str, Self); 4] = [
        ("UnderscoreEscapingWithSuffixes", Self::UnderscoreEscapingWithSuffixes),
        ("NoUTF8EscapingWithSuffixes", Self::NoUtf8EscapingWithSuffixes),
        ("UnderscoreEscapingWithoutSuffixes", Self::UnderscoreEscapingWithoutSuffixes),
        ("NoTranslation", Self::NoTranslation),
    ];

    /// Whether names get underscores for what Prometheus did not allow in them before version 3.
    pub(in crate::receive::otlp) fn escapes(self) -> bool {
        matches!(
            self,
            Self::UnderscoreEscapingWithSuffixes | Self::UnderscoreEscapingWithoutSuffixes
        )
    }

    fn adds_suffixes(self) -> bool {
        matches!(self, Self::UnderscoreEscapingWithSuffixes | Self::NoUtf8EscapingWithSuffixes)
    }
}

/// What a metric is, as far as its name depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::receive::otlp) enum Shape {
    /// A gauge.
    Gauge,
    /// A sum that only rises.
    Counter,
    /// Anything else.
    Other,
}

/// UCUM units that have another name here. `TiBy` is spelt as Prometheus spells it.
const UNITS: &[(&str, &str)] = &[
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tibibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("1", ""),
    ("%", "percent"),
];

/// The same behind a slash, where they stand in the singular.
const UNITS_PER: &[(&str, &str)] = &[
    ("s", "second"),
    ("m", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
];

/// The name of a metric, or nothing if there is none in what was sent.
pub(in crate::receive::otlp) fn metric_name(
    strategy: Strategy,
    name: &str,
    unit: &str,
    shape: Shape,
) -> Option<String> {
    let built = match (strategy.escapes(), strategy.adds_suffixes()) {
        (true, true) => tokens_joined(name, unit, shape),
        (true, false) => {
            let words = name.split(|letter| !is_word(letter) && letter != '_');
            digit_behind_underscore(
                words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_"),
            )
        }
        (false, true) => with_suffixes(name, unit, shape),
        (false, false) => name.to_owned(),
    };
    let empty = built.is_empty()
        || (strategy.escapes() && built != name && built.chars().all(|letter| letter == '_'));
    (!empty).then_some(built)
}

/// The unit as metadata has it.
pub(in crate::receive::otlp) fn unit_name(strategy: Strategy, unit: &str) -> String {
    let (mut main, mut per) = unit_words(unit);
    if strategy.escapes() {
        (main, per) = (clean(&main), clean(&per));
    }
    let between = if main.is_empty() || per.is_empty() { "" } else { "_" };
    let whole = format!("{main}{between}{per}");
    let whole = whole.strip_prefix('_').unwrap_or(&whole);
    whole.strip_suffix('_').unwrap_or(whole).to_owned()
}

/// The label name of an attribute, put behind what the text has already; nothing if no name comes of it.
pub(in crate::receive::otlp) fn push_label_name(text: &mut String, attribute: &str) -> Option<()> {
    let start = text.len();
    let first = attribute.chars().next()?;
    if first.is_ascii_digit() {
        text.push_str("key_");
    } else {
        let mut letters = attribute.chars();
        let underscore = letters.next().is_some_and(|letter| !letter.is_ascii_alphabetic());
        let another = letters.next().is_some_and(|letter| !letter.is_ascii_alphanumeric());
        if underscore && !another {
            text.push_str("key");
        }
    }
    text.extend(
        attribute.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }),
    );
    let made = text.get(start..)?;
    (made == attribute || made.bytes().any(|byte| byte != b'_')).then_some(())
}

/// Whether an attribute's name can be a label's name as it is.
pub(in crate::receive::otlp) fn is_label_name(attribute: &str) -> bool {
    let mut bytes = attribute.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == ':'
}

/// The words of the name, then the unit and what the type adds, each once, with underscores between.
fn tokens_joined(name: &str, unit: &str, shape: Shape) -> String {
    let mut words: Vec<&str> =
        name.split(|letter| !is_word(letter)).filter(|word| !word.is_empty()).collect();
    let (main, per) = unit_words(unit);
    let (main, per) = (clean(&main), clean(&per));
    let per = if per == "per_" { "" } else { per.strip_suffix('_').unwrap_or(&per) };
    let per = if words.contains(&per) { "" } else { per };
    let mut main = if words.contains(&main.as_str()) { "" } else { main.as_str() };
    if !per.is_empty() {
        main = main.strip_suffix('_').unwrap_or(main);
    }
    words.extend([main, per].into_iter().filter(|word| !word.is_empty()));
    let last = match shape {
        Shape::Counter => "total",
        Shape::Gauge if unit == "1" => "ratio",
        Shape::Gauge | Shape::Other => "",
    };
    if !last.is_empty() {
        words.retain(|word| *word != last);
        words.push(last);
    }
    digit_behind_underscore(words.join("_"))
}

fn digit_behind_underscore(name: String) -> String {
    if name.starts_with(|letter: char| letter.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// The name as it is, with the unit and what the type adds behind it, unless they are there already.
fn with_suffixes(name: &str, unit: &str, shape: Shape) -> String {
    let last = match shape {
        Shape::Counter => "total",
        Shape::Gauge if unit == "1" => "ratio",
        Shape::Gauge | Shape::Other => "",
    };
    let (main, per) = unit_words(unit);
    let mut built = without_suffix(without_suffix(name, last), &per).to_owned();
    let there = built.ends_with(&main);
    let suffixes = [if there { "" } else { &main }, &per, last];
    for suffix in suffixes.into_iter().filter(|suffix| !suffix.is_empty()) {
        built.push('_');
        built.push_str(suffix);
    }
    built
}

/// The name without a suffix and the letter before it, if something is left.
fn without_suffix<'n>(name: &'n str, suffix: &str) -> &'n str {
    let Some(rest) = name.strip_suffix(suffix).filter(|_| !suffix.is_empty()) else { return name };
    let mut letters = rest.chars();
    letters.next_back();
    if letters.as_str().is_empty() { name } else { letters.as_str() }
}

/// The unit in words: what is measured, and `per_` what.
fn unit_words(unit: &str) -> (String, String) {
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    let word = |sent: &str, known: &[(&str, &str)]| {
        let sent = sent.trim();
        // What stands in braces is a remark.
        if sent.contains(['{', '}']) {
            return String::new();
        }
        let found = known.iter().find(|(own, _)| *own == sent);
        found.map_or(sent, |(_, word)| word).to_owned()
    };
    let per = word(per, UNITS_PER);
    (word(main, UNITS), if per.is_empty() { per } else { format!("per_{per}") })
}

/// A unit with single underscores for all that is no letter and no digit, and none before it.
fn clean(unit: &str) -> String {
    let mut cleaned = String::with_capacity(unit.len());
    for letter in unit.chars() {
        if is_word(letter) {
            cleaned.push(letter);
        } else if !cleaned.ends_with('_') && !cleaned.is_empty() {
            cleaned.push('_');
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(strategy: Strategy, name: &str, unit: &str, shape: Shape) -> String {
        metric_name(strategy, name, unit, shape).unwrap_or_default()
    }

    #[test]
    fn units_and_types_are_words_of_the_name() {
        let strategy = Strategy::UnderscoreEscapingWithSuffixes;
        let cases = [
            ("http.server.duration", "s", Shape::Other, "http_server_duration_seconds"),
            ("system.cpu.time", "s", Shape::Counter, "system_cpu_time_seconds_total"),
            ("memory.usage", "By", Shape::Gauge, "memory_usage_bytes"),
            ("cpu.utilization", "1", Shape::Gauge, "cpu_utilization_ratio"),
            ("ratio.of.things", "1", Shape::Gauge, "of_things_ratio"),
            ("items", "1", Shape::Counter, "items_total"),
            ("total.items", "", Shape::Counter, "items_total"),
            ("net.io", "By/s", Shape::Gauge, "net_io_bytes_per_second"),
            ("requests", "1/s", Shape::Gauge, "requests_per_second"),
            ("requests", "{request}/s", Shape::Counter, "requests_per_second_total"),
            ("requests", "{request}", Shape::Gauge, "requests"),
            ("request.seconds.spent", "s", Shape::Gauge, "request_seconds_spent"),
            ("disk", "By/{operation}", Shape::Gauge, "disk_bytes"),
            ("a", "unit@with#special/chars", Shape::Gauge, "a_unit_with_special_per_chars"),
            ("2xx", "", Shape::Gauge, "_2xx"),
            ("__a__b:c", "", Shape::Gauge, "a_b:c"),
            ("temperature", "Cel", Shape::Gauge, "temperature_celsius"),
            ("größe", "By", Shape::Gauge, "gr_e_bytes"),
            ("...", "", Shape::Gauge, ""),
            ("", "", Shape::Gauge, ""),
        ];
        for (name, unit, shape, wanted) in cases {
            assert_eq!(named(strategy, name, unit, shape), wanted, "{name} {unit}");
        }
    }

    #[test]
    fn without_suffixes_only_letters_change() {
        let strategy = Strategy::UnderscoreEscapingWithoutSuffixes;
        let cases = [
            ("system.cpu.time", "system_cpu_time"),
            ("metric@@##$$name", "metric_name"),
            ("a__b", "a__b"),
            ("_a_", "_a_"),
            ("123metric", "_123metric"),
            ("@#$%", ""),
            ("_._", ""),
            ("__", "__"),
        ];
        for (name, wanted) in cases {
            assert_eq!(named(strategy, name, "s", Shape::Counter), wanted, "{name}");
        }
    }

    #[test]
    fn utf8_names_stay_and_get_what_is_missing() {
        let strategy = Strategy::NoUtf8EscapingWithSuffixes;
        let cases = [
            ("system.cpu.time", "s", Shape::Counter, "system.cpu.time_seconds_total"),
            ("cpu_seconds_total", "s", Shape::Counter, "cpu_seconds_total"),
            ("cpu.seconds.total", "s", Shape::Counter, "cpu.seconds_total"),
            ("cpu_usage_ratio", "1", Shape::Gauge, "cpu_usage_ratio"),
            ("requêsts", "1/s", Shape::Gauge, "requêsts_per_second"),
            ("total", "", Shape::Counter, "total_total"),
            ("@#$%", "", Shape::Counter, "@#$%_total"),
        ];
        for (name, unit, shape, wanted) in cases {
            assert_eq!(named(strategy, name, unit, shape), wanted, "{name} {unit}");
        }
        assert_eq!(named(Strategy::NoTranslation, "a.b", "s", Shape::Counter), "a.b");
    }

    #[test]
    fn units_of_metadata_are_words_too() {
        let strategy = Strategy::default();
        assert_eq!(unit_name(strategy, "By/s"), "bytes_per_second");
        assert_eq!(unit_name(strategy, "1/s"), "per_second");
        assert_eq!(unit_name(strategy, "{request}"), "");
        assert_eq!(unit_name(strategy, "unit__x/y"), "unit_x_per_year");
    }

    #[test]
    fn attributes_become_label_names() {
        let cases = [
            ("http.method", Some("http_method")),
            ("123invalid", Some("key_123invalid")),
            ("_private", Some("key_private")),
            (".private", Some("key_private")),
            ("__reserved__", Some("__reserved__")),
            ("._a", Some("__a")),
            ("größe", Some("gr__e")),
            ("日本", None),
            ("", None),
            ("__", Some("__")),
            ("_", Some("key_")),
        ];
        for (attribute, wanted) in cases {
            let mut text = "before".to_owned();
            let made = push_label_name(&mut text, attribute);
            assert_eq!(made.and_then(|()| text.strip_prefix("before")), wanted, "{attribute}");
            assert_eq!(
                is_label_name(attribute),
                wanted == Some(attribute) && attribute != "__reserved__" && attribute != "__",
                "{attribute}"
            );
        }
    }
}
