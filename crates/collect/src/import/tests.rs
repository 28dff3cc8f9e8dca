//! Files good and bad.

use proptest::prelude::*;

use super::*;

fn shown(import: Import<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for batch in import {
        match batch {
            Ok(batch) => {
                for series in batch {
                    let samples: Vec<String> = series
                        .samples
                        .iter()
                        .map(|sample| format!("{}@{}", sample.value, sample.time.millis()))
                        .collect();
                    lines.push(format!("{} {}", series.labels, samples.join(" ")));
                }
            }
            Err(error) => lines.push(error.to_string()),
        }
    }
    lines
}

fn csv_of(text: &str, spec: &CsvSpec) -> Vec<String> {
    match csv(text.as_bytes(), spec, ImportOptions::default()) {
        Ok(import) => shown(import),
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn columns_of_numbers_become_metrics_and_the_others_labels() {
    let text = "Time,host,CPU %,mem\n\
        2023-11-14T22:13:20Z,db-1,12.5,100\n\
        2023-11-14T22:14:20Z,db-1,,200\n";
    assert_eq!(
        csv_of(text, &CsvSpec::default()),
        [
            "CPU{host=\"db-1\"} 12.5@1700000000000",
            "mem{host=\"db-1\"} 100@1700000000000 200@1700000060000",
        ]
    );
}

#[test]
fn a_metric_column_names_the_value() {
    let text =
        "\u{feff}timestamp;metric;value;pod\n1700000000;up;1;\"a;b\"\n1700000001;load;0.5;\n";
    assert_eq!(
        csv_of(text, &CsvSpec::default()),
        ["up{pod=\"a;b\"} 1@1700000000000", "load 0.5@1700000001000"]
    );
}

#[test]
fn names_of_columns_stay_as_they_are_written_where_that_is_wanted() {
    let text = "time,web-1,web_1,\n1700000000,1,2,3\n";
    let kept = CsvSpec { names_kept: true, ..CsvSpec::default() };
    let at = "@1700000000000";
    assert_eq!(csv_of(text, &kept).len(), 3, "{:?}", csv_of(text, &kept));
    assert_eq!(csv_of(text, &CsvSpec::default())[0], format!("web_1 1{at} 2{at}"));
    assert_eq!(csv_metric_name("web-1"), "web_1");
}

#[test]
fn roles_that_are_told_win() {
    let spec = CsvSpec {
        roles: vec![
            ("when".into(), ColumnRole::Time),
            ("port".into(), ColumnRole::Label("port".into())),
            ("n".into(), ColumnRole::Value("requests_total".into())),
            ("junk".into(), ColumnRole::Ignore),
        ],
        time_format: Some(TimeFormat::UnixMillis),
        ..CsvSpec::default()
    };
    let text = "when\tport\tn\tjunk\n1700\t80\t5\tx\n";
    assert_eq!(csv_of(text, &spec), ["requests_total{port=\"80\"} 5@1700"]);
}

#[test]
fn wrong_rows_are_told_with_their_lines() {
    let header = "time,host,cpu\n2023-11-14,a,1\n";
    let after = |row: &str| csv_of(&format!("{header}{row}\n"), &CsvSpec::default()).pop().unwrap();
    assert_eq!(after("soon,a,1"), "line 3: \"soon\" in column \"time\" is not a time");
    assert_eq!(after("2023-11-15,a"), "line 3: it has 2 columns, but the header 3");
    let told = CsvSpec {
        roles: vec![("cpu".into(), ColumnRole::Value("cpu".into()))],
        ..CsvSpec::default()
    };
    let lines = csv_of(&format!("{header}2023-11-15,a,many\n"), &told);
    assert_eq!(lines[0], "cpu{host=\"a\"} 1@1699920000000");
    assert_eq!(lines[1], "line 3: \"many\" in column \"cpu\" is not a number");
    assert!(csv_of("", &CsvSpec::default())[0].contains("no header"));
    assert!(csv_of("a,b\n1,2\n", &CsvSpec::default())[0].contains("no column holds times"));
}

#[test]
fn wrong_rows_are_skipped_and_counted_if_asked() {
    let options = ImportOptions { on_error: OnError::Skip, ..ImportOptions::default() };
    let text = "time,cpu\n1,1\nx,2\n3,3\n";
    let mut import = csv(text.as_bytes(), &CsvSpec::default(), options).unwrap();
    let batch = import.next().unwrap().unwrap();
    assert_eq!(batch[0].samples.len(), 2);
    assert!(import.next().is_none());
    assert_eq!(import.progress().skipped, 1);
    assert_eq!(import.progress().complaints, ["line 3: \"x\" in column \"time\" is not a time"]);
    assert_eq!(import.progress().bytes, text.len() as u64);
}

#[test]
fn exported_series_and_flat_samples_are_read_from_json() {
    let text = r#"{"metric":{"__name__":"up","job":"node"},"values":[1,0.5,null,"Infinity"],"timestamps":[10,20,30,40]}

{"time":"2023-11-14T22:13:20Z","metric":"load","value":2,"host":"a","cpu":3}
{"timestamp":1700000000,"name":"load","value":"-1","labels":{"host":"b"}}
"#;
    let lines = shown(json_lines(text.as_bytes(), ImportOptions::default()));
    assert_eq!(
        lines,
        [
            "up{job=\"node\"} 1@10 0.5@20 NaN@30 inf@40",
            "load{cpu=\"3\",host=\"a\"} 2@1700000000000",
            "load{host=\"b\"} -1@1700000000000",
        ]
    );
}

#[test]
fn wrong_json_is_told_with_its_line() {
    let what =
        |text: &str| shown(json_lines(text.as_bytes(), ImportOptions::default())).pop().unwrap();
    assert!(what("\n{\"metric\":").starts_with("line 2: column "), "{}", what("\n{\"metric\":"));
    assert_eq!(
        what(r#"{"metric":{"__name__":"a"},"values":[1],"timestamps":[]}"#),
        "line 1: there are 1 values, but 0 timestamps"
    );
    assert_eq!(what(r#"{"metric":"a","value":1}"#), "line 1: there is no time");
    assert_eq!(what(r#"{"time":1,"value":1}"#), "line 1: there is no metric name");
    assert!(what("[1]").contains("an object with metric and values"));
    assert!(what(r#"{"metric":"a","value":1,"time":1} x"#).contains("trailing characters"));
}

#[test]
fn openmetrics_needs_time_stamps_and_gives_them() {
    let text =
        "# TYPE a counter\na_total{b=\"c\"} 1 1700000000\na_total{b=\"c\"} 2 1700000001.5\n# EOF\n";
    assert_eq!(
        shown(openmetrics(text.as_bytes(), ImportOptions::default())),
        ["a_total{b=\"c\"} 1@1700000000000 2@1700000001500"]
    );
    let lines = shown(openmetrics(&b"a 1 1\na 2\n"[..], ImportOptions::default()));
    assert_eq!(lines, ["a 1@1000", "line 2: the sample has no time stamp"]);
    let lines = shown(openmetrics(&b"# EOF\na 2 1\n"[..], ImportOptions::default()));
    assert_eq!(lines, ["line 2: something follows # EOF"]);
}

#[test]
fn no_batch_is_larger_than_asked_and_nothing_is_lost() {
    let values: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let values = values.join(",");
    let text = format!(
        "{{\"metric\":{{\"__name__\":\"a\"}},\"values\":[{values}],\"timestamps\":[{values}]}}\n"
    );
    let options = ImportOptions {
        batch_samples: 7,
        labels: Labels::from_pairs([("job", "import")]),
        ..ImportOptions::default()
    };
    let mut times = Vec::new();
    for batch in json_lines(text.repeat(2).as_bytes(), options) {
        let batch = batch.unwrap();
        let count: usize = batch.iter().map(|series| series.samples.len()).sum();
        assert!(count <= 7, "{count}");
        assert!(batch.iter().all(|series| series.labels.get("job") == Some("import")));
        times.extend(batch.iter().flat_map(|series| &series.samples).map(|it| it.time.millis()));
    }
    let expected: Vec<i64> = (0..100).chain(0..100).collect();
    assert_eq!(times, expected);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for on_error in [OnError::Stop, OnError::Skip] {
            let options = ImportOptions { on_error, ..ImportOptions::default() };
            if let Ok(import) = csv(bytes.as_slice(), &CsvSpec::default(), options.clone()) {
                prop_assert!(import.count() < 1_000);
            }
            prop_assert!(json_lines(bytes.as_slice(), options.clone()).count() < 1_000);
            prop_assert!(openmetrics(bytes.as_slice(), options).count() < 1_000);
        }
    }

    #[test]
    fn csv_that_was_written_is_read(rows in proptest::collection::vec((0_i64..4_000_000_000, -1e9..1e9_f64, "[a-z]{1,5}"), 1..30)) {
        let mut text = "time,v,host\n".to_owned();
        for (seconds, value, host) in &rows {
            text.extend([seconds.to_string(), ",".into(), value.to_string(), ",".into(), host.clone(), "\n".into()]);
        }
        let import = csv(text.as_bytes(), &CsvSpec::default(), ImportOptions::default()).unwrap();
        let samples: usize = import.map(|batch| batch.unwrap().iter().map(|series| series.samples.len()).sum::<usize>()).sum();
        prop_assert_eq!(samples, rows.len());
    }
}
