//! Reads `alertmanager.yml`: every mistake that keeps Alertmanager from starting is one here, too;
//! what is right but not taken is named.
//!
//! The form: <https://prometheus.io/docs/alerting/latest/configuration/>.

use std::{collections::BTreeMap, ops::RangeInclusive, path::Path, sync::Arc};

use model::Span;
use settings::{Document, Entry, Fields, Mistake, Mistakes, Node, Place, Placed, Reader};

use super::{
    InhibitRule, LabelMatcher, NamedIntervals, NamedReceiver, Route, Timing, integrations,
    matchers::{Comparison, is_classic_name, matchers_text, parse_matchers},
};

/// Durations that make sense here; Alertmanager's own are 292 years at most.
const DURATIONS: RangeInclusive<Span> = Span::ZERO..=Span::days(292 * 365);
/// And those that must not be nought.
const INTERVALS: RangeInclusive<Span> = Span::millis(1)..=Span::days(292 * 365);
/// How deep routes may nest; every alert walks them.
const DEPTH_MAX: usize = 50;
/// How many routes there may be.
const ROUTES_MAX: usize = 20_000;

/// What a file of Alertmanager's says.
#[derive(Clone, Debug, PartialEq)]
pub struct Alertmanager {
    /// The routes.
    pub route: Route,
    /// Who can be told.
    pub receivers: Vec<NamedReceiver>,
    /// What keeps what quiet.
    pub inhibit: Vec<InhibitRule>,
    /// Time intervals by name.
    pub intervals: Vec<NamedIntervals>,
    /// How long an alert stands that came without an end.
    pub resolve_timeout: Span,
    /// What the file says that is not taken.
    pub notes: Vec<Note>,
}

/// Something that stands in the file and has no effect here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line it stands on, from 1.
    pub line: usize,
    /// What it is: `slack_configs: title`.
    pub what: String,
    /// What happens instead.
    pub instead: String,
}

/// The file while it is read.
pub(super) struct File<'r, 'd> {
    pub(super) reader: &'r Reader<'d>,
    pub(super) text: &'d str,
    /// The folder to which names of files in it are relative.
    pub(super) base: &'r Path,
    pub(super) notes: Vec<Note>,
}

/// What routes speak of, to be looked up when everything is read.
#[derive(Default)]
struct Spoken {
    receivers: Vec<Placed<String>>,
    intervals: Vec<Placed<String>>,
    /// How many routes have this name but for its end, which tells them apart.
    names: BTreeMap<String, usize>,
    routes: usize,
    depth: usize,
}

impl Spoken {
    /// The name of the next route with these conditions.
    fn name(&mut self, above: &str, matchers: &[LabelMatcher]) -> Arc<str> {
        let own = matchers_text(matchers);
        let name = if above.is_empty() { own } else { format!("{above}/{own}") };
        let count = self.names.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name.into() } else { format!("{name}#{count}").into() }
    }
}

/// Reads a file; `base` is its folder.
pub fn read_alertmanager(name: &str, text: &str, base: &Path) -> Result<Alertmanager, Mistakes> {
    let document = Document::parse(name, text)?;
    let reader = Reader::new(&document);
    let mut file = File { reader: &reader, text, base, notes: Vec::new() };
    let read = file.whole();
    let mut notes = std::mem::take(&mut file.notes);
    reader.finish()?;
    notes.sort_by_key(|note| note.line);
    let missing = || Mistakes::from(Mistake::somewhere(format!("{name} has no `route`")));
    Ok(Alertmanager { notes, ..read.ok_or_else(missing)? })
}

