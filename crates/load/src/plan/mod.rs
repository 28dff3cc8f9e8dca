//! What a load test is made of, however it was asked for: by a file or by a command line.

mod blot;
mod import;
mod profile;
mod quick;
mod read;
pub(crate) mod target;
mod threshold;

use std::{path::PathBuf, time::Duration};

pub(crate) use blot::blot;
pub use import::{Import, ImportError, ImportFormat, import};
pub use profile::{Profile, ProfileError, Shape};
pub use quick::{Quick, QuickError};
pub use threshold::{Comparison, Measure, Threshold, ThresholdError};

use crate::{
    journey::{Feed, Journey, Step},
    schedule::{Rate, Spacing},
    target::{Allowed, Origin},
};

/// How long a request may take unless the plan says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests that are still due or on their way at the end are waited for.
const DRAIN: Duration = Duration::from_secs(30);
/// Journeys on their way at once unless the plan says otherwise.
const IN_FLIGHT: u32 = 10_000;
/// Most users and most journeys on their way at once: each needs a port, and one address has some 64 000.
pub const IN_FLIGHT_MAX: u32 = 100_000;
/// Largest part of a body that is looked at by checks; all of it is counted.
pub(crate) const BODY_BYTES_KEPT: usize = 1 << 20;

/// A load test.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// Where chance starts.
    pub seed: u64,
    /// Everybody who is contacted.
    pub origins: Vec<Origin>,
    /// Who may be contacted besides this machine.
    pub allowed: Vec<Allowed>,
    /// How certificates are checked.
    pub trust: Trust,
    /// What is done, side by side.
    pub scenarios: Vec<Scenario>,
    /// The rows that journeys are fed with.
    pub feeds: Vec<Feed>,
    /// What the names in templates stand for when a journey begins, by their slots.
    pub values: Vec<String>,
    /// What must hold in the end.
    pub thresholds: Vec<Threshold>,
    /// What ends the run early when it holds.
    pub aborts: Vec<Threshold>,
    /// Bounds.
    pub limits: Limits,
    /// The profile that its rates are of.
    pub profile: Option<Profile>,
    /// Files that it names, as it names them: relative to its own, or from the root.
    pub files: Vec<PathBuf>,
}

/// Journeys that begin by one schedule.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// How much of it.
    pub load: Load,
    /// Which requests share a connection.
    pub connections: Connections,
    /// Which version of HTTP is spoken.
    pub protocol: Protocol,
    /// Whether users keep cookies.
    pub cookies: bool,
    /// What users do, one of these each time.
    pub journeys: Vec<Journey>,
}

/// How much load.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// Open: journeys begin when they are due, however the target does.
    Open {
        /// How many a second, over time.
        rate: Rate,
        /// How they lie in time.
        spacing: Spacing,
    },
    /// Closed: a number of users, each of whom begins anew only when it is done. A target that slows down is asked less.
    Closed {
        /// How many users.
        users: u32,
        /// For how long.
        length: Duration,
        /// Over which time users join.
        ramp: Duration,
    },
}

impl Load {
    /// How long journeys begin.
    pub fn length(&self) -> Duration {
        match self {
            Self::Open { rate, .. } => rate.length(),
            Self::Closed { length, .. } => *length,
        }
    }
}

/// Which requests share a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connections {
    /// Any: as a service with a connection pool asks.
    #[default]
    Shared,
    /// Those of one user: as browsers ask.
    PerUser,
    /// None: each request makes its own.
    New,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2, over TLS by ALPN, else with prior knowledge.
    Http2,
}

/// How the certificates of targets are checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// A PEM file with authorities to trust besides those of the system.
    pub authorities: Option<PathBuf>,
    /// Accepts any certificate.
    pub insecure_skip_verify: bool,
}

/// Bounds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Journeys of one open scenario on their way at once. Beyond that arrivals wait, and their waiting is counted.
    pub in_flight: u32,
    /// How long a request may take, from when it is sent until all of the answer is there.
    pub timeout: Duration,
    /// How long what is due or on its way at the end is waited for.
    pub drain: Duration,
    /// Threads that send; one less than there are processors if not said.
    pub workers: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight: IN_FLIGHT, timeout: TIMEOUT, drain: DRAIN, workers: None }
    }
}

impl Plan {
    /// All steps in the order of their places.
    pub fn steps(&self) -> impl Iterator<Item = (&Scenario, &Step)> {
        self.scenarios.iter().flat_map(|scenario| {
            let journeys = scenario.journeys.iter();
            journeys.flat_map(move |journey| journey.steps.iter().map(move |step| (scenario, step)))
        })
    }

    /// How long journeys begin, in the longest scenario.
    pub fn length(&self) -> Duration {
        self.scenarios.iter().map(|scenario| scenario.load.length()).max().unwrap_or_default()
    }

    /// Journeys that are to begin, of all open scenarios.
    pub fn expected(&self) -> f64 {
        let each = self.scenarios.iter().map(|scenario| match &scenario.load {
            Load::Open { rate, .. } => rate.expected(),
            Load::Closed { .. } => 0.0,
        });
        each.sum()
    }

    /// Whether any scenario is closed, so that the load depends on the target.
    pub fn is_closed(&self) -> bool {
        self.scenarios.iter().any(|scenario| matches!(scenario.load, Load::Closed { .. }))
    }
}
