//! Ready-made loads: what is asked of every service before a release.

use std::{str::FromStr, time::Duration};

use super::{Load, Plan};
use crate::schedule::{Phase, Rate};
use model::Kind;

/// Of what a service bears, the sustained profile sends this share.
const SUSTAINED_SHARE: f64 = 0.8;
/// Durations are divided by no more than this: half an hour becomes less than a second.
const COMPRESS_MAX: f64 = 3_600.0;

/// The shape of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// 50 a second for 5 minutes.
    Baseline,
    /// 100, 250, 500, 750 and 1 000 a second, 3 minutes each.
    Progressive,
    /// 100 a second for 5 minutes, 2 000 for 2 minutes, 100 for 3 minutes.
    Spike,
    /// 80 % of the capacity for 30 minutes, watched for what grows.
    Sustained,
}

/// A shape as it is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Its shape.
    pub shape: Shape,
    /// Journeys a second that the target bears; the sustained profile needs it.
    pub capacity: Option<f64>,
    /// Durations, never rates, are divided by this. A run that is compressed is no baseline.
    pub compress: f64,
}

/// Why a plan cannot be run with a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No profile has this name.
    #[error("`{0}` is no profile; there are baseline, progressive, spike and sustained")]
    Unknown(String),
    /// Nobody said what the target bears.
    #[error(
        "the sustained profile is 80 % of the capacity: say it, as `plimsoll load capacity` finds it"
    )]
    NoCapacity,
    /// Durations cannot be divided by this.
    #[error("durations are divided by 1 to 3600")]
    Compress,
    /// A closed scenario.
    #[error("`{0}` is closed: profiles are rates, which it has not")]
    Closed(String),
}

impl ProfileError {
    /// What you sent is wrong.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl FromStr for Shape {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let all = [Self::Baseline, Self::Progressive, Self::Spike, Self::Sustained];
        let found = all.into_iter().find(|shape| shape.as_str() == text);
        found.ok_or_else(|| ProfileError::Unknown(text.to_owned()))
    }
}

impl Shape {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Progressive => "progressive",
            Self::Spike => "spike",
            Self::Sustained => "sustained",
        }
    }
}

impl Profile {
    /// Rates and lengths, compressed.
    pub fn phases(&self) -> Result<Vec<Phase>, ProfileError> {
        if !(1.0..=COMPRESS_MAX).contains(&self.compress) {
            return Err(ProfileError::Compress);
        }
        let steps: Vec<(f64, u64)> = match self.shape {
            Shape::Baseline => vec![(50.0, 5)],
            Shape::Progressive => {
                [100.0, 250.0, 500.0, 750.0, 1000.0].map(|rate| (rate, 3)).to_vec()
            }
            Shape::Spike => vec![(100.0, 5), (2000.0, 2), (100.0, 3)],
            Shape::Sustained => {
                let capacity = self.capacity.filter(|capacity| *capacity > 0.0);
                vec![(SUSTAINED_SHARE * capacity.ok_or(ProfileError::NoCapacity)?, 30)]
            }
        };
        let phase = |(rate, minutes)| {
            let length = Duration::from_mins(minutes).div_f64(self.compress);
            Phase { length, from: rate, to: rate }
        };
        Ok(steps.into_iter().map(phase).collect())
    }

    /// Whether it was made shorter.
    pub fn is_compressed(&self) -> bool {
        self.compress > 1.0
    }
}

impl Plan {
    /// The plan with a profile in place of its own rates; its scenarios keep their shares of the whole.
    pub fn with_profile(mut self, profile: Profile) -> Result<Self, ProfileError> {
        let phases = profile.phases()?;
        let mut whole = 0.0;
        for scenario in &self.scenarios {
            match &scenario.load {
                Load::Open { rate, .. } => whole += rate.greatest(),
                Load::Closed { .. } => return Err(ProfileError::Closed(scenario.name.clone())),
            }
        }
        for scenario in &mut self.scenarios {
            if let Load::Open { rate, .. } = &mut scenario.load {
                let share = if whole > 0.0 { rate.greatest() / whole } else { 1.0 };
                let own = phases.iter().map(|phase| Phase {
                    from: phase.from * share,
                    to: phase.to * share,
                    ..*phase
                });
                *rate = Rate::new(&own.collect::<Vec<_>>());
            }
        }
        self.profile = Some(profile);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phases(shape: Shape, compress: f64) -> Vec<(f64, f64)> {
        let profile = Profile { shape, capacity: Some(400.0), compress };
        let phases = profile.phases().unwrap();
        assert!(phases.iter().all(|phase| (phase.from - phase.to).abs() < 1e-9));
        phases.iter().map(|phase| (phase.from, phase.length.as_secs_f64())).collect()
    }

    #[test]
    fn profiles_are_what_the_requirements_say() {
        assert_eq!(phases(Shape::Baseline, 1.0), [(50.0, 300.0)]);
        let rates = [100.0, 250.0, 500.0, 750.0, 1000.0];
        assert_eq!(phases(Shape::Progressive, 1.0), rates.map(|rate| (rate, 180.0)));
        assert_eq!(phases(Shape::Spike, 1.0), [(100.0, 300.0), (2000.0, 120.0), (100.0, 180.0)]);
        assert_eq!(phases(Shape::Sustained, 1.0), [(320.0, 1800.0)]);
    }

    #[test]
    fn compressing_divides_durations_and_never_rates() {
        assert_eq!(phases(Shape::Spike, 60.0), [(100.0, 5.0), (2000.0, 2.0), (100.0, 3.0)]);
        for compress in [0.0, 0.5, f64::NAN, 4_000.0] {
            let profile = Profile { shape: Shape::Baseline, capacity: None, compress };
            assert_eq!(profile.phases(), Err(ProfileError::Compress));
        }
        let profile = Profile { shape: Shape::Sustained, capacity: None, compress: 1.0 };
        assert_eq!(profile.phases(), Err(ProfileError::NoCapacity));
        assert!("soak".parse::<Shape>().is_err());
        assert_eq!("spike".parse(), Ok(Shape::Spike));
    }
}
