//! Finds targets: those the settings name, and those in files that other programs write.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use model::{Labels, Span};
use reqwest::Url;
use serde_json::Value;

use super::{ScrapeJob, Target, TargetGroup, files::look_for, relabel::relabel};

/// Turns the text of a YAML file into a value, or says what is wrong with it.
pub type YamlParser<'y> = dyn Fn(&str) -> Result<Value, String> + 'y;

/// Bytes of one file with targets.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Targets of one job; more are left out with a complaint.
const TARGETS_MAX: usize = 50_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The targets, sorted by address and labels, none twice.
    pub targets: Vec<Target>,
    /// What went wrong, one sentence for each file or address; the rest is found all the same.
    pub complaints: Vec<String>,
}

/// The targets of a job. Relative file names are taken from `base`. Reads files: call it where blocking is allowed.
pub fn targets(job: &Arc<ScrapeJob>, base: &Path, yaml: &YamlParser<'_>) -> Discovered {
    Discovery::new(Arc::clone(job), base.to_owned()).refresh(yaml)
}

/// Finds the targets of one job again and again. A file that cannot be read keeps the targets it had.
#[derive(Debug)]
pub struct Discovery {
    job: Arc<ScrapeJob>,
    base: PathBuf,
    files: BTreeMap<PathBuf, Vec<TargetGroup>>,
}

impl Discovery {
    /// A discovery that has not looked yet.
    pub fn new(job: Arc<ScrapeJob>, base: PathBuf) -> Self {
        Self { job, base, files: BTreeMap::new() }
    }

    /// The job whose targets are found.
    pub fn job(&self) -> &Arc<ScrapeJob> {
        &self.job
    }

    /// Looks anew. Call it every `job.refresh`, where blocking is allowed.
    pub fn refresh(&mut self, yaml: &YamlParser<'_>) -> Discovered {
        let mut found = Discovered::default();
        let mut files = BTreeMap::new();
        for pattern in &self.job.files {
            let (mut paths, trouble) = look_for(&self.base, pattern);
            if let Some(error) = trouble {
                found.complaints.push(format!("cannot list {pattern}: {error}"));
                // Nothing is known to be gone.
                paths.extend(self.files.keys().cloned());
            }
            for path in paths {
                let groups = read_groups(&path, yaml).unwrap_or_else(|what| {
                    found.complaints.push(format!("{}: {what}", path.display()));
                    self.files.get(&path).cloned().unwrap_or_default()
                });
                files.insert(path, groups);
            }
        }
        self.files = files;
        let mut targets = BTreeMap::new();
        let own = self.job.groups.iter().map(|group| (group, None));
        let from_files = self
            .files
            .iter()
            .flat_map(|(path, groups)| groups.iter().map(move |group| (group, Some(path))));
        'groups: for (group, path) in own.chain(from_files) {
            for address in &group.targets {
                if targets.len() >= TARGETS_MAX {
                    found.complaints.push(format!("more than {TARGETS_MAX} targets"));
                    break 'groups;
                }
                match make(&self.job, address, &group.labels, path.map(PathBuf::as_path)) {
                    Ok(Some(target)) => {
                        targets.insert((target.url.clone(), target.labels.clone()), target);
                    }
                    Ok(None) => {}
                    Err(what) => found.complaints.push(format!("target {address:?}: {what}")),
                }
            }
        }
        found.targets = targets.into_values().collect();
        found
    }
}

/// Makes a target of an address, or nothing if relabelling drops it.
fn make(
    job: &Arc<ScrapeJob>,
    address: &str,
    labels: &Labels,
    file: Option<&Path>,
) -> Result<Option<Target>, String> {
    let mut builder = labels.to_builder();
    builder.set("__address__", address);
    for (name, value) in [
        ("job", job.name.clone()),
        ("__scheme__", job.scheme.clone()),
        ("__metrics_path__", job.metrics_path.clone()),
        ("__scrape_interval__", job.interval.to_string()),
        ("__scrape_timeout__", job.timeout.to_string()),
    ] {
        if builder.get(name).is_none() {
            builder.set(name, value);
        }
    }
    for (name, value) in &job.params {
        let name = format!("__param_{name}");
        if builder.get(&name).is_none() {
            builder.set(name, value.as_str());
        }
    }
    if let Some(file) = file {
        builder.set("__meta_filepath", file.to_string_lossy());
    }
    let Some(labels) = relabel(builder.build(), &job.relabel) else { return Ok(None) };
    let url = url_of(job, &labels)?;
    let span = |name: &str, default: Span| {
        let Some(text) = labels.get(name) else { return Ok(default) };
        parse_span(text).ok_or_else(|| format!("{name} is {text:?}, which is no duration"))
    };
    let interval = span("__scrape_interval__", job.interval)?;
    let timeout = span("__scrape_timeout__", job.timeout)?.min(interval);
    let address = labels.get("__address__").unwrap_or_default().to_owned();
    let mut kept = labels.without(|name| name.starts_with("__"));
    if kept.get("instance").is_none() {
        kept = kept.with("instance", &address);
    }
    Ok(Some(Target { url, labels: kept, interval, timeout, job: Arc::clone(job) }))
}

