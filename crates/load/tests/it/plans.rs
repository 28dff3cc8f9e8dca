//! Journeys from plans: a login that later steps depend on, feeds, cookies, redirects, checks, rules that end a run.

use std::{collections::BTreeSet, fs};

use anyhow::Result;
use load::{Ending, Plan, Run, Trouble, Verdict, Word};

use crate::target::{Asked, Target, answer, run};

/// Runs a plan against a target whose address takes the place of `TARGET`.
fn run_plan(target: &Target, text: &str) -> Result<(Run, Verdict)> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("users.csv"), "name,key\nann,1\nbob,2\ncid,3\n")?;
    let text = text.replace("TARGET", &target.url(""));
    let text = format!("{text}\nlimits: {{workers: 2, drain: 3s}}\n");
    run(Plan::parse("plan.yaml", &text, folder.path())?)
}

fn troubles(run: &Run) -> Vec<(Trouble, u64)> {
    run.recording.together().troubles.listed()
}

/// A shop: signing in gives a cookie and a token, and buying needs both.
fn shop() -> Result<Target> {
    Target::answering(|asked| {
        let user = asked.body.split(['=', '&']).nth(1).unwrap_or_default();
        let (path, head) = (asked.line.as_str(), asked.head.to_lowercase());
        if path.starts_with("POST /login") {
            let body = format!(r#"{{"session": {{"token": "t-{user}"}}}}"#);
            return answer("200 OK", &format!("Set-Cookie: sid=s-{user}; Path=/\r\n"), &body);
        }
        let token = head.lines().find_map(|line| line.strip_prefix("x-token: t-"));
        let cookie = head.lines().find_map(|line| line.strip_prefix("cookie: sid=s-"));
        match (token, cookie) {
            (Some(token), Some(cookie)) if token == cookie && !token.is_empty() => {
                answer("201 Created", "", &format!("order of {token}"))
            }
            _ => answer("403 Forbidden", "", ""),
        }
    })
}

#[test]
fn a_journey_signs_in_and_buys_as_one_user() -> Result<()> {
    let target = shop()?;
    let (run, _) = run_plan(
        &target,
        r#"
name: shop
target: TARGET
feeds:
  users: {file: users.csv}
thresholds: ["errors of buy <= 0%"]
scenarios:
  - name: buyers
    rate: 50
    for: 600ms
    steps:
      - name: sign in
        post: /login
        form: {user: "{{ users.name }}"}
        expect: {status: 200, json: {$.session.token: ~}}
        extract: {token: $.session.token}
        think: 1ms..20ms
      - name: buy
        post: /buy
        headers: {X-Token: "{{ token }}"}
        json: {user: "{{ users.name }}"}
        expect: {status: 201, contains: order of, matches: "of [a-z]+$"}
"#,
    )?;
    assert_eq!(troubles(&run), [], "{:?}", target.heard().last());
    assert_eq!(run.recording.steps.iter().map(load::Told::count).collect::<Vec<_>>(), [30, 30]);
    assert_eq!((run.recording.journeys[0].count(), run.recording.journeys_broken[0]), (30, 0));
    let heard = target.heard();
    let users = |asked: &&Asked| asked.line.starts_with("POST /login");
    let users: BTreeSet<&str> =
        heard.iter().filter(users).map(|asked| asked.body.as_str()).collect();
    assert_eq!(users.into_iter().collect::<Vec<_>>(), ["user=ann", "user=bob", "user=cid"]);
    Ok(())
}

#[test]
fn a_step_that_fails_ends_its_journey() -> Result<()> {
    let target = shop()?;
    let (run, verdict) = run_plan(
        &target,
        "
name: shop
target: TARGET
thresholds: ['errors of buy < 50%']
scenarios:
  - name: buyers
    rate: 50
    for: 200ms
    steps:
      - {name: buy, post: /buy}
      - {name: never, get: /x}
",
    )?;
    assert_eq!(troubles(&run), [(Trouble::Status, 10)]);
    assert_eq!(run.recording.steps[1].count(), 0);
    assert_eq!(run.recording.journeys_broken[0], 10);
    assert!(!verdict.rules[0].kept);
    Ok(())
}

#[test]
fn checks_and_missing_values_are_told_apart() -> Result<()> {
    let target = Target::answering(|_| answer("200 OK", "X-A: 1\r\n", r#"{"ok": false}"#))?;
    for (step, trouble) in [
        ("expect: {json: {$.ok: true}}", Trouble::Check),
        ("expect: {header: {x-a: '2'}}", Trouble::Check),
        ("expect: {contains: nothing like it}", Trouble::Check),
        ("extract: {id: $.id}", Trouble::NotFound),
        ("extract: {id: {header: x-b}}", Trouble::NotFound),
    ] {
        let plan = format!(
            "name: x\ntarget: TARGET\nscenarios: [{{name: a, rate: 50, for: 100ms, steps: [{{get: /, {step}}}]}}]"
        );
        assert_eq!(troubles(&run_plan(&target, &plan)?.0), [(trouble, 5)], "{step}");
    }
    Ok(())
}

#[test]
fn a_feed_whose_rows_are_for_once_runs_dry_and_gives_none_twice() -> Result<()> {
    let target = Target::answering(|_| answer("200 OK", "", ""))?;
    let (run, _) = run_plan(
        &target,
        "
name: x
target: TARGET
feeds: {users: {file: users.csv, order: once}}
scenarios: [{name: a, rate: 50, for: 200ms, steps: [{get: '/{{ users.name }}'}]}]
",
    )?;
    assert_eq!(troubles(&run), [(Trouble::FeedDry, 7)]);
    let mut lines: Vec<String> = target.heard().into_iter().map(|asked| asked.line).collect();
    lines.sort();
    assert_eq!(lines, ["GET /ann HTTP/1.1", "GET /bob HTTP/1.1", "GET /cid HTTP/1.1"]);
    Ok(())
}

#[test]
fn redirects_are_followed_so_far_and_only_to_whom_the_plan_names() -> Result<()> {
    let target = Target::answering(|asked| {
        let to = match asked.line.split(' ').nth(1) {
            Some("/loop") => "/loop",
            Some("/away") => "http://192.0.2.1/",
            Some("/there") => "here?x=1",
            Some("/here?x=1") => return answer("200 OK", "", "here"),
            _ => return answer("404 Not Found", "", ""),
        };
        answer("302 Found", &format!("Location: {to}\r\n"), "")
    })?;
    let come_to = |path: &str, more: &str| -> Result<_> {
        let plan = format!(
            "name: x\ntarget: TARGET\nscenarios: [{{name: a, rate: 50, for: 100ms, steps: [{{post: {path}, redirects: 5{more}}}]}}]"
        );
        Ok(troubles(&run_plan(&target, &plan)?.0))
    };
    assert_eq!(come_to("/there", ", expect: {contains: here}")?, []);
    assert_eq!(come_to("/loop", "")?, [(Trouble::Redirects, 5)]);
    assert_eq!(come_to("/away", "")?, [(Trouble::NotAllowed, 5)]);
    let asked_here = target.heard().into_iter().find(|asked| asked.line.contains("/here"));
    assert_eq!(asked_here.map(|asked| asked.line).as_deref(), Some("GET /here?x=1 HTTP/1.1"));
    Ok(())
}

#[test]
fn journeys_are_taken_as_often_as_they_weigh() -> Result<()> {
    let target = Target::answering(|_| answer("200 OK", "", ""))?;
    let (run, _) = run_plan(
        &target,
        "
name: x
target: TARGET
seed: 4
scenarios:
  - name: a
    rate: 500
    for: 600ms
    journeys:
      - {name: often, weight: 3, steps: [{get: /often}]}
      - {name: seldom, weight: 1, steps: [{get: /seldom}]}
",
    )?;
    let [often, seldom] = run.recording.steps.as_slice() else { anyhow::bail!("two steps") };
    assert_eq!(often.count() + seldom.count(), 300);
    // Three in four, give or take five standard deviations.
    assert!(often.count().abs_diff(225) < 38, "{}", often.count());
    Ok(())
}

#[test]
fn a_rule_ends_a_run_that_only_does_harm() -> Result<()> {
    let target = Target::answering(|_| answer("500 Internal Server Error", "", ""))?;
    let (run, verdict) = run_plan(
        &target,
        "
name: x
target: TARGET
abort: ['errors > 50% in any 1s']
thresholds: ['errors < 5%']
scenarios: [{name: a, rate: 50, for: 10m, steps: [{get: /}]}]
",
    )?;
    assert_eq!(run.ending, Ending::Aborted { rule: "errors > 50% in any 1s".to_owned() });
    assert!(run.took.as_secs() < 10, "{:?}", run.took);
    assert!(verdict.cut_short && verdict.word() != Word::Passed);
    assert!(load::junit(&run, &verdict).contains("<failure message=\"the run was ended by it\"/>"));
    // Also where no other rule looks at it.
    let (_, verdict) = run_plan(
        &target,
        "
name: x
target: TARGET
abort: ['errors > 50% in any 1s']
scenarios: [{name: a, rate: 50, for: 10m, steps: [{get: /}]}]
",
    )?;
    assert!(matches!(verdict.word(), Word::Failed | Word::Invalid), "{verdict:?}");
    Ok(())
}

#[test]
fn reports_name_the_same_figures_and_no_text_becomes_markup() -> Result<()> {
    let target = Target::answering(|_| answer("200 OK", "", ""))?;
    let (run, verdict) = run_plan(
        &target,
        "
name: <script>alert(1)</script>
target: TARGET
thresholds: ['throughput > 100000/s', 'errors < 1%']
scenarios:
  - {name: a, rate: 50, for: 300ms, steps: [{name: 'x & y', get: /}]}
  - {name: b, users: 2, for: 200ms, steps: [{get: /, think: 50ms}]}
",
    )?;
    let page = load::html(&run, &verdict, &load::Beside::default());
    assert!(
        !page.contains("<script") && page.contains("&lt;script&gt;") && page.contains("x &amp; y")
    );
    assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("@import"));
    assert!(page.contains("✗ broken") && page.contains("✓ kept") && !page.contains("NaN"));
    assert!(page.len() < 100_000, "{} bytes", page.len());
    let junit = load::junit(&run, &verdict);
    assert!(
        junit.contains("tests=\"3\"")
            && junit.contains("name=\"throughput &gt; 100000/s\"><failure")
    );
    let document = load::json(&run, &verdict);
    assert_eq!(document["plan"]["model"], "mixed");
    assert_eq!(document["journeys"]["due"], 15);
    assert_eq!(document["steps"][0]["step"], "x & y");
    assert_eq!(document["steps"][0]["good"], 15);
    assert_eq!(document["verdict"]["rules"][1]["kept"], true);
    let markdown = load::markdown(&run, &verdict);
    assert!(
        markdown.contains("✗ broken: `throughput > 100000/s`") && markdown.contains("\\<script\\>")
    );
    Ok(())
}
