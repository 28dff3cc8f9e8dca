//! Settings that are right mean what they say.

use std::fs;

use model::{Labels, Level, Nature, Span, Unit};
use settings::{
    Authorization, ForwardProtocol, RelabelAction, Scheme, SecretSource, Settings, Sync,
    read_secret,
};

fn read(text: &str) -> Settings {
    match Settings::parse("plimsoll.yaml", text, &|_| Ok(())) {
        Ok(settings) => settings,
        Err(mistakes) => panic!("{mistakes}"),
    }
}

#[test]
fn nothing_written_watches_this_host_with_the_default_policy() {
    let settings = Settings::default_for_host();
    assert_eq!(settings, read("# nothing\n"));
    assert!(settings.host.enabled && settings.policy);
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:7546");
    assert!(settings.resources.iter().any(|resource| resource.name == "disk"));
}

#[test]
fn a_job_of_prometheus_reads_as_it_is() {
    let settings = read(
        "\
global:
  scrape_interval: 30s
  scrape_timeout: 20s
  evaluation_interval: 1m
  external_labels: {region: eu, replica: 1}
scrape_configs:
  - job_name: node
    scheme: https
    metrics_path: /probe
    params: {module: [http_2xx], target: ['a', 'b']}
    honor_labels: true
    sample_limit: 0
    label_limit: 30
    body_size_limit: 10MB
    basic_auth: {username: u, password: p}
    tls_config: {ca_file: ca.pem}
    http_headers: {X-Scope-OrgID: tenant-1, X-Two: {values: [a], secrets: [b]}}
    static_configs:
      - targets: ['db-1:9100', db-2]
        labels: {zone: a}
    file_sd_configs:
      - files: [targets/*.json]
        refresh_interval: 1m
    relabel_configs:
      - source_labels: [__address__]
        regex: '(.+):\\d+'
        target_label: host
      - {action: labeldrop, regex: tmp_.*}
  - job_name: quick
    scrape_interval: 5s
    bearer_token_file: token
",
    );
    let job = &settings.scrape[0];
    assert_eq!((job.name.as_str(), job.scheme), ("node", Scheme::Https));
    assert_eq!((job.interval, job.timeout), (Span::secs(30), Span::secs(20)));
    assert_eq!(job.params[1].1, ["a", "b"]);
    assert_eq!((job.limits.samples_max, job.limits.labels_max), (500_000, 30));
    assert_eq!(job.limits.body_bytes_max, 10 << 20);
    assert!(matches!(&job.authorization, Authorization::Basic { username, .. } if username == "u"));
    assert_eq!(job.headers.len(), 3);
    assert_eq!(job.targets[0].labels, Labels::from_pairs([("zone", "a")]));
    assert_eq!((job.files.len(), job.refresh), (1, Span::minutes(1)));
    assert!(job.relabel[0].regex.matches("db-1:9100") && !job.relabel[0].regex.matches("db-1:"));
    assert_eq!(job.relabel[1].action, RelabelAction::LabelDrop);
    let quick = &settings.scrape[1];
    assert_eq!((quick.interval, quick.timeout), (Span::secs(5), Span::secs(5)));
    let file = SecretSource::File("token".into());
    let bearer = Authorization::Token { scheme: "Bearer".into(), token: file };
    assert_eq!(quick.authorization, bearer);
    assert_eq!(settings.evaluation_interval, Span::minutes(1));
    assert_eq!(settings.external_labels.get("replica"), Some("1"));
}

#[test]
fn a_resource_of_ones_own_takes_the_place_of_the_policys() {
    let settings = read(
        "\
resources:
  - name: disk
    title: Disk
    used: disk_used
    limit: |
      disk_size
    unit: bytes
    nature: stock
    thresholds: {notice: 50 %, warning: 60%, alert: 0.7, critical: 80 %}
",
    );
    let disks: Vec<_> = settings.resources.iter().filter(|one| one.name == "disk").collect();
    assert_eq!(disks.len(), 1);
    assert_eq!((disks[0].limit.as_str(), disks[0].unit), ("disk_size", Unit::Bytes));
    assert_eq!((disks[0].nature, disks[0].lead_time), (Nature::Stock, Span::days(14)));
    assert_eq!(disks[0].thresholds.level(0.65), Some(Level::Warning));
    assert!(settings.resources.iter().any(|one| one.name == "cpu"));
    let alone = read("policy: none\nresources: []\n");
    assert!(alone.resources.is_empty() && !alone.policy);
}

#[test]
fn each_section_reads_its_own_keys() {
    let settings = read(
        "\
server:
  listen: '[::1]:80'
store: {sync: always, retention: 2y}
query: {points_max: 20_000}
host:
  processes:
    - {name: postgres, match: ^postgres}
receive: {remote_write: false}
receivers:
  - {name: ops, url: 'https://relay/x', token: secret, group_by: [alertname, instance]}
",
    );
    assert_eq!(settings.server.listen.to_string(), "[::1]:80");
    assert_eq!((settings.store.sync, settings.store.retention), (Sync::Always, Span::days(730)));
    assert_eq!(settings.query.points_max, 20_000);
    assert!(settings.host.processes[0].pattern.matches("postgres: walwriter"));
    assert!(!settings.remote_write.enabled);
    assert_eq!(settings.receivers[0].group_by, ["alertname", "instance"]);
    assert!(!format!("{settings:?}").contains("secret"));
}

#[test]
fn files_are_relative_to_the_settings_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plimsoll.yaml");
    fs::write(folder.path().join("token"), "s3cret\n").unwrap();
    fs::write(&path, "server: {listen: '0.0.0.0:1', token_file: token}\n").unwrap();
    let settings = Settings::load(&path, &|_| Ok(())).unwrap();
    assert_eq!(settings.base, folder.path());
    assert!(settings.server.needs_token() && settings.server.has_token());
    let secret = read_secret(settings.server.token_file.as_deref().unwrap()).unwrap();
    assert_eq!(secret.reveal(), "s3cret");
}

#[test]
fn a_cluster_is_told_how_to_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plimsoll.yaml");
    fs::write(
        &path,
        "\
query:
  remote:
    url: https://mimir.example/prometheus/
    tenant: team-a
    params: {dedup: 'true'}
    bearer_token_file: token
    http_headers: {X-Extra: hidden}
    tls_config: {ca_file: ca.pem}
",
    )
    .unwrap();
    let settings = Settings::load(&path, &|_| Ok(())).unwrap();
    let remote = settings.query.remote.clone().unwrap();
    assert_eq!(remote.url, "https://mimir.example/prometheus");
    assert_eq!(remote.tenant.unwrap().reveal(), "team-a");
    assert_eq!(remote.params, [("dedup".to_owned(), "true".to_owned())]);
    let token = SecretSource::File(folder.path().join("token"));
    assert_eq!(remote.authorization, Authorization::Token { scheme: "Bearer".to_owned(), token });
    assert_eq!(remote.headers[0].1.reveal(), "hidden");
    assert_eq!(remote.tls.ca_file.unwrap(), folder.path().join("ca.pem"));
    assert!(!format!("{:?}", settings.query).contains("hidden"));
    assert_eq!(read("query: {timeout: 1m}").query.remote, None);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plimsoll.yaml");
    let missing = Settings::load(&path, &|_| Ok(())).unwrap_err().to_string();
    assert!(missing.contains("plimsoll.yaml") && missing.contains("No such file"), "{missing}");
    fs::write(&path, b"listen: 127.0.0.1:1\nb: \xff\n").unwrap();
    let binary = Settings::load(&path, &|_| Ok(())).unwrap_err().to_string();
    assert!(binary.contains("line 2 is not UTF-8 text"), "{binary}");
    fs::write(&path, vec![b'#'; (4 << 20) + 1]).unwrap();
    let large = Settings::load(&path, &|_| Ok(())).unwrap_err().to_string();
    assert!(large.contains("more than 4194304 bytes"), "{large}");
}

#[test]
fn receivers_of_samples_are_called_by_their_host_unless_they_have_a_name() {
    let settings = read(
        "\
global: {external_labels: {site: north}}
forward:
  - url: http://mimir:8080/api/v1/push
    protocol: 2.0
    tenant: north
    http_headers: {X-Extra: yes}
    write_relabel_configs: [{source_labels: [__name__], regex: go_.*, action: drop}]
    queue_bytes_max: 512MiB
  - {url: 'https://[::1]/api/v1/write', name: near, bearer_token_file: token}
",
    );
    let [far, near] = &settings.forward[..] else { panic!("two receivers") };
    assert_eq!((far.name.as_str(), far.protocol), ("mimir-8080", ForwardProtocol::V2));
    assert_eq!((far.relabel.len(), far.queue_bytes_max, far.headers.len()), (1, 512 << 20, 1));
    assert_eq!(far.tenant.as_ref().unwrap().reveal(), "north");
    assert_eq!((near.name.as_str(), near.protocol), ("near", ForwardProtocol::V1));
    assert!(matches!(near.authorization, Authorization::Token { .. }));
    assert_eq!(near.queue_age_max, Span::days(3));
}
