//! The conformance suites, and what must hold for any bytes at all.

use std::fs;

use proptest::prelude::*;
use testkit::shared;

use super::*;

/// Cases the suite calls bad that we accept, with the reason.
const ACCEPTED: [(&str, &str); 0] = [];

#[test]
fn every_openmetrics_case_is_parsed_or_refused_as_the_suite_says() {
    let Some(folder) = shared("data/promql/openmetrics/tests/testdata/parsers") else { return };
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let told: serde_json::Value =
            serde_json::from_slice(&fs::read(path.join("test.json")).unwrap()).unwrap();
        let body = fs::read(path.join("metrics")).unwrap();
        let parsed = parse_openmetrics(&body);
        let accepted = ACCEPTED.iter().any(|(own, _)| *own == name);
        if parsed.is_ok() != (told["shouldParse"] == true || accepted) {
            wrong.push(format!("{name}: {parsed:?}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 200, "only {count} cases");
}

#[test]
fn what_real_exporters_say_is_read_whole() {
    let Some(folder) = shared("data/promql/textparse") else { return };
    for (name, samples, metadata) in
        [("alltypes.237mfs.prom.txt", 2_000, 237), ("alltypes.237mfs.nometa.prom.txt", 2_000, 0)]
    {
        let parsed = parse_text(&fs::read(folder.join(name)).unwrap()).unwrap();
        assert!(parsed.samples.len() > samples / 2, "{name}: {}", parsed.samples.len());
        assert_eq!(parsed.metadata.len(), metadata, "{name}");
    }
    for name in ["alltypes.5mfs.om.txt", "1histogram.om.txt"] {
        let body = fs::read(folder.join(name)).unwrap();
        let parsed = parse_openmetrics_loose(&body).unwrap();
        let lines = String::from_utf8(body).unwrap();
        let expected = lines.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(parsed.samples.len(), expected, "{name}");
    }
}

#[test]
fn a_widespread_break_of_the_rules_is_noted_and_read_all_the_same() {
    let Some(folder) = shared("data/promql/textparse") else { return };
    let body = fs::read(folder.join("alltypes.5mfs.om.txt")).unwrap();
    let broken = broken_rule(&body).unwrap();
    assert!(broken.what.contains("histogram_seconds_sum must not be negative"), "{broken}");
}

fn one(line: &str) -> ExposedSample {
    parse_text(format!("{line}\n").as_bytes()).unwrap().samples.remove(0)
}

#[test]
fn text_takes_blanks_commas_escapes_and_time_stamps() {
    let sample = one("\t a_b:c { x = \"1\\\"\\\\\\n\" , y=\"ü\", }  +Inf  -12 ");
    assert_eq!(sample.labels.to_string(), r#"a_b:c{x="1\"\\\n",y="ü"}"#);
    assert_eq!(sample.value, f64::INFINITY);
    assert_eq!(sample.time, Some(Time(-12)));
    assert_eq!(one("a{b=\"c\"}1").value, 1.0);
    assert_eq!(one("a 1\r").value, 1.0);
}

#[test]
fn names_in_quotes_may_hold_anything() {
    let sample = one(r#"{"http.requests","the label"="x"} 3"#);
    assert_eq!(sample.labels.metric_name(), Some("http.requests"));
    assert_eq!(sample.labels.get("the label"), Some("x"));
    let body = b"# TYPE \"a b\" gauge\n{\"a b\"} 1\n# EOF\n";
    let parsed = parse_openmetrics(body).unwrap();
    assert_eq!(parsed.metadata[0].metric, "a b");
}

#[test]
fn the_line_and_what_is_wrong_are_told() {
    let what = |body: &str| parse_text(body.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        what("a 1\nb{c=1} 2\n"),
        "line 2: the value of label \"c\" must be in double quotes"
    );
    assert_eq!(what("a\n"), "line 1: the value is missing");
    assert_eq!(what("a 1 2 3\n"), "line 1: \"3\" follows the time stamp");
    assert_eq!(what("<html>\n"), "line 1: '<' cannot begin a name");
    assert_eq!(what("a{b=\"1\",b=\"2\"} 1\n"), "line 1: the label \"b\" stands twice");
    assert_eq!(what("a 0x10\n"), "line 1: \"0x10\" is not a value");
    let error = parse_text(b"a 1\nb \xff\n").unwrap_err();
    assert_eq!(error.to_string(), "line 2: not UTF-8");
}

#[test]
fn not_a_number_never_becomes_a_stale_marker() {
    assert!(!model::is_stale(one("a NaN").value));
    assert!(one("a nan").value.is_nan());
}

#[test]
fn formats_follow_from_the_content_type() {
    let format = |text: &str| Format::from_content_type(Some(text));
    assert_eq!(format("text/plain; version=0.0.4; charset=utf-8"), Ok(Format::Text));
    assert_eq!(format("application/openmetrics-text; version=1.0.0"), Ok(Format::OpenMetrics));
    assert!(format("text/html").is_err());
    assert_eq!(Format::from_content_type(None), Ok(Format::Text));
}

/// Bytes that come close to an exposition.
fn nearly() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "b_total",
        "{",
        "}",
        "\"",
        "\\",
        "=",
        ",",
        " ",
        "\n",
        "# ",
        "HELP ",
        "TYPE ",
        "UNIT ",
        "EOF",
        "counter",
        "histogram",
        "le",
        "+Inf",
        "NaN",
        "1",
        "-2.5e3",
        "\t",
        "ü",
        "\u{0}",
        "_bucket",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..60)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        drop(parse_text(&bytes));
        drop(parse_openmetrics(&bytes));
    }

    #[test]
    fn nothing_that_looks_right_makes_it_panic(text in nearly()) {
        drop(parse_text(text.as_bytes()));
        drop(parse_openmetrics(text.as_bytes()));
    }

    #[test]
    fn a_series_that_is_shown_is_read_again(
        names in proptest::collection::btree_map("[a-z_][a-z0-9_]{0,8}", "\\PC{1,12}", 0..5),
        value in any::<f64>(),
        millis in any::<i64>(),
    ) {
        let labels = Labels::from_pairs(names).with(model::METRIC_NAME, "metric");
        let parsed = one(&format!("{labels} {value:?} {millis}"));
        prop_assert_eq!(parsed.labels, labels);
        prop_assert_eq!(parsed.time, Some(Time(millis)));
        prop_assert!(parsed.value == value || (parsed.value.is_nan() && value.is_nan()));
    }
}
