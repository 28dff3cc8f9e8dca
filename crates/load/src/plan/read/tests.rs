//! Plans as people write them, and the mistakes they make.

use std::{fs, path::Path, time::Duration};

use crate::{
    journey::Order,
    plan::{Connections, Load, Plan, Protocol},
};

const SHOP: &str = r#"
name: shop
target: http://localhost:8080/api/
seed: 7
allow: ["*.staging.example.org"]
limits: {in_flight: 200, timeout: 5s, drain: 10s, workers: 2}
variables: {lang: en}
feeds:
  users: {file: users.csv, order: once}
thresholds:
  - response p99 of sign in < 500ms
  - errors < 1%
abort:
  - errors > 50% in any 5s
scenarios:
  - name: buyers
    stages:
      - {to: 50, for: 10s}
      - {rate: 50, for: 1m}
    poisson: true
    connections: per_user
    journeys:
      - name: buy
        weight: 3
        steps:
          - name: sign in
            post: /login?lang={{ lang }}
            form: {user: "{{ users.name }}", pass word: "{{ users.key }} &"}
            expect: {status: [200, 300..399], json: {$.ok: true}, header: {x-shop: ~}}
            extract: {token: $.token, trace: {header: x-trace}, page: {matches: "page=(\\d+)"}}
            think: 1s..3s
          - get: http://cdn.staging.example.org:81/pic?t={{ token | url }}
            redirects: 3
          - put: /cart
            json: {token: "{{ token }}", count: 2, gift: false, tags: [a, "1"], note: ~}
      - name: look
        steps:
          - get: /
  - name: cron
    users: 2
    for: 30s
    http: 2
    steps:
      - head: /health
"#;

fn parse(text: &str) -> Result<Plan, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("users.csv"), "name,key\nann,1\nbob,2\n").unwrap();
    Plan::parse("plan.yaml", text, folder.path()).map_err(|mistakes| mistakes.to_string())
}

/// What is said of a small plan with one thing wrong.
fn mistake(scenario: &str) -> String {
    let text = format!("name: x\ntarget: http://localhost\nscenarios:\n  - name: a\n{scenario}");
    parse(&text).unwrap_err()
}

#[test]
fn a_whole_plan_is_read() {
    let plan = parse(SHOP).unwrap();
    assert_eq!((plan.name.as_str(), plan.seed), ("shop", 7));
    let origins: Vec<String> = plan.origins.iter().map(ToString::to_string).collect();
    assert_eq!(origins, ["http://localhost:8080", "http://cdn.staging.example.org:81"]);
    assert_eq!(plan.limits.timeout, Duration::from_secs(5));
    let [buyers, cron] = plan.scenarios.as_slice() else { panic!("{:?}", plan.scenarios) };
    assert_eq!(buyers.connections, Connections::PerUser);
    let Load::Open { rate, .. } = &buyers.load else { panic!("{:?}", buyers.load) };
    assert!((rate.expected() - 3250.0).abs() < 1e-6);
    assert_eq!(cron.protocol, Protocol::Http2);
    assert!(matches!(cron.load, Load::Closed { users: 2, .. }));
    let [buy, look] = buyers.journeys.as_slice() else { panic!("{:?}", buyers.journeys) };
    assert_eq!((buy.weight, look.weight), (3, 1));
    assert_eq!((buy.feeds.len(), look.feeds.len()), (1, 0), "only who needs a row takes one");
    assert_eq!(plan.feeds[0].order, Order::Once);
    let indices: Vec<usize> = plan.steps().map(|(_, step)| step.index).collect();
    assert_eq!(indices, [0, 1, 2, 3, 4]);
    assert_eq!(look.steps[0].request.prepared.as_ref().unwrap().uri, "/api/");
    assert_eq!(buy.steps[0].statuses, [200..=200, 300..=399]);
    assert_eq!(plan.values[0], "en");
}

#[test]
fn gaps_are_filled_in_as_their_surroundings_want_them() {
    let plan = parse(SHOP).unwrap();
    let buy = &plan.scenarios[0].journeys[0];
    let mut values = crate::journey::Values {
        slots: ["en", "a&b", "k", "say \"x\"", "", ""].map(str::to_owned).to_vec(),
        number: 0,
        chance: stats::Chance::new(1),
    };
    let sign_in = buy.steps[0].request.fill("x", &mut values).unwrap();
    assert_eq!(sign_in.uri, "/api/login?lang=en");
    assert_eq!(sign_in.body, "user=a%26b&pass+word=k+%26");
    assert_eq!(sign_in.headers["content-type"], "application/x-www-form-urlencoded");
    let cart = buy.steps[2].request.fill("x", &mut values).unwrap();
    let body = r#"{"token":"say \"x\"","count":2,"gift":false,"tags":["a","1"],"note":null}"#;
    assert_eq!(cart.body, body);
}

