//! What a query holds in memory, and who counts it.

use std::sync::atomic::{AtomicUsize, Ordering};

use model::{Budget, BudgetSpent, Columns};

use crate::run::rows::{Row, Table};

/// Counts the bytes a query holds. What nodes made is given back when the node above them is done.
pub(crate) struct Held<'q> {
    budget: &'q dyn Budget,
    bytes: AtomicUsize,
    peak: AtomicUsize,
}

impl<'q> Held<'q> {
    pub(crate) fn new(budget: &'q dyn Budget) -> Self {
        Self { budget, bytes: AtomicUsize::new(0), peak: AtomicUsize::new(0) }
    }

    /// Bytes held now.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The most bytes that were held at once.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    /// Holds more.
    pub(crate) fn hold(&self, bytes: usize) -> Result<(), BudgetSpent> {
        self.budget.hold(bytes)?;
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.peak.fetch_max(before + bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Holds exactly so many from now on.
    pub(crate) fn settle(&self, bytes: usize) -> Result<(), BudgetSpent> {
        let held = self.bytes();
        if bytes > held {
            return self.hold(bytes - held);
        }
        self.bytes.store(bytes, Ordering::Relaxed);
        self.budget.release(held - bytes);
        Ok(())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.budget.release(self.bytes());
    }
}

/// Bytes of a series that was read.
pub(crate) fn columns_bytes(columns: &Columns) -> usize {
    let histograms: usize = columns.histograms.iter().map(|own| own.histogram.heap_bytes()).sum();
    size_of::<Columns>() + columns.times.len() * 16 + histograms
}

impl Row {
    /// Bytes it takes; labels belong to the source.
    pub(crate) fn bytes(&self) -> usize {
        let histograms = self.histograms.iter().flatten();
        let histograms: usize = histograms.map(|own| own.heap_bytes()).sum();
        size_of::<Self>()
            + self.values.len() * size_of::<f64>()
            + self.histograms.len() * size_of::<usize>()
            + histograms
    }
}

impl Table {
    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Scalar(values) => values.len() * size_of::<f64>(),
            Self::Text(text) => text.len(),
            Self::Rows(rows) => rows.iter().map(Row::bytes).sum(),
        }
    }
}
