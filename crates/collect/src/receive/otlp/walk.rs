//! The way through a request: resources, scopes, metrics.

mod out;
mod target;

use std::{collections::HashMap, rc::Rc};

use model::{Batch, Metadata, MetricKind, Time};

use super::{
    Arrived, Options, OtlpError, Reason,
    labels::{
        Base, Scope,
        names::{Shape, metric_name, unit_name},
        value::attribute,
    },
    points::{self, Room},
    within,
};
use crate::receive::wire::{Field, Fields, WireError};
pub(super) use out::Out;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// Why the work on a data point stops.
pub(super) enum Stop {
    /// It alone is refused.
    Point(Reason, String),
    /// All are.
    Request(OtlpError),
}

impl From<WireError> for Stop {
    fn from(error: WireError) -> Self {
        Self::Request(error.into())
    }
}

impl From<OtlpError> for Stop {
    fn from(error: OtlpError) -> Self {
        Self::Request(error)
    }
}

/// Takes the message apart.
pub(super) fn walk(
    message: &[u8],
    options: &Options,
    batch: &mut Batch,
) -> Result<Arrived, OtlpError> {
    let out = Out::new(options, batch);
    let mut walk = Walk {
        out,
        arrived: Arrived::default(),
        room: Room::default(),
        families: HashMap::new(),
        bases: 0,
    };
    for field in Fields::new(message) {
        if let (1, Field::Bytes(resource)) = field? {
            walk.resource(resource)?;
        }
    }
    Ok(walk.arrived)
}

/// What the series of a metric are called.
#[derive(Debug, Default)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) sum: String,
    pub(super) count: String,
    pub(super) bucket: String,
}

/// What kind of data a metric has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Data {
    Gauge,
    Sum,
    Counter,
    Histogram,
    Exponential,
    Summary,
}

/// A metric but for its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Head<'r> {
    name: &'r str,
    unit: &'r str,
    help: &'r str,
}

/// From when to when a resource has data points.
#[derive(Clone, Copy, Debug)]
struct Reach {
    earliest: u64,
    latest: u64,
}

type Families<'r> = HashMap<(Head<'r>, Data), Option<Rc<Family>>>;

struct Walk<'o, 'r> {
    out: Out<'o>,
    arrived: Arrived,
    room: Room<'r>,
    families: Families<'r>,
    /// Bases so far.
    bases: usize,
}

