//! What is imported, from each kind of source.

use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::plan::{Load, Plan};

fn imported(text: &str, how: &Import) -> (String, Plan) {
    let yaml = import("source", text, how).unwrap();
    let plan = Plan::parse("plan.yaml", &yaml, Path::new("."));
    let plan = plan.unwrap_or_else(|mistakes| panic!("{}\n{yaml}", mistakes.render(false)));
    (yaml, plan)
}

fn har() -> Value {
    let entry = |at: &str, method: &str, url: &str, headers: Value, body: Value, answer: Value| {
        json!({
            "startedDateTime": format!("2026-11-21T10:00:{at}.000Z"), "time": 100.0,
            "request": { "method": method, "url": url, "headers": headers, "postData": body },
            "response": { "status": 200, "content": { "mimeType": "application/json", "text": answer.to_string() } },
        })
    };
    let none = || json!([]);
    json!({ "log": { "version": "1.2", "entries": [
        entry("00", "GET", "https://shop.example/", json!([{"name": "Cookie", "value": "session=verysecret"}]), json!(null), json!("hi")),
        entry("01", "GET", "https://shop.example/logo.png", none(), json!(null), json!(null)),
        entry("01", "GET", "https://tracker.example/x", none(), json!(null), json!(null)),
        entry("03", "POST", "https://shop.example/login", json!([{"name": "Content-Type", "value": "application/json"}]),
            json!({"text": "{\"user\":\"a\",\"note\":\"{{x\"}"}), json!({"auth": {"token": "abcdef0123456789"}, "cart": "c-12345678"})),
        entry("05", "GET", "https://shop.example/cart/c-12345678?full=1",
            json!([{"name": "Authorization", "value": "Bearer abcdef0123456789"}, {"name": "X-Api-Key", "value": "hunter2hunter2"}]),
            json!(null), json!({})),
    ] } })
}

#[test]
fn a_recording_becomes_a_journey_that_takes_its_token_from_the_login() {
    let (yaml, plan) = imported(&har().to_string(), &Import::default());
    let steps: Vec<String> = plan.steps().map(|(_, step)| step.name.clone()).collect();
    assert_eq!(steps, ["GET /", "POST /login", "GET /cart/c-12345678"]);
    for words in [
        "\"Authorization\": \"Bearer {{ token }}\"",
        "token: \"$.auth.token\"",
        "get: \"/cart/{{ cart }}?full=1\"",
        "think: 2900ms",
        "left out: 1 requests to other hosts",
        "left out: 1 requests for pictures",
        "# allow: [\"shop.example\"]",
        "\"X-Api-Key\": \"{{ x_api_key }}\"",
        "# TO DO: `x-api-key` was not given",
    ] {
        assert!(yaml.contains(words), "{words}\n{yaml}");
    }
    for secret in ["abcdef0123456789", "hunter2", "verysecret"] {
        assert!(!yaml.contains(secret), "{secret}\n{yaml}");
    }
    let how = Import {
        target: Some("http://localhost:8080".to_owned()),
        all_files: true,
        ..Import::default()
    };
    let (yaml, plan) = imported(&har().to_string(), &how);
    assert_eq!(plan.origins[0].to_string(), "http://localhost:8080");
    assert_eq!(plan.steps().count(), 4);
    assert!(!yaml.contains("allow"), "{yaml}");
}

#[test]
fn a_collection_keeps_its_variables_and_its_scripts_become_to_dos() {
    let document = json!({
        "info": { "name": "Shop" },
        "auth": { "type": "bearer", "bearer": [{ "key": "token", "value": "{{token}}" }] },
        "variable": [{ "key": "base url", "value": "http://localhost:8080" }, { "key": "id", "value": "7" }],
        "item": [{ "name": "folder", "item": [{
            "name": "read it", "event": [{ "listen": "test" }],
            "request": { "method": "GET", "url": { "raw": "{{base url}}/items/{{id}}?at={{$timestamp}}" } },
        }, {
            "name": "write it",
            "request": { "method": "POST", "url": "http://localhost:8080/items", "header": [],
                "body": { "mode": "raw", "raw": "{\"id\": \"{{$guid}}\"}", "options": { "raw": { "language": "json" } } } },
        }, {
            "name": "elsewhere", "request": { "method": "GET", "url": "https://other.example/" },
        }] }],
    });
    let (yaml, plan) = imported(&document.to_string(), &Import::default());
    let steps: Vec<String> = plan.steps().map(|(_, step)| step.name.clone()).collect();
    assert_eq!(steps, ["read it", "write it"], "{yaml}");
    for words in [
        "get: \"/items/{{ id }}?at={{ number }}\"",
        "id: \"7\"",
        "token: \"TO-DO\"",
        "\"Authorization\": \"Bearer {{ token }}\"",
        "the scripts of this request",
        "left out: `elsewhere`",
        "{{ uuid }}",
    ] {
        assert!(yaml.contains(words), "{words}\n{yaml}");
    }
}