#[test]
fn every_mistake_is_marked_with_its_place() {
    let text = "\
name: x
target: http://localhost
tresholds: []
scenarios:
  - name: a
    rate: many
    for: 10s
    steps:
      - get: /{{ token }}
        expcet: {status: 200}
      - get: /x
        extract: {token: $..a}
        think: 3s..1s
thresholds: [speed < 1, errors of nobody < 1%]
";
    insta::assert_snapshot!(parse(text).unwrap_err());
}

#[test]
fn a_name_is_known_only_after_it_was_taken_and_only_in_its_journey() {
    let steps = "    rate: 1\n    for: 1s\n    steps:\n      - get: /{{ id }}\n      - {get: /, extract: {id: $.id}}\n";
    assert!(mistake(steps).contains("`id` is not known here"));
    let steps = "    rate: 1\n    for: 1s\n    steps:\n      - {get: /, extract: {id: $.id}}\n      - get: /{{ id }}\n";
    let text = format!("name: x\ntarget: http://localhost\nscenarios:\n  - name: a\n{steps}");
    assert!(parse(&text).is_ok());
}

#[test]
fn a_feed_that_cannot_be_read_is_one_mistake_and_not_one_for_each_of_its_gaps() {
    let text = "name: x\ntarget: http://localhost\nfeeds: {users: {file: gone.csv}}\nscenarios:\n  - name: a\n    rate: 1\n    for: 1s\n    steps: [{get: '/{{ users.id }}/{{ users.name }}'}]\n";
    let told = parse(text).unwrap_err();
    assert!(
        told.contains("cannot read the rows") && told.trim_end().ends_with("1 mistake"),
        "{told}"
    );
    let other =
        parse(&text.replace("{{ users.id }}/{{ users.name }}", "{{ userz.name }}")).unwrap_err();
    assert!(other.contains("`userz.name` is not known here"), "{other}");
}

#[test]
fn loads_that_say_too_much_or_too_little_are_refused() {
    let step = "    steps: [{get: /}]\n";
    for (load, words) in [
        ("", "exactly one of"),
        ("    rate: 1\n    users: 2\n    for: 1s\n", "exactly one of"),
        ("    rate: 1\n", "needs `for`"),
        ("    rate: 0\n    for: 1s\n", "nothing would be sent"),
        ("    stages: [{for: 1s}]\n", "a stage has"),
        ("    users: 100001\n    for: 1s\n", "out of range"),
    ] {
        let said = mistake(&format!("{load}{step}"));
        assert!(said.contains(words), "{load}: {said}");
    }
    assert!(mistake("    rate: 1\n    for: 1s\n").contains("either `steps` or `journeys`"));
    assert!(mistake("    rate: 1\n    for: 1s\n    steps: []\n").contains("1 to 200 steps"));
    assert!(mistake("    rate: 1\n    for: 1s\n    steps: [{}]\n").contains("exactly one request"));
}

#[test]
fn the_host_of_an_address_has_no_gap() {
    let steps = "    rate: 1\n    for: 1s\n    steps: [{get: 'http://{{ number }}.example/'}]\n";
    assert!(mistake(steps).contains("without gaps"));
}

#[test]
fn rows_that_cannot_be_read_are_told_where_they_are_named() {
    let text = "name: x\nfeeds: {rows: {file: gone.csv}}\ntarget: http://localhost\nscenarios: [{name: a, rate: 1, for: 1s, steps: [{get: /}]}]\n";
    let said = parse(text).unwrap_err();
    assert!(said.contains("cannot read the rows") && said.contains("plan.yaml:2"), "{said}");
    assert!(
        Plan::read(Path::new("no/such/plan.yaml")).unwrap_err().to_string().contains("cannot read")
    );
}

#[test]
fn two_scenarios_do_not_draw_the_same_rows_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("users.csv"), "name\nann\nbob\n").unwrap();
    let scenario = |name: &str| {
        format!(
            "  - name: {name}\n    rate: 1\n    for: 1s\n    steps: [{{get: '/{{{{u.name}}}}'}}]\n"
        )
    };
    let read = |order: &str, names: &[&str]| {
        let scenarios: String = names.iter().map(|name| scenario(name)).collect();
        let text = format!(
            "name: x\ntarget: http://localhost\nfeeds: {{u: {{file: users.csv, order: {order}}}}}\nscenarios:\n{scenarios}"
        );
        Plan::parse("plan.yaml", &text, folder.path()).map_err(|mistakes| mistakes.to_string())
    };
    assert!(read("once", &["a"]).is_ok());
    assert!(read("in_turn", &["a", "b"]).is_ok());
    assert!(read("once", &["a", "b"]).unwrap_err().contains("draw the same rows"));
}
