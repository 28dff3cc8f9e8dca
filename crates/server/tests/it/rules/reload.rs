//! Rule files are read anew while alerts fire.

use std::fs;

use anyhow::Result;
use reqwest::Method;

use super::Watch;

const HOT: &str = "{alert: Hot, expr: heat > 30, for: 2m, labels: {severity: critical}}";
const WARM: &str = "{alert: Warm, expr: heat > 25}";
const COLD: &str = "{alert: Cold, expr: heat < 50}";

fn rules(groups: &[(&str, &[&str])]) -> String {
    let group = |(name, rules): &(&str, &[&str])| {
        format!("  - {{name: {name}, interval: 1m, rules: [{}]}}\n", rules.join(", "))
    };
    format!("groups:\n{}", groups.iter().map(group).collect::<String>())
}

impl Watch {
    async fn reload(&self) -> Result<(u16, String)> {
        let response = self.house.request(Method::POST, "/-/reload")?.send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }
}

#[tokio::test]
async fn alerts_of_rules_that_stay_keep_their_state_and_those_of_rules_that_go_end() -> Result<()> {
    let watch = Watch::new(&rules(&[("a", &[HOT]), ("b", &[WARM])])).await?;
    watch.minutes(&[40.0; 4]).await?;
    let fired = watch.alerts("active", "Hot").await?.remove(0)["fired_at"].clone();
    assert_eq!(watch.state("Warm").await?, "firing");
    fs::write(&watch.file, rules(&[("a", &[HOT, COLD])]))?;
    let (status, told) = watch.reload().await?;
    assert_eq!(
        (status, told.as_str()),
        (200, "Rule files read anew: 1 groups, 0 of them as before, 1 gone.\n")
    );
    let gone = watch.alerts("recent", "Warm").await?.remove(0);
    assert_eq!(gone["annotations"]["ended_because"], "it is no longer in the settings");
    watch.minutes(&[40.0; 2]).await?;
    assert_eq!(watch.alerts("active", "Hot").await?.remove(0)["fired_at"], fired);
    assert!(watch.alerts("recent", "Hot").await?.is_empty());
    assert_eq!(watch.state("Cold").await?, "firing");
    let again = watch.reload().await?.1;
    assert_eq!(again, "Rule files read anew: 1 groups, 1 of them as before, 0 gone.\n");
    watch.minute(40.0).await?;
    // What a rule that is gone wrote has an end.
    let query = [("query", "count(ALERTS{alertname=\"Warm\"}) or vector(0)")];
    let told = watch.house.get("/api/v1/query", &query).await?.1;
    assert_eq!(told["data"]["result"][0]["value"][1], "0", "{told}");
    watch.house.stop().await
}

#[tokio::test]
async fn a_file_with_a_mistake_changes_nothing_and_says_so() -> Result<()> {
    let watch = Watch::new(&rules(&[("a", &[HOT])])).await?;
    watch.minutes(&[40.0; 4]).await?;
    fs::write(&watch.file, rules(&[("a", &[HOT]), ("b", &["{alert: Odd, expr: 'heat >'}"])]))?;
    let (status, told) = watch.reload().await?;
    assert_eq!(status, 400);
    assert!(told.contains("is not PromQL"), "{told}");
    watch.minute(40.0).await?;
    assert_eq!(watch.state("Hot").await?, "firing");
    let listed = watch.house.get(super::PATH, &[]).await?.1;
    assert_eq!(listed["groups"].as_array().map(Vec::len), Some(1));
    assert!(listed["refused_because"].as_str().is_some_and(|why| why.contains("PromQL")));
    let status = watch.house.get("/api/plimsoll/v1/status", &[]).await?.1;
    assert_eq!(status["troubles"][0]["subject"], "rule files, read anew", "{status}");
    fs::write(&watch.file, rules(&[("a", &[HOT]), ("b", &[COLD])]))?;
    assert_eq!(watch.reload().await?.0, 200);
    let status = watch.house.get("/api/plimsoll/v1/status", &[]).await?.1;
    assert_eq!(status["troubles"].as_array().map(Vec::len), Some(0), "{status}");
    watch.house.stop().await
}

#[tokio::test]
async fn a_bad_group_in_a_good_file_costs_only_itself() -> Result<()> {
    let bad = "{alert: Odd, expr: 'heat >'}";
    let watch = Watch::new(&rules(&[("a", &[HOT]), ("b", &[bad, WARM]), ("c", &[COLD])])).await?;
    watch.minutes(&[40.0; 4]).await?;
    let states =
        [watch.state("Hot").await?, watch.state("Warm").await?, watch.state("Cold").await?];
    assert_eq!(states, ["firing", "inactive", "firing"]);
    let status = watch.house.get("/api/plimsoll/v1/status", &[]).await?.1;
    let trouble = status["troubles"][0]["error"].as_str().unwrap_or_default();
    assert!(trouble.ends_with("its group is left out"), "{status}");
    watch.house.stop().await
}
