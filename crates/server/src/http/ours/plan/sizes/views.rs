//! Sizes as the API shows them.

use std::collections::BTreeMap;

use model::{Time, Unit};
use plan::{Offer, Review};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    super::shape::{finite, map_of},
    benefit::{BenefitView, benefit_view},
};
use crate::{
    jobs::sizing::{Booking, Decision, MoneyAt, SizeItem, Verdict},
    state::App,
};

/// The review of sizes of this month.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct SizeList {
    pub(super) at: i64,
    /// When the past was walked.
    pub(super) reviewed_at: i64,
    /// The month that is reviewed: `2026-11`.
    pub(super) month: String,
    /// Whether there is a price list; without one no money is spoken of.
    pub(super) priced: bool,
    /// Why the price list cannot be read.
    pub(super) prices_wrong: Option<String>,
    /// What money is called.
    pub(super) currency: String,
    /// In how many of the weeks that follow a size must do.
    pub(super) sure: f64,
    /// How many things were left out, being too many.
    pub(super) left_out: usize,
    pub(super) sum: SizeSum,
    /// The most worth first; what fits after it, and last what cannot be told.
    pub(super) items: Vec<SizeView>,
}

/// All items together.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::http::ours) struct SizeSum {
    /// How many are too large, too small, as they should be, and of how many nothing can be told.
    smaller: usize,
    larger: usize,
    fits: usize,
    unknown: usize,
    /// How many proposals wait for a decision this month.
    open: usize,
    accepted: usize,
    declined: usize,
    /// What those whose price is known cost a month.
    cost_month: Option<f64>,
    /// What proposals would save a month, those that cost more taken off.
    saving_month: Option<f64>,
    /// The same of what was accepted.
    accepted_month: Option<f64>,
}

/// Something with a size.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct SizeView {
    id: String,
    title: String,
    owner: String,
    labels: BTreeMap<String, String>,
    /// `smaller`, `larger`, `fits`, `none_fits` (nothing on the list is large enough) or `unknown`.
    pub(super) advice: String,
    /// All of it in one sentence.
    text: String,
    /// Why nothing can be told.
    why_not: Option<String>,
    /// What it consists of.
    parts: Vec<SizePartView>,
    current: Option<OfferView>,
    /// What is proposed; nothing where it stays as it is.
    proposed: Option<OfferView>,
    /// What part of the past use lay above what is proposed, from 0 to 1.
    risk: Option<f64>,
    /// What the proposal saves a month, below nought where it costs more; nothing without prices.
    saving_month: Option<f64>,
    /// What that is worth within a year, the risk that it adds taken off; nothing without prices.
    benefit: Option<BenefitView>,
    /// Sizes with risk and money, from the smallest to the largest.
    frontier: Vec<OfferView>,
    /// What was decided this month.
    pub(super) decision: Option<SizeDecisionView>,
    /// What was decided last in an earlier month.
    before: Option<SizeDecisionView>,
    /// What was booked last.
    booked: Option<SizeBookingView>,
}

/// A resource of it.
#[derive(Debug, Serialize, ToSchema)]
struct SizePartView {
    /// The reading's `id` among resources.
    resource_id: String,
    title: String,
    unit: String,
    /// How much there is.
    limit: f64,
    /// The share of it that is meant to be used.
    line: f64,
    /// The mean of the past.
    mean: Option<f64>,
    /// What was exceeded for one percent of the newest week; of bytes the most.
    p99: Option<f64>,
    /// What must lie below the line.
    needed: Option<f64>,
    /// How much more than before the weeks that followed needed.
    factor: Option<f64>,
    /// How many weeks were walked; nothing of what fills, and of caches that throw out.
    steps: Option<usize>,
    /// Of what fills, how many days ahead its forecast was asked.
    ahead_days: Option<f64>,
    /// Of a cache that throws out, the share of what was asked last week that it found.
    hits: Option<f64>,
    /// And what it threw out a second.
    evictions: Option<f64>,
}

