//! What an `OpenSLO` objective counts.

use model::{Indicator, Test, Unit};

use super::{Found, Lost, at, text};
use crate::{
    reader::parse_duration,
    settings::objective::{Parameters, catalogue::fill},
    yaml::Node,
};

const COUNTERS: &str = "write `good` or `bad` and `total` as counters";

/// Reads it: the SLO's `spec`, the objective, and the indicator's `spec`.
pub(super) fn read<'d>(
    found: &mut Found<'d>,
    own: &str,
    (spec, node, inner): (Node<'d>, Node<'d>, Node<'d>),
) -> Result<Indicator, Lost> {
    let method = text(spec, &["budgetingMethod"]).unwrap_or("Occurrences");
    if let Some(metric) = at(inner, &["thresholdMetric"]) {
        return threshold(found, own, (spec, node, metric));
    }
    let Some(metric) = at(inner, &["ratioMetric"]).or_else(|| at(inner, &["ratioMetrics"])) else {
        let what = format!("SLO `{own}` counts neither a `ratioMetric` nor a `thresholdMetric`");
        return Err(Lost(inner.place(), what, COUNTERS));
    };
    if at(metric, &["raw"]).is_some() {
        let what = format!("SLO `{own}` counts a `raw` ratio");
        return Err(Lost(metric.place(), what, COUNTERS));
    }
    let total = query(own, metric, "total")?;
    let (key, part) = match (at(metric, &["good"]), at(metric, &["bad"])) {
        (Some(_), _) => ("good", query(own, metric, "good")?),
        (None, Some(_)) => ("bad", query(own, metric, "bad")?),
        (None, None) => {
            let what = format!("the ratio of SLO `{own}` has neither `good` nor `bad`");
            return Err(Lost(metric.place(), what, COUNTERS));
        }
    };
    let rises = |text: &str| text.contains("rate(") || text.contains("increase(");
    if text(metric, &["counter"]) == Some("false") && !(rises(total) && rises(part)) {
        let what = format!("the ratio of SLO `{own}` is not of counters (`counter: false`)");
        return Err(Lost(metric.place(), what, COUNTERS));
    }
    match method {
        "Occurrences" => {
            let (part, total) =
                (filled(found, own, part, metric)?, filled(found, own, total, metric)?);
            Ok(match key {
                "good" => Indicator::Good { good: part, total },
                _ => Indicator::Bad { bad: part, total },
            })
        }
        "Timeslices" => slices(found, own, (node, metric), (key, part, total)),
        other => {
            let what = format!("`budgetingMethod: {other}` of SLO `{own}`");
            Err(Lost(spec.place(), what, "write `Occurrences` or `Timeslices`"))
        }
    }
}

/// A ratio that has to hold in each slice of time: the share over the slice is a value that keeps to a line.
fn slices<'d>(
    found: &mut Found<'d>,
    own: &str,
    (node, metric): (Node<'d>, Node<'d>),
    (key, part, total): (&str, &str, &str),
) -> Result<Indicator, Lost> {
    let line = text(node, &["timeSliceTarget"]).and_then(|text| text.parse::<f64>().ok());
    let window = text(node, &["timeSliceWindow"]).unwrap_or("5m");
    let open = |text: &str| {
        ["{{.window}}", "{{ .window }}", "$window", "${window}"]
            .iter()
            .any(|own| text.contains(own))
    };
    let (Some(line), true) = (line, open(part) && open(total)) else {
        let what = format!("the ratio of SLO `{own}` is looked at by slices of time");
        return Err(Lost(
            metric.place(),
            what,
            "write it as `value: sum(rate(good[5m])) / sum(rate(total[5m]))` with `at_least`, or count occurrences",
        ));
    };
    let with = |text: &str| {
        ["${window}", "{{.window}}", "{{ .window }}", "$window"]
            .iter()
            .fold(text.to_owned(), |text, own| text.replace(own, window))
    };
    note_slice(found, own, node);
    let expr = format!("({}) / ({})", with(part), with(total));
    let (test, line) =
        if key == "good" { (Test::AtLeast, line) } else { (Test::AtMost, 1.0 - line) };
    Ok(Indicator::Value { expr: filled(found, own, &expr, metric)?, test, line, unit: Unit::Share })
}

