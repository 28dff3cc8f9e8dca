//! The rules of `OpenMetrics` 1.0 beyond syntax: what names, types, values, groups and histograms must be.

use std::collections::HashSet;

use model::MetricKind;

use super::{
    Taker,
    cursor::number,
    line::{MetadataLine, SampleLine},
};

/// What every sample has passed so far.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// Names that families before this one have taken.
    taken: HashSet<String>,
    family: Option<Family>,
    lines: usize,
}

/// The metric whose lines come now.
#[derive(Debug, Default)]
struct Family {
    name: String,
    kind: Option<MetricKind>,
    help: bool,
    unit: Option<String>,
    sampled: bool,
    groups: HashSet<String>,
    group: Option<(String, Option<f64>)>,
    buckets: Buckets,
}

/// What the buckets of one histogram at one time have shown.
#[derive(Debug, Default)]
struct Buckets {
    any: bool,
    bound: Option<f64>,
    value: f64,
    negative: bool,
    sum: Option<f64>,
    count: Option<f64>,
}

/// What may follow a family's name in the names of its samples.
fn suffixes(kind: MetricKind) -> &'static [&'static str] {
    match kind {
        MetricKind::Counter => &["_total", "_created"],
        MetricKind::Summary => &["", "_count", "_sum", "_created"],
        MetricKind::Histogram => &["_bucket", "_count", "_sum", "_created"],
        MetricKind::GaugeHistogram => &["_bucket", "_gcount", "_gsum"],
        MetricKind::Info => &["_info"],
        MetricKind::Gauge | MetricKind::StateSet | MetricKind::Unknown => &[""],
    }
}

impl Rules {
    /// Closes the last family.
    pub(super) fn end(&mut self) -> Result<(), String> {
        self.close()
    }

    /// About where the last family ended.
    pub(super) fn last_line(&self) -> usize {
        self.lines.max(1)
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(family) = self.family.take() else { return Ok(()) };
        family.close()?;
        let own = suffixes(family.kind());
        for suffix in own.iter().chain(if own.contains(&"") { &[][..] } else { &[""] }) {
            let name = format!("{}{suffix}", family.name);
            if self.taken.contains(&name) {
                return Err(format!("{name} belongs to two metrics"));
            }
            self.taken.insert(name);
        }
        Ok(())
    }

    fn open(&mut self, name: &str) -> Result<&mut Family, String> {
        self.close()?;
        Ok(self.family.insert(Family { name: name.to_owned(), ..Family::default() }))
    }
}

impl<'b> Taker<'b> for Rules {
    fn metadata(&mut self, line: &MetadataLine<'b>) -> Result<(), String> {
        self.lines += 1;
        let same = self.family.as_ref().is_some_and(|family| family.name == line.name());
        if !same {
            self.open(line.name())?;
        }
        let Some(family) = &mut self.family else { return Ok(()) };
        if family.sampled {
            return Err(format!("what {} is must stand before its samples", family.name));
        }
        let repeated = match line {
            MetadataLine::Help(..) => std::mem::replace(&mut family.help, true),
            MetadataLine::Kind(_, kind) => family.kind.replace(*kind).is_some(),
            MetadataLine::Unit(_, unit) => family.unit.replace((*unit).to_owned()).is_some(),
        };
        if repeated {
            return Err(format!("the same is said twice of {}", family.name));
        }
        Ok(())
    }

    fn sample(&mut self, sample: &SampleLine<'b>) -> Result<(), String> {
        self.lines += 1;
        let own = self.family.as_ref().is_some_and(|family| family.suffix(sample).is_some());
        let family = match &mut self.family {
            Some(family) if own => family,
            _ => self.open(sample.name())?,
        };
        family.sample(sample)
    }
}

impl Family {
    fn kind(&self) -> MetricKind {
        self.kind.unwrap_or_default()
    }

