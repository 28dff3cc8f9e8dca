//! `plimsoll load worker`, and loads that workers send.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use load::{Engine, Fleet, Job, LoadError, Plan, Progress, Run, Sends, Stop, Worker, serve_one};
use model::{Clock, Kind, Secret, Time};
use server::SystemClock;

use crate::{
    args::load::{FleetArguments, WorkerArguments},
    fault::Fault,
    output::Output,
};

/// Serves coordinators one after the other.
pub(super) fn run(command: WorkerArguments, output: &Output) -> Result<ExitCode, Fault> {
    let token = secret(&command.token_file)?;
    let cannot = |error: std::io::Error| {
        let fault = Fault::from_error(Kind::Conflict, &error);
        fault.help(format!("cannot listen on {}", command.listen))
    };
    let listener = TcpListener::bind(command.listen).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let worker = Worker { clock: Arc::new(SystemClock::new()), token, allowed: command.allowed };
    output.text(&format!("worker listens on {address}\n"))?;
    loop {
        let (stream, peer) =
            listener.accept().map_err(|error| Fault::from_error(Kind::Internal, &error))?;
        match serve(&worker, stream, &peer.to_string(), output) {
            // Whoever only looks whether it is there does not use up the one time.
            Ok(true) if command.once => return Ok(ExitCode::SUCCESS),
            Ok(_) => {}
            Err(fault) if command.once => return Err(fault),
            Err(fault) => output.note(&format!("{peer}: {}", fault.text)),
        }
    }
}

/// Answers whether it was a coordinator.
fn serve(worker: &Worker, stream: TcpStream, peer: &str, output: &Output) -> Result<bool, Fault> {
    let mut note = |text: &str| output.note(&format!("{peer}: {text}"));
    serve_one(worker, stream, &mut note).map_err(|error| Fault::from_error(error.kind(), &error))
}

fn secret(file: &Path) -> Result<Secret, Fault> {
    settings::read_secret(file).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("see {}", file.display()))
    })
}

/// Who sends a load: this machine, or several others.
pub(super) enum Sender {
    Here(Engine),
    There(Box<Fleet>, Box<Job>),
}

impl Sender {
    /// Those who were named; this machine if nobody was.
    pub(super) fn of(named: &FleetArguments, file: &Path, plan: &Plan) -> Result<Self, Fault> {
        let clock = Arc::new(SystemClock::new());
        if named.machines.is_empty() {
            return Ok(Self::Here(Engine::new(clock)));
        }
        let Some(token) = &named.worker_token_file else {
            let fault = Fault::new(Kind::Invalid, "workers want a token");
            return Err(fault.help("name the file with it: --worker-token-file"));
        };
        let told = |error: load::FleetError| Fault::from_error(error.kind(), &error);
        let job = Job::read(file, plan).map_err(told)?;
        let longest = named.worker_wait.to_duration();
        if !longest.is_zero() {
            let clock: Arc<dyn Clock> = Arc::<SystemClock>::clone(&clock);
            Fleet::expect(&named.machines, &clock, longest).map_err(told)?;
        }
        let fleet = Fleet::gather(&named.machines, &secret(token)?, clock).map_err(told)?;
        Ok(Self::There(Box::new(fleet), Box::new(job)))
    }

    /// Ends it from outside.
    pub(super) fn stop(&self) -> Stop {
        match self {
            Self::Here(engine) => engine.stop.clone(),
            Self::There(fleet, _) => fleet.stop().clone(),
        }
    }

    /// Sends a plan to its end.
    pub(super) fn run(
        &mut self,
        plan: Plan,
        watcher: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<Run, LoadError> {
        match self {
            Self::Here(engine) => engine.run(plan, watcher),
            Self::There(fleet, job) => fleet.run(job, plan, watcher),
        }
    }
}

impl Sends for Sender {
    fn stop(&self) -> Stop {
        Self::stop(self)
    }

    fn now(&self) -> Time {
        match self {
            Self::Here(engine) => engine.clock.now(),
            Self::There(fleet, _) => fleet.clock().now(),
        }
    }

    fn send(
        &mut self,
        plan: Plan,
        (asked, length): (f64, std::time::Duration),
        watcher: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<Run, LoadError> {
        match self {
            Self::Here(engine) => engine.run(plan, watcher),
            Self::There(fleet, job) => fleet.run(&job.at(asked, length), plan, watcher),
        }
    }
}