impl<'d> File<'_, 'd> {
    /// Says that something has no effect here.
    pub(super) fn note(&mut self, place: Place, what: impl Into<String>, instead: &str) {
        let line = self.line(place);
        self.notes.push(Note { line, what: what.into(), instead: instead.to_owned() });
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, place: Place) -> usize {
        let before = self.text.get(..self.text.floor_char_boundary(place.start)).unwrap_or("");
        1 + before.matches('\n').count()
    }

    fn whole(&mut self) -> Option<Alertmanager> {
        let reader = self.reader;
        let fields = reader.fields(reader.root(), "an Alertmanager file")?;
        let global = integrations::Global::read(self, fields.take("global"));
        let mut spoken = Spoken::default();
        let route = match fields.need("route") {
            Some(field) => self.root(field.node, &mut spoken),
            None => None,
        };
        let mut intervals = Vec::new();
        for key in ["time_intervals", "mute_time_intervals"] {
            if let Some(field) = fields.take(key) {
                self.named_intervals(field.node, &mut intervals);
            }
        }
        let receivers = self.receivers(&fields, &global);
        let mut inhibit = Vec::new();
        if let Some(field) = fields.take("inhibit_rules") {
            for node in reader.items(field.node) {
                inhibit.extend(self.inhibit(node));
            }
        }
        for (key, instead) in
            [("templates", "messages are worded by Plimsoll"), ("tracing", "traces are not sent")]
        {
            if let Some(field) = fields.take(key) {
                self.note(field.key, key, instead);
            }
        }
        fields.finish();
        let known: Vec<&str> = receivers.iter().map(|own| own.name.as_str()).collect();
        self.look_up(&spoken.receivers, &known, "receiver", "receivers");
        let known: Vec<&str> = intervals.iter().map(|own| own.name.as_str()).collect();
        self.look_up(&spoken.intervals, &known, "time interval", "time_intervals");
        let notes = Vec::new();
        let resolve_timeout = global.resolve_timeout;
        Some(Alertmanager { route: route?, receivers, inhibit, intervals, resolve_timeout, notes })
    }

    fn look_up(&self, spoken: &[Placed<String>], known: &[&str], what: &str, where_: &str) {
        for name in spoken.iter().filter(|name| !known.contains(&name.value.as_str())) {
            let message = format!("there is no {what} `{}`", name.value);
            let help = format!("name it under `{where_}`");
            self.reader.report(Mistake::at(name.place, message).help(help));
        }
    }

    fn receivers(
        &mut self,
        fields: &Fields<'_, 'd>,
        global: &integrations::Global,
    ) -> Vec<NamedReceiver> {
        let mut receivers = Vec::new();
        let mut places: BTreeMap<String, Place> = BTreeMap::new();
        let Some(field) = fields.take("receivers") else { return receivers };
        for node in self.reader.items(field.node) {
            let Some((receiver, place)) = integrations::receiver(self, node, global) else {
                continue;
            };
            if let Some(first) = places.insert(receiver.name.clone(), place) {
                let message = format!("there are two receivers `{}`", receiver.name);
                self.reader.report(Mistake::at(place, message).also(first, "first here"));
            }
            receivers.push(receiver);
        }
        receivers
    }

    /// The route at the top, which takes every alert.
    fn root(&mut self, node: Node<'d>, spoken: &mut Spoken) -> Option<Route> {
        let above = Route {
            key: "".into(),
            matchers: Vec::new(),
            receiver: String::new(),
            timing: Timing { group_by: Vec::new(), ..Timing::default() },
            goes_on: false,
            mute: Vec::new(),
            active: Vec::new(),
            routes: Vec::new(),
        };
        let route = self.route(node, &above, spoken)?;
        let wrong = |message: &str| self.reader.report(Mistake::at(node.place(), message));
        if !route.matchers.is_empty() {
            wrong("the route at the top takes every alert, so it has no conditions");
        }
        if !route.mute.is_empty() || !route.active.is_empty() {
            wrong("the route at the top is never silent, so it has no time intervals");
        }
        if route.receiver.is_empty() {
            wrong("the route at the top needs a `receiver`");
        }
        Some(route)
    }

    fn route(&mut self, node: Node<'d>, above: &Route, spoken: &mut Spoken) -> Option<Route> {
        let reader = self.reader;
        spoken.routes += 1;
        spoken.depth += 1;
        if spoken.depth > DEPTH_MAX || spoken.routes > ROUTES_MAX {
            let message =
                format!("routes nest deeper than {DEPTH_MAX} or are more than {ROUTES_MAX}");
            reader.report(Mistake::at(node.place(), message));
            return None;
        }
        let fields = reader.fields(node, "a route")?;
        let matchers = self.conditions(&fields, ["matchers", "match", "match_re"]);
        let receiver = fields.take("receiver").and_then(|field| reader.placed(field.node));
        let timing = self.timing(&fields, &above.timing);
        let goes_on = fields.take("continue").and_then(|field| reader.truth(field.node));
        let [mute, active] = ["mute_time_intervals", "active_time_intervals"]
            .map(|key| self.names(&fields, key, spoken));
        if let Some(field) = fields.take("labels") {
            self.note(field.key, "route: labels", "messages carry no labels of routes");
        }
        let below = fields.take("routes").map(|field| reader.items(field.node));
        fields.finish();
        let name = match &receiver {
            Some(own) => own.value.clone(),
            None => above.receiver.clone(),
        };
        spoken.receivers.extend(receiver);
        let mut route = Route {
            key: spoken.name(&above.key, &matchers),
            matchers,
            receiver: name,
            timing,
            goes_on: goes_on.unwrap_or(false),
            mute,
            active,
            routes: Vec::new(),
        };
        for node in below.unwrap_or_default() {
            let own = self.route(node, &route, spoken);
            spoken.depth -= 1;
            route.routes.extend(own);
        }
        Some(route)
    }

    fn names(
        &self,
        fields: &Fields<'_, 'd>,
        key: &'static str,
        spoken: &mut Spoken,
    ) -> Vec<String> {
        let Some(field) = fields.take(key) else { return Vec::new() };
        let names: Vec<Placed<String>> = (self.reader.items(field.node).into_iter())
            .filter_map(|node| self.reader.placed(node))
            .collect();
        let texts = names.iter().map(|name| name.value.clone()).collect();
        spoken.intervals.extend(names);
        texts
    }

    fn timing(&self, fields: &Fields<'_, 'd>, above: &Timing) -> Timing {
        let reader = self.reader;
        let span = |key, range: RangeInclusive<Span>| {
            fields.take(key).and_then(|field| reader.duration(field.node, range))
        };
        let group_by = fields.take("group_by").map(|field| {
            let names = reader.texts(field.node);
            let wrong = |message: &str| {
                reader.report(Mistake::at(field.node.place(), message.to_owned()));
            };
            if names.len() > 1 && names.iter().any(|name| name == "...") {
                wrong("`...` groups by all labels, so no other label can stand beside it");
            }
            for (at, name) in names.iter().enumerate() {
                if names.iter().take(at).any(|own| own == name) {
                    wrong(&format!("`{name}` stands in `group_by` twice"));
                }
            }
            names
        });
        Timing {
            group_wait: span("group_wait", DURATIONS).unwrap_or(above.group_wait),
            group_interval: span("group_interval", INTERVALS).or(above.group_interval),
            repeat_interval: span("repeat_interval", INTERVALS).unwrap_or(above.repeat_interval),
            group_by: group_by.unwrap_or_else(|| above.group_by.clone()),
        }
    }

    /// Conditions in the three ways they can be written.
    fn conditions(&self, fields: &Fields<'_, 'd>, keys: [&'static str; 3]) -> Vec<LabelMatcher> {
        let reader = self.reader;
        let [texts, equal, like] = keys.map(|key| fields.take(key));
        let mut matchers = Vec::new();
        for node in texts.map(|field| reader.items(field.node)).unwrap_or_default() {
            let Some(text) = reader.text(node) else { continue };
            match parse_matchers(text) {
                Ok(read) => matchers.extend(read),
                Err(error) => reader.report(Mistake::at(node.place(), error.to_string())),
            }
        }
        for (field, comparison) in [(equal, Comparison::Equal), (like, Comparison::Like)] {
            for entry in field.map(|field| reader.entries(field.node)).unwrap_or_default() {
                matchers.extend(self.condition(&entry, comparison));
            }
        }
        matchers.sort_by(|a, b| (a.name(), a.value()).cmp(&(b.name(), b.value())));
        matchers
    }

    fn condition(&self, entry: &Entry<'d>, comparison: Comparison) -> Option<LabelMatcher> {
        if !is_classic_name(entry.key) {
            let message = format!("`{}` cannot be a label's name", entry.key);
            self.reader.report(Mistake::at(entry.place, message).help("write it under `matchers`"));
            return None;
        }
        let Some(value) = entry.node.scalar().filter(|_| !entry.node.is_null()) else {
            self.reader.wrong(entry.node, &format!("`{}` needs a text", entry.key), "");
            return None;
        };
        match LabelMatcher::new(entry.key, comparison, value) {
            Ok(matcher) => Some(matcher),
            Err(error) => {
                self.reader.report(Mistake::at(entry.node.place(), error.to_string()));
                None
            }
        }
    }

    fn inhibit(&mut self, node: Node<'d>) -> Option<InhibitRule> {
        let fields = self.reader.fields(node, "an inhibition rule")?;
        let source =
            self.conditions(&fields, ["source_matchers", "source_match", "source_match_re"]);
        let target =
            self.conditions(&fields, ["target_matchers", "target_match", "target_match_re"]);
        let equal = fields.take("equal").map(|field| self.reader.texts(field.node));
        fields.allow("name");
        if let Some(field) = fields.take("sources") {
            self.note(field.key, "inhibit_rules: sources", "write one rule for each source");
        }
        fields.finish();
        Some(InhibitRule { source, target, equal: equal.unwrap_or_default() })
    }
}
