//! Rules that cannot be evaluated, or have nothing to judge, are alerts of their own; no error ends an alert.

use anyhow::Result;

use super::Watch;

#[tokio::test]
async fn three_failures_in_a_row_are_an_alert_and_end_nothing() -> Result<()> {
    // Two rooms become one, which no rule may.
    let rules = "\
groups:
  - name: heat
    interval: 1m
    rules:
      - {alert: Hot, expr: 'label_replace(heat, \"room\", \"x\", \"room\", \".*\") > 30'}
";
    let watch = Watch::new(rules).await?;
    watch.minutes(&[40.0; 2]).await?;
    assert_eq!(watch.state("Hot").await?, "firing");
    let now = model::Clock::now(&watch.clock).millis();
    let second = (0..8).map(|minute| (now + minute * 60_000, 20.0)).collect::<Vec<_>>();
    let rows = [crate::house::series(&[("__name__", "heat"), ("room", "b")], &second)];
    watch.house.write(&rows).await?;
    watch.minutes(&[40.0; 2]).await?;
    assert_eq!(watch.state("RuleEvalFailing").await?, "inactive");
    watch.minute(40.0).await?;
    assert_eq!(watch.state("RuleEvalFailing").await?, "firing");
    let alert = watch.alerts("active", "RuleEvalFailing").await?.remove(0);
    assert_eq!(alert["summary"], "1 rule of group heat cannot be evaluated");
    assert_eq!(alert["labels"]["rule_group"], "heat");
    assert_eq!(watch.state("Hot").await?, "firing");
    // The second room is gone after a while.
    watch.minutes(&[40.0; 12]).await?;
    assert_eq!(watch.state("RuleEvalFailing").await?, "inactive");
    assert_eq!(watch.alerts("recent", "RuleEvalFailing").await?.len(), 1);
    assert!(watch.alerts("recent", "Hot").await?.is_empty());
    watch.house.stop().await
}

#[tokio::test]
async fn an_alert_whose_data_are_missing_says_so_after_three_intervals() -> Result<()> {
    let rules = "\
groups:
  - name: heat
    interval: 1m
    rules:
      - {alert: Hot, expr: heat > 30, annotations: {plimsoll_no_data: keep 30m}}
";
    let watch = Watch::new(rules).await?;
    watch.minutes(&[40.0; 2]).await?;
    let mut states = Vec::new();
    for _ in 0..10 {
        watch.silent_minute().await?;
        states.push(watch.state("RuleNoData").await?);
    }
    assert_eq!(watch.state("Hot").await?, "firing");
    // Five minutes a sample counts; then three intervals.
    assert!(
        states.iter().position(|own| own == "firing").is_some_and(|at| (6..=8).contains(&at)),
        "{states:?}"
    );
    watch.minute(20.0).await?;
    assert_eq!(
        (watch.state("RuleNoData").await?, watch.state("Hot").await?),
        ("inactive".into(), "inactive".into())
    );
    watch.house.stop().await
}
