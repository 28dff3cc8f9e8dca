//! When replicas, partitions, shards or caches are due: rules over how data are read, written and kept, each with its
//! evidence.

use model::{Finding, FindingKind, Service, Severity, Unit};

use crate::line::{LimitLine, LoadLine};

/// From this share of its line on, the primary database has too little room for what a change takes to prepare.
const NEAR: f64 = 0.7;
/// And from here on there is hardly any.
const NEARER: f64 = 0.9;
/// Reads must be this share of all for replicas to take enough away; each takes its part of reads, and none of writes.
const READS_MOST: f64 = 0.7;
/// From this share of writes on, replicas do not help: each of them has all writes to do.
const WRITES_MOST: f64 = 0.5;
/// A table this many times the memory is read from disk in the main.
const TABLE_TIMES: f64 = 1.0;
/// Beyond this many bytes, upkeep of one table (vacuum, indexes, restores) takes hours: 100 GiB.
const TABLE_BYTES: f64 = 107_374_182_400.0;
/// A cache that answers fewer of its reads is too small, or keeps the wrong things.
pub(crate) const HITS_LEAST: f64 = 0.8;
/// Without a cache, this share of reads makes one worth it.
const READS_CACHED: f64 = 0.8;
/// And the primary's room by then.
const ROOM_CACHED: f64 = 0.5;
/// A cache asked less often a second tells nothing of its hits.
const ASKED_LEAST: f64 = 1.0;

/// What is known of a service's data, as means over the last week; not a number where nothing is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DataPast {
    /// Reads a second.
    pub reads: f64,
    /// Writes a second.
    pub writes: f64,
    /// Bytes of the largest table with its indexes.
    pub largest_table: f64,
    /// Bytes of memory that the database may use for data.
    pub memory: f64,
    /// Reads a second that a cache answered.
    pub cache_hits: f64,
    /// Reads a second that it could not.
    pub cache_misses: f64,
    /// What it throws out a second.
    pub cache_evictions: f64,
}

/// What is due for a service, the worst first.
pub fn due(service: &Service, line: &LoadLine, data: &DataPast) -> Vec<Finding> {
    let primary = service.data.primary.as_ref();
    let primary = primary.and_then(|name| line.limits.iter().find(|own| own.name == *name));
    let room = primary.and_then(|own| share_of(own, line.load_now));
    let mut found = Vec::new();
    if let Some((primary, share)) = primary.zip(room) {
        found.extend(replicas(service, primary, share, data));
        found.extend(shards(service, primary, share, data));
    }
    found.extend(partitions(service, data));
    found.extend(cache(service, room, data));
    found.sort_by_key(|own| std::cmp::Reverse(own.severity));
    found
}

/// What part of its own line the busy load is.
fn share_of(limit: &LimitLine, load_now: f64) -> Option<f64> {
    let line = limit.known.as_ref().ok()?.line?;
    (line.mid > 0.0).then(|| load_now / line.mid)
}

fn severity(share: f64) -> Severity {
    if share >= NEARER { Severity::Critical } else { Severity::Warning }
}

fn finding(service: &Service, what: &str, severity: Severity) -> Finding {
    Finding {
        kind: FindingKind::Distribution,
        subject: format!("{}/{what}", service.name),
        title: String::new(),
        severity,
        evidence: Vec::new(),
        advice: String::new(),
        saving_month: None,
        currency: None,
        verify: String::new(),
    }
}

fn percent(share: f64) -> String {
    Unit::Share.say(share)
}

/// The sentence on how near the primary is to its line.
fn nearness(primary: &LimitLine, share: f64) -> String {
    format!("the load is at {} of what {} carries", percent(share), primary.title)
}

fn mix(data: &DataPast) -> String {
    let say = |value: f64| Unit::PerSecond.say(value);
    format!("{} reads beside {} writes", say(data.reads), say(data.writes))
}

fn reads_share(data: &DataPast) -> Option<f64> {
    let all = data.reads + data.writes;
    (all.is_finite() && all > 0.0).then(|| data.reads / all)
}