    /// What follows the family's name in the sample's, if the sample is one of it.
    fn suffix(&self, sample: &SampleLine<'_>) -> Option<&'static str> {
        let rest = sample.name().strip_prefix(self.name.as_str())?;
        suffixes(self.kind()).iter().find(|suffix| **suffix == rest).copied()
    }

    fn sample(&mut self, sample: &SampleLine<'_>) -> Result<(), String> {
        self.sampled = true;
        let suffix = self.suffix(sample).unwrap_or_default();
        self.value(suffix, sample)?;
        let exemplars = match self.kind() {
            MetricKind::Counter => "_total",
            MetricKind::Histogram | MetricKind::GaugeHistogram => "_bucket",
            _ => "no sample of this type",
        };
        if sample.exemplar.is_some() && suffix != exemplars {
            return Err(format!("{} must not have an exemplar", sample.name()));
        }
        let fresh = self.place(sample)?;
        if matches!(self.kind(), MetricKind::Histogram | MetricKind::GaugeHistogram) {
            if fresh {
                std::mem::take(&mut self.buckets).check(&self.name)?;
            }
            self.buckets.add(suffix, sample, &self.name)?;
        }
        Ok(())
    }

    /// What a sample's value and special label must be.
    fn value(&self, suffix: &str, sample: &SampleLine<'_>) -> Result<(), String> {
        let value = sample.value;
        let name = sample.name();
        let counts = value >= 0.0;
        match (self.kind(), suffix) {
            (MetricKind::Counter, "_total")
            | (MetricKind::Summary | MetricKind::Histogram, "_count" | "_sum" | "_bucket")
            | (MetricKind::GaugeHistogram, "_gcount" | "_bucket")
                if !counts =>
            {
                Err(format!("{name} must not be negative or no number, but is {value}"))
            }
            (MetricKind::GaugeHistogram, "_gsum") if value.is_nan() => {
                Err(format!("{name} must be a number"))
            }
            (MetricKind::Summary, "") => {
                let quantile = sample.label("quantile").and_then(|text| number(text).ok());
                if !quantile.is_some_and(|quantile| (0.0..=1.0).contains(&quantile)) {
                    return Err(format!("{name} needs a label quantile from 0 to 1"));
                }
                if value < 0.0 {
                    return Err(format!("a quantile of {name} must not be negative"));
                }
                Ok(())
            }
            (MetricKind::Info, _) if !is(value, 1.0) => Err(format!("{name} must be 1")),
            (MetricKind::StateSet, _) => {
                if sample.label(&self.name).is_none() {
                    return Err(format!("{name} needs a label of its own name"));
                }
                if !is(value, 0.0) && !is(value, 1.0) {
                    return Err(format!("{name} must be 0 or 1"));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether the sample begins another group or another time; groups must not come back, nor time go back.
    fn place(&mut self, sample: &SampleLine<'_>) -> Result<bool, String> {
        let kind = self.kind();
        let special = match kind {
            MetricKind::Histogram | MetricKind::GaugeHistogram => "le",
            MetricKind::Summary => "quantile",
            MetricKind::StateSet => self.name.as_str(),
            _ => "",
        };
        // Every label of an info is what it says, so all of them are one group.
        let info = kind == MetricKind::Info;
        let mut labels: Vec<(&str, &str)> = sample
            .labels
            .iter()
            .skip(1)
            .map(|(name, value)| (&**name, &**value))
            .filter(|(name, _)| !info && *name != special)
            .collect();
        labels.sort_unstable();
        let mut key = String::new();
        for (name, value) in labels {
            // No label's name or value can hold an unpaired separator of this kind by accident.
            key.extend([name, "\u{1f}", value, "\u{1e}"]);
        }
        let time = sample.seconds();
        let Some((own, before)) = &self.group else {
            self.groups.insert(key.clone());
            self.group = Some((key, time));
            return Ok(true);
        };
        if *own != key {
            if !self.groups.insert(key.clone()) {
                return Err(format!("samples of {} with the same labels are apart", self.name));
            }
            self.group = Some((key, time));
            return Ok(true);
        }
        let before = *before;
        match (before, time) {
            (Some(_), None) | (None, Some(_)) => {
                return Err(format!(
                    "some samples of {} have a time stamp and some not",
                    self.name
                ));
            }
            (Some(before), Some(now)) if now < before && !info => {
                return Err(format!("the time stamps of {} go back", self.name));
            }
            _ => {}
        }
        self.group = Some((key, time));
        Ok(before != time)
    }

    fn close(&self) -> Result<(), String> {
        self.buckets.check(&self.name)?;
        let Some(unit) = self.unit.as_deref().filter(|unit| !unit.is_empty()) else {
            return Ok(());
        };
        if matches!(self.kind(), MetricKind::Info | MetricKind::StateSet) {
            return Err(format!("{} is of a type that has no unit", self.name));
        }
        let fits = self.name.strip_suffix(unit).is_some_and(|rest| rest.ends_with('_'));
        if fits { Ok(()) } else { Err(format!("{} must end with its unit {unit}", self.name)) }
    }
}

/// Exactly: these are counts and flags, not measurements.
#[expect(clippy::float_cmp, reason = "whole numbers are compared")]
fn is(value: f64, wanted: f64) -> bool {
    value == wanted
}

impl Buckets {
    fn add(&mut self, suffix: &str, sample: &SampleLine<'_>, name: &str) -> Result<(), String> {
        self.any = true;
        match suffix {
            "_bucket" => {
                let bound =
                    sample.label("le").ok_or_else(|| format!("a bucket of {name} has no le"))?;
                let value = number(bound)
                    .map_err(|_not_a_number| format!("le of {name} is not a number"))?;
                if value.is_nan() || (value == f64::INFINITY && bound != "+Inf") {
                    return Err(format!("le of {name} is {bound:?}"));
                }
                if self.bound.is_some_and(|before| value <= before) {
                    return Err(format!("the buckets of {name} are out of order at {bound}"));
                }
                if self.bound.is_some() && sample.value < self.value {
                    return Err(format!("the buckets of {name} fall at {bound}"));
                }
                self.negative |= value < 0.0;
                (self.bound, self.value) = (Some(value), sample.value);
            }
            "_count" | "_gcount" => self.count = Some(sample.value),
            "_sum" | "_gsum" => self.sum = Some(sample.value),
            _ => {}
        }
        if suffix == "_sum" {
            // A sum that can fall is no counter.
            self.negative_sum(name)?;
        }
        Ok(())
    }

    fn negative_sum(&self, name: &str) -> Result<(), String> {
        if self.negative {
            return Err(format!("{name} has buckets below 0, so its sum cannot be a counter"));
        }
        Ok(())
    }

    fn check(&self, name: &str) -> Result<(), String> {
        if !self.any {
            return Ok(());
        }
        if self.bound != Some(f64::INFINITY) {
            return Err(format!("{name} has no bucket with le=\"+Inf\""));
        }
        if self.count.is_some_and(|count| !is(count, self.value)) {
            return Err(format!("the count of {name} is not that of its last bucket"));
        }
        if self.count.is_some() != self.sum.is_some() {
            return Err(format!("{name} must have both sum and count, or neither"));
        }
        if !self.negative && self.sum.is_some_and(|sum| sum < 0.0) {
            return Err(format!("{name} has a negative sum, but no bucket below 0"));
        }
        Ok(())
    }
}
