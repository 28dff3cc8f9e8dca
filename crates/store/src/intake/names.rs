//! Series by metric name: what nearly every selector asks for.

use hashbrown::HashMap;
use model::{LabelsRef, METRIC_NAME, MatchOp, Matcher};

/// Which series have which metric name, since nearly every selector says something of it.
#[derive(Debug, Default)]
pub(super) struct NameIndex {
    names: HashMap<Box<str>, Named>,
    eras: u64,
}

/// The series of a name.
#[derive(Debug)]
pub(super) struct Named {
    /// The earlier known first.
    pub(super) numbers: Vec<u32>,
    /// Another one whenever any of them is gone: as long as it is the same, series only came after those that were there.
    pub(super) era: u64,
}

impl NameIndex {
    pub(super) fn add(&mut self, labels: LabelsRef<'_>, number: u32) {
        let name = labels.get(METRIC_NAME).unwrap_or_default();
        if let Some(named) = self.names.get_mut(name) {
            named.numbers.push(number);
            return;
        }
        self.eras += 1;
        self.names.insert(name.into(), Named { numbers: vec![number], era: self.eras });
    }

    pub(super) fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        let eras = &mut self.eras;
        self.names.retain(|_, named| {
            let before = named.numbers.len();
            named.numbers.retain(|number| keep(*number));
            if named.numbers.len() < before {
                *eras += 1;
                named.era = *eras;
            }
            !named.numbers.is_empty()
        });
    }

    /// The series of the one name that passes, if a matcher names it.
    pub(super) fn exactly(&self, matchers: &[Matcher]) -> Option<&Named> {
        let exact = exact(matchers)?;
        let all = of_name(matchers).all(|own| own.matches(exact.value()));
        self.names.get(exact.value()).filter(|_| all)
    }

    /// Calls with the numbers of each name that passes; matchers of other labels are not looked at.
    pub(super) fn passing(&self, matchers: &[Matcher], mut each: impl FnMut(&[u32])) {
        if exact(matchers).is_some() {
            if let Some(named) = self.exactly(matchers) {
                each(&named.numbers);
            }
            return;
        }
        for (name, named) in &self.names {
            if of_name(matchers).all(|own| own.matches(name)) {
                each(&named.numbers);
            }
        }
    }
}

fn of_name(matchers: &[Matcher]) -> impl Iterator<Item = &Matcher> {
    matchers.iter().filter(|own| own.name() == METRIC_NAME)
}

fn exact(matchers: &[Matcher]) -> Option<&Matcher> {
    of_name(matchers).find(|own| own.op() == MatchOp::Equal)
}
