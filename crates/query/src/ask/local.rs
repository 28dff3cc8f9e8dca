//! Answers from a source of series in this process.

use std::{collections::BTreeSet, fmt, sync::Arc};

use model::{Clock, Labels, Selection, SeriesSource, SourceError, Time};

use super::{Listed, Listing, Queries, Question};
use crate::{Answer, Engine, Explained, QueryError, Reused, Steps};

/// The engine over a source of series.
pub struct Local {
    engine: Engine,
    source: Arc<dyn SeriesSource>,
}

impl Local {
    /// Answers by this engine from this source.
    pub fn new(engine: Engine, source: Arc<dyn SeriesSource>) -> Self {
        Self { engine, source }
    }

    fn engine(&self, question: Question<'_>) -> Engine {
        if question.fresh { self.engine.fresh() } else { self.engine.clone() }
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Local").field("engine", &self.engine).finish_non_exhaustive()
    }
}

impl Queries for Local {
    fn instant(&self, question: Question<'_>, at: Time) -> Result<Answer, QueryError> {
        let Question { text, budget, .. } = question;
        let engine = self.engine(question);
        match question.round {
            Some(round) => engine.instant_in((self.source.as_ref(), budget), text, at, round),
            None => engine.instant(self.source.as_ref(), text, at, budget),
        }
    }

    fn range(&self, question: Question<'_>, steps: Steps) -> Result<Answer, QueryError> {
        let Question { text, budget, .. } = question;
        self.engine(question).range(self.source.as_ref(), text, steps, budget)
    }

    fn explain(
        &self,
        question: Question<'_>,
        at: Time,
        clock: &dyn Clock,
    ) -> Result<Explained, QueryError> {
        let asked = (self.source.as_ref() as &dyn SeriesSource, question.budget);
        self.engine(question).explain(asked, question.text, at, clock)
    }

    fn explain_range(
        &self,
        question: Question<'_>,
        steps: Steps,
        clock: &dyn Clock,
    ) -> Result<Explained, QueryError> {
        let asked = (self.source.as_ref() as &dyn SeriesSource, question.budget);
        self.engine(question).explain_range(asked, question.text, steps, clock)
    }

    fn series(&self, listing: Listing<'_>) -> Result<Listed<Labels>, QueryError> {
        over_selectors(listing, |selection| self.source.series(selection))
    }

    fn label_names(&self, listing: Listing<'_>) -> Result<Listed<String>, QueryError> {
        over_selectors(listing, |selection| self.source.label_names(selection))
    }

    fn label_values(
        &self,
        label: &str,
        listing: Listing<'_>,
    ) -> Result<Listed<String>, QueryError> {
        over_selectors(listing, |selection| self.source.label_values(label, selection))
    }

    fn reused(&self) -> Reused {
        self.engine.reused()
    }
}

fn over_selectors<T: Ord>(
    listing: Listing<'_>,
    read: impl Fn(&Selection<'_>) -> Result<Vec<T>, SourceError>,
) -> Result<Listed<T>, QueryError> {
    let all = [Vec::new()];
    let selectors = if listing.selectors.is_empty() { &all } else { listing.selectors };
    let mut found = BTreeSet::new();
    for matchers in selectors {
        let selection = Selection::new(matchers, listing.range, listing.budget);
        found.extend(read(&selection)?);
    }
    Ok(Listed::cut(found, listing.limit, Vec::new()))
}
