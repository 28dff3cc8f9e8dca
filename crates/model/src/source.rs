//! Who can be asked for series, and who counts the cost.

use std::{collections::BTreeSet, fmt, time::Duration};

use crate::{Columns, Kind, Labels, Matcher, Span, Time, TimeRange};

/// Counts what a query reads and says when it must stop.
pub trait Budget: Sync {
    /// Charges samples about to be read or made; an error means: stop now.
    fn charge(&self, samples: usize) -> Result<(), BudgetSpent>;

    /// Says that so many bytes more are held; an error means: stop now.
    fn hold(&self, _bytes: usize) -> Result<(), BudgetSpent> {
        Ok(())
    }

    /// Says that so many bytes are held no more.
    fn release(&self, _bytes: usize) {}

    /// How long it may still take, for whoever has to wait for others; nothing if there is no such limit.
    fn time_left(&self) -> Option<Duration> {
        None
    }
}

/// Why a query must stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BudgetSpent {
    /// It took too long.
    #[error("query took longer than {limit_ms} ms")]
    Time {
        /// The limit.
        limit_ms: u64,
    },
    /// It read or made too much.
    #[error("query would read more than {limit} samples")]
    Samples {
        /// The limit.
        limit: usize,
    },
    /// It would take too much memory.
    #[error("query would need more than {limit} bytes of memory")]
    Memory {
        /// The limit.
        limit: usize,
    },
    /// Whoever asked went away.
    #[error("query was cancelled")]
    Cancelled,
}

/// A budget without an end, for tests and work we bounded ourselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

impl Budget for Unlimited {
    fn charge(&self, _samples: usize) -> Result<(), BudgetSpent> {
        Ok(())
    }
}

/// Which figure stands for a stretch of time that was down-sampled. Samples as they came have but one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Figure {
    /// The last value; of counters, with all they rose in between.
    #[default]
    Last,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The sum.
    Sum,
    /// How many there were. Where any sample was down-sampled, every sample's value is how many it stands for.
    Count,
    /// The mean.
    Mean,
}

/// How far back samples of a series were down-sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coarse {
    /// The longest stretch that one of them stands for.
    pub step: Span,
    /// The last of them; what comes later came like this.
    pub until: Time,
}

/// What is asked of a source.
#[derive(Clone, Copy)]
pub struct Selection<'a> {
    /// All of these must hold; at least one must refuse the empty value.
    pub matchers: &'a [Matcher],
    /// From when to when, both ends included.
    pub range: TimeRange,
    /// Which figure is wanted where all that is left was down-sampled.
    pub figure: Figure,
    /// Who counts.
    pub budget: &'a dyn Budget,
}

impl<'a> Selection<'a> {
    /// What is asked without a wish for any figure but the last.
    pub fn new(matchers: &'a [Matcher], range: TimeRange, budget: &'a dyn Budget) -> Self {
        Self { matchers, range, figure: Figure::Last, budget }
    }
}

impl fmt::Debug for Selection<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Selection")
            .field("matchers", &self.matchers)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// Why a source could not answer.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The budget is spent.
    #[error(transparent)]
    Budget(#[from] BudgetSpent),
    /// The source itself failed.
    #[error("cannot read series")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SourceError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Budget(_) => Kind::Busy,
            Self::Failed(_) => Kind::Internal,
        }
    }
}

/// The series that a selection found, to be read one by one and by several threads at once. Their order means nothing, and is
/// the same each time as long as nothing new is written.
pub trait SeriesSet: Send + Sync {
    /// How many there are, some of which may have no samples.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The labels of one of them.
    fn labels(&self, at: usize) -> &Labels;

    /// Puts the samples of one of them into columns, which are emptied first; labels are set as well.
    /// Samples are charged to the selection's budget.
    fn read(&self, at: usize, into: &mut Columns) -> Result<(), SourceError>;

    /// The longest stretch that one sample stands for, if samples near the range were down-sampled: whoever looks at
    /// moments needs samples from that long before the range, too.
    fn coarsest(&self) -> Option<Span> {
        None
    }

    /// How one of them was down-sampled, if any of its samples were.
    fn coarse(&self, _at: usize) -> Option<Coarse> {
        None
    }

    /// What whoever asks should be told: samples that could not be read, answers that are not whole.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Series that were read already.
impl SeriesSet for Vec<Columns> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn labels(&self, at: usize) -> &Labels {
        &self[at].labels
    }

    fn read(&self, at: usize, into: &mut Columns) -> Result<(), SourceError> {
        let own = &self[at];
        into.clear();
        into.labels = own.labels.clone();
        into.times.extend_from_slice(&own.times);
        into.values.extend_from_slice(&own.values);
        into.histograms.extend_from_slice(&own.histograms);
        Ok(())
    }
}

/// Anything that can be asked for series. Answers may take long: call it where blocking is allowed.
pub trait SeriesSource: Send + Sync {
    /// The samples of every series that matches, sorted by labels, series without samples left out.
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Columns>, SourceError>;

    /// The same series, to be read one by one; what it finds is what was there at the time of the call.
    fn find<'s>(
        &'s self,
        selection: &Selection<'s>,
    ) -> Result<Box<dyn SeriesSet + 's>, SourceError> {
        Ok(Box::new(self.select(selection)?))
    }

    /// The labels of every series that matches and has samples near the range, sorted.
    fn series(&self, selection: &Selection<'_>) -> Result<Vec<Labels>, SourceError> {
        Ok(self.select(selection)?.into_iter().map(|columns| columns.labels).collect())
    }

    /// The names of all labels of matching series, sorted; no matchers means all series.
    fn label_names(&self, selection: &Selection<'_>) -> Result<Vec<String>, SourceError> {
        let mut names = BTreeSet::new();
        for labels in self.series(selection)? {
            names.extend(labels.iter().map(|(name, _)| name.to_owned()));
        }
        Ok(names.into_iter().collect())
    }

    /// The values of one label over matching series, sorted; no matchers means all series.
    fn label_values(
        &self,
        label: &str,
        selection: &Selection<'_>,
    ) -> Result<Vec<String>, SourceError> {
        let series = self.series(selection)?;
        let values: BTreeSet<&str> = series.iter().filter_map(|labels| labels.get(label)).collect();
        Ok(values.into_iter().map(str::to_owned).collect())
    }

    /// A number that rises with every write, for [`SeriesSource::changed_from`]; it rises only once the write can be
    /// read, so that an answer to a question asked after this number was told has all that the number counts.
    fn version(&self) -> u64 {
        0
    }

    /// The earliest time for which an answer may have changed since that version; `None` if nothing has. Samples that
    /// are dropped or thinned out for their age change answers as well as those that come.
    /// Sources that cannot tell say that all may have changed.
    fn changed_from(&self, _version: u64) -> Option<Time> {
        Some(Time::MIN)
    }
}
