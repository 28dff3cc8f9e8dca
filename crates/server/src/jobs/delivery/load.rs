//! Scheduled load tests: told to every receiver in time, missed when nobody took them, lost when their runner is.

use std::{sync::Arc, time::Duration};

use detect::{Condition, conditions_differ, judge_conditions};
use journal::JournalError;
use model::{Labels, Severity, Time};
use tracing::warn;

use super::super::{outcome, rest};
use crate::{
    http::chain,
    runs::{RunTold, Scheduled, record_run},
    state::{App, Topic},
    tasks::Stop,
};

/// The source of alerts about them.
pub(super) const SOURCE: &str = "load";
/// How often they are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Load tests told of at once.
const CONDITIONS_MAX: usize = 100;

/// Looks at them until told to stop.
pub(in crate::jobs) async fn run(app: Arc<App>, stop: Stop) {
    while !rest(&app, &stop, LOOK).await {
        let now = app.clock.now();
        if let Err(error) = break_off(&app, now).await {
            warn!(
                error = chain(&error),
                "runs that broke off cannot be written down; it is tried again"
            );
        }
        let Some(journal) = app.judging.journal() else { continue };
        let refreshed = app.loads.schedules.refresh(&journal).await;
        let missed = match refreshed {
            Ok(()) => app.loads.schedules.miss(&journal, now).await,
            Err(error) => Err(error.into()),
        };
        let lost = lose(&app, now).await;
        if let Err(error) = missed.and(lost) {
            warn!(
                error = chain(&error),
                "scheduled load tests cannot be followed; it is tried again"
            );
        }
        let all = app.loads.schedules.all(now);
        let holding: Vec<Condition> = all
            .iter()
            .filter(|own| is_told(&app, own, now))
            .take(CONDITIONS_MAX)
            .map(condition)
            .collect();
        if app.alerts.see(|active| conditions_differ(active, SOURCE, &holding)) {
            let work = move |active: &mut _| judge_conditions(SOURCE, holding, active, now);
            outcome::judge(&app, now, work).await;
            app.hub.announce(now, &[Topic::Load]);
        }
    }
}

/// From the notice on until it is over.
fn is_told(app: &App, own: &Scheduled, now: Time) -> bool {
    own.is_open() && Time(own.at) - app.settings.load.notice <= now
}

/// A run of which nothing is heard any more has not come to its end.
async fn lose(app: &App, now: Time) -> Result<(), crate::runs::StepError> {
    let Some(journal) = app.judging.journal() else { return Ok(()) };
    for own in app.loads.schedules.all(now).iter().filter(|own| own.state == "running") {
        let Some(run) = &own.run else { continue };
        let silent = match app.loads.live.get(run) {
            Some(live) => live.word(now) == "lost",
            None => now > Time(own.until),
        };
        if silent {
            let told = ("lost", "nothing was heard of its runner any more", now);
            app.loads.schedules.end(&journal, run, told).await?;
        }
    }
    Ok(())
}

/// Whoever has been silent for long has broken off, and is listed as such.
async fn break_off(app: &App, now: Time) -> Result<(), JournalError> {
    for run in app.loads.live.silent(now) {
        let told = RunTold::broken_off(&run, now, &app.server_name);
        record_run(&app.journal, &told).await?;
        app.loads.live.break_off(&told.id);
        app.hub.announce(now, &[Topic::Load]);
    }
    Ok(())
}

fn condition(own: &Scheduled) -> Condition {
    let at = moment(Time(own.at));
    let approved = match &own.approved_by {
        Some(by) => format!("approved by {by}"),
        None => "not approved yet".to_owned(),
    };
    let summary = format!(
        "load test `{}` of {} begins at {at}, with up to {:.0} journeys a second ({approved}; planned by {})",
        own.plan,
        own.targets.join(", "),
        own.rate_max,
        own.by
    );
    let mut labels = vec![
        ("alertname", "LoadTestPlanned".to_owned()),
        ("load_test", own.id.clone()),
        ("severity", "info".to_owned()),
    ];
    labels.extend(own.service.clone().map(|service| ("service", service)));
    Condition {
        labels: Labels::from_pairs(labels),
        annotations: Labels::from_pairs([("summary", summary)]),
        severity: Severity::Info,
        since: Time(own.since),
    }
}

fn moment(at: Time) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    moment.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
