//! What people read when a file is wrong.

use settings::Settings;

fn check(text: &str) -> Result<(), String> {
    if text.ends_with('(') { Err("the parenthesis is never closed".to_owned()) } else { Ok(()) }
}

fn mistakes(text: &str) -> String {
    Settings::parse("plimsoll.yaml", text, &check).unwrap_err().to_string()
}

#[test]
fn a_tab_is_shown_where_it_stands() {
    insta::assert_snapshot!(mistakes("server:\n\tlisten: 127.0.0.1:7546\n"));
}

#[test]
fn an_unclosed_quote_is_shown_where_it_opens() {
    insta::assert_snapshot!(mistakes("rule_files:\n  - \"rules/*.yaml\nlisten: 127.0.0.1:1\n"));
}

#[test]
fn an_unknown_key_comes_with_the_one_that_was_meant() {
    insta::assert_snapshot!(mistakes("lisetn: 127.0.0.1:7546\nhost:\n  colour: blue\n"));
}

#[test]
fn wrong_values_come_with_an_example_of_right_ones() {
    insta::assert_snapshot!(mistakes(
        "\
global:
  scrape_interval: 15
store:
  retention: forever
  series_max: many
  label_bytes_max: 2 XiB
host:
  enabled: yes
  mounts_exclude: '^(/dev'
query:
  timeout: 3h
  concurrency: [20]
policy: defualt
"
    ));
}

#[test]
fn two_mistakes_are_told_at_once() {
    insta::assert_snapshot!(mistakes(
        "listen: 7546\nscrape_configs:\n  - static_configs:\n      - targets: [http://db-1:9100/metrics]\n"
    ));
}

