//! Every section of a settings file with its table, for the reference page and for tests.

mod planned;

use super::{
    alerts::{self, channel, heartbeat, receiver, window},
    objective, query, remote, resource, server, store, top,
    watch::{baselines, changes, global, host, load, receive, scrape},
};
use crate::table::{Row, Table};

/// A section as it is documented.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its heading.
    pub(crate) title: &'static str,
    /// Where it stands.
    pub(crate) stands: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
    /// A settings file in which `{}` stands for keys of this section.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests write keys into it"))]
    pub(crate) frame: &'static str,
    /// Its keys.
    pub(crate) rows: Vec<Row>,
    /// Keys that are known from elsewhere, and what to do instead.
    pub(crate) refused: &'static [(&'static str, &'static str)],
}

/// A section's words: heading, where it stands, what it is for, and its frame.
type Words = [&'static str; 4];

fn section<T>([title, stands, about, frame]: Words, table: &Table<T>) -> Section {
    Section { title, stands, about, frame, rows: table.rows(), refused: table.refused }
}

/// All sections in the order in which they are read best.
pub(crate) fn sections() -> Vec<Section> {
    let mut sections = outer();
    sections.extend(exchanged());
    sections.extend(jobs());
    sections.extend(judged());
    sections.extend(told());
    sections.extend(planned::planned());
    sections
}

/// What the server itself is told.
fn outer() -> Vec<Section> {
    vec![
        section(
            [
                "Top level",
                "",
                "What a settings file may hold. Without any file, this host is watched by the default policy.",
                "{}",
            ],
            &top::TABLE,
        ),
        section(
            ["server", "`server:`", "Where Plimsoll listens and who may ask.", "server: {{}}"],
            &server::TABLE,
        ),
        section(
            [
                "store",
                "`store:`",
                "How samples are kept. The folder they are kept in is given as `--data DIR` or `PLIMSOLL_DATA`.",
                "store: {{}}",
            ],
            &store::TABLE,
        ),
        section(
            [
                "store.downsample",
                "`store.downsample:`",
                "Each rule says how long samples of some series are kept at which resolution. A day changes once all of it is older than the age.",
                "store: {downsample: [{raw: 1d, {}}]}",
            ],
            &store::DOWNSAMPLE_TABLE,
        ),
        section(
            [
                "journal",
                "`journal:`",
                "Where facts are kept: alerts, messages, changes, and for how long. See [Two servers, one journal](../guides/two-servers.md).",
                "journal: {{}}",
            ],
            &remote::journal::TABLE,
        ),
        section(["query", "`query:`", "What one question may cost.", "query: {{}}"], &query::TABLE),
        section(
            [
                "query.remote",
                "`query.remote:`",
                "A cluster that is asked instead of the store here: Prometheus, Thanos, Mimir, VictoriaMetrics, GreptimeDB. Rules, pages and forecasts then rest on what it has. See [Outgrowing one machine](../guides/outgrowing-one-machine.md).",
                "query: {remote: {url: 'http://a', {}}}",
            ],
            &remote::query::TABLE,
        ),
        section(
            [
                "host",
                "`host:`",
                "How this machine is watched. Metrics carry the names that node_exporter gives them.",
                "host: {{}}",
            ],
            &host::TABLE,
        ),
        section(
            [
                "host.processes",
                "each of `host.processes:`",
                "Processes that are watched by name.",
                "host: {processes: [{name: a, match: b, {}}]}",
            ],
            &host::PROCESS_TABLE,
        ),
    ]
}

/// What comes from others and goes to them, and what holds for all.
fn exchanged() -> Vec<Section> {
    vec![
        section(
            ["receive", "`receive:`", "What others may send here.", "receive: {{}}"],
            &receive::TABLE,
        ),
        section(
            [
                "otlp",
                "`otlp:`",
                "How metrics that OpenTelemetry sends are named, with the keys that Prometheus gives them.",
                "otlp: {{}}",
            ],
            &receive::OTLP_TABLE,
        ),
        section(
            [
                "forward",
                "each of `forward:`",
                "Who is sent all samples that are taken in, by remote write, from a queue on disk that survives restarts here and outages there. See [Outgrowing one machine](../guides/outgrowing-one-machine.md).",
                "forward: [{url: 'http://a', {}}]",
            ],
            &remote::forward::TABLE,
        ),
        section(
            [
                "global",
                "`global:`",
                "What holds for all jobs and rules, as Prometheus has it.",
                "global: {{}}",
            ],
            &global::TABLE,
        ),
        section(
            [
                "changes",
                "`changes:`",
                "Who may tell of changes. See [Changes](../guides/changes.md).",
                "changes: {{}}",
            ],
            &changes::TABLE,
        ),
        section(
            [
                "changes.hooks",
                "each of `changes.hooks:`",
                "A web hook through which somebody tells of changes. Deliveries need no token of this server, but must be signed or bring the hook's own secret.",
                "changes: {hooks: [{name: a, from: github, secret: b, {}}]}",
            ],
            &changes::HOOK_TABLE,
        ),
        section(
            [
                "load",
                "`load:`",
                "Which load tests may be scheduled. See [Load-test a service](../guides/load-test-a-service.md#at-night-with-notice).",
                "load: {{}}",
            ],
            &load::TABLE,
        ),
    ]
}

/// What is scraped.
fn jobs() -> Vec<Section> {
    vec![
        section(
            [
                "scrape_configs",
                "each of `scrape_configs:`",
                "What is scraped, with the keys that Prometheus gives them, so that its jobs can be copied as they are.",
                "scrape_configs: [{job_name: a, {}}]",
            ],
            &scrape::TABLE,
        ),
        section(
            [
                "static_configs",
                "each of a job's `static_configs:`",
                "Targets that are written down.",
                "scrape_configs: [{job_name: a, static_configs: [{targets: [b], {}}]}]",
            ],
            &scrape::STATIC_TABLE,
        ),
        section(
            [
                "file_sd_configs",
                "each of a job's `file_sd_configs:`",
                "Targets that are listed in files.",
                "scrape_configs: [{job_name: a, file_sd_configs: [{files: [b.json], {}}]}]",
            ],
            &scrape::FILE_TABLE,
        ),
        section(
            [
                "basic_auth",
                "a job's `basic_auth:`",
                "Name and password.",
                "scrape_configs: [{job_name: a, basic_auth: {username: b, password_file: c, {}}}]",
            ],
            &scrape::BASIC_TABLE,
        ),
        section(
            [
                "authorization",
                "a job's `authorization:`",
                "A token in the `Authorization` header.",
                "scrape_configs: [{job_name: a, authorization: {credentials_file: c, {}}}]",
            ],
            &scrape::AUTHORIZATION_TABLE,
        ),
        section(
            [
                "tls_config",
                "a job's `tls_config:`",
                "How a target's certificate is checked.",
                "scrape_configs: [{job_name: a, tls_config: {{}}}]",
            ],
            &scrape::TLS_TABLE,
        ),
        section(
            [
                "relabel_configs",
                "each of a job's `relabel_configs:` and `metric_relabel_configs:`",
                "Steps that rewrite labels, as Prometheus has them.",
                "scrape_configs: [{job_name: a, relabel_configs: [{target_label: b, {}}]}]",
            ],
            &scrape::RELABEL_TABLE,
        ),
    ]
}

/// What is judged, and who is told.
fn judged() -> Vec<Section> {
    vec![
        section(
            [
                "resources",
                "each of `resources:`",
                "Anything with a limit, declared by two PromQL expressions. `policy/resources.yaml`, `policy/containers.yaml` and `policy/pools.yaml` hold the ones that ship with Plimsoll, to read and copy.",
                "resources: [{name: a, used: up, limit: up, unit: count, {}}]",
            ],
            &resource::TABLE,
        ),
        section(
            [
                "thresholds",
                "a resource's `thresholds:`",
                "Shares of the limit, rising.",
                "resources: [{name: a, used: up, limit: up, unit: count, thresholds: {{}}}]",
            ],
            &resource::LINES_TABLE,
        ),
        section(
            [
                "cache",
                "a resource's `cache:`",
                "How a cache's want of room is seen: see [plan for growth](../guides/plan-for-growth.md).",
                "resources: [{name: a, used: up, limit: up, unit: bytes, cache: {hits: up, evictions: up, {}}}]",
            ],
            &resource::cache::TABLE,
        ),
        section(
            [
                "objectives",
                "each of `objectives:`",
                "A KPI with a target, from which an error budget and its alerts follow. `policy/objectives.yaml` holds the ones that ship with Plimsoll, to read, copy and take from with `like`. See [Objectives](../guides/objectives.md).",
                "objectives: [{name: a, good: up, total: up, target: 99 %, {}}]",
            ],
            &objective::TABLE,
        ),
        section(
            [
                "baselines",
                "`baselines:`",
                "Of which series the normal band is kept, by hour of the week. See [Baselines](../guides/baselines.md).",
                "baselines: {{}}",
            ],
            &baselines::TABLE,
        ),
        section(
            [
                "baselines.watch",
                "each of `baselines.watch:`",
                "Series that have a band besides the readings of resources.",
                "baselines: {watch: [{name: a, expr: up, {}}]}",
            ],
            &baselines::WATCH_TABLE,
        ),
    ]
}

/// Who is told, and when not.
fn told() -> Vec<Section> {
    vec![
        section(
            ["alerts", "`alerts:`", "Which alerts go to whom.", "alerts: {{}}"],
            &alerts::TABLE,
        ),
        section(
            [
                "receivers",
                "each of `receivers:`",
                "Who is told of alerts.",
                "receivers: [{name: a, url: 'http://b', {}}]",
            ],
            &receiver::TABLE,
        ),
        section(
            [
                "slack",
                "a receiver's `slack:`",
                "A channel of Slack's.",
                "receivers: [{name: a, slack: {token: t, channel: c, {}}}]",
            ],
            &channel::SLACK,
        ),
        section(
            [
                "pagerduty",
                "a receiver's `pagerduty:`",
                "A service of PagerDuty's.",
                "receivers: [{name: a, pagerduty: {routing_key: k, {}}}]",
            ],
            &channel::PAGERDUTY,
        ),
        section(
            [
                "email",
                "a receiver's `email:`",
                "People who are told by mail.",
                "receivers: [{name: a, email: {server: s, from: a@b, to: [c@d], {}}}]",
            ],
            &channel::EMAIL,
        ),
        section(
            [
                "windows",
                "each of `alerts:` `windows:`",
                "Times that come again and again in which some alerts are quiet.",
                "alerts: {windows: [{name: a, matchers: ['b=c'], reason: d, from: '01:00', to: '02:00', {}}]}",
            ],
            &window::TABLE,
        ),
        section(
            [
                "heartbeats",
                "each of `alerts:` `heartbeats:`",
                "Who is to be heard of at `POST /heartbeat/NAME`.",
                "alerts: {heartbeats: [{name: a, {}}]}",
            ],
            &heartbeat::IN_TABLE,
        ),
        section(
            [
                "heartbeat_to",
                "each of `alerts:` `heartbeat_to:`",
                "Who is told that all is well here.",
                "alerts: {heartbeat_to: [{url: 'http://b', {}}]}",
            ],
            &heartbeat::OUT_TABLE,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, table::Otherwise};

    fn read(frame: &str, keys: &str) -> Result<Settings, String> {
        let text = frame.replacen("{}", keys, 1);
        Settings::parse("a.yaml", &text, &|_| Ok(())).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn a_default_that_is_written_changes_nothing() {
        for section in sections() {
            let plain = read(section.frame, "").unwrap();
            for row in &section.rows {
                let Otherwise::Is(value) = row.otherwise else { continue };
                let written = read(section.frame, &format!("{}: {value}", row.name));
                assert!(
                    written.as_ref() == Ok(&plain),
                    "{} {}: {:?}",
                    section.title,
                    row.name,
                    written.err()
                );
            }
        }
    }

    #[test]
    fn every_key_that_is_refused_says_what_to_do_instead() {
        for section in sections() {
            for (name, help) in section.refused {
                let message = read(section.frame, &format!("{name}: x")).unwrap_err();
                assert!(message.contains(&format!("`{name}` is not supported")), "{message}");
                assert!(message.contains(help) && message.ends_with("1 mistake"), "{message}");
            }
        }
    }

    #[test]
    fn an_empty_value_counts_as_not_written_unless_it_is_needed() {
        for section in sections() {
            let plain = read(section.frame, "").unwrap();
            for row in section.rows.iter().filter(|row| row.otherwise != Otherwise::Needed) {
                // `target_label` stands in the frame already.
                if section.frame.contains(&format!("{}:", row.name)) {
                    continue;
                }
                let written = read(section.frame, &format!("{}: ~", row.name));
                assert!(
                    written.as_ref() == Ok(&plain),
                    "{} {}: {:?}",
                    section.title,
                    row.name,
                    written.err()
                );
            }
        }
    }
}
