//! `sizes`: the monthly review of what is too large or too small, decided item by item, and what that really saved.

mod months;
mod views;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
};
use journal::{Entry, JournalError};
use model::Time;
use plan::{Offer, Review};
use serde::Deserialize;
use utoipa::ToSchema;

use self::{
    months::{SizeReviewList, months_view},
    views::{SizeList, SizeView, month_text, sum_of, view},
};
use crate::{
    http::{chain, error::ApiError},
    jobs::sizing::{
        BOOKED, Booking, DECIDED, Decision, KEPT, KEPT_CHANGED, Made, MoneyAt, SizeItem,
        SizeReview, Verdict, booking_of, decision_event, decision_of, last_words, look, since,
        sizes_text,
    },
    state::App,
};

/// How far back reviews are listed.
const MONTHS_DEFAULT: i64 = 12;
const MONTHS_MAX: i64 = 120;
/// The longest reason and name, in bytes.
const REASON_BYTES_MAX: usize = 2_000;
const NAME_BYTES_MAX: usize = 200;

/// What is too large or too small, the most worth first.
#[utoipa::path(get, path = "/api/plimsoll/v1/sizes", tag = "plan",
    responses((status = 200, body = SizeList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
) -> Result<Json<SizeList>, ApiError> {
    let now = app.clock.now();
    let review = reviewed(&app).await?;
    let (decided, booked) = words(&app).await?;
    let month = month_text(&app, now);
    let mut items: Vec<SizeView> =
        review.items.iter().map(|own| view(own, &decided, &booked, &month)).collect();
    items.sort_by(|a, b| a.order().partial_cmp(&b.order()).unwrap_or(std::cmp::Ordering::Equal));
    Ok(Json(SizeList {
        at: now.millis(),
        reviewed_at: review.at.millis(),
        month,
        priced: review.priced,
        prices_wrong: review.prices_wrong.clone(),
        currency: review.currency.clone(),
        sure: app.settings.planning.sure.value(),
        left_out: review.left_out,
        sum: sum_of(&items, &review.currency),
        items,
    }))
}

/// One of them with its risk and money by size.
#[utoipa::path(get, path = "/api/plimsoll/v1/sizes/{id}", tag = "plan",
    params(("id" = String, Path, description = "an item's `id` from the list")),
    responses((status = 200, body = SizeView), (status = 404, description = "nothing of that name is reviewed")))]
pub(in crate::http::ours) async fn detail(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<SizeView>, ApiError> {
    let review = reviewed(&app).await?;
    let item = find(&review, &id)?;
    let (decided, booked) = words(&app).await?;
    Ok(Json(view(item, &decided, &booked, &month_text(&app, app.clock.now()))))
}

/// What is decided of an item.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::ours) struct SizeDecision {
    /// `accepted` or `declined`.
    verdict: String,
    /// Why; needed to decline.
    #[serde(default)]
    reason: String,
    /// Who decides.
    by: String,
    /// The size that is accepted, by its place in the frontier; what is proposed if not given.
    offer: Option<usize>,
}

/// Accepts or declines what is proposed, for this month; the journal keeps it. Decided again, the last word counts.
#[utoipa::path(post, path = "/api/plimsoll/v1/sizes/{id}/decision", tag = "plan",
    params(("id" = String, Path, description = "an item's `id` from the list")),
    request_body = SizeDecision,
    responses((status = 200, body = SizeView), (status = 400, body = crate::http::error::ErrorBody),
        (status = 404, body = crate::http::error::ErrorBody)))]
pub(in crate::http::ours) async fn decide(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    wish: Result<Json<SizeDecision>, JsonRejection>,
) -> Result<Json<SizeView>, ApiError> {
    let Json(wish) = wish.map_err(|error| ApiError::invalid(error.body_text()))?;
    let verdict = match wish.verdict.as_str() {
        "accepted" => Verdict::Accepted,
        "declined" => Verdict::Declined,
        other => {
            return Err(ApiError::invalid(format!("`{other}` is no verdict"))
                .help("write `accepted` or `declined`"));
        }
    };
    let (by, reason) = (named(&wish.by)?, reasoned(&wish.reason, verdict)?);
    let review = reviewed(&app).await?;
    let item = find(&review, &id)?;
    let told = item.review.as_ref().map_err(|why| {
        ApiError::invalid(format!("nothing is proposed for {}: {why}", item.title()))
    })?;
    let to = offered(told, wish.offer)?;
    let now = app.clock.now();
    let decision = Decision {
        id: id.clone(),
        at: now,
        month: month_text(&app, now),
        title: item.title(),
        verdict,
        reason,
        by,
        from: money_at(told.now(), item),
        to: money_at(to, item),
        currency: review.currency.clone(),
    };
    let entry = Entry { events: vec![decision_event(&decision)], outbox: Vec::new() };
    app.journal.record(entry).await.map_err(|error| lost(&error))?;
    let (decided, booked) = words(&app).await?;
    Ok(Json(view(item, &decided, &booked, &month_text(&app, now))))
}

