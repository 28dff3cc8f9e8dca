//! Requests by chance: odd names, odd values, and everything that may be left out.

use proptest::{collection::vec, option, prelude::*};

use super::proto::{
    Any, AnyValue, Buckets, Data, Exponential, Exponentials, Histogram, KeyValue, List, Map,
    Metric, Number, Numbers, Quantile, Request, Resource, ResourceMetrics, Scope, ScopeMetrics,
    Summaries, Summary, Value,
};

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

pub(super) fn requests() -> impl Strategy<Value = Request> {
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
