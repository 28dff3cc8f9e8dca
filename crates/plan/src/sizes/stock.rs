//! What a stock needs: a disk fills, so its past weeks say less than where its forecast comes to until the next review.

use model::{Nature, Share, Span, Time};
use stats::{mean, quantile};

use super::{DAY, LEARNT, Machine, Need, NoSizing, VALUES_MIN, past::between};
use crate::forecast::{ForecastOptions, History, forecast};

/// From one review to the next, at most.
const REVIEW: Span = Span::days(31);

/// What a stock needs: the most it held in the newest week, or where it comes to until the next review by the upper end of
/// the forecast's interval, whichever is more. The interval is as sure as the policy.
pub(super) fn stock_need(machine: Machine<'_>, sure: f64) -> Result<Need, NoSizing> {
    let none = NoSizing::NoForecast { days: 0.0 };
    let (first, last) = machine.times.first().zip(machine.times.last()).ok_or(none)?;
    let too_short = NoSizing::NoForecast { days: (last - first) as f64 / DAY as f64 };
    let all = between(machine, i64::MIN, *last);
    if all.iter().all(|value| *value <= 0.0) {
        return Err(if all.is_empty() { too_short } else { NoSizing::Unused });
    }
    let newest = between(machine, last - LEARNT, *last);
    if newest.len() < VALUES_MIN {
        return Err(NoSizing::TooFew);
    }
    let options = ForecastOptions {
        nature: Nature::Stock,
        confidence: Share::new(sure).ok_or(too_short)?,
        horizon: Some(REVIEW),
        // How large it is now is what is asked about.
        upper_bound: None,
        lower_bound: Some(0.0),
        seed: 1,
    };
    let history = History { times: machine.times, values: machine.used };
    let told = forecast(history, &options, Time(*last))
        .map_err(|need| NoSizing::NoForecast { days: need.have.as_millis() as f64 / DAY as f64 })?;
    let reached = told.points.last().map_or(Span::ZERO, |point| point.at.since(Time(*last)));
    // A step may be missing at the end.
    if reached.as_millis() + DAY < REVIEW.as_millis() {
        return Err(too_short);
    }
    let highest = quantile(&newest, 1.0);
    let needed = told.points.iter().map(|point| point.high).fold(highest, f64::max);
    Ok(Need {
        needed,
        p99: highest,
        factor: if highest > 0.0 { needed / highest } else { 1.0 },
        mean: mean(&all),
        steps: 0,
        ahead_days: Some(REVIEW.as_millis() as f64 / DAY as f64),
        cache: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(count: i64, use_at: impl Fn(f64) -> f64) -> (Vec<i64>, Vec<f64>) {
        let times: Vec<i64> = (1..=count * 288).map(|at| at * 300_000).collect();
        let used = times.iter().map(|time| use_at(*time as f64 / DAY as f64)).collect();
        (times, used)
    }

    fn told((times, used): &(Vec<i64>, Vec<f64>)) -> Result<Need, NoSizing> {
        stock_need(Machine { times, used }, 0.9)
    }

    #[test]
    fn growth_until_the_next_review_is_part_of_the_need() {
        // Two a day: 100 at first, 170 now, 232 in a month.
        let need = told(&days(35, |day| 100.0 + 2.0 * day)).unwrap();
        assert!((need.p99 - 170.0).abs() < 0.1 && need.ahead_days == Some(31.0), "{need:?}");
        assert!(need.needed > 228.0 && need.needed < 250.0, "{need:?}");
    }

    #[test]
    fn what_shrinks_needs_no_less_than_it_holds() {
        let need = told(&days(35, |day| 200.0 - 2.0 * day)).unwrap();
        assert!(need.needed >= need.p99 && need.needed < 160.0, "{need:?}");
    }

    #[test]
    fn a_forecast_that_does_not_reach_the_review_tells_no_size() {
        let why = told(&days(20, |day| 100.0 + day)).unwrap_err();
        assert!(why.to_string().contains("20.0 days of history"), "{why}");
        assert_eq!(told(&days(35, |_| 0.0)), Err(NoSizing::Unused));
    }
}
