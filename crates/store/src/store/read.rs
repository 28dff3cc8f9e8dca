//! Answering: which series there are, and what the buffer, the runs and the parts hold of each.

mod changes;
mod coarse;
mod find;
mod set;

use std::collections::BTreeSet;

use model::{BudgetSpent, Columns, Labels, Selection, SeriesSet, SeriesSource, SourceError, Time};

pub(super) use changes::Changes;

use super::Store;
use crate::{StoreError, disk::index::Index, disk::part::Cache};

/// Why reading stopped.
enum Stop {
    Budget(BudgetSpent),
    Store(StoreError),
}

impl From<BudgetSpent> for Stop {
    fn from(spent: BudgetSpent) -> Self {
        Self::Budget(spent)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stop> for SourceError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Budget(spent) => Self::Budget(spent),
            Stop::Store(error) => Self::Failed(Box::new(error)),
        }
    }
}

impl Store {
    fn labels(&self, selection: &Selection<'_>) -> Result<BTreeSet<Labels>, SourceError> {
        Ok(self.found(selection)?.into_labels())
    }

    /// Collects texts from everything that overlaps the range, without looking at single series.
    fn texts(
        &self,
        selection: &Selection<'_>,
        mut from_labels: impl FnMut(&Labels, &mut BTreeSet<String>),
        from_index: impl Fn(&Index, &Cache, &mut BTreeSet<String>) -> Result<(), StoreError>,
    ) -> Result<Vec<String>, SourceError> {
        let mut found = BTreeSet::new();
        let (memory, catalog) = self.in_memory(selection);
        for own in &memory {
            from_labels(&own.labels, &mut found);
        }
        for index in find::indexes_in(&catalog, selection) {
            selection.budget.charge(0)?;
            let mut own = BTreeSet::new();
            match from_index(index, &self.cache, &mut own) {
                Ok(()) => found.append(&mut own),
                Err(error @ StoreError::Damaged { .. }) => self.set_index_aside(index, &error),
                Err(error) => return Err(SourceError::Failed(Box::new(error))),
            }
        }
        Ok(found.into_iter().collect())
    }
}

impl SeriesSource for Store {
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Columns>, SourceError> {
        let set = self.found(selection)?;
        let mut answer = Vec::with_capacity(set.len());
        for at in 0..set.len() {
            let mut columns = Columns::default();
            set.read(at, &mut columns)?;
            if !columns.is_empty() {
                answer.push(columns);
            }
        }
        answer.sort_unstable_by(|one, other| one.labels.cmp(&other.labels));
        Ok(answer)
    }

    fn find<'s>(
        &'s self,
        selection: &Selection<'s>,
    ) -> Result<Box<dyn SeriesSet + 's>, SourceError> {
        Ok(Box::new(self.found(selection)?))
    }

    fn series(&self, selection: &Selection<'_>) -> Result<Vec<Labels>, SourceError> {
        Ok(self.labels(selection)?.into_iter().collect())
    }

    fn label_names(&self, selection: &Selection<'_>) -> Result<Vec<String>, SourceError> {
        let names = |labels: &Labels, found: &mut BTreeSet<String>| {
            for (name, _) in labels.iter() {
                if !found.contains(name) {
                    found.insert(name.to_owned());
                }
            }
        };
        if selection.matchers.is_empty() {
            return self.texts(selection, names, Index::add_names);
        }
        let mut found = BTreeSet::new();
        for labels in self.labels(selection)? {
            names(&labels, &mut found);
        }
        Ok(found.into_iter().collect())
    }

    fn label_values(
        &self,
        label: &str,
        selection: &Selection<'_>,
    ) -> Result<Vec<String>, SourceError> {
        let values = |labels: &Labels, found: &mut BTreeSet<String>| {
            if let Some(value) = labels.get(label)
                && !found.contains(value)
            {
                found.insert(value.to_owned());
            }
        };
        if selection.matchers.is_empty() {
            return self.texts(selection, values, |index, cache, found| {
                index.add_values(cache, label, found)
            });
        }
        let mut found = BTreeSet::new();
        for labels in self.labels(selection)? {
            values(&labels, &mut found);
        }
        Ok(found.into_iter().collect())
    }

    fn version(&self) -> u64 {
        self.changes.lock().version()
    }

    fn changed_from(&self, version: u64) -> Option<Time> {
        self.changes.lock().since(version).map(Time)
    }
}
