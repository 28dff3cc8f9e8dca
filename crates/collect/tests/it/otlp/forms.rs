//! The two forms mean the same, and no bytes do harm.

use collect::otlp::{Format, Histograms, Options, OtlpError, Promote, Scratch, Sent, decode_into};
use model::Batch;
use proptest::{collection::vec, option, prelude::*};
use prost::Message as _;
use serde_json::{Value as Json, json};

use super::{
    proto::{
        Any, AnyValue, Buckets, Data, Exponential, Exponentials, Histogram, KeyValue, List, Map,
        Metric, Number, Numbers, Quantile, Request, Resource, ResourceMetrics, Scope, ScopeMetrics,
        Summaries, Summary, Value,
    },
    tell::tell,
};

fn options(all: bool) -> Options {
    if !all {
        return Options::default();
    }
    Options {
        promote: Promote::AllBut([".".to_owned()].into()),
        keep_identifying: true,
        histograms: Histograms::CustomBuckets,
        promote_scope: true,
        ..Options::default()
    }
}

fn decoded(body: &[u8], format: Format, options: &Options) -> Result<String, OtlpError> {
    let mut batch = Batch::new("test");
    let sent = Sent { body, format, encoding: None };
    let arrived = decode_into(&sent, options, &mut |_| true, &mut batch, &mut Scratch::default())?;
    for series in batch.iter() {
        for sample in series.histograms {
            assert_eq!(sample.histogram.check(), Ok(()), "{}", series.labels);
        }
    }
    Ok(tell(&batch, &arrived))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,3}([._/-][a-z0-9]{1,3}){0,2}",
        "[_.0-9]{0,3}",
        "\\PC{0,4}",
        prop_oneof![
            Just("service.name"),
            Just("service.namespace"),
            Just("service.instance.id"),
            Just("job"),
            Just("__name__"),
            Just("le"),
            Just("a.b"),
            Just("a_b"),
        ]
        .prop_map(str::to_owned),
    ]
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL | prop::num::f64::INFINITE,
        4 => (-1000..1000).prop_map(|own| f64::from(own) / 8.0),
        1 => Just(f64::NAN),
    ]
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        4 => text().prop_map(Any::Text),
        1 => any::<bool>().prop_map(Any::Truth),
        1 => any::<i64>().prop_map(Any::Int),
        1 => float().prop_map(Any::Double),
        1 => vec(any::<u8>(), 0..5).prop_map(Any::Bytes),
    ];
    let leaf = option::weighted(0.9, leaf).prop_map(|value| AnyValue { value });
    leaf.prop_recursive(3, 8, 3, |inner| {
        let entry = (text(), option::of(inner.clone()));
        let entry = entry.prop_map(|(key, value)| KeyValue { key, value });
        prop_oneof![
            vec(inner, 0..3).prop_map(|values| Any::List(List { values })),
            vec(entry, 0..3).prop_map(|values| Any::Map(Map { values })),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let one = (text(), option::weighted(0.9, any_value()));
    vec(one.prop_map(|(key, value)| KeyValue { key, value }), 0..4)
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![9 => 1_700_000_000_000_000_000..1_700_000_900_000_000_000_u64, 1 => any::<u64>()]
}

fn flags() -> impl Strategy<Value = u32> {
    prop_oneof![9 => Just(0), 1 => any::<u32>()]
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let value = prop_oneof![float().prop_map(Value::Double), any::<i64>().prop_map(Value::Int)];
    let point = (attributes(), time(), option::weighted(0.9, value), flags())
        .prop_map(|(attributes, time, value, flags)| Number { attributes, time, value, flags });
    (vec(point, 0..4), 0..4, any::<bool>()).prop_map(|(data_points, temporality, is_monotonic)| {
        Numbers { data_points, temporality, is_monotonic }
    })
}

fn histograms() -> impl Strategy<Value = Data> {
    let buckets = vec(0..100_u64, 0..5);
    let point = (attributes(), time(), buckets, option::of(float()), vec(float(), 0..5), flags())
        .prop_map(|(attributes, time, bucket_counts, sum, mut bounds, flags)| {
            // Most should make sense.
            if bucket_counts.iter().sum::<u64>() % 5 > 0 {
                bounds.retain(|bound| !bound.is_nan());
                bounds.sort_by(f64::total_cmp);
                bounds.dedup();
            }
            let fits = bucket_counts.len().saturating_sub(1) == bounds.len();
            let bucket_counts = if fits { bucket_counts } else { vec![1; bounds.len() + 1] };
            let count = bucket_counts.iter().sum();
            Histogram { attributes, time, count, sum, bucket_counts, bounds, flags }
        });
    (vec(point, 0..3), 1..3).prop_map(|(data_points, temporality)| {
        Data::Histogram(super::proto::Histograms { data_points, temporality })
    })
}

fn exponentials() -> impl Strategy<Value = Data> {
    let offset = prop_oneof![9 => -50..50, 1 => any::<i32>()];
    let side =
        (offset, vec(0..5_u64, 0..30)).prop_map(|(offset, counts)| Buckets { offset, counts });
    let sides = (option::of(side.clone()), option::of(side));
    let point =
        (attributes(), time(), sides, -5..15, (0..3_u64, option::of(float()), float()), flags())
            .prop_map(
                |(
                    attributes,
                    time,
                    (positive, negative),
                    scale,
                    (zero_count, sum, zero_threshold),
                    flags,
                )| {
                    let all = positive.iter().chain(&negative).flat_map(|own| &own.counts);
                    let count = all.sum::<u64>() + zero_count;
                    Exponential {
                        attributes,
                        time,
                        count,
                        sum,
                        scale,
                        zero_count,
                        positive,
                        negative,
                        flags,
                        zero_threshold,
                    }
                },
            );
    (vec(point, 0..3), 1..3).prop_map(|(data_points, temporality)| {
        Data::Exponential(Exponentials { data_points, temporality })
    })
}

fn summaries() -> impl Strategy<Value = Data> {
    let quantile = (float(), float()).prop_map(|(quantile, value)| Quantile { quantile, value });
    let point = (attributes(), time(), any::<u64>(), float(), vec(quantile, 0..3), flags())
        .prop_map(|(attributes, time, count, sum, quantiles, flags)| Summary {
            attributes,
            time,
            count,
            sum,
            quantiles,
            flags,
        });
    vec(point, 0..3).prop_map(|data_points| Data::Summary(Summaries { data_points }))
}

fn requests() -> impl Strategy<Value = Request> {
    let data = prop_oneof![
        numbers().prop_map(Data::Gauge),
        numbers().prop_map(Data::Sum),
        histograms(),
        exponentials(),
        summaries(),
    ];
    let unit =
        prop_oneof![Just("s".to_owned()), Just("By/s".to_owned()), Just("1".to_owned()), text()];
    let metric = (text(), text(), unit, option::weighted(0.95, data))
        .prop_map(|(name, description, unit, data)| Metric { name, description, unit, data });
    let scope = (text(), text(), attributes()).prop_map(|(name, version, attributes)| Scope {
        name,
        version,
        attributes,
    });
    let scope_metrics = (option::of(scope), vec(metric, 0..4), text())
        .prop_map(|(scope, metrics, schema_url)| ScopeMetrics { scope, metrics, schema_url });
    let resource = attributes().prop_map(|attributes| Resource { attributes });
    let resource_metrics = (option::of(resource), vec(scope_metrics, 0..3))
        .prop_map(|(resource, scope_metrics)| ResourceMetrics { resource, scope_metrics });
    vec(resource_metrics, 0..3).prop_map(|resource_metrics| Request { resource_metrics })
}

/// The request as OTLP's JSON has it.
fn to_json(request: &Request) -> Json {
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

proptest! {
    #[test]
    fn both_forms_give_the_same_series(request in requests(), all in any::<bool>()) {
        let options = options(all);
        let protobuf = decoded(&request.encode_to_vec(), Format::Protobuf, &options);
        let json = decoded(to_json(&request).to_string().as_bytes(), Format::Json, &options);
        prop_assert_eq!(json.as_ref(), protobuf.as_ref());
        prop_assert!(protobuf.is_ok());
    }

    #[test]
    fn changed_and_cut_requests_are_taken_or_refused(
        request in requests(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in any::<prop::sample::Index>(),
        all in any::<bool>(),
    ) {
        let mut protobuf = request.encode_to_vec();
        let mut json = to_json(&request).to_string().into_bytes();
        for (body, format) in [(&mut protobuf, Format::Protobuf), (&mut json, Format::Json)] {
            for (at, byte) in &changes {
                if !body.is_empty() {
                    let at = at.index(body.len());
                    body[at] = *byte;
                }
            }
            body.truncate(end.index(body.len() * 2 + 1));
            if let Err(error) = decoded(body, format, &options(all)) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn any_bytes_are_taken_or_refused(body in vec(any::<u8>(), 0..200)) {
        for format in [Format::Protobuf, Format::Json] {
            if let Err(error) = decoded(&body, format, &Options::default()) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
