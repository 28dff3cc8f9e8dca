//! Functions of ranges where native histograms are among the samples. The path of floats stays what it is: a judge of
//! floats is wrapped, and only series with histograms come here.

mod change;
mod over_time;

use crate::run::{
    Run,
    rows::is_present,
    windows::{Judge, Judged, Track, Window},
};

/// What functions of native histograms need to know.
#[derive(Clone, Copy)]
pub(super) struct Native<'r, 'q> {
    pub(super) run: &'r Run<'q>,
    pub(super) name: &'static str,
    /// The place of the range expression in the text, for remarks.
    pub(super) at: Option<usize>,
    pub(super) range_seconds: f64,
}

impl<'r, 'q> Native<'r, 'q> {
    /// Wraps a judge of floats.
    pub(super) fn with<J>(self, floats: J) -> Mixed<'r, 'q, J> {
        Mixed { floats, native: self, metric: String::new() }
    }
}

/// A judge of floats and native histograms.
pub(super) struct Mixed<'r, 'q, J> {
    floats: J,
    native: Native<'r, 'q>,
    metric: String,
}

impl<J> Mixed<'_, '_, J> {
    /// The end of a message that names the metric, if it has a name.
    fn for_metric(&self) -> String {
        match &*self.metric {
            "" => String::new(),
            metric => format!(" for metric name {metric:?}"),
        }
    }

    fn warn(&self, what: &str) {
        self.native.run.warn(self.native.at, what);
    }

    fn warn_of_floats_among_histograms(&self) {
        let metric = self.for_metric();
        self.warn(&format!("encountered a mix of histograms and floats{metric}"));
    }

    fn warn_of_mixed_buckets(&self) {
        let metric = self.for_metric();
        self.warn(&format!(
            "vector contains a mix of histograms with exponential and custom buckets schemas{metric}"
        ));
    }

    fn tell_reconciled(&self, doing: &str) {
        self.native.run.inform(
            self.native.at,
            &format!("mismatched custom buckets were reconciled during {doing}"),
        );
    }
}

impl<J: Judge> Judge for Mixed<'_, '_, J> {
    fn start(&mut self, track: &Track) {
        self.floats.start(track);
        if !track.histograms.is_empty() {
            track.labels.metric_name().unwrap_or_default().clone_into(&mut self.metric);
        }
    }

    fn judge(&mut self, window: &Window<'_>) -> f64 {
        self.floats.judge(window)
    }

    fn judge_mixed(&mut self, window: &Window<'_>) -> Judged {
        let seconds = |millis: i64| Judged::Float(millis as f64 / 1000.0);
        match self.native.name {
            "count_over_time" => {
                Judged::Float((window.values.len() + window.histograms.len()) as f64)
            }
            "present_over_time" => Judged::Float(1.0),
            "ts_of_first_over_time" => seconds(window.start_of_samples()),
            "ts_of_last_over_time" => seconds(window.end_of_samples()),
            "first_over_time" => over_time::first(window),
            "last_over_time" => over_time::last(window),
            _ if window.histograms.is_empty() => self.of_floats(window),
            "rate" | "increase" | "delta" => self.extrapolated(window),
            "irate" | "idelta" => self.newest_change(window),
            "changes" => change::count(window, change::differ),
            "resets" => change::count(window, change::resets),
            "sum_over_time" => self.sum(window),
            "avg_over_time" => self.mean(window),
            _ if window.values.is_empty() => Judged::Absent,
            _ => {
                let metric = self.for_metric();
                self.native.run.inform(
                    self.native.at,
                    &format!("ignored histograms in a range containing both floats and histograms{metric}"),
                );
                self.of_floats(window)
            }
        }
    }
}

impl<J: Judge> Mixed<'_, '_, J> {
    fn of_floats(&mut self, window: &Window<'_>) -> Judged {
        let value = self.floats.judge(window);
        if is_present(value) { Judged::Float(value) } else { Judged::Absent }
    }
}

impl Window<'_> {
    /// The time of the first sample of either kind.
    fn start_of_samples(&self) -> i64 {
        let histogram = self.histograms.first().map_or(i64::MAX, |own| own.time.millis());
        self.times.first().copied().unwrap_or(i64::MAX).min(histogram)
    }

    /// The time of the last sample of either kind.
    fn end_of_samples(&self) -> i64 {
        let histogram = self.histograms.last().map_or(i64::MIN, |own| own.time.millis());
        self.times.last().copied().unwrap_or(i64::MIN).max(histogram)
    }
}
