//! `target_info`: what a resource says of itself.

use model::{Sample, Span};

use super::{NANOS_PER_MILLI, Reach, Walk, millis};
use crate::receive::otlp::{
    OtlpError, Reason,
    labels::{
        Base, IDENTIFYING, Series, spots,
        value::{Attribute, Text},
    },
};

const NAME: &str = "target_info";
/// Samples of one `target_info` from one request at most; a week at the usual lookback.
const SAMPLES_MAX: u64 = 4096;

impl Walk<'_, '_> {
    /// The series that has the attributes of a resource as its labels, as long as there are data points of it.
    pub(super) fn target_info(
        &mut self,
        attributes: &[(String, String)],
        reach: Reach,
    ) -> Result<(), OtlpError> {
        let identifies = |key: &str| IDENTIFYING.contains(&key);
        if attributes.iter().all(|(key, _)| identifies(key)) {
            return Ok(());
        }
        let options = self.out.options;
        let told =
            attributes.iter().filter(|(key, _)| options.keep_identifying || !identifies(key));
        let mut own: Vec<_> =
            told.map(|(key, value)| Attribute { key, value: Text::Sent(value) }).collect();
        let (mut room, mut found) = (String::new(), Vec::new());
        let base = Base::identifying(attributes);
        let labelled = spots(&mut own, options, &mut room, &mut found)
            .and_then(|()| Series::new(&room, &base, &found, "", &options.limits));
        let mut series = match labelled {
            Ok(series) => series,
            Err(detail) => {
                self.arrived.refused.add(Reason::Labels, 1, NAME, detail);
                return Ok(());
            }
        };
        if series.pairs.iter().any(|(name, _)| ["job", "instance"].contains(name)) {
            self.out.add_many(series.named(NAME, ""), &samples(reach, options.lookback))?;
        }
        Ok(())
    }
}

/// Ones from the first data point to the last, near enough for a query at any time in between to find one.
fn samples(reach: Reach, lookback: Span) -> Vec<Sample> {
    let half = u64::try_from(lookback.as_millis() / 2).unwrap_or(0).max(1);
    let step = half.saturating_mul(NANOS_PER_MILLI);
    let longest = step.saturating_mul(SAMPLES_MAX - 1);
    let mut nanos = reach.earliest.max(reach.latest.saturating_sub(longest));
    let last = millis(reach.latest);
    let mut samples = Vec::new();
    while millis(nanos) < last {
        samples.push(Sample { time: millis(nanos), value: 1.0 });
        nanos = nanos.saturating_add(step);
    }
    samples.push(Sample { time: last, value: 1.0 });
    samples
}
