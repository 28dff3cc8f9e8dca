//! Upkeep: the store's own work, figures about ourselves.

use std::{sync::Arc, time::Duration};

use model::Time;
use tracing::{error, warn};

use super::{blocking, rest};
use crate::{
    http::chain,
    state::{App, meters, own_figures},
    tasks::Stop,
};

const INTERVAL: Duration = Duration::from_secs(1);
/// Figures about ourselves move slowly and cost a little.
const FIGURES_EVERY: u32 = 5;

/// Tends the store until told to stop.
pub(super) async fn run(app: Arc<App>, stop: Stop) {
    let mut turn = 0_u32;
    let mut was_poisoned = false;
    let mut troubled = false;
    while !rest(&app, &stop, INTERVAL).await {
        let figures = turn.is_multiple_of(FIGURES_EVERY);
        turn = turn.wrapping_add(1);
        let tended = blocking(&app, move |app| {
            let tended = app.store.maintain();
            if figures {
                refresh(app, app.clock.now());
            }
            tended
        })
        .await;
        match tended {
            Some(Err(error)) if !troubled => {
                troubled = true;
                warn!(
                    error = chain(&error),
                    "the store cannot tend itself; it is tried again every second"
                );
            }
            Some(Ok(())) => troubled = false,
            _ => {}
        }
        if figures
            && let Some(why) = app.store.stats().poisoned
            && !was_poisoned
        {
            was_poisoned = true;
            error!(why, "the store refuses writes; mend the cause and start the server anew");
        }
    }
}

/// Brings the figures of `/metrics` that others keep up to date.
pub(crate) fn refresh(app: &App, now: Time) {
    let stats = app.store.stats();
    app.board.rates.write().note(now, stats.samples_written);
    let meters = &app.meters;
    let set = |name, value: f64| meters.set(name, "", value);
    let reused = app.queries.reused();
    set(meters::QUERY_KEPT, reused.bytes as f64);
    set(meters::COLLECT_IN_FLIGHT, app.receiving.bytes_in_flight() as f64);
    set(meters::QUERY_MEMORY, app.query_memory.bytes() as f64);
    meters.set(meters::QUERY_STEPS, "how=\"known\"", reused.steps as f64);
    meters.set(meters::QUERY_STEPS, "how=\"computed\"", reused.computed as f64);
    set(meters::STORE_SERIES, stats.series as f64);
    set(meters::STORE_SAMPLES, stats.samples as f64);
    set(meters::STORE_PARTS, stats.parts as f64);
    set(meters::STORE_DISK, stats.bytes_on_disk as f64);
    set(meters::STORE_LOG, stats.log_bytes as f64);
    set(meters::STORE_MEMORY, stats.bytes_in_memory as f64);
    set(meters::STORE_REFUSED, stats.writes_refused as f64);
    for (limit, samples) in &stats.samples_left_out {
        meters.set(meters::STORE_LEFT_OUT, &format!("limit=\"{limit}\""), *samples as f64);
    }
    set(meters::STORE_SERIES_MEMORY, stats.series_bytes as f64);
    set(meters::STORE_SERIES_FORGOTTEN, stats.series_forgotten_early as f64);
    set(meters::STORE_DAYS_COARSE, stats.days_coarse as f64);
    set(meters::STORE_SAMPLES_COARSE, stats.samples_coarse as f64);
    set(meters::STORE_FOLDED, stats.days_folded as f64);
    set(meters::STORE_QUARANTINED, stats.quarantined as f64);
    set(meters::STORE_POISONED, f64::from(u8::from(stats.poisoned.is_some())));
    set(meters::JOURNAL_TROUBLE, f64::from(u8::from(app.journal.trouble().is_some())));
    for duty in [&app.judging, &app.delivering] {
        let ours = f64::from(u8::from(duty.journal().is_some()));
        meters.set(meters::JOURNAL_DUTY, &format!("duty=\"{}\"", duty.name()), ours);
    }
    set(meters::HTTP_LISTENERS, app.hub.listeners() as f64);
    set(meters::TASKS_ENDED, app.tasks.ended_early() as f64);
    set(meters::START_TIME, app.started_at.seconds());
    let own = own_figures();
    set(meters::PROCESS_CPU, own.cpu_seconds);
    set(meters::PROCESS_MEMORY, own.memory_bytes as f64);
    set(meters::PROCESS_FILES, own.files_open as f64);
    super::forward::refresh(app);
    let mut by_state = [0_u32; 2];
    app.alerts.see(|active| {
        for alert in active.alerts() {
            by_state[usize::from(alert.state == model::AlertState::Firing)] += 1;
        }
    });
    meters.set(meters::DETECT_ALERTS, "state=\"pending\"", f64::from(by_state[0]));
    meters.set(meters::DETECT_ALERTS, "state=\"firing\"", f64::from(by_state[1]));
    let mut by_health = [0_u32; 3];
    for target in app.board.targets.read().values() {
        by_health[target.report.health as usize] += 1;
    }
    for (at, health) in ["up", "down", "unknown"].iter().enumerate() {
        let labels = format!("health=\"{health}\"");
        meters.set(meters::COLLECT_TARGETS, &labels, f64::from(by_health[at]));
    }
    let version = format!("version=\"{}\"", crate::VERSION);
    meters.set(meters::BUILD_INFO, &version, 1.0);
}
