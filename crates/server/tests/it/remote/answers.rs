//! What is asked of a cluster through us is what we answer ourselves.

use super::*;

/// Relative difference up to which values are the same: others add up in another order.
const TOLERANCE: f64 = 1e-9;

/// What every cluster answers as the engine here does, as long as series have no gaps.
const SAME_EVERYWHERE: [&str; 22] = [
    "level",
    "{__name__=~\"level|work_total\",host!=\"b\"}",
    "level > 20",
    "sum by (zone) (level)",
    "avg(level)",
    "max without (zone) (level)",
    "count(work_total)",
    "quantile(0.5, level)",
    "topk(1, level)",
    "level * on (zone) group_left (color) zone_info",
    "work_total / ignoring (kind) group_left level",
    "level and on (host) work_total{kind=\"read\",host=\"a\"}",
    "level unless on (host) work_total{host=\"a\"}",
    "sum_over_time(level[5m])",
    "count_over_time(level[10m])",
    "level offset 3m",
    "absent(nothing{host=\"a\"})",
    "min by (zone) (level)",
    "stddev(level)",
    "sum(level) / count(level)",
    "sum(avg_over_time(level[5m]))",
    "label_replace(level, \"copy\", \"<$1>\", \"host\", \"(.*)\")",
];

/// What only those answer alike that keep to the letter of PromQL. `VictoriaMetrics` reckons rates otherwise, keeps
/// names where PromQL drops them, and lets the last sample before a gap count for a shorter time.
const SAME_IN_PROMETHEUS: [&str; 16] = [
    "max_over_time(level[5m])",
    "clamp(level, 10, 30)",
    "round(level, 5)",
    "time() - 1700000000",
    "rate(work_total[5m])",
    "increase(work_total[10m] offset 4m)",
    "irate(work_total[2m])",
    "deriv(level[7m])",
    "predict_linear(level[10m], 3600)",
    "histogram_quantile(0.9, sum by (le) (rate(seconds_bucket[5m])))",
    "max_over_time(rate(work_total[5m])[10m30s:1m])",
    "level @ 1700001000",
    "-level / 0",
    "scalar(sum(level))",
    "\"a text\"",
    "level[2m]",
];

const REFUSED: [&str; 3] = ["sum(level", "level + rate(level)", "work_total * on (zone) level"];

/// Values by series and time.
type Found = BTreeMap<(String, String), f64>;

fn found(body: &Value) -> Result<Found> {
    let mut found = Found::new();
    let number = |value: &Value| -> Result<f64> {
        Ok(value.as_str().context("no text")?.parse().unwrap_or(f64::NAN))
    };
    let data = &body["data"];
    let rows = data["result"].as_array().with_context(|| format!("no result: {body}"))?;
    if matches!(data["resultType"].as_str(), Some("scalar" | "string")) {
        found.insert((rows[1].to_string(), rows[0].to_string()), f64::NAN);
        return Ok(found);
    }
    for row in rows {
        let mut metric: Vec<String> = row["metric"]
            .as_object()
            .context("no metric")?
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        metric.sort();
        let single = std::slice::from_ref(&row["value"]);
        let points = row["values"].as_array().map_or(single, Vec::as_slice);
        for point in points {
            found.insert((metric.join(","), point[0].to_string()), number(&point[1])?);
        }
    }
    Ok(found)
}

fn same(ours: &Found, theirs: &Found) -> bool {
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|((place, ours), (their_place, theirs))| {
            let scale = ours.abs().max(theirs.abs()).max(1e-300);
            let near = ((ours - theirs) / scale).abs() <= TOLERANCE;
            place == their_place && (near || ours.total_cmp(theirs).is_eq())
        })
}

