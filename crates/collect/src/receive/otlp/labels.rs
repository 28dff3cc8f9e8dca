//! Labels from attributes.

pub(in crate::receive::otlp) mod layout;
pub(in crate::receive::otlp) mod names;
pub(in crate::receive::otlp) mod value;

use model::METRIC_NAME;

use super::{Limits, Options};
pub use names::Strategy;
use names::{is_label_name, push_label_name};
use value::{Attribute, Text};

const SERVICE_NAME: &str = "service.name";
const SERVICE_NAMESPACE: &str = "service.namespace";
const INSTANCE_ID: &str = "service.instance.id";
/// Attributes that `job` and `instance` are made of.
pub(super) const IDENTIFYING: [&str; 3] = [SERVICE_NAME, SERVICE_NAMESPACE, INSTANCE_ID];

/// Labels that all series of a resource and scope have.
#[derive(Clone, Debug, Default)]
pub(super) struct Base {
    /// Tells it from the others of the request; the first is 1.
    number: usize,
    /// Those that a data point's own attributes take the place of.
    weak: Vec<(String, String)>,
    /// Those that take the place of a data point's own attributes.
    strong: Vec<(String, String)>,
}

impl Base {
    /// `job`, `instance`, and what is promoted.
    pub(super) fn of_resource(attributes: &[(String, String)], options: &Options) -> Self {
        let mut promoted: Vec<_> =
            attributes.iter().filter(|(key, _)| options.promote.has(key)).collect();
        promoted.sort_by_key(|(key, _)| key);
        let mut base = Self::default();
        for (key, value) in promoted {
            // What leaves no name cannot be a label; `target_info` says so for the point of it.
            let Some(name) = label_name(key, options) else { continue };
            if !base.weak.iter().any(|(own, _)| *own == name) {
                base.weak.push((name, value.clone()));
            }
        }
        base.identify(attributes);
        base
    }

    /// Only `job` and `instance`.
    pub(super) fn identifying(attributes: &[(String, String)]) -> Self {
        let mut base = Self::default();
        base.identify(attributes);
        base
    }

    fn identify(&mut self, attributes: &[(String, String)]) {
        let get = |name| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        if let Some(service) = get(SERVICE_NAME) {
            let job = get(SERVICE_NAMESPACE)
                .map_or_else(|| service.clone(), |namespace| format!("{namespace}/{service}"));
            self.strong.push(("job".to_owned(), job));
        }
        if let Some(instance) = get(INSTANCE_ID) {
            self.strong.push(("instance".to_owned(), instance.clone()));
        }
    }

    /// The same with what the scope says before what the resource says.
    pub(super) fn with_scope(&self, number: usize, scope: &Scope<'_>, options: &Options) -> Self {
        if !options.promote_scope || scope.name.is_empty() {
            return Self { number, ..self.clone() };
        }
        let mut strong = Vec::new();
        for (key, value) in &scope.attributes {
            if let Some(name) = label_name(&format!("otel_scope_{key}"), options) {
                strong.push((name, value.clone()));
            }
        }
        let own = [("name", scope.name), ("version", scope.version), ("schema_url", scope.schema)];
        strong.extend(own.map(|(name, value)| (format!("otel_scope_{name}"), value.to_owned())));
        strong.extend(self.strong.iter().cloned());
        Self { number, weak: self.weak.clone(), strong }
    }
}

/// Who made the metrics within a resource.
#[derive(Debug, Default)]
pub(super) struct Scope<'r> {
    pub(super) name: &'r str,
    pub(super) version: &'r str,
    pub(super) schema: &'r str,
    pub(super) attributes: Vec<(String, String)>,
}

fn label_name(key: &str, options: &Options) -> Option<String> {
    if !options.strategy.escapes() {
        return (!key.is_empty()).then(|| key.to_owned());
    }
    let mut name = String::new();
    push_label_name(&mut name, key)?;
    Some(name)
}

/// A label of a data point: its name and its value.
#[derive(Clone, Debug)]
pub(super) struct Spot<'r> {
    pub(super) name: Text<'r>,
    pub(super) value: Text<'r>,
}

