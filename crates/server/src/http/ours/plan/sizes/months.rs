//! Earlier reviews as the API shows them: what was decided month by month, and what that really saved.

use std::collections::BTreeMap;

use model::Time;
use serde::Serialize;
use utoipa::ToSchema;

use super::views::{SizeBookingView, SizeDecisionView, booking_view, decision_view};
use crate::jobs::sizing::{Booking, Decision, Verdict};

/// Reviews by month, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct SizeReviewList {
    at: i64,
    months: Vec<SizeMonthView>,
}

/// One month's review.
#[derive(Debug, Serialize, ToSchema)]
struct SizeMonthView {
    month: String,
    /// The last word on each item.
    decisions: Vec<SizeDecisionView>,
    /// What was seen of this month's decisions, whenever that was.
    booked: Vec<SizeBookingView>,
    /// What was accepted saves a month, as promised; nothing where that is money of several currencies.
    accepted_month: Option<f64>,
    /// What of it was seen.
    booked_month: Option<f64>,
    /// What that money is called; nothing where there is none.
    currency: Option<String>,
    /// The same by currency: they are never added up.
    money: Vec<SizeMoneyView>,
}

/// A month's money of one currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct SizeMoneyView {
    currency: String,
    accepted_month: Option<f64>,
    booked_month: Option<f64>,
}

pub(super) fn months_view(now: Time, decided: &[Decision], booked: &[Booking]) -> SizeReviewList {
    // The last word of each month on each item.
    let mut words: BTreeMap<(&str, &str), &Decision> = BTreeMap::new();
    for own in decided {
        words.insert((&own.month, &own.id), own);
    }
    let mut months: BTreeMap<&str, MonthWords<'_>> = BTreeMap::new();
    for ((month, _), own) in words {
        months.entry(month).or_default().0.push(own);
    }
    for own in booked {
        months.entry(&own.month).or_default().1.push(own);
    }
    let months = months.into_iter().rev().map(|(month, words)| month_view(month, words));
    SizeReviewList { at: now.millis(), months: months.collect() }
}

/// What was decided in a month's review, and what was booked of it.
type MonthWords<'w> = (Vec<&'w Decision>, Vec<&'w Booking>);

fn month_view(month: &str, (decided, booked): MonthWords<'_>) -> SizeMonthView {
    let decisions: Vec<SizeDecisionView> = decided.into_iter().map(decision_view).collect();
    let booked: Vec<SizeBookingView> = booked.into_iter().map(booking_view).collect();
    let mut money: BTreeMap<&str, SizeMoneyView> = BTreeMap::new();
    let accepted = decisions.iter().filter(|own| own.verdict == Verdict::Accepted.word());
    let accepted = accepted.map(|own| (&own.currency, own.saving_month, true));
    let seen = booked.iter().map(|own| (&own.currency, own.saving_month, false));
    for (currency, saving, promised) in accepted.chain(seen) {
        let Some(saving) = saving else { continue };
        let of = money.entry(currency).or_insert_with(|| SizeMoneyView {
            currency: currency.clone(),
            accepted_month: None,
            booked_month: None,
        });
        let sum = if promised { &mut of.accepted_month } else { &mut of.booked_month };
        *sum.get_or_insert(0.0) += saving;
    }
    let money: Vec<SizeMoneyView> = money.into_values().collect();
    let only = match money.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    SizeMonthView {
        month: month.to_owned(),
        decisions,
        booked,
        accepted_month: only.as_ref().and_then(|own| own.accepted_month),
        booked_month: only.as_ref().and_then(|own| own.booked_month),
        currency: only.map(|own| own.currency),
        money,
    }
}