/// Asks both at a moment and over a range; says where they differ.
async fn differences(
    (near, far): (&House, &House),
    questions: &[&str],
    after: Span,
) -> Result<Vec<String>> {
    let at = ((NOW.millis() - 600_000) / 1000).to_string();
    let start = ((Time(START) + after).millis() / 1000).to_string();
    let end = (NOW.millis() / 1000).to_string();
    let mut wrong = Vec::new();
    for text in questions {
        let instant = [("query", *text), ("time", &at)];
        let range = [("query", *text), ("start", &start), ("end", &end), ("step", "30")];
        for (path, query) in [("/api/v1/query", &instant[..]), ("/api/v1/query_range", &range[..])]
        {
            let (ours, theirs) = (near.get(path, query).await?, far.get(path, query).await?);
            ensure!(ours.0 == theirs.0, "{text}: {} {}\n{}", ours.0, theirs.0, theirs.1);
            if ours.0 != 200 {
                ensure!(ours.1["errorType"] == theirs.1["errorType"], "{text}: {}", theirs.1);
                continue;
            }
            let (ours, theirs) = (found(&ours.1)?, found(&theirs.1)?);
            if !same(&ours, &theirs) {
                let other = |a: &Found, b: &Found| {
                    a.iter()
                        .find(|(place, _)| b.get(*place) != a.get(*place))
                        .map(|own| format!("{own:?}"))
                };
                wrong.push(format!(
                    "{text} by {path}: {} {} {:?} {:?}",
                    ours.len(),
                    theirs.len(),
                    other(&ours, &theirs),
                    other(&theirs, &ours)
                ));
            }
        }
    }
    Ok(wrong)
}

async fn check_lists(near: &House, far: &House) -> Result<()> {
    let (start, end) = ((START / 1000).to_string(), (NOW.millis() / 1000).to_string());
    let range = [("start", start.as_str()), ("end", end.as_str())];
    let ask = |more: &[(&'static str, &'static str)]| [&range[..], more].concat();
    let selector = ("match[]", "{host=\"a\"}");
    for (path, query) in [
        ("/api/v1/series", ask(&[selector])),
        ("/api/v1/labels", ask(&[])),
        ("/api/v1/labels", ask(&[selector])),
        ("/api/v1/label/zone/values", ask(&[])),
        ("/api/v1/label/__name__/values", ask(&[selector])),
        ("/api/v1/label/nothing/values", ask(&[])),
    ] {
        let (ours, theirs) = (near.get(path, &query).await?, far.get(path, &query).await?);
        assert_eq!(ours, theirs, "{path}");
        assert_eq!(ours.0, 200);
    }
    let (_, cut) = far.get("/api/v1/label/host/values", &ask(&[("limit", "2")])).await?;
    assert_eq!(cut["data"], json!(["a", "b"]));
    assert_eq!(cut["warnings"], json!(["results truncated due to limit"]));
    Ok(())
}

#[tokio::test]
async fn a_real_prometheus_answers_through_us_as_we_do() -> Result<()> {
    let near = near().await?;
    let Far { peer, house, dir: _dir, .. } = far(prometheus, "groups: []\n").await?;
    feed(peer.address, &samples()).await?;
    let questions = [&SAME_EVERYWHERE[..], &SAME_IN_PROMETHEUS, &REFUSED].concat();
    let wrong = differences((&near, &house), &questions, Span::minutes(15)).await?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    check_lists(&near, &house).await?;
    let (_, refused) = house.get("/api/v1/query", &[("query", "sum(level")]).await?;
    let words = refused["error"].as_str().unwrap_or_default();
    assert!(words.contains("parse error") && words.contains("says so"), "{words}");
    // More steps than Prometheus answers at once are still bounded here.
    let many = [("query", "level"), ("start", "0"), ("end", "11000"), ("step", "1")];
    let (status, told) = house.get("/api/v1/query_range", &many).await?;
    assert_eq!((status, &told["errorType"]), (400, &json!("bad_data")));
    house.stop().await?;
    near.stop().await
}

#[tokio::test]
async fn victoria_metrics_answers_through_us_as_we_do() -> Result<()> {
    let near = near().await?;
    let Far { peer, house, dir: _dir, .. } = far(victoria_metrics, "groups: []\n").await?;
    feed(peer.address, &samples()).await?;
    let (status, _) = testkit::http_get(peer.address, "/internal/force_flush")?;
    ensure!(status == 200, "force_flush answered {status}");
    let wrong = differences((&near, &house), &SAME_EVERYWHERE, Span::minutes(30)).await?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    check_lists(&near, &house).await?;
    house.stop().await?;
    near.stop().await
}
