//! Settings as the rooms want them.

use collect::{
    host::{HostExclusions, HostOptions, ProcessWatch},
    net::TlsOptions,
    remote_write::Protocol,
    scrape::{
        Auth, Credential, Honor, ScrapeJob, ScrapeLimits, TargetGroup,
        relabel::{RelabelAction, RelabelError, RelabelRule, RelabelSpec},
    },
};
use detect::baselines::{RESOURCES, Watch, Watched, Zone, ZoneError};
use forward::{QueueOptions, SendLimits, Syncing};
use model::{Labels, Secret};
use query::{EngineOptions, QueryError, RemoteOptions};
use reqwest::Client;
use settings::{
    Authorization, Document, ForwardProtocol, HostSettings, Node, QuerySettings, RemoteQuery,
    SecretSource, Settings, StoreSettings, Sync, TlsSettings,
};
use store::{KeepRule, StoreLimits, StoreOptions, SyncPolicy};

use crate::{
    jobs::Outgoing,
    state::{ClusterOptions, history::RESOURCE_USED},
};

/// Names the tenant to Mimir, Cortex and Loki.
const TENANT_HEADER: &str = "X-Scope-OrgID";

fn count(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// How the store keeps samples.
pub(crate) fn store_options(settings: &StoreSettings) -> StoreOptions {
    let limits = StoreLimits {
        series_max: count(settings.series_max),
        series_bytes_max: count(settings.series_memory),
        new_series_per_source: settings.new_series_per_source,
        labels_per_series_max: count(settings.labels_per_series_max),
        label_bytes_max: count(settings.label_bytes_max),
        ..StoreLimits::default()
    };
    let sync = match settings.sync {
        Sync::Interval(span) => SyncPolicy::Interval(span),
        Sync::Always => SyncPolicy::Always,
    };
    StoreOptions {
        retention: settings.retention,
        retention_bytes: settings.retention_size,
        sync,
        limits,
        ..StoreOptions::default()
    }
}

/// Of which series the normal band is kept; nothing is known of any yet.
pub(crate) fn watches(settings: &Settings) -> Result<Vec<Watch>, ZoneError> {
    let own = &settings.baselines;
    let mut watches = Vec::new();
    if own.resources && !settings.resources.is_empty() {
        watches.push(Watch::new(Watched {
            name: RESOURCES.to_owned(),
            expr: RESOURCE_USED.to_owned(),
            labels: Vec::new(),
            zone: Zone::named(&own.zone)?,
            width: own.width,
            series_max: count(own.series_max),
        }));
    }
    for watched in &own.watch {
        watches.push(Watch::new(Watched {
            name: watched.name.clone(),
            expr: watched.expr.clone(),
            labels: watched.labels.clone(),
            zone: Zone::named(&watched.zone)?,
            width: watched.width,
            series_max: count(watched.series_max),
        }));
    }
    Ok(watches)
}

/// How samples are down-sampled as they grow old.
pub(crate) fn keep_rules(settings: &StoreSettings) -> Result<Vec<KeepRule>, QueryError> {
    let rule = |own: &settings::Downsample| {
        let matchers = own.selector.as_deref().map(query::parse_selector).transpose()?;
        Ok(KeepRule {
            matchers: matchers.unwrap_or_default(),
            raw: own.raw,
            five_minutes: own.m5,
            hour: own.h1,
        })
    };
    settings.downsample.iter().map(rule).collect()
}

/// Expressions of rules that are read once though they are asked at every evaluation.
const EXPRESSIONS_KEPT: usize = 20_000;

/// What queries may cost.
pub(crate) fn engine_options(settings: &QuerySettings) -> EngineOptions {
    EngineOptions {
        expressions_kept: EXPRESSIONS_KEPT,
        lookback: settings.lookback,
        points_max: count(settings.points_max),
        samples_max: count(settings.samples_max),
        reuse_bytes: count(settings.reuse_bytes),
        ..EngineOptions::default()
    }
}

/// How a cluster is asked.
pub(crate) fn remote_options(settings: &QuerySettings, remote: &RemoteQuery) -> RemoteOptions {
    RemoteOptions {
        url: remote.url.clone(),
        timeout: settings.timeout,
        lookback: settings.lookback,
        points_max: count(settings.points_max),
        params: remote.params.clone(),
    }
}

/// How a cluster is reached, and whom to trust on the way.
pub(crate) fn cluster_options(
    remote: &RemoteQuery,
) -> std::io::Result<(ClusterOptions, TlsOptions)> {
    let mut headers = headers(&remote.authorization, &remote.headers)?;
    let tenant = remote.tenant.clone();
    headers.extend(tenant.map(|tenant| (TENANT_HEADER.to_owned(), tenant)));
    let auth = auth(&remote.authorization);
    Ok((ClusterOptions { url: remote.url.clone(), auth, headers }, tls(&remote.tls)))
}

/// How this host is read.
pub(crate) fn host_options(settings: &HostSettings, host: &str) -> HostOptions {
    let labels = Labels::from_pairs([("job", crate::HOST_JOB), ("instance", host)]);
    let processes = settings
        .processes
        .iter()
        .map(|watch| ProcessWatch {
            name: watch.name.clone(),
            pattern: watch.pattern.regex().clone(),
        })
        .collect();
    let exclude = HostExclusions {
        mount_points: settings.mounts_exclude.regex().clone(),
        fs_types: settings.file_systems_exclude.regex().clone(),
        disks: settings.disks_exclude.regex().clone(),
        interfaces: Some(settings.interfaces_exclude.regex().clone()),
    };
    HostOptions { root: settings.root.clone(), processes, exclude, ..HostOptions::new(labels) }
}

/// Why a scrape job cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A relabelling step is wrong.
    #[error("a relabelling step is wrong")]
    Relabel(#[from] RelabelError),
    /// Its token cannot be read.
    #[error("its token cannot be read")]
    Token(#[source] std::io::Error),
}

/// A scrape job.
pub(crate) fn scrape_job(settings: &settings::ScrapeJob) -> Result<ScrapeJob, JobError> {
    let mut params = Vec::new();
    for (name, values) in &settings.params {
        params.extend(values.iter().map(|value| (name.clone(), value.clone())));
    }
    let limits = ScrapeLimits {
        samples: count(settings.limits.samples_max),
        labels: count(settings.limits.labels_max),
        label_name_bytes: count(settings.limits.label_name_bytes_max),
        label_value_bytes: count(settings.limits.label_value_bytes_max),
        body_bytes: count(settings.limits.body_bytes_max),
    };
    let groups = settings
        .targets
        .iter()
        .map(|group| TargetGroup { targets: group.targets.clone(), labels: group.labels.clone() });
    Ok(ScrapeJob {
        interval: settings.interval,
        timeout: settings.timeout,
        metrics_path: settings.metrics_path.clone(),
        scheme: settings.scheme.word().to_owned(),
        params,
        honor: Honor { labels: settings.honor_labels, timestamps: settings.honor_timestamps },
        limits,
        auth: auth(&settings.authorization),
        follow_redirects: settings.follow_redirects,
        headers: headers(&settings.authorization, &settings.headers).map_err(JobError::Token)?,
        tls: tls(&settings.tls),
        groups: groups.collect(),
        files: settings.files.clone(),
        refresh: settings.refresh,
        relabel: settings.relabel.iter().map(relabel).collect::<Result<_, _>>()?,
        metric_relabel: settings.metric_relabel.iter().map(relabel).collect::<Result<_, _>>()?,
        ..ScrapeJob::new(settings.name.as_str())
    })
}

fn auth(authorization: &Authorization) -> Auth {
    match authorization {
        Authorization::Basic { username, password } => {
            Auth::Basic { username: username.clone(), password: credential(password) }
        }
        Authorization::Token { scheme, token } if is_bearer(scheme) => {
            Auth::Bearer(credential(token))
        }
        Authorization::None | Authorization::Token { .. } => Auth::None,
    }
}

fn is_bearer(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("bearer")
}

/// Whom we trust.
pub(crate) fn tls(settings: &TlsSettings) -> TlsOptions {
    TlsOptions {
        authorities: settings.ca_file.clone(),
        insecure_skip_verify: settings.insecure_skip_verify,
    }
}

/// The headers that are written down, and that of a scheme other than `Bearer`, its token read now.
fn headers(
    authorization: &Authorization,
    written: &[(String, Secret)],
) -> std::io::Result<Vec<(String, Secret)>> {
    let mut headers = written.to_vec();
    if let Authorization::Token { scheme, token } = authorization
        && !is_bearer(scheme)
    {
        let token = token.read()?;
        let value = Secret::new(format!("{scheme} {}", token.reveal()));
        headers.push(("Authorization".to_owned(), value));
    }
    Ok(headers)
}

fn credential(source: &SecretSource) -> Credential {
    match source {
        SecretSource::Written(secret) => Credential::Text(secret.clone()),
        SecretSource::File(path) => Credential::File(path.clone()),
    }
}

fn relabel(settings: &settings::Relabel) -> Result<RelabelRule, RelabelError> {
    use settings::RelabelAction as Written;
    let action = match settings.action {
        Written::Replace => RelabelAction::Replace,
        Written::Keep => RelabelAction::Keep,
        Written::Drop => RelabelAction::Drop,
        Written::KeepEqual => RelabelAction::KeepEqual,
        Written::DropEqual => RelabelAction::DropEqual,
        Written::HashMod => RelabelAction::HashMod,
        Written::LabelMap => RelabelAction::LabelMap,
        Written::LabelDrop => RelabelAction::LabelDrop,
        Written::LabelKeep => RelabelAction::LabelKeep,
        Written::Lowercase => RelabelAction::Lowercase,
        Written::Uppercase => RelabelAction::Uppercase,
    };
    RelabelRule::new(RelabelSpec {
        source_labels: settings.source_labels.clone(),
        separator: settings.separator.clone(),
        regex: settings.regex.text().to_owned(),
        modulus: settings.modulus,
        target_label: settings.target_label.clone(),
        replacement: settings.replacement.clone(),
        action,
    })
}

/// Somebody who is sent samples by this client.
pub(crate) fn forward(
    own: &settings::Forward,
    settings: &Settings,
    client: Client,
) -> Result<Outgoing, JobError> {
    let mut headers = headers(&own.authorization, &own.headers).map_err(JobError::Token)?;
    headers.extend(own.tenant.clone().map(|tenant| (TENANT_HEADER.to_owned(), tenant)));
    let limits = SendLimits {
        samples_per_request: count(own.samples_per_request),
        shards_max: count(own.connections_max),
        timeout: own.timeout,
        ..SendLimits::default()
    };
    let protocol = match own.protocol {
        ForwardProtocol::V1 => Protocol::V1,
        ForwardProtocol::V2 => Protocol::V2,
    };
    Ok(Outgoing {
        name: own.name.clone(),
        receiver: forward::Receiver {
            url: own.url.clone(),
            protocol,
            auth: auth(&own.authorization),
            headers,
            limits,
        },
        client,
        queue: QueueOptions {
            bytes_max: own.queue_bytes_max,
            age_max: own.queue_age_max,
            syncing: match settings.store.sync {
                Sync::Interval(_) => Syncing::Tended,
                Sync::Always => Syncing::Always,
            },
        },
        labels: settings.external_labels.clone(),
        relabel: own.relabel.iter().map(relabel).collect::<Result<_, _>>()?,
    })
}

/// A YAML text as JSON, for discovery files. Every scalar becomes a text.
pub(crate) fn yaml_to_json(text: &str) -> Result<serde_json::Value, String> {
    let document = Document::parse("file", text).map_err(|mistakes| mistakes.render(false))?;
    Ok(node_to_json(document.root()))
}

fn node_to_json(node: Node<'_>) -> serde_json::Value {
    if let Some(entries) = node.entries() {
        return entries.map(|entry| (entry.key.to_owned(), node_to_json(entry.node))).collect();
    }
    if let Some(items) = node.items() {
        return items.map(node_to_json).collect();
    }
    node.scalar().map_or(serde_json::Value::Null, serde_json::Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_redirections_are_followed_is_as_it_is_written() {
        for (written, follows) in [("", true), ("    follow_redirects: false\n", false)] {
            let text = format!("scrape_configs:\n  - job_name: node\n{written}");
            let settings = Settings::parse("test.yaml", &text, &|_| Ok(())).unwrap();
            assert_eq!(scrape_job(&settings.scrape[0]).unwrap().follow_redirects, follows);
        }
    }
}