fn threshold<'d>(
    found: &mut Found<'d>,
    own: &str,
    (spec, node, metric): (Node<'d>, Node<'d>, Node<'d>),
) -> Result<Indicator, Lost> {
    let expr = query_of(own, metric)?;
    // The first version has both beside what is asked.
    let of = |key| text(node, &[key]).or_else(|| text(spec, &["indicator", key]));
    let test = match of("op") {
        Some("lt") => Test::Below,
        Some("lte") => Test::AtMost,
        Some("gte") => Test::AtLeast,
        Some("gt") => Test::Above,
        _ => {
            let what = format!("the threshold of SLO `{own}` has no `op`");
            return Err(Lost(node.place(), what, "write `lt`, `lte`, `gte` or `gt`"));
        }
    };
    let line = of("value").and_then(|text| text.parse::<f64>().ok()).filter(|own| own.is_finite());
    let Some(line) = line else {
        let what = format!("the threshold of SLO `{own}` has no `value`");
        return Err(Lost(node.place(), what, "write a number"));
    };
    note_slice(found, own, node);
    Ok(Indicator::Value { expr: filled(found, own, expr, metric)?, test, line, unit: Unit::Count })
}

/// We look at each minute, whatever the slice is.
fn note_slice(found: &mut Found<'_>, own: &str, node: Node<'_>) {
    let Some(window) = text(node, &["timeSliceWindow"]) else { return };
    if parse_duration(window) != Some(model::Span::minutes(1)) {
        let what = format!("`timeSliceWindow: {window}` of SLO `{own}`");
        found.note(node.place(), what, "each minute is a slice of its own", false);
    }
}

fn query<'d>(own: &str, metric: Node<'d>, key: &str) -> Result<&'d str, Lost> {
    let part = at(metric, &[key]).ok_or_else(|| {
        Lost(metric.place(), format!("the ratio of SLO `{own}` has no `{key}`"), COUNTERS)
    })?;
    query_of(own, part)
}

/// The PromQL of a metric, wherever the versions of the format have put it.
fn query_of<'d>(own: &str, part: Node<'d>) -> Result<&'d str, Lost> {
    let source = at(part, &["metricSource"]).unwrap_or(part);
    let kind = text(source, &["type"])
        .or_else(|| text(source, &["source"]))
        .or_else(|| text(source, &["metricSourceRef"]))
        .unwrap_or("prometheus");
    let places: [&[&str]; 4] =
        [&["spec", "query"], &["spec", "promql"], &["query"], &["metricSourceSpec", "query"]];
    let query = places.iter().find_map(|path| text(source, path));
    let promql = ["prometheus", "promql", "thanos", "mimir", "cortex", "victoriametrics"];
    let named = kind.to_ascii_lowercase();
    let foreign = text(source, &["type"]).or_else(|| text(source, &["source"])).is_some()
        && !promql.iter().any(|own| named.contains(own));
    match query {
        Some(query) if !foreign => Ok(query),
        Some(_) => Err(Lost(
            part.place(),
            format!("SLO `{own}` asks {kind}, not Prometheus"),
            "write the expression as PromQL",
        )),
        None => Err(Lost(
            part.place(),
            format!("a metric of SLO `{own}` has no query"),
            "write the expression as PromQL under `spec: {query: …}`",
        )),
    }
}

/// The expression as it is asked, if it is PromQL.
fn filled(found: &Found<'_>, own: &str, text: &str, node: Node<'_>) -> Result<String, Lost> {
    fill(text, &Parameters::new()).and_then(|text| (found.check)(&text).map(|()| text)).map_err(
        |why| {
            let what = format!("an expression of SLO `{own}` is not valid: {why}");
            Lost(node.place(), what, "write valid PromQL")
        },
    )
}
