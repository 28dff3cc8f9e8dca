//! Native histograms in the shape of the Prometheus HTTP API: counts and bounds as texts, empty buckets left out.

use model::Histogram;
use query::Bucket;

use super::answer::{number, write_time};

/// `[time, {"count": ..., "sum": ..., "buckets": [[rule, lower, upper, count], ...]}]`. The rule says which bounds are
/// inside: 0 the upper, 1 the lower, 2 neither, 3 both.
pub(super) fn write_histogram(text: &mut String, millis: i64, histogram: &Histogram) {
    text.push('[');
    write_time(text, millis);
    text.push_str(",{\"count\":");
    write_number(text, histogram.count);
    text.push_str(",\"sum\":");
    write_number(text, histogram.sum);
    let buckets = query::histogram_buckets(histogram);
    let mut before = ",\"buckets\":[";
    for bucket in buckets.iter().filter(|bucket| bucket.count != 0.0) {
        text.push_str(before);
        write_bucket(text, bucket);
        before = ",";
    }
    if before == "," {
        text.push(']');
    }
    text.push_str("}]");
}

fn write_bucket(text: &mut String, bucket: &Bucket) {
    text.push_str(match (bucket.lower_inside, bucket.upper_inside) {
        (false, true) => "[0,",
        (true, false) => "[1,",
        (false, false) => "[2,",
        (true, true) => "[3,",
    });
    write_number(text, bucket.lower);
    text.push(',');
    write_number(text, bucket.upper);
    text.push(',');
    write_number(text, bucket.count);
    text.push(']');
}

fn write_number(text: &mut String, value: f64) {
    text.push('"');
    text.push_str(&number(value));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use model::{Buckets, Span32};

    use super::*;

    fn written(histogram: &Histogram) -> String {
        let mut text = String::new();
        write_histogram(&mut text, 1500, histogram);
        text
    }

    #[test]
    fn bounds_say_on_which_side_they_are_inside() {
        let side = |counts: Vec<f64>| {
            let length = u32::try_from(counts.len()).unwrap();
            Buckets { spans: vec![Span32 { offset: 0, length }], counts }
        };
        let histogram = Histogram {
            count: 6.0,
            sum: 2.5,
            zero_count: 1.0,
            zero_threshold: 0.25,
            positive: side(vec![1.0, 0.0, 2.0]),
            negative: side(vec![2.0]),
            ..Histogram::default()
        };
        assert_eq!(
            written(&histogram),
            r#"[1.500,{"count":"6","sum":"2.5","buckets":[[1,"-1","-0.5","2"],[3,"-0.25","0.25","1"],[0,"0.5","1","1"],[0,"2","4","2"]]}]"#
        );
    }

    #[test]
    fn an_empty_histogram_has_no_buckets() {
        assert_eq!(written(&Histogram::default()), r#"[1.500,{"count":"0","sum":"0"}]"#);
    }
}
