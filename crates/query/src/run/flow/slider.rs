//! A window's place in a column, which only moves on.

/// Where in a column the window is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slider {
    /// Its first sample.
    pub(crate) first: usize,
    /// The sample after its last.
    pub(crate) after: usize,
}

impl Slider {
    /// Moves on to a window, over times that rise.
    pub(crate) fn slide_over(&mut self, (start, end): (i64, i64), times: &[i64]) {
        if self.after == 0 {
            // The first window of a query may lie far from the first sample.
            self.first = times.partition_point(|time| *time <= start);
            self.after = self.first;
        }
        while let Some(time) = times.get(self.after)
            && *time <= end
        {
            self.after += 1;
        }
        while let Some(time) = times.get(self.first)
            && *time <= start
        {
            self.first += 1;
        }
        self.after = self.after.max(self.first);
    }

    /// The same, over anything that has times.
    pub(crate) fn slide_by(
        &mut self,
        (start, end): (i64, i64),
        count: usize,
        time: impl Fn(usize) -> i64,
    ) {
        while self.after < count && time(self.after) <= end {
            self.after += 1;
        }
        while self.first < self.after && time(self.first) <= start {
            self.first += 1;
        }
    }
}
