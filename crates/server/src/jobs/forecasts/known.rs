//! What is known beside the samples: what was done to what a resource belongs to, and the calendar's days.

use std::sync::Arc;

use model::{Change, ChangeKind, ChangeStatus, Span, Time};
use plan::{Deployment, HowSpecial, SpecialDay, Zone};
use tracing::warn;

use crate::{
    http::chain,
    state::{App, Standing, Wanted, read_changes},
};

/// What may change how much of something is used.
const KINDS: [ChangeKind; 7] = [
    ChangeKind::Deployment,
    ChangeKind::Configuration,
    ChangeKind::Scaling,
    ChangeKind::Failover,
    ChangeKind::Flag,
    ChangeKind::Host,
    ChangeKind::Other,
];
/// No more changes are read, the newest first.
const CHANGES_MAX: usize = 500;
/// How far ahead days are of interest: no forecast looks further.
const AHEAD: Span = Span::days(180);

/// What was done lately.
#[derive(Debug)]
pub(super) struct Surroundings(Vec<Change>);

/// What is known beside the samples of one resource.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) changes: Vec<Deployment>,
    pub(super) days: Vec<SpecialDay>,
    /// The clocks by which people live.
    pub(super) zone: Option<Zone>,
}

impl Surroundings {
    /// Reads what was done in the time that forecasts learn from.
    pub(super) async fn read(app: &Arc<App>, now: Time) -> Self {
        let wanted = Wanted {
            kinds: KINDS.to_vec(),
            since: Some(now - super::PAST_MAX),
            until: Some(now),
            limit: CHANGES_MAX,
            ..Wanted::default()
        };
        match read_changes(&app.journal, &wanted).await {
            Ok(changes) => Self(changes),
            Err(error) => {
                warn!(error = chain(&error), "changes cannot be read: forecasts do without them");
                Self(Vec::new())
            }
        }
    }

    /// What of it may have to do with a resource: it was done to what one of its labels names, or to a service that it
    /// limits.
    pub(super) fn of(&self, app: &App, standing: &Standing, now: Time) -> Beside {
        let id = &standing.reading.id;
        let services = app.settings.services.iter().filter(|service| {
            let mut limits = service.limits.iter();
            limits.any(|limit| limit.used == standing.resource.used)
        });
        let mut names: Vec<&str> = services.map(|service| service.name.as_str()).collect();
        for (_, value) in id.labels.iter() {
            names.push(value);
            names.extend(value.split_once(':').map(|(host, _)| host));
        }
        let zone = app.clocks(now - super::older::OLDER_MAX, now);
        Beside { changes: self.done_to(&names), days: days(app, &id.resource, now), zone }
    }

    fn done_to(&self, names: &[&str]) -> Vec<Deployment> {
        let told = self.0.iter().filter(|change| {
            let status = change.details.status;
            let took_hold = !matches!(status, Some(ChangeStatus::Started | ChangeStatus::Failed));
            let subjects = [Some(change.subject.as_str()), change.details.service.as_deref()];
            let mut subjects = subjects.into_iter().flatten();
            took_hold && subjects.any(|own| names.iter().any(|name| name.eq_ignore_ascii_case(own)))
        });
        told.map(|change| Deployment { at: change.at, name: change.say() }).collect()
    }
}

/// The calendar's days that a resource's past and future meet.
fn days(app: &App, resource: &str, now: Time) -> Vec<SpecialDay> {
    let about = |entry: &&settings::CalendarEntry| {
        entry.resources.is_empty() || entry.resources.iter().any(|name| name == resource)
    };
    let mut days = Vec::new();
    for entry in app.settings.calendar.iter().filter(about) {
        for time in entry.times(now - super::older::OLDER_MAX, now + AHEAD) {
            let how = match (time.like_back, entry.raises) {
                (Some(days), _) => HowSpecial::Like(days),
                (None, Some(part)) => HowSpecial::Raises(part),
                (None, None) => HowSpecial::AsBefore,
            };
            let name = entry.name.clone();
            days.push(SpecialDay { name, from: time.from, until: time.until, how });
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_done_to_it_and_took_hold_is_of_interest() {
        let change = |subject: &str, status| {
            let mut change = Change::new(Time(1), ChangeKind::Deployment, subject, "1.4.2");
            change.details.status = status;
            change
        };
        let done = Surroundings(vec![
            change("Shop", Some(ChangeStatus::Succeeded)),
            change("shop", Some(ChangeStatus::Failed)),
            change("shop", None),
            change("mail", None),
        ]);
        let found = done.done_to(&["shop-1", "shop"]);
        let names: Vec<&str> = found.iter().map(|own| own.name.as_str()).collect();
        assert_eq!(names, ["Shop: 1.4.2", "shop: 1.4.2"]);
    }
}
