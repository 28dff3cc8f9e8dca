//! Reads time intervals from Alertmanager's configuration.

use std::ops::RangeInclusive;

use jiff::tz::TimeZone;
use settings::{Mistake, Node};

use super::{NamedIntervals, TimeInterval, config::File, intervals};

impl<'d> File<'_, 'd> {
    /// Reads a list of named time intervals.
    pub(super) fn named_intervals(&self, node: Node<'d>, into: &mut Vec<NamedIntervals>) {
        for node in self.reader.items(node) {
            let Some(fields) = self.reader.fields(node, "a named time interval") else { continue };
            let name = fields.need("name").and_then(|field| self.reader.placed(field.node));
            let list = fields.take("time_intervals").map(|field| self.reader.items(field.node));
            fields.finish();
            let list = list.unwrap_or_default().into_iter();
            let intervals = list.filter_map(|node| self.interval(node)).collect();
            let Some(name) = name else { continue };
            if into.iter().any(|own| own.name == name.value) {
                let message = format!("there are two time intervals `{}`", name.value);
                self.reader.report(Mistake::at(name.place, message));
            }
            into.push(NamedIntervals { name: name.value, intervals });
        }
    }

    fn interval(&self, node: Node<'d>) -> Option<TimeInterval> {
        let fields = self.reader.fields(node, "a time interval")?;
        let mut interval = TimeInterval::default();
        let list = |key| fields.take(key).map(|field| self.reader.items(field.node));
        for node in list("times").unwrap_or_default() {
            interval.times.extend(self.times(node));
        }
        interval.weekdays = self.ranges(list("weekdays"), intervals::read_weekdays);
        interval.days_of_month = self.ranges(list("days_of_month"), intervals::read_days);
        interval.months = self.ranges(list("months"), intervals::read_months);
        interval.years = self.ranges(list("years"), intervals::read_years);
        if let Some(field) = fields.take("location") {
            let name = self.reader.text(field.node).unwrap_or("UTC");
            let zone = if name == "Local" { Ok(TimeZone::system()) } else { TimeZone::get(name) };
            match zone {
                Ok(zone) => interval.zone = Some(zone),
                Err(_) => self.reader.wrong(
                    field.node,
                    &format!("the time zone `{name}` is not known"),
                    "write a name such as `Europe/Berlin`; the package tzdata brings them",
                ),
            }
        }
        fields.finish();
        Some(interval)
    }

    fn times(&self, node: Node<'d>) -> Option<(u16, u16)> {
        let fields = self.reader.fields(node, "a time range")?;
        let ends = ["start_time", "end_time"].map(|key| fields.need(key));
        fields.finish();
        let [from, to] = ends.map(|field| {
            let text = self.reader.text(field?.node)?;
            intervals::read_minute(text)
        });
        match (from, to) {
            (Some(from), Some(to)) if from < to => Some((from, to)),
            _ => {
                let help = "write `start_time: '09:00'` and a later `end_time: '17:00'`";
                self.reader.wrong(node, "this is no range of times of day", help);
                None
            }
        }
    }

    fn ranges<T>(
        &self,
        nodes: Option<Vec<Node<'d>>>,
        read: impl Fn(&str) -> Option<RangeInclusive<T>>,
    ) -> Vec<RangeInclusive<T>> {
        let mut ranges = Vec::new();
        for node in nodes.unwrap_or_default() {
            match self.reader.text(node).map(&read) {
                Some(Some(range)) => ranges.push(range),
                Some(None) => self.reader.wrong(
                    node,
                    "this is no range that can be read here",
                    "write one value, or two with a colon between them, the smaller first",
                ),
                None => {}
            }
        }
        ranges
    }
}
