//! Services: what users depend on, the load it carries, and what can limit that.

use crate::{Relation, Share, Time, Unit};

/// What users depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name, unique among services: lower case, digits and `_`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// PromQL for the load it carries, one series.
    pub load: String,
    /// What the load counts.
    pub load_unit: Unit,
    /// PromQL for how many instances carry it; nothing where there is no telling.
    pub replicas: Option<String>,
    /// PromQL for over how many zones the instances are spread; nothing where there is no telling.
    pub zones: Option<String>,
    /// Who looks after it.
    pub owner: String,
    /// How its data are read, written and kept.
    pub data: DataExpressions,
    /// What can limit it; at least one.
    pub limits: Vec<ServiceLimit>,
    /// What may raise its load from some day on.
    pub launches: Vec<Launch>,
}

/// PromQL for how the data of a service are read, written and kept, each one series; what is not known is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataExpressions {
    /// The limit of the service that its primary database is, by name.
    pub primary: Option<String>,
    /// Reads a second.
    pub reads: Option<String>,
    /// Writes a second.
    pub writes: Option<String>,
    /// Bytes of the largest table with its indexes.
    pub largest_table: Option<String>,
    /// Bytes of memory that the database may use for data.
    pub memory: Option<String>,
    /// Reads a second that a cache answered.
    pub cache_hits: Option<String>,
    /// Reads a second that it could not.
    pub cache_misses: Option<String>,
    /// What it throws out a second for want of room.
    pub cache_evictions: Option<String>,
}

/// Something whose use follows a service's load up to a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceLimit {
    /// Its name, unique within the service.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// PromQL for how much is in use, one series.
    pub used: String,
    /// PromQL for how much there is, one series.
    pub limit: String,
    /// The unit of both.
    pub unit: Unit,
    /// The share of the limit it is meant to reach and not to exceed.
    pub target: Share,
    /// How use follows load.
    pub relation: Relation,
    /// Whether each instance has one of its own, so that fewer instances carry less.
    pub each_replica: bool,
    /// PromQL for how many copies share it, such as the replicas of a database; nothing for one.
    pub copies: Option<String>,
    /// How to get more of it.
    pub steps: Vec<Step>,
}

/// A way to get more of something.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done, in a few words: `pool 200 → 300`.
    pub title: String,
    /// How many times as much there is afterwards; more than 1.
    pub times: f64,
    /// What it costs a month, in whatever money the file speaks of.
    pub cost_month: f64,
}

/// Something that may raise a service's load from some day on.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// What people call it.
    pub name: String,
    /// From when on.
    pub at: Time,
    /// By what part of itself the load rises: 0.2 for a fifth more.
    pub raises: f64,
}