impl<'r> Walk<'_, 'r> {
    fn resource(&mut self, message: Fields<'r>) -> Result<(), OtlpError> {
        let mut attributes = Vec::new();
        for field in message.clone() {
            if let (1, Field::Bytes(resource)) = field? {
                attributes = self.attributes(1, resource)?;
            }
        }
        let base = Base::of_resource(&attributes, self.out.options);
        let mut reach = Reach { earliest: u64::MAX, latest: 0 };
        for field in message {
            if let (2, Field::Bytes(scope)) = field? {
                self.scope(scope, &base, &mut reach)?;
            }
        }
        if reach.earliest <= reach.latest {
            self.target_info(&attributes, reach)?;
        }
        Ok(())
    }

    /// The attributes of a resource or a scope.
    fn attributes(
        &mut self,
        number: u64,
        message: Fields<'r>,
    ) -> Result<Vec<(String, String)>, OtlpError> {
        let mut attributes = Vec::new();
        for field in message {
            match field? {
                (own, Field::Bytes(entry)) if own == number => {
                    self.room.text.clear();
                    let attribute = attribute(entry, &mut self.room.text)?;
                    let value = attribute.value.get(&self.room.text).to_owned();
                    attributes.push((attribute.key.to_owned(), value));
                }
                _ => {}
            }
        }
        Ok(attributes)
    }

    fn scope(
        &mut self,
        message: Fields<'r>,
        base: &Base,
        reach: &mut Reach,
    ) -> Result<(), OtlpError> {
        let mut scope = Scope::default();
        for field in message.clone() {
            match field? {
                (1, Field::Bytes(own)) => {
                    scope.attributes = self.attributes(3, own.clone())?;
                    (scope.name, scope.version) = scope_name(own)?;
                }
                (3, Field::Bytes(text)) => scope.schema = text.text("a schema's address")?,
                _ => {}
            }
        }
        self.bases += 1;
        let base = base.with_scope(self.bases, &scope, self.out.options);
        for field in message {
            if let (2, Field::Bytes(metric)) = field? {
                self.metric(metric, &base, reach)?;
            }
        }
        Ok(())
    }

    fn metric(
        &mut self,
        message: Fields<'r>,
        base: &Base,
        reach: &mut Reach,
    ) -> Result<(), OtlpError> {
        let mut head = Head::default();
        let mut found = None;
        for field in message {
            match field? {
                (1, Field::Bytes(text)) => head.name = text.text("a metric's name")?,
                (2, Field::Bytes(text)) => head.help = text.text("a metric's description")?,
                (3, Field::Bytes(text)) => head.unit = text.text("a metric's unit")?,
                (5, Field::Bytes(data)) => found = Some((Data::Gauge, data)),
                (7, Field::Bytes(data)) => found = Some((Data::Sum, data)),
                (9, Field::Bytes(data)) => found = Some((Data::Histogram, data)),
                (10, Field::Bytes(data)) => found = Some((Data::Exponential, data)),
                (11, Field::Bytes(data)) => found = Some((Data::Summary, data)),
                _ => {}
            }
        }
        let Some((data, points)) = found else { return Ok(()) };
        let about = about(data, points.clone())?;
        if about.points == 0 {
            return Ok(());
        }
        let refused = &mut self.arrived.refused;
        match about.temporality {
            Temporality::Fine => {}
            Temporality::Delta => {
                refused.add(Reason::Delta, about.points, head.name, String::new());
                return Ok(());
            }
            Temporality::Unknown => {
                refused.add(Reason::Temporality, about.points, head.name, String::new());
                return Ok(());
            }
        }
        let Some(family) = self.family(head, about.data)? else {
            self.arrived.refused.add(Reason::Name, about.points, head.name, String::new());
            return Ok(());
        };
        for field in points {
            let (1, Field::Bytes(point)) = field? else { continue };
            self.point(head.name, about.data, &family, (point, base, &mut *reach))?;
        }
        Ok(())
    }

    fn point(
        &mut self,
        metric: &str,
        data: Data,
        family: &Family,
        (point, base, reach): (Fields<'r>, &Base, &mut Reach),
    ) -> Result<(), OtlpError> {
        self.room.clear();
        let Self { out, room, .. } = self;
        let taken = match data {
            Data::Gauge | Data::Sum | Data::Counter => {
                points::number(out, room, point, (base, family))
            }
            Data::Histogram => points::histogram(out, room, point, (base, family)),
            Data::Exponential => points::exponential(out, room, point, (base, family)),
            Data::Summary => points::summary(out, room, point, (base, family)),
        };
        self.arrived.exemplars += self.room.exemplars;
        match taken {
            Ok(nanos) => {
                self.arrived.points += 1;
                reach.earliest = reach.earliest.min(nanos);
                reach.latest = reach.latest.max(nanos);
                Ok(())
            }
            Err(Stop::Point(reason, detail)) => {
                self.arrived.refused.add(reason, 1, metric, detail);
                Ok(())
            }
            Err(Stop::Request(error)) => Err(error),
        }
    }

    /// What the series of a metric are called; says so once for each metric. Nothing if there is no name in its name.
    fn family(&mut self, head: Head<'r>, data: Data) -> Result<Option<Rc<Family>>, OtlpError> {
        if let Some(known) = self.families.get(&(head, data)) {
            return Ok(known.clone());
        }
        let strategy = self.out.options.strategy;
        let shape = match data {
            Data::Gauge => Shape::Gauge,
            Data::Counter => Shape::Counter,
            _ => Shape::Other,
        };
        let family = metric_name(strategy, head.name, head.unit, shape).map(|name| {
            let [sum, count, bucket] = match data {
                Data::Histogram | Data::Summary => {
                    ["_sum", "_count", "_bucket"].map(|suffix| format!("{name}{suffix}"))
                }
                _ => Default::default(),
            };
            Rc::new(Family { name, sum, count, bucket })
        });
        if let Some(family) = &family {
            let kind = match data {
                Data::Gauge | Data::Sum => MetricKind::Gauge,
                Data::Counter => MetricKind::Counter,
                Data::Histogram | Data::Exponential => MetricKind::Histogram,
                Data::Summary => MetricKind::Summary,
            };
            self.arrived.metadata.push(Metadata {
                metric: family.name.clone(),
                kind,
                help: head.help.to_owned(),
                unit: unit_name(strategy, head.unit),
            });
        }
        self.families.insert((head, data), family.clone());
        within("metrics", self.families.len(), self.out.options.limits.series)?;
        Ok(family)
    }
}

/// Name and version of a scope.
fn scope_name(message: Fields<'_>) -> Result<(&str, &str), WireError> {
    let (mut name, mut version) = ("", "");
    for field in message {
        match field? {
            (1, Field::Bytes(text)) => name = text.text("a scope's name")?,
            (2, Field::Bytes(text)) => version = text.text("a scope's version")?,
            _ => {}
        }
    }
    Ok((name, version))
}

/// Milliseconds from nanoseconds.
pub(super) fn millis(nanos: u64) -> Time {
    // No number of nanoseconds is too many milliseconds.
    Time(i64::try_from(nanos / NANOS_PER_MILLI).unwrap_or(i64::MAX))
}

/// What a metric's data say beside its data points.
struct About {
    data: Data,
    temporality: Temporality,
    points: usize,
}

enum Temporality {
    Fine,
    Delta,
    Unknown,
}

fn about(data: Data, message: Fields<'_>) -> Result<About, WireError> {
    let (mut number, mut rises, mut points) = (0, false, 0);
    for field in message {
        match field? {
            (1, Field::Bytes(_)) => points += 1,
            (2, Field::Number(own)) => number = own,
            (3, Field::Number(own)) => rises = own != 0,
            _ => {}
        }
    }
    let temporality = match (data, number) {
        (Data::Gauge | Data::Summary, _) | (_, 2) => Temporality::Fine,
        (_, 1) => Temporality::Delta,
        _ => Temporality::Unknown,
    };
    let data = if data == Data::Sum && rises { Data::Counter } else { data };
    Ok(About { data, temporality, points })
}
