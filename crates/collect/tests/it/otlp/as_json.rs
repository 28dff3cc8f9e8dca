//! Requests as OTLP has them in JSON.

use serde_json::{Value as Json, json};

use super::proto::{
    Any, AnyValue, Buckets, Data, Exponential, Histogram, KeyValue, Metric, Numbers, Request,
    ScopeMetrics, Summary, Value,
};

/// The request as OTLP's JSON has it.
pub(super) fn to_json(request: &Request) -> Json {
    let resources = request.resource_metrics.iter().map(|own| {
        let scopes: Vec<_> = own.scope_metrics.iter().map(scope_json).collect();
        let resource = own.resource.as_ref();
        let resource =
            resource.map(|own| json!({ "attributes": attributes_json(&own.attributes) }));
        json!({ "resource": resource, "scopeMetrics": scopes })
    });
    json!({ "resourceMetrics": resources.collect::<Vec<_>>() })
}

fn scope_json(own: &ScopeMetrics) -> Json {
    let scope = own.scope.as_ref().map(|scope| {
        json!({ "name": scope.name, "version": scope.version, "attributes": attributes_json(&scope.attributes) })
    });
    let metrics: Vec<_> = own.metrics.iter().map(metric_json).collect();
    json!({ "scope": scope, "schemaUrl": own.schema_url, "metrics": metrics })
}

fn metric_json(own: &Metric) -> Json {
    let mut metric = json!({ "name": own.name, "description": own.description, "unit": own.unit });
    let (name, data) = match &own.data {
        None => return metric,
        Some(Data::Gauge(own)) => ("gauge", numbers_json(own)),
        Some(Data::Sum(own)) => ("sum", numbers_json(own)),
        Some(Data::Histogram(own)) => {
            let points: Vec<_> = own.data_points.iter().map(histogram_json).collect();
            (
                "histogram",
                json!({ "dataPoints": points, "aggregationTemporality": own.temporality }),
            )
        }
        Some(Data::Exponential(own)) => {
            let points: Vec<_> = own.data_points.iter().map(exponential_json).collect();
            (
                "exponentialHistogram",
                json!({ "dataPoints": points, "aggregationTemporality": own.temporality }),
            )
        }
        Some(Data::Summary(own)) => {
            let points: Vec<_> = own.data_points.iter().map(summary_json).collect();
            ("summary", json!({ "dataPoints": points }))
        }
    };
    metric[name] = data;
    metric
}

fn numbers_json(own: &Numbers) -> Json {
    let points = own.data_points.iter().map(|own| {
        let mut point = point_json(&own.attributes, own.time, own.flags);
        match own.value {
            Some(Value::Double(value)) => point["asDouble"] = float_json(value),
            // Numbers are taken as well as texts.
            Some(Value::Int(value)) if value % 2 == 0 => point["asInt"] = json!(value),
            Some(Value::Int(value)) => point["asInt"] = json!(value.to_string()),
            None => {}
        }
        point
    });
    json!({
        "dataPoints": points.collect::<Vec<_>>(),
        "aggregationTemporality": own.temporality,
        "isMonotonic": own.is_monotonic,
    })
}

fn point_json(attributes: &[KeyValue], time: u64, flags: u32) -> Json {
    json!({ "attributes": attributes_json(attributes), "timeUnixNano": time.to_string(), "flags": flags })
}

fn histogram_json(own: &Histogram) -> Json {
    let mut point = point_json(&own.attributes, own.time, own.flags);
    let counts = own.bucket_counts.iter().map(u64::to_string);
    point["count"] = json!(own.count.to_string());
    point["sum"] = own.sum.map_or(Json::Null, float_json);
    point["bucketCounts"] = counts.collect::<Vec<_>>().into();
    point["explicitBounds"] = own.bounds.iter().copied().map(float_json).collect::<Vec<_>>().into();
    point
}

fn exponential_json(own: &Exponential) -> Json {
    let side = |own: &Option<Buckets>| {
        let own = own.as_ref();
        own.map(|own| json!({ "offset": own.offset, "bucketCounts": own.counts }))
    };
    let mut point = point_json(&own.attributes, own.time, own.flags);
    point["count"] = json!(own.count);
    point["sum"] = own.sum.map_or(Json::Null, float_json);
    point["scale"] = json!(own.scale);
    point["zeroCount"] = json!(own.zero_count.to_string());
    point["zeroThreshold"] = float_json(own.zero_threshold);
    point["positive"] = json!(side(&own.positive));
    point["negative"] = json!(side(&own.negative));
    point
}

fn summary_json(own: &Summary) -> Json {
    let quantiles = own
        .quantiles
        .iter()
        .map(|own| json!({ "quantile": float_json(own.quantile), "value": float_json(own.value) }));
    let mut point = point_json(&own.attributes, own.time, own.flags);
    point["count"] = json!(own.count.to_string());
    point["sum"] = float_json(own.sum);
    point["quantileValues"] = quantiles.collect::<Vec<_>>().into();
    point
}

fn float_json(value: f64) -> Json {
    if value.is_nan() {
        json!("NaN")
    } else if value.is_infinite() {
        json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        json!(value)
    }
}

fn attributes_json(attributes: &[KeyValue]) -> Json {
    let entry =
        |own: &KeyValue| json!({ "key": own.key, "value": own.value.as_ref().map(any_json) });
    attributes.iter().map(entry).collect()
}

fn any_json(own: &AnyValue) -> Json {
    match &own.value {
        None => json!({}),
        Some(Any::Text(text)) => json!({ "stringValue": text }),
        Some(Any::Truth(truth)) => json!({ "boolValue": truth }),
        Some(Any::Int(whole)) => json!({ "intValue": whole.to_string() }),
        Some(Any::Double(value)) => json!({ "doubleValue": float_json(*value) }),
        Some(Any::List(list)) => {
            let values: Vec<_> = list.values.iter().map(any_json).collect();
            json!({ "arrayValue": { "values": values } })
        }
        Some(Any::Map(map)) => json!({ "kvlistValue": { "values": attributes_json(&map.values) } }),
        Some(Any::Bytes(bytes)) => json!({ "bytesValue": base64(bytes) }),
    }
}

/// Six bits at a time.
fn base64(bytes: &[u8]) -> String {
    let bits: Vec<bool> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1 == 1)).collect();
    let letters: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let mut text: String = bits
        .chunks(6)
        .map(|six| {
            letters[(0..6).fold(0, |sum, at| sum << 1 | usize::from(six.get(at) == Some(&true)))]
        })
        .collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}