/// Which reviews.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Which {
    months: Option<i64>,
}

/// Earlier reviews, month by month: what was accepted, what was declined and why, and what it really saved.
#[utoipa::path(get, path = "/api/plimsoll/v1/sizes/reviews", tag = "plan",
    params(("months" = Option<i64>, Query, description = "how many months back; 12 if not given, 120 at most")),
    responses((status = 200, body = SizeReviewList)))]
pub(in crate::http::ours) async fn reviews(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
) -> Result<Json<SizeReviewList>, ApiError> {
    let now = app.clock.now();
    let months = which.months.unwrap_or(MONTHS_DEFAULT).clamp(1, MONTHS_MAX);
    let (year, month, _) = now.date();
    let first = Time::of_date(year, month, 1).unwrap_or(now).months_later(1 - months);
    let failed = |error: JournalError| lost(&error);
    let decided = since(&app.journal, DECIDED, first, decision_of).await.map_err(failed)?;
    let booked = since(&app.journal, BOOKED, first, booking_of).await.map_err(failed)?;
    Ok(Json(months_view(now, &decided, &booked)))
}

/// The review as it was made last, made anew if that is some time ago.
pub(in crate::http::ours) async fn reviewed(app: &Arc<App>) -> Result<Arc<SizeReview>, ApiError> {
    let now = app.clock.now();
    let kept = app.board.sizes.read().clone();
    let fresh = |own: &Arc<SizeReview>| {
        let kept = if own.of == Made::now(app) { KEPT } else { KEPT_CHANGED };
        now.since(own.at) < kept && own.at <= now && own.items.iter().any(|own| own.review.is_ok())
    };
    if let Some(kept) = kept.filter(fresh) {
        return Ok(kept);
    }
    let made = app.ask(None, move |app, meter| look(app, now, meter)).await?;
    let made = Arc::new(made);
    *app.board.sizes.write() = Some(Arc::clone(&made));
    Ok(made)
}

type Words = (BTreeMap<String, Decision>, BTreeMap<String, Booking>);

/// The last decision on each item, and the last booking.
async fn words(app: &App) -> Result<Words, ApiError> {
    let failed = |error: JournalError| lost(&error);
    let decided = last_words(&app.journal, DECIDED, decision_of).await.map_err(failed)?;
    let booked = last_words(&app.journal, BOOKED, booking_of).await.map_err(failed)?;
    let decided = decided.into_iter().map(|own| (own.id.clone(), own)).collect();
    Ok((decided, booked.into_iter().map(|own| (own.id.clone(), own)).collect()))
}

fn find<'r>(review: &'r SizeReview, id: &str) -> Result<&'r SizeItem, ApiError> {
    review.items.iter().find(|own| own.id == id).ok_or_else(|| {
        ApiError::missing(format!("nothing called {id:?} is reviewed"))
            .help("/api/plimsoll/v1/sizes lists what is")
    })
}

/// What a decision is about.
fn offered(told: &Review, wanted: Option<usize>) -> Result<&Offer, ApiError> {
    match wanted {
        Some(at) if at == told.current => Err(ApiError::invalid("that is the size it has")),
        Some(at) => told.frontier.get(at).ok_or_else(|| {
            ApiError::invalid(format!("there is no offer {at}; there are {}", told.frontier.len()))
        }),
        None => told.proposed().ok_or_else(|| {
            ApiError::invalid("nothing is proposed for it: it is as it should be")
                .help("name one of its `frontier` as `offer` to change it all the same")
        }),
    }
}

fn money_at(own: &Offer, item: &SizeItem) -> MoneyAt {
    MoneyAt {
        name: own.name.clone(),
        sizes: own.sizes.clone(),
        text: sizes_text(&own.sizes, item),
        cost_month: own.cost_month,
    }
}

fn named(by: &str) -> Result<String, ApiError> {
    let by = by.trim();
    if by.is_empty() || by.len() > NAME_BYTES_MAX {
        return Err(ApiError::invalid("`by` is the name of who decides, of 200 bytes at most"));
    }
    Ok(by.to_owned())
}

fn reasoned(reason: &str, verdict: Verdict) -> Result<String, ApiError> {
    let reason = reason.trim();
    if reason.len() > REASON_BYTES_MAX {
        return Err(ApiError::invalid("`reason` has 2,000 bytes at most"));
    }
    if reason.is_empty() && verdict == Verdict::Declined {
        return Err(ApiError::invalid("whoever declines says why, as `reason`"));
    }
    Ok(reason.to_owned())
}

fn lost(error: &JournalError) -> ApiError {
    ApiError::new(error.kind(), chain(error))
}