fn url_of(job: &ScrapeJob, labels: &Labels) -> Result<String, String> {
    let address = labels.get("__address__").unwrap_or_default();
    if address.is_empty() {
        return Err("it has no address".into());
    }
    if address.contains(['/', '@', '?', '#']) || address.contains(char::is_whitespace) {
        return Err("it must be host:port, without scheme or path".into());
    }
    let scheme = labels.get("__scheme__").unwrap_or("http");
    if !matches!(scheme, "http" | "https") {
        return Err(format!("the scheme {scheme:?} is neither http nor https"));
    }
    let path = labels.get("__metrics_path__").unwrap_or("/metrics");
    let slash = if path.starts_with('/') { "" } else { "/" };
    let text = format!("{scheme}://{address}{slash}{path}");
    let mut url = Url::parse(&text).map_err(|error| format!("{text:?} is no address: {error}"))?;
    // A parameter that stands more than once keeps all its values; relabelling sees and changes the first.
    let mut first = BTreeMap::new();
    for (name, value) in labels.iter() {
        if let Some(name) = name.strip_prefix("__param_") {
            first.insert(name, value);
        }
    }
    if !first.is_empty() {
        let mut pairs = url.query_pairs_mut();
        let mut seen = Vec::new();
        for (name, value) in &first {
            pairs.append_pair(name, value);
        }
        for (name, value) in &job.params {
            if seen.contains(&name) {
                pairs.append_pair(name, value);
            }
            seen.push(name);
        }
    }
    Ok(url.into())
}

/// A duration as Prometheus writes it: `1h30m`, `15s`, `250ms`; units from large to small.
fn parse_span(text: &str) -> Option<Span> {
    const UNITS: [(&str, i64); 7] = [
        ("ms", 1),
        ("y", 31_536_000_000),
        ("w", 604_800_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
    ];
    let mut rest = text;
    let mut millis: i64 = 0;
    let mut last = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (count, tail) = rest.split_at_checked(digits)?;
        let (unit, worth) = UNITS.iter().find(|(unit, _)| tail.starts_with(unit))?;
        if *worth >= last {
            return None;
        }
        last = *worth;
        millis = millis.checked_add(count.parse::<i64>().ok()?.checked_mul(*worth)?)?;
        rest = tail.get(unit.len()..)?;
    }
    (millis > 0).then_some(Span(millis))
}

fn read_groups(path: &Path, yaml: &YamlParser<'_>) -> Result<Vec<TargetGroup>, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("it has {size} bytes, more than {FILE_BYTES_MAX}"));
    }
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let value: Value = if json {
        serde_json::from_str(&text).map_err(|error| error.to_string())?
    } else {
        yaml(&text)?
    };
    groups_of(&value)
}

fn groups_of(value: &Value) -> Result<Vec<TargetGroup>, String> {
    let groups = match value {
        Value::Array(groups) => groups,
        Value::Null => return Ok(Vec::new()),
        _ => return Err("a list of target groups is expected".into()),
    };
    groups
        .iter()
        .enumerate()
        .map(|(at, group)| group_of(group).map_err(|what| format!("group {}: {what}", at + 1)))
        .collect()
}

