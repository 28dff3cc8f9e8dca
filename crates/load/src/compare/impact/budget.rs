//! What a release may take: `cpu <= +5%`, `memory <= 200000`.

use std::{fmt, str::FromStr};

use super::{BudgetWord, ResourceImpact};

/// How much of a resource a request may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// As it was written.
    pub text: String,
    /// The resource's name.
    pub resource: String,
    most: Most,
}

/// The bound itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Most {
    /// So much more than before, as a part of that.
    More(f64),
    /// So much for each request, in the resource's own unit.
    Each(f64),
}

/// A text that is no budget.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no budget: write `NAME <= +5%`, or `NAME <= 0.012` in the resource's own unit")]
pub struct BudgetError(String);

impl FromStr for Budget {
    type Err = BudgetError;

    fn from_str(text: &str) -> Result<Self, BudgetError> {
        let wrong = || BudgetError(text.to_owned());
        let (resource, most) = text.split_once("<=").ok_or_else(wrong)?;
        let (resource, most) = (resource.trim(), most.trim());
        let most = match most.strip_prefix('+') {
            Some(share) => settings::parse_share(share).map(|share| Most::More(share.value())),
            None => most.parse().ok().map(Most::Each),
        };
        let is_bound = |most: &Most| {
            let (Most::More(value) | Most::Each(value)) = *most;
            value.is_finite() && value >= 0.0
        };
        let most = most.filter(is_bound).filter(|_| !resource.is_empty()).ok_or_else(wrong)?;
        Ok(Self { text: text.trim().to_owned(), resource: resource.to_owned(), most })
    }
}

impl Budget {
    /// Exceeded only where that is sure: all that the difference may be lies above the bound. A budget that is exceeded
    /// by less than can be seen is kept, and the report says what could have been seen.
    pub(super) fn judge(&self, own: &ResourceImpact) -> BudgetWord {
        let least = match self.most {
            Most::More(share) => own.between.0 - share,
            Most::Each(bound) => own.before * (1.0 + own.between.0) - bound,
        };
        if least > 0.0 { BudgetWord::Exceeded } else { BudgetWord::Kept }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_read_as_people_write_them() {
        let budget: Budget = "cpu <= +5%".parse().unwrap();
        assert_eq!((budget.resource.as_str(), budget.most), ("cpu", Most::More(0.05)));
        let budget: Budget = "disk bytes<=4096".parse().unwrap();
        assert_eq!((budget.resource.as_str(), budget.most), ("disk bytes", Most::Each(4096.0)));
        for wrong in
            ["cpu", "cpu < +5%", "<= 5", "cpu <= 5%", "cpu <= +x", "cpu <= -1", "cpu <= NaN"]
        {
            assert!(wrong.parse::<Budget>().is_err(), "{wrong}");
        }
    }
}
