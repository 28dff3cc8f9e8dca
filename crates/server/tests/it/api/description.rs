//! Answers keep to the description of Prometheus' own API (`prom-http-api` in the shared data).

use std::{fs, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use model::Time;
use serde_json::Value;
use testkit::TurnedClock;

use crate::house::{House, QUIET, series};

const NOW: Time = Time(1_435_781_460_000);

/// Path in the description, path that is asked, and parameters.
type Ask = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Left out are texts, of which the description says that their time is a text too, while Prometheus itself answers a
/// number, and `/status/runtimeinfo`, most of which is about the runtime of Go.
const ASKED: &[Ask] = &[
    ("/query", "/query", &[("query", "up")]),
    ("/query", "/query", &[("query", "1 / 3")]),
    ("/query", "/query", &[("query", "up[1m]")]),
    ("/query", "/query", &[("query", "rate(up[1m])")]),
    ("/query_range", "/query_range", RANGE),
    ("/series", "/series", &[("match[]", "up")]),
    ("/labels", "/labels", &[]),
    ("/label/{name}/values", "/label/job/values", &[("limit", "1")]),
    ("/metadata", "/metadata", &[]),
    ("/rules", "/rules", &[]),
    ("/alerts", "/alerts", &[]),
    ("/targets", "/targets", &[]),
    ("/status/buildinfo", "/status/buildinfo", &[]),
];

const RANGE: &[(&str, &str)] =
    &[("query", "up"), ("start", "1435781430"), ("end", "1435781460"), ("step", "15")];

#[tokio::test]
async fn every_answer_has_the_shape_that_prometheus_describes() -> Result<()> {
    let Some(path) = testkit::shared("data/promql/prom-http-api/openapi_3.1_golden.yaml") else {
        return Ok(());
    };
    let description: Value = serde_saphyr::from_str(&fs::read_to_string(path)?)?;
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let now = NOW.millis();
    let rows = [(now - 15_000, 1.0), (now, 2.0)];
    house.write(&[series(&[("__name__", "up"), ("job", "a")], &rows)]).await?;
    house.write(&[series(&[("__name__", "up"), ("job", "b")], &rows)]).await?;
    let mut wrong = Vec::new();
    for (described, asked, parameters) in ASKED {
        let (status, body) = house.get(&format!("/api/v1{asked}"), parameters).await?;
        ensure!(status == 200, "{asked} answered {status}: {body}");
        let schema = schema_of(&description, described)
            .with_context(|| format!("{described} is not described"))?;
        if let Err(what) = fits(&description, schema, &body) {
            wrong.push(format!("{asked} {parameters:?}: {what}"));
        }
    }
    house.stop().await?;
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn an_answer_of_another_shape_does_not_fit() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {
            "a": { "type": "array", "minItems": 1, "items": { "type": "number" } },
            "b": { "enum": ["x"] },
        },
    });
    let fits = |answer: Value| fits(&Value::Null, &schema, &answer).is_ok();
    assert!(fits(serde_json::json!({ "a": [1], "b": "x" })));
    for wrong in [
        serde_json::json!({}),
        serde_json::json!({ "a": [] }),
        serde_json::json!({ "a": ["1"] }),
        serde_json::json!({ "a": [1], "b": "y" }),
        serde_json::json!({ "a": [1], "c": 1 }),
        serde_json::json!([]),
    ] {
        assert!(!fits(wrong.clone()), "{wrong}");
    }
}

fn schema_of<'d>(description: &'d Value, path: &str) -> Option<&'d Value> {
    let answer = &description["paths"][path]["get"]["responses"]["200"];
    answer["content"]["application/json"].get("schema")
}

/// Whether a value fits a schema, as far as the description uses schemas.
fn fits(description: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let found = description.pointer(reference.trim_start_matches('#'));
        return fits(description, found.ok_or("an unknown reference")?, value);
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let tried = choices.iter().map(|own| fits(description, own, value));
            let failed: Vec<String> = tried.filter_map(Result::err).collect();
            if failed.len() == choices.len() {
                return Err(format!("no choice fits: {}", failed.join("; ")));
            }
        }
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Err(format!("{value} is not one of {allowed:?}"));
    }
    let right = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !right {
        return Err(format!("{value} is not of type {}", schema["type"]));
    }
    members_fit(description, schema, value)
}

fn members_fit(description: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(items) = value.as_array() {
        let count = items.len() as u64;
        let too_few = schema["minItems"].as_u64().is_some_and(|least| count < least);
        let too_many = schema["maxItems"].as_u64().is_some_and(|most| count > most);
        if too_few || too_many {
            return Err(format!("{count} items"));
        }
        if let Some(own) = schema.get("items") {
            items.iter().try_for_each(|item| fits(description, own, item))?;
        }
    }
    let Some(members) = value.as_object() else { return Ok(()) };
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        if !members.contains_key(name) {
            return Err(format!("{name} is missing"));
        }
    }
    for (name, member) in members {
        let others = &schema["additionalProperties"];
        match schema["properties"].get(name) {
            Some(own) => {
                fits(description, own, member).map_err(|what| format!("{name}: {what}"))?;
            }
            None if *others == Value::Bool(false) => return Err(format!("{name} is unknown")),
            None if others.is_object() => fits(description, others, member)?,
            None => {}
        }
    }
    Ok(())
}
