//! PromQL over any source of series.
