//! A worker: takes the plan and the moment to begin from a coordinator, sends its stripe, and tells every second.

use std::{
    net::TcpStream,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use model::{Clock, Secret};
use tempfile::TempDir;

use super::{
    FleetError, Job,
    coordinator::SILENT_MAX,
    seal::{Incoming, Outgoing, Side, greet},
    sent::{IntervalSent, RecordingSent, TimelineSent},
    word::{DoneSent, FromWorker, ToWorker},
};
use crate::{
    engine::{Ending, Engine, Pace, Run, Stop},
    plan::Plan,
    schedule::Stripe,
    target::Allowed,
    verdict::{Doubt, Verdict},
};

/// A machine that sends for a coordinator.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// What both sides know.
    pub token: Secret,
    /// Who may be put under load besides this machine, whatever a plan says.
    pub allowed: Vec<Allowed>,
}

/// A plan that is ready to be sent.
struct Prepared {
    plan: Plan,
    stripe: Stripe,
    /// The files of the plan, as long as it is needed.
    _folder: TempDir,
}

/// What the thread that listens shares with the one that sends.
struct Shared {
    out: Mutex<Outgoing>,
    /// Ends the run that goes on.
    stop: Mutex<Stop>,
    /// When the coordinator was heard last.
    heard: Mutex<Duration>,
}

impl Shared {
    fn send(&self, word: &FromWorker) -> Result<(), FleetError> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner).send(word)
    }

    fn stop(&self) -> Stop {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn heard(&self) -> Duration {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves one coordinator until it is gone; what it does is noted. Blocks the thread. Answers false if it was none:
/// somebody who does not know the token, or who only looked whether anybody listens.
pub fn serve_one(
    worker: &Worker,
    stream: TcpStream,
    note: &mut dyn FnMut(&str),
) -> Result<bool, FleetError> {
    let met = greet(stream, &worker.token, (Side::Worker, "the coordinator"));
    let is_other = |error: &FleetError| {
        matches!(error, FleetError::Stranger(_) | FleetError::Garbled(_) | FleetError::Gone { .. })
    };
    let (out, incoming) = match met {
        Err(error) if is_other(&error) => {
            note(&error.to_string());
            return Ok(false);
        }
        met => met?,
    };
    let shared = Shared {
        out: Mutex::new(out),
        stop: Mutex::new(Stop::default()),
        heard: Mutex::new(worker.clock.elapsed()),
    };
    let (hand, words) = mpsc::channel();
    thread::scope(|scope| {
        let listening = &shared;
        // The hand moves there, so that it is gone when the coordinator is.
        scope.spawn(move || listen(worker, incoming, listening, &hand));
        let served = work(worker, &shared, &words, note);
        shared.out.lock().unwrap_or_else(PoisonError::into_inner).close();
        served.map(|()| true)
    })
}

/// Hears the coordinator, also while a run goes on; ends it when the coordinator is gone.
fn listen(worker: &Worker, mut incoming: Incoming, shared: &Shared, hand: &Sender<ToWorker>) {
    while let Ok(word) = incoming.receive::<ToWorker>() {
        *shared.heard.lock().unwrap_or_else(PoisonError::into_inner) = worker.clock.elapsed();
        let gone = match word {
            ToWorker::Ping { number } => shared.send(&FromWorker::Pong { number }).is_err(),
            ToWorker::Stop => {
                shared.stop().ask();
                false
            }
            ToWorker::Finish => {
                shared.stop().finish();
                false
            }
            other => hand.send(other).is_err(),
        };
        if gone {
            break;
        }
    }
    shared.stop().ask();
}

fn work(
    worker: &Worker,
    shared: &Shared,
    words: &Receiver<ToWorker>,
    note: &mut dyn FnMut(&str),
) -> Result<(), FleetError> {
    let mut prepared: Option<Prepared> = None;
    while let Ok(word) = words.recv() {
        match (word, prepared.take()) {
            (ToWorker::Prepare { job, own, of }, _) => {
                let stripe = Stripe { own, of };
                match prepare(worker, &job, stripe) {
                    Ok(ready) => {
                        *shared.stop.lock().unwrap_or_else(PoisonError::into_inner) =
                            Stop::default();
                        note(&format!("ready for `{}`, part {} of {of}", ready.plan.name, own + 1));
                        prepared = Some(ready);
                        shared.send(&FromWorker::Ready)?;
                    }
                    Err(why) => {
                        note(&format!("refused a plan: {why}"));
                        shared.send(&FromWorker::Refused { why })?;
                    }
                }
            }
            (ToWorker::Start { micros }, Some(ready)) => {
                let start = worker.clock.elapsed() + Duration::from_micros(micros);
                let told = run(worker, shared, ready, start);
                note(match &told {
                    FromWorker::Failed { .. } => "the run could not be made",
                    _ => "the run is over",
                });
                shared.send(&told)?;
            }
            (ToWorker::Start { .. }, None) => {
                let why = "there is no plan to begin".to_owned();
                shared.send(&FromWorker::Failed { why })?;
            }
            (_, waiting) => prepared = waiting,
        }
    }
    Ok(())
}

fn prepare(worker: &Worker, job: &Job, stripe: Stripe) -> Result<Prepared, String> {
    if stripe.own >= stripe.of {
        return Err(format!("there is no part {} of {}", stripe.own, stripe.of));
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut plan = job.plan(folder.path())?;
    // Whom a plan allows is for the one who owns this machine to say.
    plan.allowed.clone_from(&worker.allowed);
    // Rules are for the whole.
    plan.thresholds.clear();
    plan.aborts.clear();
    Ok(Prepared { plan, stripe, _folder: folder })
}

fn run(worker: &Worker, shared: &Shared, ready: Prepared, start: Duration) -> FromWorker {
    let stop = shared.stop();
    let engine = Engine {
        clock: Arc::clone(&worker.clock),
        pace: Pace::Precise,
        stripe: ready.stripe,
        stop: stop.clone(),
        start: Some(start),
    };
    let made = engine.run(ready.plan, &mut |progress| {
        let interval = IntervalSent::of(progress.interval);
        let told = shared.send(&FromWorker::Second { second: progress.seconds - 1, interval });
        let silent = worker.clock.elapsed().saturating_sub(shared.heard());
        if told.is_err() || silent > SILENT_MAX {
            // Nobody could stop it any more, so it stops.
            stop.ask();
        }
    });
    match made {
        Ok(run) => FromWorker::Done(Box::new(done(&run))),
        Err(error) => {
            let source = std::error::Error::source(&error);
            let cause = source.map_or_else(String::new, |source| format!(": {source}"));
            FromWorker::Failed { why: format!("{error}{cause}") }
        }
    }
}

fn done(run: &Run) -> DoneSent {
    // What is about the whole is judged there.
    let own =
        |doubt: &&Doubt| !matches!(doubt, Doubt::Nothing | Doubt::Stopped | Doubt::TooFew { .. });
    let verdict = Verdict::of(run);
    DoneSent {
        took_micros: u64::try_from(run.took.as_micros()).unwrap_or(u64::MAX),
        complete: run.ending == Ending::Done,
        threads: run.workers,
        recording: RecordingSent::of(&run.recording),
        timeline: TimelineSent::of(&run.timeline),
        doubts: verdict.doubts.iter().filter(own).map(ToString::to_string).collect(),
    }
}
