//! How fast a budget burns, over which windows that is looked at, and when it is sure.

use model::{Loudness, Span};

use super::tally::Count;

/// A share of the budget that may not be spent within a while, and the short window that must agree, so that an alert
/// ends soon after its cause. After <https://sre.google/workbook/alerting-on-slos/>, table 5-8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// How urgent it is.
    pub loudness: Loudness,
    /// The long window.
    pub long: Span,
    /// The short one.
    pub short: Span,
    /// So many times faster than the period allows is too fast.
    pub factor: f64,
}

/// The share of the budget, the long window and the short one.
const WINDOWS: [(Loudness, f64, Span, Span); 4] = [
    (Loudness::Page, 0.02, Span::hours(1), Span::minutes(5)),
    (Loudness::Page, 0.05, Span::hours(6), Span::minutes(30)),
    (Loudness::Ticket, 0.10, Span::days(1), Span::hours(2)),
    (Loudness::Ticket, 0.10, Span::days(3), Span::hours(6)),
];

/// Where a share of the budget cannot be spent within its window even if everything fails, because the budget is large,
/// the window counts as burnt when this share of events fails.
const BAD_SHARE_MAX: f64 = 0.9;

/// The one-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.644_853_626_951_472_2;

/// The windows of an objective: factors follow from the length of its period and its budget.
///
/// A period so short that a share of its budget is spent within the window at the allowed pace gets a factor of one:
/// slower than allowed is never too fast.
pub fn windows(period: Span, budget: f64) -> [Window; 4] {
    WINDOWS.map(|(loudness, spends, long, short)| {
        let factor = spends * period.as_secs() / long.as_secs();
        let factor = factor.min(BAD_SHARE_MAX / budget).max(1.0);
        Window { loudness, long, short, factor }
    })
}

/// What a window shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burn {
    /// Which window.
    pub window: Window,
    /// The events of the long window.
    pub long: Count,
    /// The events of the short one.
    pub short: Count,
    /// How many times faster than allowed the budget burns over the long window; nothing without events.
    pub rate_long: Option<f64>,
    /// The same over the short one.
    pub rate_short: Option<f64>,
    /// Whether the events of the long window are enough to be sure of it: the lower bound of the share of bad events,
    /// with 95 % confidence, is still too high.
    pub sure: bool,
}

impl Burn {
    /// What is seen in the windows.
    pub fn of(window: Window, budget: f64, long: Count, short: Count) -> Self {
        let rate = |count: Count| count.bad_share().map(|share| share / budget);
        let sure = share_at_least(long) > window.factor * budget;
        Self { window, long, short, rate_long: rate(long), rate_short: rate(short), sure }
    }

    /// Whether the budget burns too fast in both windows, and that is sure.
    pub fn is_too_fast(&self) -> bool {
        let fast = |rate: Option<f64>| rate.is_some_and(|rate| rate >= self.window.factor);
        fast(self.rate_long) && fast(self.rate_short) && self.sure
    }

    /// Whether an alert that fires may not end yet: it burns on, or nothing has happened lately to tell.
    pub fn goes_on(&self) -> bool {
        /// What hovers about the line does not begin and end all the time.
        const CLEARLY: f64 = 0.8;
        let factor = self.window.factor;
        self.rate_short.is_none_or(|rate| rate >= factor)
            && self.rate_long.is_some_and(|rate| rate >= factor * CLEARLY)
    }
}

/// The least share of bad events that is likely, with 95 % confidence: the lower bound of Wilson's interval, one-sided.
/// E. B. Wilson, «Probable inference, the law of succession, and statistical inference», 1927.
pub fn share_at_least(count: Count) -> f64 {
    let (total, Some(share)) = (count.total, count.bad_share()) else { return 0.0 };
    let square = Z * Z;
    let middle = share + square / (2.0 * total);
    let spread = Z * (share * (1.0 - share) / total + square / (4.0 * total * total)).sqrt();
    ((middle - spread) / (1.0 + square / total)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(days: i64, budget: f64) -> String {
        windows(Span::days(days), budget).map(|own| format!("{:.2}", own.factor)).join(" ")
    }

    #[test]
    fn factors_follow_from_the_period() {
        assert_eq!(factors(30, 0.001), "14.40 6.00 3.00 1.00");
        assert_eq!(factors(28, 0.001), "13.44 5.60 2.80 1.00");
        assert_eq!(factors(90, 0.001), "43.20 18.00 9.00 3.00");
        // Ten percent in three days is slower than a week allows.
        assert_eq!(factors(7, 0.001), "3.36 1.40 1.00 1.00");
    }

    #[test]
    fn an_outage_is_too_fast_however_large_the_budget_is() {
        for budget in [0.05, 0.1, 0.3, 0.5] {
            for window in windows(Span::days(90), budget) {
                let all_bad = Count { total: 5_000.0, bad: 5_000.0 };
                let burn = Burn::of(window, budget, all_bad, all_bad);
                assert!(burn.is_too_fast(), "{budget} {window:?}");
            }
        }
    }

    #[test]
    fn one_bad_event_of_few_is_not_sure() {
        let window = windows(Span::days(30), 0.001)[0];
        let one = Count { total: 40.0, bad: 1.0 };
        let burn = Burn::of(window, 0.001, one, one);
        assert!(burn.rate_long.unwrap() > 14.4 && !burn.is_too_fast());
        let three = Count { total: 40.0, bad: 3.0 };
        assert!(Burn::of(window, 0.001, three, three).is_too_fast());
    }

    #[test]
    fn the_bound_is_the_one_of_the_tables() {
        // Worked out by hand from the formula with z = 1.645.
        let bound = share_at_least(Count { total: 100.0, bad: 10.0 });
        assert!((bound - 0.0609).abs() < 5e-4, "{bound}");
        assert!(share_at_least(Count { total: 10.0, bad: 0.0 }).abs() < 1e-12);
        assert!(share_at_least(Count::default()).abs() < 1e-12);
        let all = share_at_least(Count { total: 10.0, bad: 10.0 });
        assert!((0.78..0.80).contains(&all), "{all}");
    }

    #[test]
    fn an_alert_goes_on_while_nobody_asks_for_anything() {
        let window = windows(Span::days(30), 0.001)[0];
        let bad = Count { total: 100.0, bad: 50.0 };
        assert!(Burn::of(window, 0.001, bad, Count::default()).goes_on());
        assert!(!Burn::of(window, 0.001, Count::default(), Count::default()).goes_on());
        let good = Count { total: 100.0, bad: 0.0 };
        assert!(!Burn::of(window, 0.001, bad, good).goes_on());
    }
}
