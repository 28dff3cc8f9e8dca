//! Forecasts, rules and what is sent on, with a cluster in the place of the store.

use super::*;

#[tokio::test]
async fn the_past_of_a_resource_is_read_from_the_cluster() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let peer = prometheus(&dir, address)?;
    feed(peer.address, &samples()).await?;
    let text = format!(
        "{QUIET}query: {{remote: {{url: 'http://{address}'}}}}\n\
         resources: [{{name: room, unit: count, used: 'level{{host=\"a\"}}', limit: '0 * level{{host=\"a\"}} + 100'}}]\n"
    );
    let clock = TurnedClock::at(NOW);
    let house = House::with(settings(&text, "127.0.0.1:0")?, Arc::new(clock.clone())).await?;
    let turn = || clock.turn(Span::secs(1));
    let list = house
        .until("/api/plimsoll/v1/resources", &[], |body| {
            turn();
            !body["resources"][0].is_null()
        })
        .await?;
    let id = list["resources"][0]["id"].as_str().context("no id")?;
    let path = format!("/api/plimsoll/v1/resources/{id}/history");
    let from = (START + 600_000).to_string();
    let to = NOW.millis().to_string();
    let window = [("from", from.as_str()), ("to", &to)];
    let past = house
        .until(&path, &window, |body| {
            turn();
            body["used"]
                .as_array()
                .is_some_and(|used| used.iter().filter(|own| own.is_number()).count() >= 7)
        })
        .await?;
    // The past is filled at whole five minutes.
    let at = 1_700_001_300_000_i64;
    let place =
        past["times"].as_array().context("no times")?.iter().position(|own| *own == json!(at));
    let place = place.context("no such time")?;
    let then = (at / 1000).to_string();
    let asked = [("query", "level{host=\"a\"}"), ("time", then.as_str())];
    let (_, then) = house.get("/api/v1/query", &asked).await?;
    let wanted: f64 =
        then["data"]["result"][0]["value"][1].as_str().context("no value")?.parse()?;
    assert_eq!(
        (past["used"][place].as_f64(), past["limit"][place].as_f64()),
        (Some(wanted), Some(100.0))
    );
    house.stop().await
}

#[tokio::test]
async fn what_comes_in_here_goes_out_to_the_cluster_and_is_asked_of_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let _peer = prometheus(&dir, address)?;
    let file = dir.path().join("rules.yaml");
    let rules =
        "groups: [{name: own, rules: [{record: 'zone:level:sum', expr: sum by (zone) (level)}]}]";
    std::fs::write(&file, rules)?;
    let text = format!(
        "{QUIET}query: {{remote: {{url: 'http://{address}'}}}}\n\
         forward: [{{url: 'http://{address}/api/v1/write'}}]\n\
         global: {{evaluation_interval: 5s}}\nrule_files: ['{}']\n",
        file.display()
    );
    let clock = TurnedClock::at(NOW);
    let house = House::with(settings(&text, "127.0.0.1:0")?, Arc::new(clock.clone())).await?;
    let rows = [(NOW.millis() - 15_000, 1.0), (NOW.millis(), 2.5)];
    let labels = |host| [("__name__", "level"), ("host", host), ("zone", "x")];
    house.write(&[series(&labels("a"), &rows), series(&labels("b"), &rows)]).await?;
    // Taken in here, sent on, judged by what the cluster has, recorded here, sent on, and asked of the cluster.
    let recorded = [("query", "zone:level:sum")];
    let body = house
        .until("/api/v1/query", &recorded, |body| {
            clock.turn(Span::secs(1));
            !body["data"]["result"][0].is_null()
        })
        .await?;
    let row = &body["data"]["result"][0];
    assert_eq!(row["metric"], json!({ "__name__": "zone:level:sum", "zone": "x" }));
    assert_eq!(row["value"][1], "5");
    house.stop().await
}

const RULES: &str = r#"groups:
  - name: far
    rules:
      - alert: Busy
        expr: work_total{kind="read", host="a"} > 100
        annotations: {summary: "{{ with query \"count(level)\" }}{{ . | first | value }}{{ end }} hosts"}
"#;

#[tokio::test]
async fn a_rule_fires_by_what_a_cluster_has_and_goes_on_when_the_cluster_is_gone() -> Result<()> {
    let Far { mut peer, house, clock, dir } = far(prometheus, RULES).await?;
    feed(peer.address, &samples()).await?;
    let firing = |body: &Value| {
        clock.turn(Span::secs(1));
        body["data"]["groups"][0]["rules"][0]["state"] == "firing"
    };
    let rules = house.until("/api/v1/rules", &[], firing).await?;
    let alert = &rules["data"]["groups"][0]["rules"][0]["alerts"][0];
    assert_eq!(alert["annotations"]["summary"], "3 hosts");
    peer.kill()?;
    let rules = house
        .until("/api/v1/rules", &[], |body| {
            clock.turn(Span::secs(1));
            body["data"]["groups"][0]["rules"][0]["health"] == "err"
        })
        .await?;
    let rule = &rules["data"]["groups"][0]["rules"][0];
    let words = rule["lastError"].as_str().unwrap_or_default();
    assert!(words.contains(&format!("cannot reach http://{}", peer.address)), "{words}");
    assert!(words.contains("refused"), "{words}");
    assert_eq!(rule["state"], "firing", "an error resolves nothing");
    let (status, told) = house.get("/api/v1/query", &[("query", "up")]).await?;
    assert_eq!((status, &told["errorType"]), (502, &json!("unavailable")));
    // It is noticed when the cluster comes back.
    let again = prometheus(&dir, peer.address)?;
    let back = house.until("/api/v1/query", &[("query", "count(level)")], |body| {
        clock.turn(Span::secs(1));
        body["data"]["result"][0]["value"][1] == "3"
    });
    back.await?;
    drop(again);
    house.stop().await
}
