//! Starting: the port first, then the store, the journal, the jobs.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
};

use collect::net;
use forward::{Forwarding, Queue, QueueError};
use journal::{Journal, JournalError};
use model::{Change, ChangeKind, Clock, Kind, Span, Time};
use query::MemoryPool;
use settings::{Mistakes, Settings};
use store::{KeepRule, Store, StoreError, StoreOptions};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use tracing::{error, info};

use crate::{
    VERSION,
    convert::{self, JobError},
    http::{Access, Bounded, Gate, Receiving, SentFrom, app_router, gate_router},
    jobs::{self, Work},
    running::Running,
    runs::{self, LoadBook},
    state::{
        Admission, AlertBook, App, Board, ChangeBook, ClockWatch, ClusterError, DirectoryFault,
        Duty, Hub, RULE_TURNS, Remembered, RuleBook, facts, queries, tellings,
    },
    tasks::Tasks,
};

/// An outage longer than this is a new beginning for whatever was waiting.
const AWAY_MAX: Span = Span::days(30);

/// What a server is started with.
#[derive(Debug)]
pub struct Options {
    /// What it is told to do.
    pub settings: Settings,
    /// Where it keeps everything.
    pub data: PathBuf,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// It would be open to everybody.
    #[error(
        "{address} can be reached from other machines, so a token is needed: set `server.token_file`, or listen on 127.0.0.1"
    )]
    NoToken {
        /// Which address.
        address: SocketAddr,
    },
    /// A file cannot be read or a folder not made.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Settings or rule files have mistakes.
    #[error("{0}")]
    Mistakes(Mistakes),
    /// A scrape job cannot be made.
    #[error("scrape job {job} cannot be used")]
    Job {
        /// Which job.
        job: String,
        /// Why.
        source: JobError,
    },
    /// An objective cannot be counted.
    #[error("an objective cannot be counted")]
    Objective(#[from] detect::objectives::MeasureError),
    /// A rule for down-sampling names no series.
    #[error("`store.downsample` cannot be used")]
    Downsample(#[source] query::QueryError),
    /// It is not known who is told of alerts.
    #[error("cannot tell who is told of alerts")]
    Tellings(#[from] DirectoryFault),
    /// The cluster that answers questions cannot be asked.
    #[error("`query.remote` cannot be used")]
    Cluster(#[from] ClusterError),
    /// A receiver of samples cannot be used.
    #[error("forward receiver {name} cannot be used")]
    Forward {
        /// Which receiver.
        name: String,
        /// Why.
        source: JobError,
    },
    /// The queue of a receiver cannot be opened.
    #[error("cannot open the queue of samples that are sent on")]
    Queue(#[from] QueueError),
    /// The store cannot be opened.
    #[error("cannot open the store")]
    Store(#[from] StoreError),
    /// The journal cannot be opened.
    #[error("cannot open the journal")]
    Journal(#[from] JournalError),
    /// No HTTP client can be made.
    #[error("cannot make an HTTP client")]
    Net(#[from] net::NetError),
    /// A baseline's time zone is none.
    #[error("baselines cannot be kept")]
    Zone(#[from] detect::baselines::ZoneError),
    /// A thread broke.
    #[error("starting ended early: a bug of ours")]
    Broken,
}

impl StartError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Listen { .. } => Kind::Conflict,
            Self::NoToken { .. } | Self::Mistakes(_) | Self::Job { .. } | Self::Forward { .. } => {
                Kind::Invalid
            }
            Self::Queue(error) => error.kind(),
            Self::File { .. } => Kind::Missing,
            Self::Objective(error) => error.kind(),
            Self::Downsample(error) => error.kind(),
            Self::Cluster(error) => error.kind(),
            Self::Tellings(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Journal(error) => error.kind(),
            Self::Net(error) => error.kind(),
            Self::Zone(error) => error.kind(),
            Self::Broken => Kind::Internal,
        }
    }
}

/// Starts a server: the port answers at once, everything else when this returns.
pub async fn start(options: Options, clock: Arc<dyn Clock>) -> Result<Running, StartError> {
    let Options { mut settings, data } = options;
    let mut work = prepare(&mut settings, &data)?;
    let token = match (&settings.server.token, &settings.server.token_file) {
        (Some(token), _) => Some(token.clone()),
        (None, Some(path)) => Some(settings::read_secret(path).map_err(file("read", path))?),
        (None, None) => None,
    };
    let address = settings.server.listen;
    let loopback = address.ip().is_loopback();
    if !loopback && token.is_none() {
        return Err(StartError::NoToken { address });
    }
    let listen = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let access = Access::new(token, loopback).map_err(file("read", Path::new("/dev/urandom")))?;
    let gate = Arc::new(Gate::new(access));
    let tasks = Tasks::default();
    let serving = serve(listener, &gate, &tasks, &clock);
    info!(%address, version = VERSION, "listening");
    let parts = Parts { settings, data, address, clock, tasks: tasks.clone() };
    let app = open(parts, &gate, &mut work).await?;
    jobs::forget_vanished(&app).await;
    jobs::tell_wrong_rules(&app, &work.wrong_rules);
    jobs::tell_untaken(&app, &work.untaken);
    gate.open(app_router(&app), app.journal.clone());
    let now = app.clock.now();
    app.note_changes(&[own_change(&app, now, format!("version {VERSION} started"))]).await;
    jobs::start(&app, work, &net::client_for_messages()?).await;
    Ok(Running { address, app, tasks, serving })
}

pub(crate) fn own_change(app: &App, at: Time, text: String) -> Change {
    Change::new(at, ChangeKind::Plimsoll, app.host.clone(), text)
}

fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StartError + use<> {
    let path = path.to_owned();
    move |source| StartError::File { what, path, source }
}

/// Everything that can be found wrong before anything is opened.
fn prepare(settings: &mut Settings, data: &Path) -> Result<Work, StartError> {
    // What is kept here is nobody else's: labels and journal may name what others should not know.
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true).mode(0o700).create(data).map_err(file("make the folder", data))?;
    let mut jobs = Vec::new();
    for job in &settings.scrape {
        let made = convert::scrape_job(job)
            .map_err(|source| StartError::Job { job: job.name.clone(), source })?;
        jobs.push(Arc::new(made));
    }
    runs::check_targets(&settings.load).map_err(StartError::Mistakes)?;
    let tellings = tellings(settings)?;
    let forward = jobs::receivers_of_samples(settings)?;
    let host =
        settings.host.enabled.then(|| convert::host_options(&settings.host, &host_name(settings)));
    let (groups, wrong_rules) = jobs::read_rules(settings)?;
    let untaken = jobs::read_objective_files(settings)?;
    let objectives = jobs::promises(settings)?;
    Ok(Work { groups, objectives, untaken, wrong_rules, jobs, host, tellings, forward })
}

fn host_name(settings: &Settings) -> String {
    settings
        .host
        .instance
        .clone()
        .unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned())
}

fn serve(
    listener: TcpListener,
    gate: &Arc<Gate>,
    tasks: &Tasks,
    clock: &Arc<dyn Clock>,
) -> JoinHandle<()> {
    let router = gate_router(gate);
    let stop = tasks.stop_token();
    let listener = Bounded::new(listener, Arc::clone(clock));
    #[expect(
        clippy::disallowed_methods,
        reason = "serving ends after the tasks, so it is none of them"
    )]
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<SentFrom>();
        let served = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = served.await {
            error!(%error, "serving ended");
        }
    })
}