fn group_of(value: &Value) -> Result<TargetGroup, String> {
    let Value::Object(fields) = value else { return Err("targets and labels are expected".into()) };
    let mut group = TargetGroup { targets: Vec::new(), labels: Labels::empty() };
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("targets", Value::Array(targets)) => {
                for target in targets {
                    let target = target.as_str().ok_or("a target is not a text")?;
                    group.targets.push(target.to_owned());
                }
            }
            ("labels", Value::Object(labels)) => {
                let mut pairs = Vec::with_capacity(labels.len());
                for (name, value) in labels {
                    let value = match value {
                        Value::String(text) => text.clone(),
                        Value::Number(_) | Value::Bool(_) => value.to_string(),
                        _ => return Err(format!("the label {name:?} is not a text")),
                    };
                    pairs.push((name.as_str(), value));
                }
                group.labels = Labels::from_pairs(pairs);
            }
            ("labels" | "targets", Value::Null) => {}
            ("labels", _) => return Err("labels must be names and values".into()),
            ("targets", _) => return Err("targets must be a list".into()),
            (other, _) => return Err(format!("{other:?} is neither targets nor labels")),
        }
    }
    Ok(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(change: impl FnOnce(&mut ScrapeJob)) -> Arc<ScrapeJob> {
        let mut job = ScrapeJob::new("node");
        change(&mut job);
        Arc::new(job)
    }

    fn no_yaml(_: &str) -> Result<Value, String> {
        Err("no YAML here".into())
    }

    fn group(targets: &[&str], labels: &[(&str, &str)]) -> TargetGroup {
        TargetGroup {
            targets: targets.iter().map(|target| (*target).to_owned()).collect(),
            labels: Labels::from_pairs(labels.iter().copied()),
        }
    }

    #[test]
    fn a_target_has_its_address_parameters_and_labels() {
        let job = job(|job| {
            job.groups = vec![group(&["db-1:9100", "db-1:9100"], &[("zone", "a")])];
            job.params =
                vec![("collect[]".into(), "cpu".into()), ("collect[]".into(), "disk".into())];
        });
        let found = targets(&job, Path::new("/"), &no_yaml);
        assert_eq!(found.complaints, Vec::<String>::new());
        assert_eq!(found.targets.len(), 1);
        let target = &found.targets[0];
        assert_eq!(target.url, "http://db-1:9100/metrics?collect%5B%5D=cpu&collect%5B%5D=disk");
        assert_eq!(target.labels.to_string(), r#"{instance="db-1:9100",job="node",zone="a"}"#);
    }

    #[test]
    fn an_address_that_is_none_is_named_and_harms_no_other() {
        let job = job(|job| job.groups = vec![group(&["http://x/y", "ok:1", ""], &[])]);
        let found = targets(&job, Path::new("/"), &no_yaml);
        assert_eq!(found.targets.len(), 1);
        assert_eq!(found.complaints.len(), 2);
        assert!(found.complaints[0].contains("without scheme or path"));
    }

    #[test]
    fn a_file_that_breaks_keeps_the_targets_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.json");
        fs::write(&path, r#"[{"targets": ["web:80"], "labels": {"tier": 1}}]"#).unwrap();
        fs::write(folder.path().join("other.txt"), "garbage").unwrap();
        let job = job(|job| job.files = vec!["*.json".into()]);
        let mut discovery = Discovery::new(job, folder.path().to_owned());
        let first = discovery.refresh(&no_yaml);
        assert_eq!(first.targets[0].labels.get("tier"), Some("1"));
        fs::write(&path, r#"[{"targets": ["web:8"#).unwrap();
        let broken = discovery.refresh(&no_yaml);
        assert_eq!(broken.targets.len(), 1);
        assert!(broken.complaints[0].contains("web.json"), "{:?}", broken.complaints);
        fs::write(&path, "[]").unwrap();
        assert_eq!(discovery.refresh(&no_yaml).targets.len(), 0);
    }

    #[test]
    fn yaml_is_read_by_whoever_can() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("web.yml"), "- targets: [web:80]").unwrap();
        let job = job(|job| job.files = vec!["web.yml".into()]);
        let found = targets(&job, folder.path(), &|text| {
            assert!(text.starts_with("- targets"));
            Ok(serde_json::json!([{ "targets": ["web:80"] }]))
        });
        assert_eq!(found.targets[0].instance(), "web:80");
    }

    #[test]
    fn relabelling_can_choose_the_path_and_the_time() {
        let job = job(|job| {
            let labels =
                [("__metrics_path__", "m"), ("__scrape_interval__", "1m30s"), ("__x", "y")];
            job.groups = vec![group(&["a:1"], &labels)];
        });
        let found = targets(&job, Path::new("/"), &no_yaml);
        assert_eq!(found.targets[0].url, "http://a:1/m");
        assert_eq!(found.targets[0].interval, Span::secs(90));
        assert_eq!(found.targets[0].labels.to_string(), r#"{instance="a:1",job="node"}"#);
    }

    #[test]
    fn a_folder_that_cannot_be_listed_keeps_the_targets_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("targets");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("web.json"), r#"[{"targets": ["web:80"]}]"#).unwrap();
        let job = job(|job| job.files = vec!["targets/w?b.*".into()]);
        let mut discovery = Discovery::new(job, folder.path().to_owned());
        assert_eq!(discovery.refresh(&no_yaml).targets.len(), 1);
        fs::rename(&inner, folder.path().join("away")).unwrap();
        let gone = discovery.refresh(&no_yaml);
        assert_eq!(gone.targets.len(), 1);
        assert!(gone.complaints[0].starts_with("cannot list targets/w?b.*"), "{gone:?}");
    }
}
