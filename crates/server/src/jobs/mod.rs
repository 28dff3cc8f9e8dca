//! The stages at work: ask, judge, record, tell. The only place that wires them together.

mod baselines;
mod delivery;
mod facts;
mod forecasts;
mod forward;
mod objectives;
mod outcome;
mod resources;
mod rules;
mod upkeep;
mod watch;

use std::{sync::Arc, time::Duration};

use collect::scrape::ScrapeJob;
use detect::RuleGroup;
use settings::Mistakes;
use tracing::info;

pub(crate) use delivery::{OWN_SOURCES, Post, ReadAnew};
pub(crate) use forward::{Outgoing, open as open_queues, prepare as receivers_of_samples};
pub(crate) use objectives::{Promise, promises, tell_untaken};
pub use objectives::{UntakenIn, read_objective_files};
pub(crate) use outcome::{forget_vanished, judge, try_judge};
pub(crate) use resources::sizing;
pub use rules::{ReloadError, Reloaded};
pub(crate) use rules::{
    Runners, read as read_rules, reload as reload_rules, tell_wrong as tell_wrong_rules,
};
pub(crate) use upkeep::refresh;
pub(crate) use watch::host::HOST_JOB;

use crate::{
    state::{App, Tellings},
    tasks::Stop,
};

/// What is set up once, when the server starts.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) groups: Vec<RuleGroup>,
    /// What is promised, and how it is counted.
    pub(crate) objectives: Vec<Promise>,
    /// What is not taken from files of objectives.
    pub(crate) untaken: Vec<UntakenIn>,
    /// What is wrong in groups that were left out.
    pub(crate) wrong_rules: Mistakes,
    pub(crate) jobs: Vec<Arc<ScrapeJob>>,
    pub(crate) host: Option<collect::host::HostOptions>,
    /// Who is told of what; taken out when the alerts are read back.
    pub(crate) tellings: Tellings,
    /// Who is sent samples, in the order of the sink's queues.
    pub(crate) forward: Vec<Outgoing>,
}

/// Starts every job.
pub(crate) async fn start(app: &Arc<App>, work: Work, http: &reqwest::Client) {
    let Work { objectives, jobs, host, forward, .. } = work;
    let tellings = app.alerts.tellings();
    info!(
        rule_groups = app.rules.groups().len(),
        scrape_jobs = jobs.len(),
        resources = app.settings.resources.len(),
        objectives = objectives.len(),
        receivers = tellings.directory.receivers().len(),
        forward = forward.len(),
        watches_host = host.is_some(),
        "watching"
    );
    if let Some(options) = host {
        app.tasks.start("host", |stop| watch::host::run(Arc::clone(app), options, stop));
    }
    for job in jobs {
        app.tasks.start("scrape", |stop| watch::scrape::run(Arc::clone(app), job, stop));
    }
    rules::start(app).await;
    app.tasks.start("resources", |stop| resources::run(Arc::clone(app), stop));
    app.tasks.start("backfill", |stop| resources::backfill::run(Arc::clone(app), stop));
    app.tasks.start("sizing", |stop| sizing::run(Arc::clone(app), stop));
    app.tasks.start("baselines", |stop| baselines::run(Arc::clone(app), stop));
    app.tasks.start("objectives", |stop| objectives::run(Arc::clone(app), objectives, stop));
    app.tasks.start("forecasts", |stop| forecasts::run(Arc::clone(app), stop));
    app.tasks.start("upkeep", |stop| upkeep::run(Arc::clone(app), stop));
    for (queue, own) in app.sink.queues().iter().zip(forward) {
        let queue = Arc::clone(queue);
        app.tasks.start("forward", |stop| forward::run(Arc::clone(app), queue, own, stop));
    }
    app.tasks.start("duty", |stop| facts::duty::run(Arc::clone(app), stop));
    app.tasks.start("wake", |stop| facts::duty::wake(Arc::clone(app), stop));
    app.tasks.start("journal", |stop| facts::upkeep::run(Arc::clone(app), stop));
    // Without receivers too: messages to those that are gone must be given up.
    delivery::hand_over(app, http, &tellings);
    app.tasks.start("gather", |stop| delivery::gather(Arc::clone(app), stop));
    app.tasks.start("stand", |stop| delivery::stand(Arc::clone(app), stop));
    app.tasks.start("load", |stop| delivery::load::run(Arc::clone(app), stop));
    app.tasks.start("listen", |stop| delivery::heartbeats::listen(Arc::clone(app), stop));
    app.tasks.start("walk", |stop| delivery::heartbeats::walk(Arc::clone(app), stop));
    for out in app.settings.alerts.heartbeat_to.clone() {
        let http = http.clone();
        let beat = |stop| delivery::heartbeats::beat(Arc::clone(app), out, http, stop);
        app.tasks.start("heartbeat", beat);
    }
    app.tasks.start("carry", |stop| delivery::carry(Arc::clone(app), stop));
    app.tasks.start("count", |stop| delivery::count(Arc::clone(app), stop));
}

/// Waits; answers whether it is time to stop.
async fn rest(app: &App, stop: &Stop, pause: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => true,
        () = app.clock.wait(pause) => false,
    }
}

/// Runs on a thread that may block; nothing comes back if that broke, which the log tells.
async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&Arc<App>) -> T + Send + 'static,
) -> Option<T> {
    let app = Arc::clone(app);
    match tokio::task::spawn_blocking(move || work(&app)).await {
        Ok(done) => Some(done),
        Err(error) => {
            tracing::error!(%error, "a bug of ours ended a piece of work");
            None
        }
    }
}
