//! Why nothing can be told of a limit.

use crate::drivers::NoResponse;

/// Why nothing is known of a limit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unknown {
    /// It cannot be told how use follows load.
    #[error(transparent)]
    Response(#[from] NoResponse),
    /// Use goes its own way.
    #[error("load explains only {percent:.0} % of its use, so load is not what fills it")]
    Elsewhere {
        /// The part that is explained.
        percent: f64,
    },
    /// There is no limit, or none above nought.
    #[error("its limit is not known")]
    NoLimit,
    /// The load has one and the same value for long, as a meter has that stopped.
    #[error("the load has not moved for {days:.0} days, as if its meter had stopped")]
    Stuck {
        /// For how long.
        days: f64,
    },
    /// Use and limit do not fit together.
    #[error("use is {times:.3} times the limit, which looks like different units")]
    Units {
        /// Use over limit.
        times: f64,
    },
}
