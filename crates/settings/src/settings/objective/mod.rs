//! The `objectives` section: a KPI with a target, by two counters or by an expression and a line.

mod catalogue;
mod file;
mod openslo;
mod table;

use std::collections::BTreeMap;

use model::{Indicator, Loudness, Objective, Period, Share, Span, Test, Unit};

use super::ExpressionCheck;
use crate::{
    mistake::{Mistake, Place},
    reader::{Field, Placed, Reader},
};

pub(super) use catalogue::PARAMETERS_ABOUT;
use catalogue::{Named, finish};
pub use file::{ObjectiveFile, Untaken, read_objectives};
pub(super) use table::TABLE;

/// Rolling periods that make sense: shorter ones have no budget to speak of, longer ones are not kept.
const PERIODS: std::ops::RangeInclusive<Span> = Span::days(1)..=Span::days(365);
/// What holds if no period is written.
const PERIOD: Period = Period::Rolling(Span::days(30));

/// Parameters of expressions by name.
pub(crate) type Parameters = BTreeMap<String, String>;

/// An objective while it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct ObjectiveDraft {
    name: Option<Placed<String>>,
    like: Option<Placed<String>>,
    parameters: Parameters,
    title: Option<String>,
    service: Option<String>,
    owner: Option<String>,
    reason: Option<String>,
    good: Option<Placed<String>>,
    bad: Option<Placed<String>>,
    total: Option<Placed<String>>,
    value: Option<Placed<String>>,
    line: Option<(Test, f64, Place)>,
    unit: Option<Unit>,
    target: Option<Placed<Share>>,
    period: Option<Period>,
    zone: Option<Placed<String>>,
    alerts: Option<Loudness>,
    needed: Option<bool>,
    place: Place,
}

impl ObjectiveDraft {
    /// Takes from another what is not written here.
    fn or(self, base: &Self) -> Self {
        let mut base = base.clone();
        let mut parameters = base.parameters;
        parameters.extend(self.parameters);
        if self.good.is_some() || self.bad.is_some() || self.value.is_some() {
            // What is counted is taken as a whole.
            (base.good, base.bad, base.total, base.value) = (None, None, None, None);
            (base.line, base.unit) = (None, None);
        }
        Self {
            name: self.name,
            like: self.like,
            parameters,
            title: self.title,
            service: self.service.or(base.service),
            owner: self.owner.or(base.owner),
            reason: self.reason.or(base.reason),
            good: self.good.or(base.good),
            bad: self.bad.or(base.bad),
            total: self.total.or(base.total),
            value: self.value.or(base.value),
            line: self.line.or(base.line),
            unit: self.unit.or(base.unit),
            target: self.target.or(base.target),
            period: self.period.or(base.period),
            zone: self.zone.or(base.zone),
            alerts: self.alerts.or(base.alerts),
            needed: self.needed.or(Some(true)),
            place: self.place,
        }
    }

    /// The objective, if enough of it could be read; its name with its place.
    fn finish(
        self,
        reader: &Reader<'_>,
        parameters: &Parameters,
        check: ExpressionCheck<'_>,
    ) -> Option<(Objective, Placed<String>)> {
        let name = self.name.clone()?;
        let target = self.target.clone();
        if target.is_none() {
            reader.report(
                Mistake::at(self.place, "an objective needs `target`")
                    .help("write the share of events that must be good, as in `target: 99.9 %`"),
            );
        }
        let mut own = parameters.clone();
        own.extend(self.parameters.clone());
        let period = self.period(reader);
        let indicator = self.indicator(reader, &own, check)?;
        let objective = Objective {
            title: self.title.unwrap_or_else(|| name.value.clone()),
            name: name.value.clone(),
            service: self.service.unwrap_or_default(),
            owner: self.owner.unwrap_or_else(|| "nobody yet".to_owned()),
            reason: self.reason.unwrap_or_default(),
            indicator,
            target: target?.value,
            period,
            alerts: self.alerts.unwrap_or(Loudness::Page),
            needed: self.needed.unwrap_or(true),
        };
        Some((objective, name))
    }

    fn period(&self, reader: &Reader<'_>) -> Period {
        let mut period = self.period.clone().unwrap_or(PERIOD);
        if let Some(written) = &self.zone {
            match &mut period {
                Period::Calendar { zone, .. } => zone.clone_from(&written.value),
                Period::Rolling(_) if written.value == "UTC" => {}
                Period::Rolling(_) => reader.report(
                    Mistake::at(written.place, "a rolling period begins in no time zone")
                        .help("remove `zone`, or write `period: month`"),
                ),
            }
        }
        period
    }

    fn indicator(
        &self,
        reader: &Reader<'_>,
        parameters: &Parameters,
        check: ExpressionCheck<'_>,
    ) -> Option<Indicator> {
        let read = |key: &str, text: &Placed<String>| {
            let filled = catalogue::fill(&text.value, parameters);
            let wrong = filled.and_then(|text| check(&text).map(|()| text));
            wrong
                .map_err(|why| {
                    let message = format!("`{key}` is not a valid PromQL expression");
                    // What came from the policy has no place in this file.
                    let place = if self.like.is_some() { self.place } else { text.place };
                    reader.report(Mistake::at(place, message).label(why));
                })
                .ok()
        };
        match (&self.good, &self.bad, &self.value, &self.total) {
            (Some(good), None, None, Some(total)) => {
                let (good, total) = (read("good", good), read("total", total));
                Some(Indicator::Good { good: good?, total: total? })
            }
            (None, Some(bad), None, Some(total)) => {
                let (bad, total) = (read("bad", bad), read("total", total));
                Some(Indicator::Bad { bad: bad?, total: total? })
            }
            (None, None, Some(value), None) => {
                let expr = read("value", value);
                let Some((test, line, _)) = self.line else {
                    let help = "write `below`, `at_most`, `at_least` or `above` with a number";
                    reader.report(Mistake::at(value.place, "`value` needs a line").help(help));
                    return None;
                };
                let unit = self.unit.unwrap_or(Unit::Count);
                Some(Indicator::Value { expr: expr?, test, line, unit })
            }
            _ => {
                reader.report(
                    Mistake::at(self.place, "it is not said what this objective counts")
                        .help("write `good` and `total`, or `bad` and `total`, or `value` and a line such as `below`"),
                );
                None
            }
        }
    }
}

/// All that a settings file says of objectives, while it is read.
#[derive(Debug, Default)]
pub(super) struct ObjectivesDraft {
    pub(super) drafts: Vec<ObjectiveDraft>,
    pub(super) files: Vec<String>,
    pub(super) parameters: Parameters,
}

impl ObjectivesDraft {
    /// The objectives, those of the policy included if they are wanted; the files of others, and their parameters.
    pub(super) fn finish(
        self,
        reader: &Reader<'_>,
        policy: bool,
        check: ExpressionCheck<'_>,
    ) -> (Vec<Named>, Vec<String>, Parameters) {
        let found = finish(reader, (self.drafts, &self.parameters), policy, check);
        (found, self.files, self.parameters)
    }
}

/// Reads `objective_parameters`.
pub(super) fn read_parameters<'d>(reader: &Reader<'d>, field: Field<'d>, into: &mut Parameters) {
    *into = table::parameters(reader, field);
}
