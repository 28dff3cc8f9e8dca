//! Rule groups: each at its own interval, its rules one after the other.

mod ask;
mod evaluate;
mod findings;
mod gap;
mod places;
mod reload;
mod turns;

use std::{sync::Arc, time::Duration};

use detect::RuleGroup;
use model::{Span, Time};
use settings::{Mistakes, Settings};
use tokio::sync::oneshot;
use tracing::error;

pub use reload::{ReloadError, Reloaded};
pub(crate) use reload::{Runners, reload};

use super::{outcome, rest};
use crate::{
    start::StartError,
    state::{App, OwnGroup, meters},
    tasks::Stop,
};
use evaluate::Trails;
use turns::Turns;

/// After an absence as long as this, what is known of before it is too old to judge by.
const AWAY_LONG: Span = Span::minutes(1);

/// The rule files that the settings name, and what is wrong in them. A group in which something is
/// wrong is left out; a file of which nothing is left keeps the server from starting.
pub(crate) fn read(settings: &Settings) -> Result<(Vec<RuleGroup>, Mistakes), StartError> {
    let (mut files, mut wrong) = (Vec::new(), Mistakes::default());
    for pattern in &settings.rule_files {
        for path in crate::files_matching(&settings.base, pattern) {
            let text = settings::read_text(&path).map_err(|source| StartError::File {
                what: "read",
                path: path.clone(),
                source,
            })?;
            let found = detect::rules::read(&path.display().to_string(), &text);
            if found.groups.is_empty() && !found.mistakes.is_empty() {
                return Err(StartError::Mistakes(found.mistakes));
            }
            wrong.append(found.mistakes);
            files.push(found.groups);
        }
    }
    Ok((detect::rules::join(files), wrong))
}

/// Says which groups of rules were left out, in the log and among the troubles.
pub(crate) fn tell_wrong(app: &App, wrong: &Mistakes) {
    for mistake in wrong.iter() {
        let (file, line) = (mistake.file().unwrap_or_default(), mistake.line().unwrap_or(1));
        let error = mistake.message();
        error!(file, line, error, "a group of rules has a mistake and is left out");
        let text = format!("line {line}: {error}; its group is left out");
        app.board.trouble(&trouble(file), Some(text));
    }
}

/// What a rule file is called among troubles.
fn trouble(file: &str) -> String {
    format!("rule file {file}")
}

/// Starts every group.
pub(super) async fn start(app: &Arc<App>) {
    let mut runners = app.rule_runners.0.lock().await;
    for own in app.rules.groups().iter() {
        runners.push(run_of(app, own, None));
    }
}

/// A group that is being evaluated.
#[derive(Debug)]
struct Runner {
    own: Arc<OwnGroup>,
    stop: Stop,
    /// What it leaves to whoever goes on.
    ended: oneshot::Receiver<Left>,
}

/// What a group that is evaluated no more leaves to whoever goes on.
#[derive(Debug, Default)]
struct Left {
    turns: Turns,
    trails: Trails,
}

fn run_of(app: &Arc<App>, own: &Arc<OwnGroup>, left: Option<Left>) -> Runner {
    let (stop, (tell, ended)) = (app.tasks.stop_token().child_token(), oneshot::channel());
    let start = (app.clock.now(), app.clock.elapsed());
    let work = run(Arc::clone(app), Arc::clone(own), stop.clone(), (left, start));
    let work = async {
        // Nobody listens where everything stops.
        drop(tell.send(work.await));
    };
    app.tasks.start_brief("rules", stop.clone(), work);
    Runner { own: Arc::clone(own), stop, ended }
}

/// Evaluates a group until told to stop, from a moment on that both clocks tell.
async fn run(
    app: Arc<App>,
    own: Arc<OwnGroup>,
    stop: Stop,
    (left, start): (Option<Left>, (Time, Duration)),
) -> Left {
    let interval = own.group.interval.unwrap_or(app.settings.evaluation_interval);
    let clock = Arc::clone(&app.clock);
    let fresh = left.is_none();
    let Left { mut turns, mut trails } = left.unwrap_or_default();
    if fresh {
        turns = gap::since_last(&app, &own, interval).await;
    } else {
        turns.resume(clock.as_ref());
    }
    trails.fit(&own);
    turns.begin(&own, interval, start);
    if fresh {
        turns.be_patient(settle(&app));
        if app.away >= AWAY_LONG {
            turns.put_off(start.1 + settle(&app));
        }
    }
    while !rest(&app, &stop, turns.pause(clock.as_ref())).await {
        if app.clock_watch.look(clock.as_ref()) > 0 && app.clock_watch.owes() {
            outcome::judge(&app, app.clock.now(), |_| Vec::new()).await;
        }
        let began = app.clock.elapsed();
        let turn = turns.turn(&app);
        let (missed, at) = (turn.missed, turn.now);
        let (kept, recorded) = evaluate::evaluate(&app, &own, trails, turn).await;
        trails = kept;
        if !recorded {
            turns.was_not_recorded();
        }
        let ended = app.clock.elapsed();
        let spent = ended.saturating_sub(began).as_secs_f64();
        app.meters.add(meters::DETECT_SECONDS, "", spent);
        app.meters.add(meters::DETECT_MISSED, "", f64::from(missed));
        own.note_turn(spent, missed, ended);
        turns.done(ended);
        if let Some(best) = places::best(&app, interval) {
            turns.lean(&own, best, clock.as_ref());
        }
        own.note_done(at);
    }
    Left { turns, trails }
}

/// How long it takes after a start until every source has spoken once. So long no alert ends only because nothing is
/// there yet; and after a long absence, when what is known of before is too old to be asked for, nothing is evaluated.
fn settle(app: &App) -> Duration {
    const SETTLE_MIN: Span = Span::secs(15);
    const SETTLE_MAX: Span = Span::minutes(2);
    let scrapes =
        app.settings.scrape.iter().map(|job| job.interval.as_millis() + job.timeout.as_millis());
    let host = app.settings.host.interval.as_millis() * 2;
    let longest = Span::millis(scrapes.chain([host]).max().unwrap_or(0));
    longest.clamp(SETTLE_MIN, SETTLE_MAX).to_duration()
}
