//! The monthly review of sizes: looked at every hour, and what was accepted is booked once its size has really changed.

mod caches;
mod look;
mod record;

use std::{sync::Arc, time::Duration};

use journal::{Entry, Event, EventQuery, Journal, JournalError};
use model::{Span, Time, Unlimited};
use tracing::warn;

pub(crate) use look::{MONTHS, Made, SizeItem, SizeReview, currency_of_prices, look};
pub(crate) use record::{
    BOOKED, Booking, DECIDED, Decision, MoneyAt, Verdict, booking_event, booking_of,
    decision_event, decision_of,
};

use super::super::{blocking, rest};
use crate::{http::chain, state::App, tasks::Stop};

/// How often sizes are reviewed: what is walked is weeks.
const INTERVAL: Duration = Duration::from_hours(1);
/// A review that was made is told again for so long.
pub(crate) const KEPT: Span = Span::hours(1);
/// Or for so long where something came, went, or had its past filled in: an import is not waited for.
pub(crate) const KEPT_CHANGED: Span = Span::minutes(1);
/// Sizes that differ by more have changed: a machine sold with 16 GiB tells a few percent less.
const CHANGED: f64 = 0.06;
/// The last word on what was accepted is looked at for so long.
const WAITS: Span = Span::days(400);

/// Books what has changed, again and again until told to stop.
pub(in crate::jobs) async fn run(app: Arc<App>, stop: Stop) {
    while !rest(&app, &stop, INTERVAL).await {
        // One server is enough.
        let Some(journal) = app.judging.journal() else { continue };
        if let Err(error) = book(&app, &journal).await {
            warn!(error = chain(&error), "what was saved cannot be booked; it is tried again");
        }
    }
}

/// Books what was accepted and has changed since.
async fn book(app: &Arc<App>, journal: &Journal) -> Result<(), JournalError> {
    let now = app.clock.now();
    let waiting = waiting(journal, now).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let review = match blocking(app, |app| look(app, app.clock.now(), &Unlimited)).await {
        Some(Ok(review)) => review,
        Some(Err(error)) => {
            warn!(error = chain(&error), "sizes cannot be looked at; it is tried again");
            return Ok(());
        }
        None => return Ok(()),
    };
    let mut events = Vec::new();
    for decision in &waiting {
        let item = review.items.iter().find(|own| own.id == decision.id);
        let booking = item.and_then(|item| booking(decision, item, &review.currency));
        events.extend(booking.map(|booking| booking_event(&booking, now)));
    }
    if !events.is_empty() {
        journal.record(Entry { events, outbox: Vec::new() }).await?;
    }
    *app.board.sizes.write() = Some(Arc::new(review));
    Ok(())
}

/// What was accepted and has not been booked.
async fn waiting(journal: &Journal, now: Time) -> Result<Vec<Decision>, JournalError> {
    let booked = last_words(journal, BOOKED, booking_of).await?;
    let mut decided = last_words(journal, DECIDED, decision_of).await?;
    decided.retain(|own| {
        own.verdict == Verdict::Accepted
            && now.since(own.at) < WAITS
            && !booked.iter().any(|done| done.id == own.id && done.decided_at >= own.at)
    });
    Ok(decided)
}

/// The last word on each subject of a kind.
pub(crate) async fn last_words<T>(
    journal: &Journal,
    kind: &str,
    read: fn(&Event) -> Option<T>,
) -> Result<Vec<T>, JournalError> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let events = journal.latest(kind, before, 0).await?;
        let Some(last) = events.last() else { break };
        before = Some(last.seq);
        found.extend(events.iter().filter_map(read));
    }
    Ok(found)
}

/// Every event of a kind since some moment, in order; of very many the oldest are left out.
pub(crate) async fn since<T>(
    journal: &Journal,
    kind: &str,
    since: Time,
    read: fn(&Event) -> Option<T>,
) -> Result<Vec<T>, JournalError> {
    const READ_MAX: usize = 20_000;
    let (mut found, mut before) = (Vec::new(), None);
    while found.len() < READ_MAX {
        let question = EventQuery {
            kinds: vec![kind.to_owned()],
            since: Some(since),
            before,
            newest_first: true,
            ..EventQuery::default()
        };
        let events = journal.events(question).await?;
        let Some(last) = events.last() else { break };
        before = Some(last.seq);
        found.extend(events.iter().filter_map(read));
    }
    found.reverse();
    Ok(found)
}

/// «2 cores, 8 GiB»
pub(crate) fn sizes_text(sizes: &[f64], item: &SizeItem) -> String {
    let words = sizes.iter().zip(&item.standings);
    let words: Vec<String> = words.map(|(size, own)| own.resource.unit.say(*size)).collect();
    words.join(", ")
}

/// What is to be booked of a decision: its size has moved towards what was accepted.
fn booking(decision: &Decision, item: &SizeItem, currency: &str) -> Option<Booking> {
    let sizes: Vec<f64> = item.standings.iter().map(|own| own.reading.limit).collect();
    let (from, to) = (&decision.from, &decision.to);
    if sizes.len() != from.sizes.len() || sizes.len() != to.sizes.len() {
        return None;
    }
    let moved = sizes.iter().zip(&from.sizes).zip(&to.sizes).any(|((now, from), to)| {
        (now - from).abs() > CHANGED * from && (now - from).signum() == (to - from).signum()
    });
    if !moved {
        return None;
    }
    let own = item.review.as_ref().ok().map(plan::Review::now);
    let cost_month = own.and_then(|own| own.cost_month).filter(|_| currency == decision.currency);
    let seen = MoneyAt {
        name: own.and_then(|own| own.name.clone()),
        text: sizes_text(&sizes, item),
        sizes,
        cost_month,
    };
    let saving_month = from.cost_month.zip(seen.cost_month).map(|(from, seen)| from - seen);
    Some(Booking {
        id: decision.id.clone(),
        title: decision.title.clone(),
        at: Time(0),
        month: decision.month.clone(),
        decided_at: decision.at,
        from: from.clone(),
        to: to.clone(),
        seen,
        saving_month,
        currency: decision.currency.clone(),
    })
}
