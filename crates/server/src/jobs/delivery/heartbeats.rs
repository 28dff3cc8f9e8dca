//! Heartbeats: who is not heard of any more is an alert, and others hear that all is well here only
//! while it is.

use std::{sync::Arc, time::Duration};

use detect::{Condition, conditions_differ, judge_conditions};
use journal::{Act, Journal, JournalError, NewTimer};
use model::{Labels, Sample, SampleSink as _, Series, Span, Time};
use respond::Deliverer;
use serde_json::json;
use settings::HeartbeatOut;
use tracing::{info, warn};

use super::super::{blocking, outcome, rest};
use crate::{
    http::chain,
    state::{App, ClockWatch, HEARTBEAT, Heartbeat},
    tasks::Stop,
};

/// The source of alerts about heartbeats.
pub(in crate::jobs) const SOURCE: &str = "heartbeats";
/// How often it is looked who is late.
const LOOK: Duration = Duration::from_secs(5);
/// After a start, others have so long at most to be heard again: nobody was here to listen.
const PATIENCE: Span = Span::minutes(15);
/// The timer that says until when the last round counts in which all was well.
const CANARY: &str = "canary";
/// How often a sample of our own walks from the store to the journal.
const ROUND: Span = Span::minutes(1);
/// The series it belongs to.
const CANARY_SERIES: &str = "plimsoll_canary_seconds";
/// How long another may take to hear us.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Looks who is late, until told to stop.
pub(in crate::jobs) async fn listen(app: Arc<App>, stop: Stop) {
    let mut troubled = false;
    let clocks = ClockWatch::new(app.clock.as_ref());
    let begun = app.clock.elapsed();
    loop {
        clocks.look(app.clock.as_ref());
        if let Some(journal) = app.judging.journal() {
            let looked = async {
                if clocks.owes() {
                    set_anew(&app, &journal, &clocks).await?;
                }
                look(&app, &journal, app.clock.elapsed().saturating_sub(begun)).await
            };
            let looked = looked.await;
            if let Err(error) = &looked
                && !troubled
            {
                warn!(error = chain(error), "cannot see who was heard of");
            }
            troubled = looked.is_err();
        }
        if rest(&app, &stop, LOOK).await {
            return;
        }
    }
}

/// After the clock was set, nobody is late because of it.
async fn set_anew(app: &App, journal: &Journal, clocks: &ClockWatch) -> Result<(), JournalError> {
    let (by, now) = (clocks.take_owed(), app.clock.now());
    let set = async {
        let timers = journal.timers_due(HEARTBEAT, Time::MAX, u32::MAX).await?;
        let known = timers.iter().filter_map(Heartbeat::read);
        let set: Vec<NewTimer> = known.map(|own| own.timer_after_jump(by, now)).collect();
        if set.is_empty() {
            return Ok(());
        }
        journal.record(Act { set, ..Act::default() }).await.map(drop)
    };
    let set = set.await;
    if set.is_err() {
        clocks.owe(by);
    }
    set
}

/// Looks who is late; others could be heard here for so long.
async fn look(app: &Arc<App>, journal: &Journal, listened: Duration) -> Result<(), JournalError> {
    let now = app.clock.now();
    let timers = journal.timers_due(HEARTBEAT, Time::MAX, u32::MAX).await?;
    let mut known: Vec<Heartbeat> = timers.iter().filter_map(Heartbeat::read).collect();
    let mut act = Act::default();
    for own in &app.settings.alerts.heartbeats {
        let heartbeat = Heartbeat::of_settings(own);
        match known.iter().find(|known| known.name == own.name) {
            Some(same) if same.is_like(&heartbeat) => {}
            // Its time begins when it is first asked for, or asked for otherwise.
            _ => act.set.push(heartbeat.timer(now)),
        }
    }
    let wanted = |own: &Heartbeat| {
        !own.in_settings
            || app.settings.alerts.heartbeats.iter().any(|known| known.name == own.name)
    };
    act.unset = known.iter().filter(|own| !wanted(own)).map(Heartbeat::key).collect();
    known.retain(wanted);
    if !act.set.is_empty() || !act.unset.is_empty() {
        journal.record(act).await?;
    }
    let missing = known.iter().filter(|own| is_missing(app, own, (now, listened)));
    let missing: Vec<Condition> = missing.map(condition).collect();
    if app.alerts.see(|active| conditions_differ(active, SOURCE, &missing)) {
        let work = move |active: &mut _| judge_conditions(SOURCE, missing, active, now);
        outcome::judge(app, now, work).await;
    }
    Ok(())
}

fn is_missing(app: &App, own: &Heartbeat, (now, listened): (Time, Duration)) -> bool {
    if own.due > now {
        return false;
    }
    let labels = labels(own);
    let stands =
        || app.alerts.see(|active| active.of(SOURCE).iter().any(|alert| alert.labels == labels));
    // By the clock that never jumps: the other may have been set since the start.
    let patience = own.period.to_duration().saturating_add(own.grace.to_duration());
    listened >= patience.min(PATIENCE.to_duration()) || stands()
}