#[test]
fn thresholds_out_of_order_are_marked_both() {
    insta::assert_snapshot!(mistakes(
        "\
resources:
  - name: licences
    used: licences_taken
    limit: sum(
    unit: pieces
    thresholds:
      notice: 70 %
      warning: 75
      alert: 90 %
      critical: 0.85
"
    ));
}

#[test]
fn names_that_come_twice_are_marked_both() {
    insta::assert_snapshot!(mistakes(
        "\
scrape_configs:
  - job_name: node
  - job_name: node
receivers:
  - {name: a, url: http://relay/a}
  - {name: a, url: relay/a, url: b}
"
    ));
}

#[test]
fn what_prometheus_has_and_we_do_not_comes_with_what_to_do_instead() {
    insta::assert_snapshot!(mistakes(
        "\
alerting:
  alertmanagers: []
remote_write:
  - url: http://cluster/api/v1/write
scrape_configs:
  - job_name: pods
    kubernetes_sd_configs:
      - role: pod
    relabel_configs:
      - {action: dance, target_label: a}
      - {action: hashmod, source_labels: [a]}
"
    ));
}

#[test]
fn what_cannot_be_an_address_of_a_cluster_comes_with_what_can() {
    insta::assert_snapshot!(mistakes(
        "\
query:
  remote:
    url: http://mimir/prometheus/api/v1
    tenant: two words
    params: {query: up}
    basic_auth: {username: a, password_file: b}
    bearer_token_file: c
    timeout: 10s
"
    ));
    insta::assert_snapshot!(mistakes("query: {remote: {url: 'http://me:secret@mimir'}}"));
    insta::assert_snapshot!(mistakes("query: {remote: {url: 'http://mimir?dedup=true'}}"));
    insta::assert_snapshot!(mistakes("query: {remote: {tenant: a}}\nremote_read: []"));
}

#[test]
fn a_time_out_longer_than_its_interval_is_marked_with_it() {
    insta::assert_snapshot!(mistakes(
        "scrape_configs:\n  - job_name: slow\n    scrape_interval: 10s\n    scrape_timeout: 30s\n"
    ));
}

#[test]
fn an_address_that_others_can_reach_needs_a_token() {
    insta::assert_snapshot!(mistakes("server:\n  listen: 0.0.0.0:7546\n"));
}

#[test]
fn of_very_many_mistakes_a_hundred_are_shown() {
    let lines: Vec<String> = (0..300).map(|number| format!("zzzzz{number}: 1")).collect();
    let text = lines.join("\n");
    let mistakes = Settings::parse("a.yaml", &text, &check).unwrap_err();
    assert_eq!(mistakes.len(), 300);
    assert!(mistakes.to_string().ends_with("300 mistakes, of which 100 are shown"));
}

#[test]
fn colours_are_used_only_when_asked_for() {
    let mistakes = Settings::parse("a.yaml", "a: 1\n", &check).unwrap_err();
    assert!(mistakes.render(true).contains('\u{1b}'));
    assert!(!mistakes.render(false).contains('\u{1b}'));
}

#[test]
fn letters_that_could_move_a_terminals_cursor_are_shown_harmless() {
    let mistakes = Settings::parse("a\u{1b}[2J.yaml", "\"a\\e[2J\": 1\n", &check).unwrap_err();
    assert!(!mistakes.render(false).contains('\u{1b}'));
}

#[test]
fn a_value_as_long_as_a_file_does_not_make_the_message_so() {
    let text = format!("listen: {}\n", "x".repeat(100_000));
    assert!(mistakes(&text).len() < 3000);
}

#[test]
fn a_receiver_of_samples_that_cannot_be_sent_to_is_told_in_full() {
    insta::assert_snapshot!(mistakes(
        "\
forward:
  - {url: 'http://mimir/push', queue_config: {max_shards: 3}}
  - {url: 'http://mimir/write', protocol: 3}
  - {url: 'http://me:secret@mimir/write', name: ../up}
  - {name: away, http_headers: {Content-Type: text/plain}, queue_bytes_max: 1MiB}
"
    ));
}

#[test]
fn mistakes_in_rules_are_told_with_a_way_out() {
    let check = |text: &str| match text {
        "up" | "last_over_time(up[1m])" | "rate(up[5m])" => Ok(()),
        _ => Err("a range is given twice".to_owned()),
    };
    for (rule, told) in [
        ("{match: 'rate(up[5m])', raw: 1d}", "`match` is not a series selector"),
        ("{match: up, raw: 10d, m5: 5d}", "`m5` is over when `raw` is"),
        ("{raw: 10d, h1: 500d}", "samples are kept for 400d only"),
        ("{m5: 5d}", "`raw`"),
        ("{raw: 1h}", "out of range"),
    ] {
        let text = format!("store: {{downsample: [{rule}]}}");
        let message = Settings::parse("a.yaml", &text, &check).unwrap_err().to_string();
        assert!(message.contains(told), "{rule}: {message}");
    }
}

#[test]
fn lines_with_mistakes_are_shown_without_their_secrets() {
    let shown = mistakes(
        "\
server: {listen: nowhere, token: hunter2-server}
query: {remote: {url: 'http://me:hunter2@mimir', bearer_token: hunter2}}
forward:
  - {url: http://mimir/push, http_headers: {Bad Name: hunter2}, timeout: soon}
  - {url: 'ftp://me:hunter2@mimir/push'}
receivers:
  - {name: a, url: http://relay/a, token: hunter2, colour: blue}
scrape_configs:
  - job_name: node
    basic_auth: {username: me, pasword: hunter2}
  - job_name: other
    basic_auth: me:hunter2
  - job_name: third
    authorization:
      type: basic
      credentials: {a: hunter2}
",
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!shown.contains("//me"), "{shown}");
    for line in [
        "1 | server: {listen: nowhere, token: **************}",
        "`soon` is not a duration",
        "10 |     basic_auth: {username: me, pasword: *******}",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    // Nor is what is no YAML.
    let shown = mistakes("server:\n  token: \"hunter2\nlisten: 127.0.0.1:1\n");
    assert!(shown.contains("never closed") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_mail_server_is_named_without_its_port() {
    let of = |server: &str| {
        format!(
            "receivers: [{{name: desk, email: {{server: '{server}', from: a@b.example, to: [c@d.example]}}}}]\n"
        )
    };
    let told = mistakes(&of("smtp.example.org:25"));
    assert!(told.contains("this is no name of a mail server"), "{told}");
    assert!(told.contains("the port has a key of its own, `port`"), "{told}");
    for right in ["smtp.example.org", "192.0.2.7", "2001:db8::7"] {
        assert!(Settings::parse("plimsoll.yaml", &of(right), &check).is_ok(), "{right}");
    }
}
