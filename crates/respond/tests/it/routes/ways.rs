//! How receivers of Alertmanager's configuration are told.

use std::path::Path;

use respond::{
    MailTls, Via,
    routing::{Alertmanager, read_alertmanager},
};

fn read(text: &str) -> Alertmanager {
    read_alertmanager("a.yml", text, Path::new("/etc/alertmanager")).unwrap()
}

fn via<'a>(file: &'a Alertmanager, name: &str) -> &'a Via {
    let receiver = file.receivers.iter().find(|own| own.name == name).unwrap();
    &receiver.ways.first().unwrap_or_else(|| panic!("{name}: {:?}", receiver.left_out)).via
}

const MAIL: &str = "
global:
  smtp_smarthost: 'mail.example.org:587'
  smtp_from: 'Alerts <alerts@example.org>'
  smtp_auth_username: plimsoll
  smtp_auth_password_file: smtp.password
  smtp_auth_identity: someone
route: {receiver: team}
receivers:
- name: team
  email_configs:
  - to: 'ops@example.org, Ada <ada@example.org>'
    send_resolved: true
    html: '<b>no</b>'
- name: inside
  email_configs:
  - {to: a@example.org, smarthost: 'relay:25', require_tls: false, hello: us.example.org, auth_username: '', from: b@example.org}
- name: secret
  email_configs:
  - to: a@example.org
    smarthost: '[::1]:465'
    auth_password: hunter2
    tls_config: {ca_file: ca.pem, insecure_skip_verify: true}
- name: changing
  email_configs: [{to: '{{ .CommonLabels.owner }}@example.org'}]
";

#[test]
fn mail_is_sent_as_alertmanagers_file_says() {
    let file = read(MAIL);
    let Via::Mail(team) = via(&file, "team") else { panic!("mail") };
    assert_eq!(
        (team.host.as_str(), team.port, team.tls),
        ("mail.example.org", 587, MailTls::StartTls)
    );
    assert_eq!(team.to, ["ops@example.org", "Ada <ada@example.org>"]);
    let (user, password) = team.login.clone().unwrap();
    assert_eq!(user, "plimsoll");
    assert!(format!("{password:?}").contains("/etc/alertmanager/smtp.password"), "{password:?}");
    assert!(file.receivers[0].ways[0].send_resolved && !file.receivers[1].ways[0].send_resolved);
    let Via::Mail(inside) = via(&file, "inside") else { panic!("mail") };
    assert_eq!((inside.tls, inside.hello.as_deref()), (MailTls::IfOffered, Some("us.example.org")));
    assert_eq!(inside.from, "b@example.org");
    let Via::Mail(secret) = via(&file, "secret") else { panic!("mail") };
    assert_eq!((secret.host.as_str(), secret.tls), ("::1", MailTls::Implicit));
    assert_eq!(secret.ca_file.as_deref(), Some(Path::new("/etc/alertmanager/ca.pem")));
    // Each alert would be for somebody else.
    assert_eq!(file.receivers[3].left_out, ["email_configs"]);
    let notes: Vec<_> = file.notes.iter().map(|own| (own.line, own.what.as_str())).collect();
    assert_eq!(
        notes,
        [
            (7, "global: smtp_auth_identity"),
            (14, "email_configs: html"),
            (23, "tls_config: insecure_skip_verify"),
            (25, "email_configs"),
        ]
    );
}

#[test]
fn mail_that_can_be_sent_nowhere_is_a_mistake_and_no_secret_is_shown() {
    let text = "
route: {receiver: a}
receivers:
- name: a
  email_configs: [{to: a@example.org, auth_password: hunter2}]
- name: b
  email_configs: [{to: a@example.org, smarthost: mail, from: x@example.org, auth_password: hunter2}]
- name: c
  email_configs: [{to: nobody, smarthost: 'mail:25', from: x@example.org}]
- name: d
  slack_configs: [{api_url: hooks.slack.com/services/T0/B0/s3cr3t, channel: '#a'}]
- name: e
  webhook_configs: [{url: 'https://hooks.example.org/s3cr3ts3cr3ts3cr3t', urll: x}]
- {name: e}
";
    let mistakes = read_alertmanager("a.yml", text, Path::new("")).unwrap_err();
    let shown = mistakes.render(false);
    for said in
        ["needs `smarthost`", "`mail` is no `host:port`", "`to` is no list", "no web address"]
    {
        assert!(shown.replace("not a web", "no web").contains(said), "{said}: {shown}");
    }
    for secret in ["hunter2", "s3cr3t"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn slack_is_told_by_a_bot_where_there_is_a_token() {
    let file = read(
        "
global:
  slack_app_token_file: slack.token
route: {receiver: bot}
receivers:
- name: bot
  slack_configs: [{channel: '#alerts', send_resolved: true, update_message: true}]
- name: own
  slack_configs: [{app_token: xoxb-1, channel: C0123456789, app_url: 'https://relay.example/api/chat.postMessage'}]
- name: hook
  slack_configs: [{api_url: 'https://hooks.slack.com/services/T0/B0/x', channel: '#b'}]
- name: old
  slack_configs:
  - api_url: https://slack.com/api/chat.postMessage
    channel: '#c'
    http_config: {authorization: {credentials: xoxb-2}}
- name: nowhere
  slack_configs: [{app_token: xoxb-3}]
",
    );
    let shown = |name| format!("{:?}", via(&file, name));
    assert!(shown("bot").starts_with("SlackApi") && shown("bot").contains("slack.token"));
    assert!(shown("own").contains("\"https://relay.example/api\""), "{}", shown("own"));
    assert!(shown("hook").starts_with("Slack {"), "{}", shown("hook"));
    assert!(
        shown("old").starts_with("SlackApi") && shown("old").contains("https://slack.com/api\"")
    );
    assert_eq!(file.receivers[4].left_out, ["slack_configs"]);
    assert!(["own", "old"].iter().all(|name| !shown(name).contains("xoxb")));
    assert_eq!(file.notes.len(), 1, "{:?}", file.notes);
}