fn labels(own: &Heartbeat) -> Labels {
    Labels::from_pairs([
        ("alertname", "HeartbeatMissing"),
        ("heartbeat", own.name.as_str()),
        ("severity", own.severity.word()),
    ])
}

fn condition(own: &Heartbeat) -> Condition {
    let late = own.due - own.grace - own.period;
    let summary = if own.heard {
        format!(
            "nothing was heard of {} for longer than {} and a grace of {}",
            own.name, own.period, own.grace
        )
    } else {
        format!("{} was never heard of, and should be every {}", own.name, own.period)
    };
    Condition {
        labels: labels(own),
        annotations: Labels::from_pairs([("summary", summary)]),
        severity: own.severity,
        since: late,
    }
}

/// Walks the whole way of a sample once a minute, until told to stop: written, asked for, judged,
/// recorded.
pub(in crate::jobs) async fn walk(app: Arc<App>, stop: Stop) {
    if app.settings.alerts.heartbeat_to.is_empty() {
        stop.cancelled().await;
        return;
    }
    loop {
        if let Some(journal) = app.judging.journal()
            && let Err(why) = round(&app, &journal).await
        {
            warn!(why, "a sample of our own did not make its way; no heartbeat goes out");
        }
        if rest(&app, &stop, ROUND.to_duration()).await {
            return;
        }
    }
}

async fn round(app: &Arc<App>, journal: &Journal) -> Result<(), String> {
    let now = app.clock.now();
    let seconds = now.millis().div_euclid(1_000) as f64;
    let walked = blocking(app, move |app| {
        let labels = Labels::from_pairs([("__name__", CANARY_SERIES)]);
        let series = Series::new(labels, vec![Sample { time: now, value: seconds }]);
        app.sink.write(&[series]).map_err(|error| chain(&error))?;
        // A cluster knows nothing of what is written here.
        let expr = match app.settings.query.remote {
            Some(_) => format!("vector({seconds})"),
            None => CANARY_SERIES.to_owned(),
        };
        let found = app.instant(&expr, now).map_err(|error| chain(&error))?;
        let same = found.iter().any(|own| (own.value - seconds).abs() < 0.5);
        if same { Ok(()) } else { Err("what was written was not found".to_owned()) }
    });
    walked.await.ok_or("the way is broken")??;
    if !outcome::try_judge(app, now, |_| Vec::new()).await {
        return Err("nothing can be judged".to_owned());
    }
    let until = NewTimer {
        key: CANARY.to_owned(),
        kind: CANARY.to_owned(),
        due: now + ROUND + ROUND,
        body: json!({}),
    };
    let act = Act { set: vec![until], ..Act::default() };
    journal.record(act).await.map(drop).map_err(|error| chain(&error))
}

/// Tells somebody that all is well here while it is, until told to stop.
pub(in crate::jobs) async fn beat(
    app: Arc<App>,
    out: HeartbeatOut,
    http: reqwest::Client,
    stop: Stop,
) {
    let mut troubled = false;
    while !rest(&app, &stop, out.interval.to_duration()).await {
        // Of several servers, the one that delivers.
        let deliverer = app.post.deliverer().filter(|_| app.delivering.journal().is_some());
        let Some(deliverer) = deliverer else { continue };
        if !is_well(&app, &deliverer, out.interval).await {
            continue;
        }
        let sent = tokio::select! {
            sent = send(&http, &out) => sent,
            () = app.clock.wait(TIMEOUT) => Err("no answer within 10 s".to_owned()),
        };
        match &sent {
            Ok(()) if troubled => info!("the heartbeat is heard again"),
            Err(why) if !troubled => warn!(why, "the heartbeat is not heard"),
            _ => {}
        }
        troubled = sent.is_err();
    }
}

/// Whether samples were taken, judged and recorded in the last two rounds, and every receiver's
/// messages looked at.
async fn is_well(app: &App, deliverer: &Deliverer, interval: Span) -> bool {
    let now = app.clock.now();
    let walked = app.journal.next_timer(CANARY).await;
    // One that lies further ahead was set before the clock was set back.
    let walked = matches!(walked, Ok(Some(due)) if due >= now && due <= now + ROUND + ROUND);
    // A lane with nothing to do looks once a minute.
    let recent = (interval.to_duration() * 2).max(ROUND.to_duration() * 3);
    walked && deliverer.looked_ago().is_some_and(|ago| ago <= recent)
}

async fn send(http: &reqwest::Client, out: &HeartbeatOut) -> Result<(), String> {
    let url = out.url.read().map_err(|error| error.to_string())?;
    let response = http.post(url.reveal()).send().await;
    // The address may be a secret.
    let response = response.map_err(|error| error.without_url().to_string())?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(format!("it was answered {}", response.status().as_u16()))
    }
}
