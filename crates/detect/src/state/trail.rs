//! What an evaluation wrote last time, so that series which are no longer written end at once.

use std::collections::BTreeSet;

use model::{Labels, STALE, Sample, Series, Time};

/// The series of the last evaluation of one rule, or of all alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail(BTreeSet<Labels>);

impl Trail {
    /// Takes over what another wrote last.
    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Adds an end-of-series marker for every series that was written last time and is not now.
    pub fn step(&mut self, mut series: Vec<Series>, now: Time) -> Vec<Series> {
        let written: BTreeSet<Labels> = series.iter().map(|one| one.labels.clone()).collect();
        for ended in self.0.difference(&written) {
            let marker = Sample { time: now, value: STALE };
            series.push(Series::new(ended.clone(), vec![marker]));
        }
        self.0 = written;
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(names: &[&str]) -> Vec<Series> {
        let samples = vec![Sample { time: Time(0), value: 1.0 }];
        let one =
            |name: &&str| Series::new(Labels::from_pairs([("__name__", *name)]), samples.clone());
        names.iter().map(one).collect()
    }

    #[test]
    fn a_series_that_is_no_longer_written_gets_one_marker() {
        let mut trail = Trail::default();
        assert_eq!(trail.step(series(&["a", "b"]), Time(1)).len(), 2);
        let second = trail.step(series(&["a"]), Time(2));
        assert_eq!(second[1].labels.metric_name(), Some("b"));
        assert!(model::is_stale(second[1].samples[0].value));
        assert_eq!(trail.step(series(&["a"]), Time(3)).len(), 1);
    }
}