/// A size that could be, or is.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct OfferView {
    /// What the price list calls it.
    name: Option<String>,
    /// How much of each part it has.
    sizes: Vec<f64>,
    /// The same in words.
    text: String,
    /// What it costs a month.
    cost_month: Option<f64>,
    /// What part of the past use lay above it, from 0 to 1.
    over: f64,
    /// The same of its line.
    over_line: f64,
    /// In what part of the weeks walked it would not have done.
    weeks_over: f64,
    /// Whether it does.
    does: bool,
    /// `current` for what there is, `proposed` for what is proposed instead.
    role: Option<String>,
}

/// A decision.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct SizeDecisionView {
    id: String,
    title: String,
    at: i64,
    month: String,
    /// `accepted` or `declined`.
    pub(super) verdict: String,
    reason: String,
    by: String,
    from: SizeAt,
    to: SizeAt,
    /// What was promised a month.
    pub(super) saving_month: Option<f64>,
    pub(super) currency: String,
}

/// A size with its cost at that time.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct SizeAt {
    name: Option<String>,
    sizes: Vec<f64>,
    /// The sizes in words; empty where that was not kept.
    text: String,
    cost_month: Option<f64>,
}

/// A saving that was seen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct SizeBookingView {
    id: String,
    title: String,
    /// When the change was seen.
    at: i64,
    /// In which month's review it was accepted.
    month: String,
    decided_at: i64,
    from: SizeAt,
    accepted: SizeAt,
    seen: SizeAt,
    /// What it really saves a month; nothing without prices.
    pub(super) saving_month: Option<f64>,
    pub(super) currency: String,
}

/// `2026-11`, in the time zone of the settings.
pub(in crate::http::ours) fn month_text(app: &App, time: Time) -> String {
    let (year, month, _) = app.settings.baselines.date(time);
    format!("{year:04}-{month:02}")
}

pub(super) fn view(
    item: &SizeItem,
    decided: &BTreeMap<String, Decision>,
    booked: &BTreeMap<String, Booking>,
    month: &str,
) -> SizeView {
    let told = item.review.as_ref().ok();
    let units: Vec<Unit> = item.standings.iter().map(|own| own.resource.unit).collect();
    let first = item.standings.first();
    let decision = decided.get(&item.id);
    let offer = |at: usize| told.map(|told| offer_view(told, at, &units));
    let proposed = told.and_then(|told| told.choice.filter(|at| *at != told.current));
    SizeView {
        id: item.id.clone(),
        title: item.title(),
        owner: first.map_or_else(String::new, |own| own.resource.owner.clone()),
        labels: first.map_or_else(BTreeMap::new, |own| map_of(&own.reading.id.labels)),
        advice: told.map_or("unknown", |told| told.advice.word()).to_owned(),
        text: item.text.clone(),
        why_not: item.review.as_ref().err().map(ToString::to_string),
        parts: parts(item),
        current: told.and_then(|told| offer(told.current)),
        proposed: proposed.and_then(offer),
        risk: told.and_then(Review::proposed).map(|own| own.over),
        saving_month: told.and_then(Review::saving_month),
        benefit: item.benefit.as_ref().map(|own| benefit_view(own, crate::jobs::sizing::MONTHS)),
        frontier: told.map_or_else(Vec::new, |told| {
            (0..told.frontier.len()).map(|at| offer_view(told, at, &units)).collect()
        }),
        decision: decision.filter(|own| own.month == month).map(decision_view),
        before: decision.filter(|own| own.month != month).map(decision_view),
        booked: booked.get(&item.id).map(booking_view),
    }
}

fn parts(item: &SizeItem) -> Vec<SizePartView> {
    let needs = item.review.as_ref().map_or(&[][..], |told| &told.needs);
    let parts = item.standings.iter().enumerate().map(|(at, own)| {
        let need = needs.get(at);
        SizePartView {
            resource_id: crate::state::history::key_of(&own.reading.id),
            title: own.title.clone(),
            unit: own.resource.unit.word().to_owned(),
            limit: own.reading.limit,
            line: own.resource.thresholds.alert().value(),
            mean: need.and_then(|need| finite(need.mean)),
            p99: need.and_then(|need| finite(need.p99)),
            needed: need.and_then(|need| finite(need.needed)),
            factor: need.and_then(|need| finite(need.factor)),
            steps: need
                .filter(|need| need.ahead_days.is_none() && need.cache.is_none())
                .map(|need| need.steps),
            ahead_days: need.and_then(|need| need.ahead_days),
            hits: need.and_then(|need| finite(need.cache?.hits)),
            evictions: need.and_then(|need| finite(need.cache?.evictions)),
        }
    });
    parts.collect()
}

