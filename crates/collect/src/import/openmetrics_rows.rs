//! `OpenMetrics` text, one line at a time.

use std::io::BufRead;

use super::{Batch, ImportError, ImportProgress, Lines, Rows};
use crate::exposition::{Dialect, SampleLine, labels_of, read_sample};

/// Lines of a file in `OpenMetrics` text.
pub(super) struct OpenMetricsRows<R> {
    lines: Lines<R>,
    ended: bool,
}

impl<R: BufRead> OpenMetricsRows<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { lines: Lines::new(reader), ended: false }
    }
}

impl<R: BufRead> Rows for OpenMetricsRows<R> {
    fn next(
        &mut self,
        batch: &mut Batch,
        progress: &mut ImportProgress,
    ) -> Result<bool, ImportError> {
        let Some(line) = self.lines.next(progress)? else { return Ok(false) };
        let wrong = |what: String| ImportError::Line { line: progress.lines, what };
        if self.ended {
            return Err(wrong("something follows # EOF".into()));
        }
        if line.starts_with('#') || line.is_empty() {
            self.ended = line == "# EOF";
            return Ok(true);
        }
        let mut sample = SampleLine::default();
        read_sample(line, Dialect::OpenMetrics, &mut sample).map_err(wrong)?;
        let time = sample.time().ok_or_else(|| wrong("the sample has no time stamp".into()))?;
        let labels = batch.with_base(labels_of(&sample.labels));
        batch.push(&labels, time, sample.value);
        Ok(true)
    }
}
