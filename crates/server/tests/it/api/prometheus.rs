//! The Prometheus HTTP API: its shapes, as its own documentation shows them.

use std::sync::Arc;

use anyhow::Result;
use model::{Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use crate::house::{House, QUIET, answer, series, settings};

/// 2015-07-01T20:11:00Z, of the examples in Prometheus' own documentation.
const NOW: Time = Time(1_435_781_460_000);

async fn with_two_series() -> Result<House> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let now = NOW.millis();
    let times = [now - 30_000, now - 15_000, now];
    let rows = |values: [f64; 3]| -> Vec<_> { times.into_iter().zip(values).collect() };
    house
        .write(&[
            series(
                &[("__name__", "up"), ("job", "prometheus"), ("instance", "localhost:9090")],
                &rows([1.0, 1.0, 1.0]),
            ),
            series(
                &[("__name__", "up"), ("job", "node"), ("instance", "localhost:9091")],
                &rows([0.0, 0.0, 1.0]),
            ),
        ])
        .await?;
    Ok(house)
}

fn success(data: &Value) -> (u16, Value) {
    (200, json!({ "status": "success", "data": data }))
}

#[tokio::test]
async fn an_instant_query_answers_a_vector_by_get_and_by_form() -> Result<()> {
    let house = with_two_series().await?;
    let wanted = success(&json!({ "resultType": "vector", "result": [
        { "metric": { "__name__": "up", "instance": "localhost:9091", "job": "node" },
          "value": [1_435_781_460, "1"] },
        { "metric": { "__name__": "up", "instance": "localhost:9090", "job": "prometheus" },
          "value": [1_435_781_460, "1"] },
    ]}));
    let query = [("query", "up"), ("time", "2015-07-01T20:11:00Z")];
    let mut got = house.get("/api/v1/query", &query).await?;
    sort_by_job(&mut got.1["data"]["result"]);
    assert_eq!(got, wanted);
    let mut posted = house.post("/api/v1/query", &query).await?;
    sort_by_job(&mut posted.1["data"]["result"]);
    assert_eq!(posted, wanted);
    house.stop().await
}

fn sort_by_job(rows: &mut Value) {
    if let Some(rows) = rows.as_array_mut() {
        rows.sort_by_key(|row| row["metric"]["job"].to_string());
    }
}