fn offer_view(told: &Review, at: usize, units: &[Unit]) -> OfferView {
    let own: &Offer = &told.frontier[at];
    let proposed = (told.choice == Some(at)).then_some("proposed");
    let role = if at == told.current { Some("current") } else { proposed };
    let words: Vec<String> =
        own.sizes.iter().zip(units).map(|(size, unit)| unit.say(*size)).collect();
    OfferView {
        name: own.name.clone(),
        sizes: own.sizes.clone(),
        text: words.join(", "),
        cost_month: own.cost_month,
        over: own.over,
        over_line: own.over_line,
        weeks_over: own.weeks_over,
        does: own.does,
        role: role.map(str::to_owned),
    }
}

fn size_at(own: &MoneyAt) -> SizeAt {
    SizeAt {
        name: own.name.clone(),
        sizes: own.sizes.clone(),
        text: own.text.clone(),
        cost_month: own.cost_month,
    }
}

pub(super) fn decision_view(own: &Decision) -> SizeDecisionView {
    SizeDecisionView {
        id: own.id.clone(),
        title: own.title.clone(),
        at: own.at.millis(),
        month: own.month.clone(),
        verdict: own.verdict.word().to_owned(),
        reason: own.reason.clone(),
        by: own.by.clone(),
        from: size_at(&own.from),
        to: size_at(&own.to),
        saving_month: own.from.cost_month.zip(own.to.cost_month).map(|(from, to)| from - to),
        currency: own.currency.clone(),
    }
}

pub(super) fn booking_view(own: &Booking) -> SizeBookingView {
    SizeBookingView {
        id: own.id.clone(),
        title: own.title.clone(),
        at: own.at.millis(),
        month: own.month.clone(),
        decided_at: own.decided_at.millis(),
        from: size_at(&own.from),
        accepted: size_at(&own.to),
        seen: size_at(&own.seen),
        saving_month: own.saving_month,
        currency: own.currency.clone(),
    }
}

/// The sum of what is known; nothing where nothing is.
fn sum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

/// All together, in the currency of the list: what was accepted by prices in another is not added.
pub(super) fn sum_of(items: &[SizeView], currency: &str) -> SizeSum {
    let of = |word: &str| items.iter().filter(|own| own.advice == word).count();
    let decided = |word: &str| {
        let with = |own: &&SizeView| own.decision.as_ref().is_some_and(|own| own.verdict == word);
        items.iter().filter(with).count()
    };
    let (accepted, declined) = (Verdict::Accepted.word(), Verdict::Declined.word());
    SizeSum {
        smaller: of("smaller"),
        larger: of("larger") + of("none_fits"),
        fits: of("fits"),
        unknown: of("unknown"),
        open: items.iter().filter(|own| own.proposed.is_some() && own.decision.is_none()).count(),
        accepted: decided(accepted),
        declined: decided(declined),
        cost_month: sum(items.iter().map(|own| own.current.as_ref()?.cost_month)),
        saving_month: sum(items.iter().map(|own| own.saving_month)),
        accepted_month: sum(items.iter().map(|own| {
            let own = own.decision.as_ref()?;
            own.saving_month.filter(|_| own.verdict == accepted && own.currency == currency)
        })),
    }
}

impl SizeView {
    /// What is worth most first, then what is too small, too large, as it should be, and unknown.
    pub(super) fn order(&self) -> (u8, f64) {
        let class = match self.advice.as_str() {
            "none_fits" | "larger" => 0,
            "smaller" => 1,
            "fits" => 2,
            _ => 3,
        };
        (class, -self.saving_month.unwrap_or(0.0))
    }
}