struct Parts {
    settings: Settings,
    data: PathBuf,
    address: SocketAddr,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
}

/// Opens the store and the journal, and takes up where the last run left off.
async fn open(parts: Parts, gate: &Arc<Gate>, work: &mut Work) -> Result<Arc<App>, StartError> {
    let Parts { settings, data, address, clock, tasks } = parts;
    let watches = convert::watches(&settings)?;
    let rules = convert::keep_rules(&settings.store).map_err(StartError::Downsample)?;
    let numbers = (data.clone(), convert::store_options(&settings.store), rules);
    let (store, queues) = open_numbers(numbers, gate, &clock, work).await?;
    let queries = queries(&settings, &store, &clock, tasks.stop_token())?;
    let place = facts::place(&settings, &data)?;
    let ours = !place.is_shared();
    let journal = Journal::open_at(place, journal::Options::default()).await?;
    let duty = |name| Duty::new(name, ours.then(|| journal.clone()));
    let (judging, delivering) = (duty("judging"), duty("delivering"));
    let board = Board::default();
    *board.baselines.write() = watches;
    let host = host_name(&settings);
    let server_name =
        facts::server_name(&data, &host).map_err(file("name this server in", &data))?;
    let now = clock.now();
    let last_seen = store.stats().newest.unwrap_or(now).min(now);
    let away = now.since(last_seen).min(AWAY_MAX);
    let tellings = std::mem::take(&mut work.tellings);
    let remembered = Remembered::read(&journal, &tellings, now, away).await?;
    let external_url =
        settings.server.external_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let loads = LoadBook::read(&journal, &data, (&server_name, now)).await?;
    let alerts = AlertBook::new(remembered, tellings, external_url.clone());
    let clock_watch = ClockWatch::new(clock.as_ref());
    Ok(Arc::new(App {
        data,
        queries,
        admission: Admission::new(
            usize::try_from(settings.query.concurrency).unwrap_or(1),
            usize::try_from(settings.query.queue_max).unwrap_or(usize::MAX),
        ),
        query_memory: MemoryPool::new(
            usize::try_from(settings.query.memory_max).unwrap_or(usize::MAX),
        ),
        host,
        server_name,
        judging,
        delivering,
        receiving: Receiving::new(&settings.remote_write),
        changes: ChangeBook::new(&settings.changes),
        settings,
        rule_runners: jobs::Runners::default(),
        post: jobs::Post::default(),
        read_anew: std::sync::OnceLock::new(),
        rules: RuleBook::new(std::mem::take(&mut work.groups), now, clock.elapsed()),
        gate: Arc::clone(gate),
        clock,
        tasks,
        sink: Forwarding::new(Arc::clone(&store), queues),
        store,
        journal,
        rule_turns: Semaphore::new(RULE_TURNS),
        alerts,
        loads,
        clock_watch,
        away,
        board,
        hub: Hub::default(),
        past_filled: tokio::sync::Notify::new(),
        past_changes: AtomicU64::new(0),
        late: parking_lot::Mutex::default(),
        meters: crate::state::meters::Meters::default(),
        started_at: now,
        external_url,
    }))
}

/// Opens the store, and the queues of samples that are sent on.
async fn open_numbers(
    (data, options, rules): (PathBuf, StoreOptions, Vec<KeepRule>),
    progress: &Arc<Gate>,
    clock: &Arc<dyn Clock>,
    work: &mut Work,
) -> Result<(Arc<Store>, Vec<Arc<Queue>>), StartError> {
    let (progress, clock) = (Arc::clone(progress), Arc::clone(clock));
    let receivers = std::mem::take(&mut work.forward);
    let opened = tokio::task::spawn_blocking(move || {
        let (dir, own) = (data.join("metrics"), Arc::clone(&clock));
        let store = Store::open(&dir, options, own, progress.as_ref())?.with_rules(rules);
        let queues = jobs::open_queues(&data.join("forward"), &receivers, &clock)?;
        Ok::<_, StartError>((Arc::new(store), queues, receivers))
    });
    let (store, queues, receivers) = opened.await.map_err(|_panicked| StartError::Broken)??;
    work.forward = receivers;
    Ok((store, queues))
}
