//! A review in one sentence, and what it is worth.

use model::Unit;

use super::{Advice, CachePast, Offer, Review};
use crate::{
    benefit::{Benefit, Stake, Way, benefit},
    scenarios::Triangle,
};

/// Hours in a month, a twelfth of a year.
const HOURS_MONTH: f64 = 730.5;
/// What lay above a size in the past may be this many times as much in the months to come, at most.
const RISK_TIMES: f64 = 2.0;
/// And this share of the time beside, since a past without any is no promise.
const RISK_BESIDE: f64 = 0.001;

/// What stands beside a proposal of less room.
const ONLY_GROWS: &str = "; a volume can mostly only grow, so less of it is a new one and a copy";

/// Says what there is, what would do, and how sure that is: «8 cores (m5.2xlarge), 2 cores (m5.large) would do: in 27 of 28
/// weeks use stayed within its line».
pub fn say_review(review: &Review, units: &[Unit]) -> String {
    let now = offer(review.now(), units);
    let needs: Vec<String> =
        review.needs.iter().zip(units).map(|(need, unit)| unit.say(need.needed)).collect();
    let steps = review.needs.iter().map(|need| need.steps).min().unwrap_or(0);
    let needs = needs.join(" and ");
    let ahead = review.needs.iter().find_map(|need| need.ahead_days);
    let walked = match ahead {
        Some(days) => format!(
            "{needs} needed to stay within the line in {days:.0} days, by the forecast of what it will hold"
        ),
        None => format!("{needs} needed to stay within the line, as {steps} recorded weeks show"),
    };
    let shrinking = ahead.map_or("", |_| ONLY_GROWS);
    let cache = review.needs.iter().find_map(|need| need.cache);
    if let (Some(cache), Advice::Larger, Some(then)) = (cache, review.advice, review.proposed()) {
        let then = offer(then, units);
        return format!(
            "{now} is too small: {then} is the next size; {}, so look again after it",
            cache.say()
        );
    }
    let walked = cache.map_or(walked, CachePast::say);
    match (review.advice, review.proposed()) {
        (Advice::Smaller, Some(then)) => {
            let then = offer(then, units);
            format!("{now} is more than needed: {then} would do; {walked}{shrinking}")
        }
        (Advice::Larger, Some(then)) => {
            format!("{now} is too small: {} would do; {walked}", offer(then, units))
        }
        (Advice::NoneFits, _) => {
            format!("{now}: nothing that can be had is large enough; {walked}")
        }
        _ => format!("{now}: as it should be; {walked}"),
    }
}

fn offer(own: &Offer, units: &[Unit]) -> String {
    let sizes: Vec<String> =
        own.sizes.iter().zip(units).map(|(size, unit)| unit.say(*size)).collect();
    let sizes = sizes.join(" and ");
    match &own.name {
        Some(name) => format!("{sizes} ({name})"),
        None => sizes,
    }
}

/// What the proposal is worth; nothing where nothing is proposed or money is not known.
pub fn size_benefit(review: &Review, change_cost: f64, stake: Stake) -> Option<Benefit> {
    let way = |own: &Offer, once: f64| {
        let hours = |share: f64| share.clamp(0.0, 1.0) * HOURS_MONTH;
        Some(Way {
            once: Triangle::just(once),
            month: Triangle::just(own.cost_month?),
            over_hours: Triangle {
                low: hours(own.over / RISK_TIMES),
                mode: hours(own.over),
                high: hours(RISK_TIMES * own.over + RISK_BESIDE),
            },
        })
    };
    Some(benefit(&way(review.now(), 0.0)?, &way(review.proposed()?, change_cost)?, stake))
}
