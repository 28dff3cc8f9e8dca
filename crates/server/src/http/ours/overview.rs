//! `overview`: the first page's four answers.

use std::sync::Arc;

use axum::{Json, extract::State};
use collect::scrape::Health;
use model::{Level, Outlook};

use super::{
    alerts::{changes::newest, views_of},
    resources::{rows, views},
    views::{AlertView, AlertsInShort, ByLevel, Overview, ResourcesInShort, Verdict, Watching},
};
use crate::{
    http::error::ApiError,
    state::{App, Standing},
};

const ALERTS_SHOWN: usize = 5;
const RESOURCES_SHOWN: usize = 8;
const CHANGES_SHOWN: usize = 10;

/// Is anything wrong, how much room is left, what changed.
#[utoipa::path(get, path = "/api/plimsoll/v1/overview", tag = "overview",
    responses((status = 200, body = Overview)))]
pub(super) async fn overview(State(app): State<Arc<App>>) -> Result<Json<Overview>, ApiError> {
    let rows = rows(&app);
    let mut by_level = ByLevel::default();
    for (standing, _) in &rows {
        *slot(&mut by_level, standing) += 1;
    }
    let alerts = views_of(&app);
    let watching = watching(&app);
    let verdict = verdict(&app, &rows, &alerts, &watching);
    let total = rows.len();
    let worst = views(&app, rows.into_iter().take(RESOURCES_SHOWN).collect()).await?;
    let firing = alerts.iter().filter(|alert| alert.state == "firing").count();
    Ok(Json(Overview {
        at: app.clock.now().millis(),
        started_at: app.started_at.millis(),
        host: app.host.clone(),
        verdict,
        alerts: AlertsInShort {
            firing,
            pending: alerts.len() - firing,
            worst: alerts.into_iter().take(ALERTS_SHOWN).collect(),
        },
        resources: ResourcesInShort { total, by_level, worst },
        changes: newest(&app, CHANGES_SHOWN).await?,
        watching,
    }))
}

fn slot<'a>(by_level: &'a mut ByLevel, standing: &Standing) -> &'a mut usize {
    match standing.level() {
        None => &mut by_level.unknown,
        Some(Level::Fine) => &mut by_level.fine,
        Some(Level::Notice) => &mut by_level.notice,
        Some(Level::Warning) => &mut by_level.warning,
        Some(Level::Critical) => &mut by_level.critical,
    }
}

fn watching(app: &App) -> Watching {
    let targets = app.board.targets.read();
    let with = |health| targets.values().filter(|target| target.report.health == health).count();
    let stats = app.store.stats();
    Watching {
        targets_up: with(Health::Up),
        targets_down: with(Health::Down),
        series: stats.series as u64,
        samples_per_second: app.board.rates.read().per_second(),
        oldest_sample: stats.oldest.map(model::Time::millis),
    }
}

/// The worst of what is known; of equally bad things alerts that fire speak first.
fn verdict(
    app: &App,
    rows: &[(Standing, Option<crate::state::Future>)],
    alerts: &[AlertView],
    watching: &Watching,
) -> Verdict {
    let mut found: Option<(Level, Verdict)> = None;
    let said = [store_trouble(app), firing(alerts), above(rows), unanswered(watching.targets_down)];
    for (level, text, since) in said.into_iter().flatten() {
        if found.as_ref().is_none_or(|(worst, _)| *worst < level) {
            found = Some((level, Verdict { level: level.word().to_owned(), text, since }));
        }
    }
    found.map_or_else(|| fine(rows, watching), |(_, verdict)| verdict)
}

type Said = Option<(Level, String, Option<i64>)>;

fn store_trouble(app: &App) -> Said {
    let stats = app.store.stats();
    let text = match (stats.poisoned, stats.trouble) {
        (Some(why), _) => {
            format!("The store refuses writes: {why}. Mend the cause and start the server anew.")
        }
        (None, Some(why)) => {
            format!("Samples cannot be kept: {why}. It is tried again every second.")
        }
        (None, None) => return None,
    };
    Some((Level::Critical, text, None))
}

fn firing(alerts: &[AlertView]) -> Said {
    let firing: Vec<&AlertView> = alerts.iter().filter(|alert| alert.state == "firing").collect();
    let worst = firing.first()?;
    let level = match worst.severity.as_str() {
        "critical" => Level::Critical,
        "info" => Level::Notice,
        _ => Level::Warning,
    };
    let more = match firing.len() {
        1 => String::new(),
        2 => " One more alert is firing.".to_owned(),
        count => format!(" {} more alerts are firing.", count - 1),
    };
    let said = if worst.summary.is_empty() { &worst.name } else { &worst.summary };
    let since = firing.iter().filter_map(|alert| alert.fired_at).min();
    Some((level, format!("{}.{more}", said.trim_end_matches('.')), since))
}

fn above(rows: &[(Standing, Option<crate::state::Future>)]) -> Said {
    let (standing, _) = rows.first()?;
    let level = standing.level().filter(|level| *level > Level::Fine)?;
    let share = model::Unit::Share.say(standing.reading.share());
    Some((level, format!("{} is at {share}; no alert yet.", standing.title), None))
}

fn unanswered(down: usize) -> Said {
    let text = match down {
        0 => return None,
        1 => "One target does not answer.".to_owned(),
        count => format!("{count} targets do not answer."),
    };
    Some((Level::Warning, text, None))
}

fn fine(rows: &[(Standing, Option<crate::state::Future>)], watching: &Watching) -> Verdict {
    let known = rows.iter().filter(|(standing, _)| standing.level().is_some()).count();
    let resources = match known {
        0 => {
            let text = "Looking for the first time: readings come within seconds.".to_owned();
            return Verdict { level: "unknown".to_owned(), text, since: None };
        }
        1 => "one resource is below its lines".to_owned(),
        count => format!("all {count} resources are below their lines"),
    };
    let targets = match watching.targets_up {
        1 => "one target answers".to_owned(),
        count => format!("{count} targets answer"),
    };
    let text = format!("Nothing is wrong: {resources}, {targets}.{}", next_to_bind(rows));
    Verdict { level: "fine".to_owned(), text, since: None }
}

/// Which resource comes to its critical line first, as a sentence with a blank before it.
fn next_to_bind(rows: &[(Standing, Option<crate::state::Future>)]) -> String {
    let dated = rows.iter().filter_map(|(standing, future)| match &future.as_ref()?.critical {
        Outlook::Expected(range) => {
            Some((range.likely.unwrap_or(range.earliest), standing, future))
        }
        _ => None,
    });
    let Some((_, standing, Some(future))) = dated.min_by_key(|(date, ..)| *date) else {
        return String::new();
    };
    let line = model::Unit::Share.say(standing.resource.thresholds.critical().value());
    let date = plan::say(&future.critical, &line, standing.reading.at);
    format!(" Next to run short: {}, {date}.", standing.title)
}