fn replicas(
    service: &Service,
    primary: &LimitLine,
    share: f64,
    data: &DataPast,
) -> Option<Finding> {
    let reads = reads_share(data).filter(|reads| share >= NEAR && *reads >= READS_MOST)?;
    // One replica beside the primary takes half of the reads.
    let times = 1.0 / (1.0 - reads / 2.0);
    let mut own = finding(service, "replicas", severity(share));
    own.title = format!("{}: a read replica is due", service.title);
    own.evidence = vec![nearness(primary, share), mix(data)];
    own.advice = format!(
        "one replica that takes half of the reads lets {} carry up to {times:.2} times as much",
        primary.title
    );
    own.verify = format!("use of {} falls at the same load", primary.title);
    Some(own)
}

fn shards(service: &Service, primary: &LimitLine, share: f64, data: &DataPast) -> Option<Finding> {
    let writes = 1.0 - reads_share(data)?;
    if share < NEAR || writes < WRITES_MOST {
        return None;
    }
    let mut own = finding(service, "shards", severity(share));
    own.title = format!("{}: a second shard is due", service.title);
    own.evidence = vec![nearness(primary, share), mix(data)];
    own.advice = format!(
        "{} of the work is writes, which every replica has to do as well: split the data, by tenant if there are tenants",
        percent(writes)
    );
    own.verify = "each shard has its part of the writes, and none more than twice the least".into();
    Some(own)
}

fn partitions(service: &Service, data: &DataPast) -> Option<Finding> {
    let beyond_memory = data.memory > 0.0 && data.largest_table > TABLE_TIMES * data.memory;
    if !beyond_memory && (data.largest_table < TABLE_BYTES || data.largest_table.is_nan()) {
        return None;
    }
    let say = |value: f64| Unit::Bytes.say(value);
    let mut own = finding(service, "partitions", Severity::Warning);
    own.title = format!("{}: the largest table is to be partitioned", service.title);
    own.evidence = vec![format!("it has {} with its indexes", say(data.largest_table))];
    if data.memory > 0.0 {
        own.evidence.push(format!("the database has {} of memory for data", say(data.memory)));
    }
    own.advice = "partition it by what questions ask for, most often time or tenant, so that the part in use fits into memory and old parts go at once".into();
    own.verify = "the largest partition in use is smaller than the memory".into();
    Some(own)
}

fn cache(service: &Service, room: Option<f64>, data: &DataPast) -> Option<Finding> {
    let asked = data.cache_hits + data.cache_misses;
    if asked.is_finite() {
        let hits = data.cache_hits / asked;
        if asked < ASKED_LEAST || hits >= HITS_LEAST {
            return None;
        }
        let mut own = finding(service, "cache", Severity::Warning);
        own.evidence = vec![format!(
            "it answers {} of {} reads asked of it",
            percent(hits),
            Unit::PerSecond.say(asked)
        )];
        if data.cache_evictions > 0.0 {
            own.title = format!("{}: the cache is too small", service.title);
            own.evidence.push(format!(
                "it throws out {} for want of room",
                Unit::PerSecond.say(data.cache_evictions)
            ));
            own.advice = "give it more memory; its curve says how much more it would answer".into();
        } else {
            own.title = format!("{}: the cache keeps the wrong things", service.title);
            own.advice = "it has room, so more memory would not help: look at what is asked and not kept, and how long things live".into();
        }
        own.verify = format!("it answers {} of its reads", percent(HITS_LEAST));
        return Some(own);
    }
    let reads = reads_share(data)?;
    let share = room.filter(|share| *share >= ROOM_CACHED && reads >= READS_CACHED)?;
    let mut own = finding(service, "cache", Severity::Info);
    own.title = format!("{}: a cache is worth it", service.title);
    own.evidence = vec![
        mix(data),
        format!("the primary is at {} of what it carries, and no cache is known", percent(share)),
    ];
    own.advice = "keep in memory what is read again and again; write behind it what changes".into();
    own.verify = "the primary's reads fall at the same load".into();
    Some(own)
}