/// The labels of a data point, from its attributes; those whose names become equal are joined. The error says what is
/// wrong.
pub(super) fn spots<'r>(
    attributes: &mut [Attribute<'r>],
    options: &Options,
    room: &mut String,
    spots: &mut Vec<Spot<'r>>,
) -> Result<(), String> {
    spots.clear();
    if !attributes.is_sorted_by(|one, other| one.key <= other.key) {
        attributes.sort_by_key(|attribute| attribute.key);
    }
    let escapes = options.strategy.escapes();
    for Attribute { key, value } in &*attributes {
        let name = if key.is_empty() {
            return Err("an attribute has no name".to_owned());
        } else if !escapes || is_label_name(key) {
            Text::Sent(key)
        } else {
            let start = room.len();
            if push_label_name(room, key).is_none() {
                return Err(format!("the attribute {key:?} has no letter or digit in its name"));
            }
            Text::Made(start..room.len())
        };
        spots.push(Spot { name, value: value.clone() });
    }
    if escapes {
        join(room, spots);
    }
    Ok(())
}

/// Joins the values of equal names with semicolons, in the order of the attributes.
fn join(room: &mut String, spots: &mut Vec<Spot<'_>>) {
    if !spots.is_sorted_by(|one, other| one.name.get(room) < other.name.get(room)) {
        spots.sort_by(|one, other| one.name.get(room).cmp(other.name.get(room)));
    }
    let (mut kept, mut at) = (0, 0);
    while at < spots.len() {
        let same = |own: &&Spot<'_>| own.name.get(room) == spots[at].name.get(room);
        let end = at + spots[at..].iter().take_while(same).count();
        if end - at > 1 {
            let mut joined = String::new();
            for own in &spots[at..end] {
                if !joined.is_empty() {
                    joined.push(';');
                }
                joined.push_str(own.value.get(room));
            }
            let start = room.len();
            room.push_str(&joined);
            spots[at].value = Text::Made(start..room.len());
        }
        spots.swap(kept, at);
        kept += 1;
        at = end;
    }
    spots.truncate(kept);
}

fn check(count: usize, longest: usize, limits: &Limits) -> Result<(), String> {
    let more = |what, is: usize, limit| Err(format!("{is} {what}, more than {limit}"));
    if count > limits.labels_per_series {
        return more("labels", count, limits.labels_per_series);
    }
    if longest > limits.label_bytes {
        return more("bytes in one label", longest, limits.label_bytes);
    }
    Ok(())
}

/// The labels of the series of one data point.
pub(super) struct Series<'t> {
    pub(super) pairs: Vec<(&'t str, &'t str)>,
    extra: usize,
    name: usize,
}

impl<'t> Series<'t> {
    /// Labels with room for a metric's name, and for one label that differs between the series of a data point. The
    /// error says which limit they break.
    pub(super) fn new<'r: 't>(
        room: &'t str,
        base: &'t Base,
        spots: &'t [Spot<'r>],
        extra: &'t str,
        limits: &Limits,
    ) -> Result<Self, String> {
        let mut pairs = Vec::with_capacity(base.weak.len() + spots.len() + base.strong.len() + 2);
        let sent = |(name, value): &'t (String, String)| (name.as_str(), value.as_str());
        pairs.extend(base.weak.iter().map(sent));
        let own = spots.iter().map(|spot| (spot.name.get(room), spot.value.get(room)));
        pairs.extend(own.filter(|(_, value)| !value.is_empty()));
        pairs.extend(base.strong.iter().map(sent));
        pairs.push((METRIC_NAME, ""));
        pairs.push((extra, ""));
        // A stable sort, so that of equal names the last given comes last, which counts.
        pairs.sort_by(|one, other| one.0.cmp(other.0));
        let count = pairs.len() - usize::from(extra.is_empty());
        let longest = pairs.iter().map(|(name, value)| name.len().max(value.len())).max();
        check(count, longest.unwrap_or(0), limits)?;
        let place = |wanted| pairs.iter().rposition(|(name, _)| *name == wanted).unwrap_or(0);
        let (extra, name) = (place(extra), place(METRIC_NAME));
        Ok(Self { pairs, extra, name })
    }

    /// The labels of one series.
    pub(super) fn named(&mut self, name: &'t str, extra: &'t str) -> &mut Vec<(&'t str, &'t str)> {
        self.pairs[self.extra].1 = extra;
        self.pairs[self.name].1 = name;
        &mut self.pairs
    }
}