const DESCRIPTION: &str = "
openapi: 3.0.3
info: {title: Items}
servers: [{url: 'http://localhost:8080/api'}]
paths:
  /items/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer, minimum: 5}}
    get:
      operationId: read item
      parameters:
        - {name: kind, in: query, required: true, schema: {enum: [big one, small]}}
        - {name: page, in: query, schema: {type: integer}}
  /items:
    post:
      security: [{token: []}]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}
components:
  schemas:
    Item:
      type: object
      properties:
        name: {type: string, example: hat}
        parts: {type: array, items: {$ref: '#/components/schemas/Item'}}
";

#[test]
fn a_description_becomes_a_journey_for_each_operation_and_writes_only_if_asked() {
    let (yaml, plan) = imported(DESCRIPTION, &Import::default());
    assert_eq!(plan.steps().count(), 1);
    assert!(yaml.contains("get: \"/api/items/5?kind=big%20one\""), "{yaml}");
    assert!(yaml.contains("left out: 1 operations that may change something"), "{yaml}");
    let (yaml, plan) = imported(DESCRIPTION, &Import { writes: true, ..Import::default() });
    assert_eq!(plan.steps().count(), 2);
    assert!(yaml.contains("hat") && yaml.contains("TO DO: it wants authorisation"), "{yaml}");
}

#[test]
fn command_lines_become_what_they_send() {
    let curl = "curl 'http://localhost:8080/a?b=c' \\\n  -H 'Accept: text/html' -H 'Cookie: s=secret' --data-raw '{\"x\": \"it'\\''s\"}' --compressed -u me:hidden";
    let (yaml, plan) = imported(curl, &Import::default());
    let (_, step) = plan.steps().next().unwrap();
    let prepared = step.request.prepared.clone().unwrap();
    assert_eq!(
        (step.request.method.as_str(), prepared.uri.to_string().as_str()),
        ("POST", "/a?b=c")
    );
    assert_eq!(prepared.headers["accept"], "text/html");
    assert!(
        yaml.contains("it's") && !yaml.contains("secret") && !yaml.contains("hidden"),
        "{yaml}"
    );
    let much = |text: &str| imported(text, &Import::default()).1.scenarios[0].load.clone();
    let users = |users, seconds| Load::Closed {
        users,
        length: std::time::Duration::from_secs(seconds),
        ramp: std::time::Duration::ZERO,
    };
    assert_eq!(much("wrk -t2 -c64 -d10s --latency http://localhost/"), users(64, 10));
    assert_eq!(much("hey -z 1m -c 20 http://localhost/"), users(20, 60));
    for (text, rate) in [
        ("hey -z 10s -q 5 -c 20 http://localhost/", 100.0),
        ("oha --no-tui -q 500 -c50 -z 10s http://localhost/", 500.0),
        ("wrk2 -R 1000 -d 5s http://localhost/", 1000.0),
        (
            "echo 'GET http://localhost/' | vegeta attack -rate=300/m -duration=10s | vegeta report",
            5.0,
        ),
    ] {
        let Load::Open { rate: found, .. } = much(text) else { panic!("{text}") };
        assert!((found.greatest() - rate).abs() < 1e-9, "{text}: {}", found.greatest());
    }
}

