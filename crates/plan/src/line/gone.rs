//! What is left of a load line when one instance, one zone or one copy of something is gone.

use model::Unit;

use super::{LimitPast, ServicePast, Unknown, learn::Learnt, least_of};

/// What is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// One of the instances.
    Instance,
    /// One of the zones over which they are spread, with all its instances.
    Zone,
    /// One of the copies that share a limit, by the limit's title.
    Copy(String),
}

impl Lost {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Zone => "zone",
            Self::Copy(_) => "copy",
        }
    }
}

/// What is left when one is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Without {
    /// What is gone.
    pub lost: Lost,
    /// How many there are now.
    pub count: f64,
    /// How much the others carry.
    pub line: f64,
    /// Whether that is enough for the busy load.
    pub carries: bool,
}

/// What is left when one of each kind is gone, of those known. With one only, nothing is left.
pub(super) fn without(
    past: &ServicePast<'_>,
    known: &[(Result<Learnt, Unknown>, &LimitPast<'_>)],
    load_now: f64,
) -> Vec<Without> {
    let mut found = Vec::new();
    for (lost, count) in [(Lost::Instance, past.replicas), (Lost::Zone, past.zones)] {
        let Some(count) = count.filter(|count| *count >= 1.0) else { continue };
        let line = left(known, count, &|limit| limit.declared.each_replica);
        found.extend(line.map(|line| told(lost, count, line, load_now)));
    }
    for (_, own) in known {
        let Some(count) = own.copies.filter(|count| *count >= 1.0) else { continue };
        let line = left(known, count, &|limit| std::ptr::eq(limit, *own));
        let lost = Lost::Copy(own.declared.title.clone());
        found.extend(line.map(|line| told(lost, count, line, load_now)));
    }
    found
}

fn told(lost: Lost, count: f64, line: f64, load_now: f64) -> Without {
    Without { lost, count, line, carries: line >= load_now }
}

/// The line with one of so many gone, where that takes from these limits; nothing where no line is left to tell.
fn left(
    known: &[(Result<Learnt, Unknown>, &LimitPast<'_>)],
    count: f64,
    concerns: &dyn Fn(&LimitPast<'_>) -> bool,
) -> Option<f64> {
    if count < 2.0 {
        return Some(0.0);
    }
    let left = (count - 1.0) / count;
    let fewer = least_of(known, &|limit| match (concerns(limit), limit.declared.unit) {
        (false, _) => (1.0, 1.0),
        // A mean over instances rises as the load of each does; a sum has less to fill.
        (true, Unit::Share | Unit::Seconds) => (1.0, left),
        (true, _) => (left, 1.0),
    });
    fewer.last().copied().filter(|line| line.is_finite())
}
