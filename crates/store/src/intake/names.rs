//! Series by metric name: what nearly every selector asks for.

use hashbrown::HashMap;
use model::{LabelsRef, METRIC_NAME, MatchOp, Matcher};

/// Which series have which metric name, since nearly every selector says something of it.
#[derive(Debug, Default)]
pub(super) struct NameIndex(HashMap<Box<str>, Vec<u32>>);

impl NameIndex {
    pub(super) fn add(&mut self, labels: LabelsRef<'_>, number: u32) {
        let name = labels.get(METRIC_NAME).unwrap_or_default();
        match self.0.get_mut(name) {
            Some(numbers) => numbers.push(number),
            None => {
                self.0.insert(name.into(), vec![number]);
            }
        }
    }

    pub(super) fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        self.0.retain(|_, numbers| {
            numbers.retain(|number| keep(*number));
            !numbers.is_empty()
        });
    }

    /// Calls with the numbers of each name that passes; matchers of other labels are not looked at.
    pub(super) fn passing(&self, matchers: &[Matcher], mut each: impl FnMut(&[u32])) {
        let of_name: Vec<&Matcher> =
            matchers.iter().filter(|matcher| matcher.name() == METRIC_NAME).collect();
        if let Some(exact) = of_name.iter().find(|matcher| matcher.op() == MatchOp::Equal) {
            if let Some(numbers) = self.0.get(exact.value())
                && of_name.iter().all(|matcher| matcher.matches(exact.value()))
            {
                each(numbers);
            }
            return;
        }
        let passing = |name: &str| of_name.iter().all(|matcher| matcher.matches(name));
        for (name, numbers) in &self.0 {
            if passing(name) {
                each(numbers);
            }
        }
    }
}