/// Whether what is left carries the load, as findings: one for each kind of loss that it would not survive.
pub fn exposed(service: &Service, line: &LoadLine) -> Vec<Finding> {
    let load = |value: f64| service.load_unit.say(value);
    let gone = line.without.iter().filter(|own| !own.carries);
    gone.map(|own| {
        let what = match &own.lost {
            crate::line::Lost::Copy(of) => format!("copy of {of}"),
            other => other.word().to_owned(),
        };
        Finding {
            kind: FindingKind::Redundancy,
            subject: format!("{}/{}", service.name, what.replace(' ', "_")),
            title: format!("{}: the loss of one {what} would not be borne", service.title),
            severity: if own.count < 2.0 { Severity::Critical } else { Severity::Warning },
            evidence: vec![
                if own.count < 2.0 {
                    "there is only one".to_owned()
                } else {
                    format!("there are {}", Unit::Count.say(own.count))
                },
                format!(
                    "with one gone the rest carries {}, the load is at {}",
                    load(own.line),
                    load(line.load_now)
                ),
            ],
            advice: format!("add one {what} at least, or move what limits it"),
            saving_month: None,
            currency: None,
            verify: "the line with one gone lies above the busy load".into(),
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use model::{DataExpressions, Share};

    use super::*;
    use crate::{drivers::Range, line::KnownLimit};

    fn service() -> Service {
        let data = DataExpressions { primary: Some("db".into()), ..DataExpressions::default() };
        Service {
            name: "shop".into(),
            title: "Shop".into(),
            load: String::new(),
            load_unit: Unit::PerSecond,
            replicas: None,
            zones: None,
            owner: String::new(),
            data,
            limits: Vec::new(),
            launches: Vec::new(),
        }
    }

    /// A database that carries 1,000 requests a second.
    fn line(load_now: f64) -> LoadLine {
        let x: Vec<f64> = (1..=40).map(|at| 20.0 * f64::from(at)).collect();
        let y: Vec<f64> = x.iter().map(|x| x / 1_250.0).collect();
        let following = crate::drivers::Following {
            x: &x,
            y: &y,
            relation: model::Relation::Work,
            known: None,
            seed: 1,
        };
        let response = crate::drivers::respond(following).unwrap();
        let range = Range { low: 950.0, mid: 1_000.0, high: 1_050.0 };
        let known = KnownLimit {
            line: Some(range),
            first: 1.0,
            response,
            change: None,
            guess: false,
            points: Vec::new(),
            points_tested: Vec::new(),
            tested_apart: None,
            tested_by: None,
            announced: Vec::new(),
        };
        let limit = LimitLine {
            name: "db".into(),
            title: "the database".into(),
            limit: 1.0,
            target: Share::new(0.8).unwrap(),
            unit: Unit::Share,
            known: Ok(known),
        };
        LoadLine::of_limits(vec![limit], load_now)
    }

    const UNKNOWN: DataPast = DataPast {
        reads: f64::NAN,
        writes: f64::NAN,
        largest_table: f64::NAN,
        memory: f64::NAN,
        cache_hits: f64::NAN,
        cache_misses: f64::NAN,
        cache_evictions: f64::NAN,
    };

    fn subjects(load_now: f64, data: DataPast) -> Vec<String> {
        due(&service(), &line(load_now), &data).into_iter().map(|own| own.subject).collect()
    }

    #[test]
    fn who_reads_gets_replicas_and_who_writes_gets_shards() {
        let reads = DataPast { reads: 900.0, writes: 100.0, ..UNKNOWN };
        assert_eq!(subjects(950.0, reads), ["shop/replicas", "shop/cache"]);
        assert_eq!(due(&service(), &line(950.0), &reads)[0].severity, Severity::Critical);
        let writes = DataPast { reads: 100.0, writes: 900.0, ..UNKNOWN };
        assert_eq!(subjects(750.0, writes), ["shop/shards"]);
        assert!(subjects(300.0, reads).is_empty() && subjects(300.0, writes).is_empty());
        assert!(subjects(950.0, UNKNOWN).is_empty(), "nothing known, nothing told");
    }

    #[test]
    fn tables_beyond_memory_and_caches_that_miss_are_told() {
        let gib = 1024_f64.powi(3);
        let table = DataPast { largest_table: 40.0 * gib, memory: 16.0 * gib, ..UNKNOWN };
        assert_eq!(subjects(10.0, table), ["shop/partitions"]);
        let fits = DataPast { memory: 64.0 * gib, ..table };
        assert!(subjects(10.0, fits).is_empty());
        let misses = DataPast { cache_hits: 60.0, cache_misses: 40.0, ..UNKNOWN };
        let titles = |data| due(&service(), &line(10.0), &data).remove(0).title;
        assert!(titles(misses).contains("wrong things"));
        assert!(titles(DataPast { cache_evictions: 5.0, ..misses }).contains("too small"));
        assert!(
            subjects(10.0, DataPast { cache_hits: 95.0, cache_misses: 5.0, ..UNKNOWN }).is_empty()
        );
    }
}
