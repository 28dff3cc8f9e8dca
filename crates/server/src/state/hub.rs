//! Live updates: jobs say what changed, pages listen.

use model::Time;
use tokio::sync::broadcast;

/// How many announcements a slow listener may lag behind before it is told to fetch everything.
const LAG_MAX: usize = 64;

/// What a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// The first page.
    Overview,
    /// Readings and outlooks of resources.
    Resources,
    /// Where objectives stand.
    Objectives,
    /// Alerts.
    Alerts,
    /// Targets and their health.
    Targets,
    /// Load tests.
    Load,
}

impl Topic {
    /// Every topic.
    pub(crate) const ALL: [Self; 6] = [
        Self::Overview,
        Self::Resources,
        Self::Objectives,
        Self::Alerts,
        Self::Targets,
        Self::Load,
    ];

    /// The word in the event.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Resources => "resources",
            Self::Objectives => "objectives",
            Self::Alerts => "alerts",
            Self::Targets => "targets",
            Self::Load => "load",
        }
    }
}

/// These topics have news since this moment.
#[derive(Clone, Debug)]
pub(crate) struct News {
    /// When.
    pub at: Time,
    /// What to fetch anew.
    pub topics: Vec<Topic>,
}

/// Where jobs say what changed.
#[derive(Debug)]
pub(crate) struct Hub(broadcast::Sender<News>);

impl Default for Hub {
    fn default() -> Self {
        Self(broadcast::Sender::new(LAG_MAX))
    }
}

impl Hub {
    /// Tells whoever listens; nobody listening is fine.
    pub(crate) fn announce(&self, at: Time, topics: &[Topic]) {
        if self.0.receiver_count() > 0 {
            // An error only says that the last listener has just left.
            drop(self.0.send(News { at, topics: topics.to_vec() }));
        }
    }

    /// Listens from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<News> {
        self.0.subscribe()
    }

    /// How many listen now.
    pub(crate) fn listeners(&self) -> usize {
        self.0.receiver_count()
    }
}