#[test]
fn an_access_log_becomes_weighted_paths_at_its_own_rate() {
    let line = |second: u32, request: &str| {
        format!(
            "10.0.0.1 - - [21/Nov/2026:10:00:{second:02} +0000] \"{request}\" 200 5 \"-\" \"x\""
        )
    };
    let log = [
        line(0, "GET /a?token=hunter2 HTTP/1.1"),
        line(5, "GET /a HTTP/1.1"),
        line(7, "GET /a HTTP/1.1"),
        line(8, "GET /b HTTP/2.0"),
        line(9, "POST /c HTTP/1.1"),
        "rubbish".to_owned(),
        line(10, "GET /a HTTP/1.1"),
    ];
    let how = Import { target: Some("http://localhost:8080".to_owned()), ..Import::default() };
    let (yaml, plan) = imported(&log.join("\n"), &how);
    let weights: Vec<(String, u32)> = plan.scenarios[0]
        .journeys
        .iter()
        .map(|journey| (journey.name.clone(), journey.weight))
        .collect();
    assert_eq!(weights, [("GET /a".to_owned(), 4), ("GET /b".to_owned(), 1)]);
    assert!((plan.expected() - 30.0).abs() < 1e-6, "{yaml}");
    assert!(
        !yaml.contains("hunter2") && yaml.contains("left out: 1 lines that could not"),
        "{yaml}"
    );
    assert!(matches!(import("x", &log.join("\n"), &Import::default()), Err(ImportError::NoTarget)));
}

#[test]
fn braces_of_a_recorded_address_stay_and_are_no_gap() {
    let document = json!({ "log": { "entries": [{
        "request": { "method": "GET", "url": "http://localhost/?q={{{x}}" },
        "response": { "status": 200 },
    }] } });
    let (yaml, _) = imported(&document.to_string(), &Import::default());
    assert!(yaml.contains("/?q=%7B%7B{x}}"), "{yaml}");
}

#[test]
fn what_is_nothing_of_all_this_is_refused_with_a_reason() {
    let why = |text: &str| import("x", text, &Import::default()).unwrap_err().to_string();
    assert!(why("").contains("no HAR"));
    assert!(why("hello world").contains("no HAR"));
    assert!(why("{\"a\": 1}").contains("no HAR"));
    assert!(why("<?xml version=\"1.0\"?><jmeterTestPlan/>").contains("--target"));
    assert!(why("{\"log\": {\"entries\": []}}").contains("--target"));
    assert!(
        why("{\"openapi\": \"3.1.0\", \"servers\": [{\"url\": \"http://localhost\"}]}")
            .contains("no request")
    );
}

proptest! {
    #[test]
    fn any_bytes_are_imported_or_refused(text in "(curl|wrk|oha -q|\\{\"log\":|\\{\"item\":|openapi: 3.0|[a-z \"'\\\\\\[\\]{}:|-]){0,30}") {
        drop(import("x", &text, &Import::default()));
    }

    #[test]
    fn recordings_of_any_text_make_plans_that_can_be_read(body in any::<String>(), path in "[ -~]{0,20}", value in "[ -~]{0,20}") {
        let document = json!({ "log": { "entries": [{
            "request": { "method": "POST", "url": format!("http://localhost/{path}"),
                "headers": [{ "name": "X-A", "value": value }], "postData": { "text": body } },
            "response": { "status": 200 },
        }] } });
        if let Ok(yaml) = import("x", &document.to_string(), &Import::default()) {
            let plan = Plan::parse("x", &yaml, Path::new("."));
            prop_assert!(plan.is_ok(), "{}", yaml);
        }
    }
}

#[test]
fn what_a_source_is_said_to_be_it_is_or_it_is_refused() {
    let log = "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 5\n";
    let target = || Some("http://localhost:8080".to_owned());
    let as_format = |format: ImportFormat, text: &str| {
        let how = Import { format: Some(format), target: target(), ..Import::default() };
        import("source", text, &how)
    };
    let sources = [
        ("har", har().to_string()),
        ("openapi", DESCRIPTION.to_owned()),
        ("access-log", log.to_owned()),
        ("commands", "curl http://localhost/a".to_owned()),
    ];
    for (word, text) in &sources {
        let format: ImportFormat = word.parse().unwrap();
        for (other, text_of_other) in &sources {
            let told = as_format(format, text_of_other);
            if word == other {
                let how = Import { target: target(), ..Import::default() };
                assert_eq!(told.unwrap(), import("source", text, &how).unwrap(), "as if found out");
            } else {
                let why = told.unwrap_err().to_string();
                assert_eq!(why, format!("this is no {format}"), "{other} as {word}");
            }
        }
    }
    for word in ["postman", "jmx"] {
        let format: ImportFormat = word.parse().unwrap();
        assert!(matches!(as_format(format, log), Err(ImportError::Other(_))), "{word}");
    }
    assert!("wsdl".parse::<ImportFormat>().unwrap_err().contains("har, openapi, postman"));
}