#[tokio::test]
async fn scalars_and_strings_come_as_a_time_and_a_text() -> Result<()> {
    let house = with_two_series().await?;
    let at = ("time", "1435781430.781");
    let scalar = house.get("/api/v1/query", &[("query", "1 / 3"), at]).await?;
    let result = json!([1_435_781_430.781, "0.3333333333333333"]);
    assert_eq!(scalar, success(&json!({ "resultType": "scalar", "result": result })));
    let text = house.get("/api/v1/query", &[("query", r#""a\"b""#), at]).await?;
    let result = json!([1_435_781_430.781, "a\"b"]);
    assert_eq!(text, success(&json!({ "resultType": "string", "result": result })));
    house.stop().await
}

#[tokio::test]
async fn a_range_query_answers_a_matrix_by_get_and_by_form() -> Result<()> {
    let house = with_two_series().await?;
    let query = [
        ("query", r#"up{job="node"}"#),
        ("start", "2015-07-01T20:10:30Z"),
        ("end", "1435781460"),
        ("step", "15s"),
    ];
    let wanted = success(&json!({ "resultType": "matrix", "result": [
        { "metric": { "__name__": "up", "instance": "localhost:9091", "job": "node" },
          "values": [[1_435_781_430, "0"], [1_435_781_445, "0"], [1_435_781_460, "1"]] },
    ]}));
    assert_eq!(house.get("/api/v1/query_range", &query).await?, wanted);
    assert_eq!(house.post("/api/v1/query_range", &query).await?, wanted);
    let matrix = house.get("/api/v1/query", &[("query", r#"up{job="node"}[20s]"#)]).await?.1;
    assert_eq!(
        matrix["data"]["result"][0]["values"],
        json!([[1_435_781_445, "0"], [1_435_781_460, "1"]])
    );
    house.stop().await
}

#[tokio::test]
async fn series_labels_and_values_are_listed() -> Result<()> {
    let house = with_two_series().await?;
    let wanted = success(&json!([
        { "__name__": "up", "instance": "localhost:9091", "job": "node" },
    ]));
    let matching = [("match[]", r#"{job="node"}"#)];
    assert_eq!(house.get("/api/v1/series", &matching).await?, wanted);
    assert_eq!(house.post("/api/v1/series", &matching).await?, wanted);
    let labels = success(&json!(["__name__", "instance", "job"]));
    assert_eq!(house.get("/api/v1/labels", &[]).await?, labels);
    assert_eq!(house.post("/api/v1/labels", &matching).await?, labels);
    let jobs = house.get("/api/v1/label/job/values", &[]).await?;
    assert_eq!(jobs, success(&json!(["node", "prometheus"])));
    let one = house.get("/api/v1/label/job/values", &matching).await?;
    assert_eq!(one, success(&json!(["node"])));
    let names = house.get("/api/v1/label/__name__/values", &[("limit", "1")]).await?;
    assert_eq!(names, success(&json!(["up"])));
    let (_, cut) = house.get("/api/v1/label/job/values", &[("limit", "1")]).await?;
    assert_eq!(cut["data"], json!(["node"]));
    assert_eq!(cut["warnings"], json!(["results truncated due to limit"]));
    let long_ago = [("start", "0"), ("end", "1000")];
    assert_eq!(house.get("/api/v1/labels", &long_ago).await?, success(&json!([])));
    house.stop().await
}

/// Path, parameters, and the status and error type they lead to.
type Broken = (&'static str, &'static [(&'static str, &'static str)], u16, &'static str);
const START: (&str, &str) = ("start", "1435781430");
const END: (&str, &str) = ("end", "1435781460");

#[tokio::test]
async fn errors_have_a_type_and_a_text() -> Result<()> {
    let house = with_two_series().await?;
    let broken: &[Broken] = &[
        ("/api/v1/query", &[("query", "up{")], 400, "bad_data"),
        ("/api/v1/query", &[("query", "sum(")], 400, "bad_data"),
        ("/api/v1/query", &[("query", "up + \"text\"")], 400, "bad_data"),
        ("/api/v1/query", &[], 400, "bad_data"),
        ("/api/v1/query", &[("query", "up"), ("time", "noon")], 400, "bad_data"),
        ("/api/v1/query", &[("query", "up"), ("timeout", "soon")], 400, "bad_data"),
        ("/api/v1/query_range", &[("query", "up"), START, END], 400, "bad_data"),
        ("/api/v1/query_range", &[("query", "up"), START, END, ("step", "0")], 400, "bad_data"),
        (
            "/api/v1/query_range",
            &[("query", "up"), ("start", "2"), ("end", "1"), ("step", "1")],
            400,
            "bad_data",
        ),
        ("/api/v1/query_range", &[("query", "up[5m]"), START, END, ("step", "1")], 400, "bad_data"),
        ("/api/v1/query", &[("query", "up * on(__name__) up")], 422, "execution"),
        ("/api/v1/series", &[], 400, "bad_data"),
        ("/api/v1/series", &[("match[]", "up{")], 400, "bad_data"),
        ("/api/v1/rules", &[("type", "poem")], 400, "bad_data"),
        ("/api/v1/nothing", &[], 404, "not_found"),
    ];
    for (path, query, status, error_type) in broken {
        let (got, body) = house.get(path, query).await?;
        assert_eq!((got, &body["errorType"]), (*status, &json!(error_type)), "{path} {query:?}");
        assert_eq!(body["status"], "error");
        let text = body["error"].as_str().unwrap_or_default();
        assert!(text.len() > 5, "{path} {query:?}: {body}");
    }
    house.stop().await
}

#[tokio::test]
async fn build_rules_alerts_metadata_and_targets_have_their_shapes() -> Result<()> {
    let house = with_two_series().await?;
    let (_, build) = house.get("/api/v1/status/buildinfo", &[]).await?;
    assert!(build["data"]["version"].as_str().is_some_and(|version| version.starts_with("3.")));
    assert_eq!(house.get("/api/v1/rules", &[]).await?, success(&json!({ "groups": [] })));
    assert_eq!(house.get("/api/v1/alerts", &[]).await?, success(&json!({ "alerts": [] })));
    assert_eq!(house.get("/api/v1/metadata", &[]).await?, success(&json!({})));
    let (_, targets) = house.get("/api/v1/targets", &[]).await?;
    assert_eq!(targets["data"]["activeTargets"], json!([]));
    assert_eq!(targets["data"]["droppedTargets"], json!([]));
    let ours = answer(house.request(Method::GET, "/api/plimsoll/v1/nothing")?).await?;
    assert_eq!((ours.0, &ours.1["error"]["kind"]), (404, &json!("missing")));
    let (_, description) = house.get("/api/plimsoll/v1/openapi.json", &[]).await?;
    assert_eq!(description, serde_json::from_str::<Value>(&server::description())?);
    house.stop().await
}

const RULES: &str = r#"
groups:
  - name: example
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {team: web}
      - alert: NodeUp
        expr: up{job="node"} == 1
        for: 10s
        labels: {severity: warning}
        annotations: {summary: "{{ $labels.instance }} is {{ $value }}"}
"#;

#[tokio::test]
async fn rules_are_evaluated_and_shown_with_their_alerts() -> Result<()> {
    let clock = TurnedClock::at(NOW);
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("rules.yaml");
    std::fs::write(&file, RULES)?;
    let text =
        format!("{QUIET}global: {{evaluation_interval: 5s}}\nrule_files: ['{}']\n", file.display());
    let house = House::with(settings(&text, "127.0.0.1:0")?, Arc::new(clock.clone())).await?;
    let up = [("__name__", "up"), ("job", "node"), ("instance", "localhost:9091")];
    house.write(&[series(&up, &[(NOW.millis(), 1.0)])]).await?;
    let rules = house
        .until("/api/v1/rules", &[], |body| {
            clock.turn(Span::secs(1));
            body["data"]["groups"][0]["rules"][1]["state"] == "firing"
        })
        .await?;
    let group = &rules["data"]["groups"][0];
    assert_eq!((&group["name"], &group["interval"]), (&json!("example"), &json!(5.0)));
    let (record, alert) = (&group["rules"][0], &group["rules"][1]);
    assert_eq!((&record["type"], &record["health"]), (&json!("recording"), &json!("ok")));
    assert_eq!(record["labels"], json!({ "team": "web" }));
    assert_eq!((&alert["type"], &alert["duration"]), (&json!("alerting"), &json!(10.0)));
    let shown = &alert["alerts"][0];
    assert_eq!(shown["labels"]["alertname"], "NodeUp");
    assert_eq!(shown["annotations"]["summary"], "localhost:9091 is 1");
    assert_eq!((&shown["state"], &shown["value"]), (&json!("firing"), &json!("1")));
    let (_, alerts) = house.get("/api/v1/alerts", &[]).await?;
    assert_eq!(&alerts["data"]["alerts"][0], shown);
    let (_, recorded) = house.get("/api/v1/query", &[("query", "job:up:sum")]).await?;
    assert_eq!(
        recorded["data"]["result"][0]["metric"],
        json!({ "__name__": "job:up:sum", "job": "node", "team": "web" })
    );
    let firing = [("query", r#"ALERTS{alertstate="firing",alertname="NodeUp"}"#)];
    house
        .until("/api/v1/query", &firing, |body| {
            clock.turn(Span::secs(1));
            body["data"]["result"][0]["value"][1] == "1"
        })
        .await?;
    let (_, only) = house.get("/api/v1/rules", &[("type", "record")]).await?;
    assert_eq!(only["data"]["groups"][0]["rules"].as_array().map(Vec::len), Some(1));
    let (_, page) = house.get("/api/v1/rules", &[("match[]", "{severity=\"warning\"}")]).await?;
    assert_eq!(page["data"]["groups"][0]["rules"][0]["name"], "NodeUp");
    house.stop().await
}

/// Three groups, of which the second has a mistake.
const ONE_BAD_GROUP: &str = "groups:
  - {name: first, rules: [{alert: A, expr: up == 0}]}
  - {name: bad, rules: [{alert: B, expr: up ==}]}
  - {name: last, rules: [{alert: C, expr: up == 0}]}
";

#[tokio::test]
async fn a_bad_group_costs_no_other_and_is_named() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("rules.yaml");
    std::fs::write(&file, ONE_BAD_GROUP)?;
    let text = format!("{QUIET}rule_files: ['{}']\n", file.display());
    let clock = TurnedClock::at(NOW);
    let house = House::with(settings(&text, "127.0.0.1:0")?, Arc::new(clock)).await?;
    let (_, all) = house.get("/api/v1/rules", &[]).await?;
    let names = |body: &Value| -> Vec<String> {
        let groups = body["data"]["groups"].as_array().cloned().unwrap_or_default();
        groups.iter().map(|group| group["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(&all), ["first", "last"]);
    let (_, page) = house.get("/api/v1/rules", &[("group_limit", "1")]).await?;
    assert_eq!(names(&page), ["first"]);
    let token = page["data"]["groupNextToken"].as_str().unwrap_or_default().to_owned();
    let next = [("group_limit", "1"), ("group_next_token", token.as_str())];
    let (_, page) = house.get("/api/v1/rules", &next).await?;
    assert_eq!(
        (names(&page), &page["data"]["groupNextToken"]),
        (vec!["last".into()], &Value::Null)
    );
    for wrong in [("group_limit", "0"), ("group_next_token", "x"), ("match[]", "up{")] {
        assert_eq!(house.get("/api/v1/rules", &[wrong]).await?.1["errorType"], "bad_data");
    }
    let (_, status) = house.get("/api/plimsoll/v1/status", &[]).await?;
    assert!(status["troubles"].to_string().contains("rule file "), "{status}");
    house.stop().await
}

#[tokio::test]
async fn figures_and_the_way_to_an_answer_are_told_to_whoever_wants_them() -> Result<()> {
    let house = with_two_series().await?;
    let range =
        [("query", "sum(up)"), ("start", "1435781430"), ("end", "1435781460"), ("step", "15")];
    let plain = house.get("/api/v1/query_range", &range).await?;
    assert_eq!(plain.1["data"]["stats"], Value::Null);
    let ask = |more: &[(&'static str, &'static str)]| [&range, more].concat();
    let told =
        house.get("/api/v1/query_range", &ask(&[("stats", "all"), ("nocache", "1")])).await?;
    assert_eq!(told.1["data"]["result"], plain.1["data"]["result"]);
    assert_eq!(told.1["data"]["stats"]["samples"]["totalQueryableSamples"], 6);
    assert!(told.1["data"]["stats"]["timings"]["execTotalTime"].is_number());
    // What was asked before is known, unless nobody wants to know.
    let known = house.get("/api/v1/query_range", &ask(&[("explain", "1")])).await?;
    assert_eq!(known.1["data"]["result"], plain.1["data"]["result"]);
    let cold =
        house.get("/api/v1/query_range", &ask(&[("explain", "1"), ("nocache", "1")])).await?;
    assert_eq!(cold.1["data"]["explain"]["reusedSteps"], 0);
    let plan = &cold.1["data"]["explain"]["plan"];
    assert_eq!((&plan["node"], &plan["at"]), (&json!("sum"), &json!("1:1")));
    assert_eq!((&plan["seriesIn"], &plan["seriesOut"]), (&json!(2), &json!(1)));
    assert_eq!(plan["inputs"][0]["node"], "up");
    house.stop().await
}
