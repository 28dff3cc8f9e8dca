//! What the columns of a file are counted in.

use model::Unit;
use plan::{Prices, SizePolicy};
use settings::Settings;

/// No machine is sold with fewer bytes of anything: sizes below are counted in GiB or the like.
const BYTES_LEAST: f64 = (1_u64 << 20) as f64;

/// What use and sizes are counted in.
pub(super) enum Measure {
    /// One of our own units.
    Unit(Unit),
    /// In any other word, such as `connections` or `GiB`.
    Word(String),
    /// Nobody says.
    Unknown,
}

impl Measure {
    /// What was told, or else what the default policy counts the resource in that this is about.
    pub(super) fn of(told: Option<&str>, resource: Option<&str>, prices: &Prices) -> Self {
        if let Some(word) = told {
            return Unit::from_word(word).map_or_else(|| Self::Word(word.to_owned()), Self::Unit);
        }
        let mut names: Vec<&str> =
            prices.candidates.iter().map(|own| own.resource.as_str()).collect();
        names.dedup();
        let only = if let [one] = names.as_slice() { Some(*one) } else { None };
        let Some(resource) = resource.or(only) else { return Self::Unknown };
        let settings = Settings::default_for_host();
        let known = settings.resources.iter().find(|own| own.name == resource);
        let largest = prices.of(resource).map(|own| own.size).fold(0.0, f64::max);
        match known.map(|own| own.unit) {
            Some(Unit::Bytes) if largest < BYTES_LEAST => Self::Unknown,
            Some(unit) => Self::Unit(unit),
            None => Self::Unknown,
        }
    }

    /// The word for it, if there is one.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Unit(unit) => Some(unit.word()),
            Self::Word(word) => Some(word),
            Self::Unknown => None,
        }
    }

    /// A number with it.
    pub(super) fn say(&self, value: f64) -> String {
        match self {
            Self::Unit(unit) => unit.say(value),
            Self::Word(word) => format!("{} {word}", Unit::Count.say(value)),
            Self::Unknown => Unit::Count.say(value),
        }
    }

    /// What a size must do. What does not fit into bytes is killed or thrown out, so there must be none of it.
    pub(super) fn policy(&self, sure: f64) -> SizePolicy {
        let unit = match self {
            Self::Unit(unit) => *unit,
            Self::Word(word) if settings::parse_size(&format!("1{word}")).is_some() => Unit::Bytes,
            Self::Word(_) | Self::Unknown => Unit::Count,
        };
        SizePolicy::of(unit, sure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(size: &str, resource: &str) -> Prices {
        let head = "SkuId,ListUnitPrice,PricingUnit,x_Size,x_Resource,BillingCurrency\n";
        Prices::parse(&format!("{head}small,50,Months,{size},{resource},EUR\n")).unwrap()
    }

    #[test]
    fn what_was_told_goes_before_the_unit_of_the_resource() {
        let cores = list("2", "cpu");
        assert_eq!(Measure::of(None, None, &cores).say(3.5), "3.5 cores");
        assert_eq!(Measure::of(None, Some("cpu"), &list("2", "")).say(3.5), "3.5 cores");
        assert_eq!(Measure::of(Some("connections"), None, &cores).say(12.0), "12 connections");
        assert_eq!(Measure::of(None, None, &list("2", "")).say(12.0), "12");
    }

    #[test]
    fn memory_in_gibibytes_is_not_called_bytes_and_must_never_be_exceeded() {
        assert_eq!(Measure::of(None, None, &list("8", "memory")).word(), None);
        let bytes = Measure::of(None, None, &list("8589934592", "memory"));
        assert_eq!(bytes.say(3.0 * 1024_f64.powi(3)), "3 GiB");
        let told = Measure::of(Some("GiB"), None, &list("8", "memory"));
        for own in [bytes, told] {
            assert!(own.policy(0.9).over <= 0.0);
        }
        assert!(Measure::of(Some("cores"), None, &list("8", "cpu")).policy(0.9).over > 0.0);
    }
}
