//! What a worker is handed: the plan as people wrote it, with the files it names.

use std::{
    fs,
    path::{Component, Path},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use stats::Chance;

use super::FleetError;
use crate::{
    plan::{Load, Plan, Profile, Shape},
    schedule::{Rate, Spacing},
};

/// What the text and the files of a plan may take together.
const BYTES_MAX: usize = 64 << 20;

/// A plan to be handed out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Where the plan was read, for messages.
    name: String,
    text: String,
    files: Vec<JobFile>,
    profile: Option<JobProfile>,
    rate: Option<JobRate>,
}

/// A file that the plan names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct JobFile {
    path: String,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct JobProfile {
    shape: String,
    capacity: Option<f64>,
    compress: f64,
}

/// One rate of all scenarios together instead of their own, as a search asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct JobRate {
    asked: f64,
    micros: u64,
}

impl Job {
    /// Reads a plan with the files it names.
    pub fn read(path: &Path, plan: &Plan) -> Result<Self, FleetError> {
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let text = text_of(path)?;
        let mut bytes = text.len();
        let mut files = Vec::new();
        for own in &plan.files {
            if !is_beside(own) {
                let why = "only files beside the plan can be handed to workers".to_owned();
                return Err(FleetError::File { path: own.clone(), why });
            }
            let text = text_of(&folder.join(own))?;
            bytes += text.len();
            files.push(JobFile { path: own.display().to_string(), text });
        }
        if bytes > BYTES_MAX {
            let why = format!("with its files it has {bytes} bytes, {BYTES_MAX} at most");
            return Err(FleetError::File { path: path.to_path_buf(), why });
        }
        let profile = plan.profile.map(|profile| JobProfile {
            shape: profile.shape.as_str().to_owned(),
            capacity: profile.capacity,
            compress: profile.compress,
        });
        Ok(Self { name: path.display().to_string(), text, files, profile, rate: None })
    }

    /// The same at one rate for a length of time.
    #[must_use]
    pub fn at(&self, asked: f64, length: Duration) -> Self {
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        Self { rate: Some(JobRate { asked, micros }), ..self.clone() }
    }

    /// The plan of the job, with its files in a folder of the worker's; what is wrong with it otherwise.
    pub fn plan(&self, folder: &Path) -> Result<Plan, String> {
        for file in &self.files {
            let path = Path::new(&file.path);
            if !is_beside(path) {
                return Err(format!("{} leads out of the folder of the plan", file.path));
            }
            let path = folder.join(path);
            let made = path.parent().map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| fs::write(&path, &file.text)).map_err(|error| error.to_string())?;
        }
        let plan = Plan::parse(&self.name, &self.text, folder);
        let mut plan = plan.map_err(|mistakes| mistakes.to_string())?;
        if let Some(profile) = &self.profile {
            let shape = profile.shape.parse::<Shape>().map_err(|error| error.to_string())?;
            let (capacity, compress) = (profile.capacity, profile.compress);
            let profile = Profile { shape, capacity, compress };
            plan = plan.with_profile(profile).map_err(|error| error.to_string())?;
        }
        if let Some(rate) = self.rate {
            plan = at_rate(&plan, rate.asked, Duration::from_micros(rate.micros));
        }
        Ok(plan)
    }
}

/// A plan with all its scenarios at their share of one rate, and without rules.
pub(crate) fn at_rate(plan: &Plan, asked: f64, length: Duration) -> Plan {
    let mut plan = plan.clone();
    // Steps at different rates are different draws; with one seed, all of them would err on the same side.
    let drawn = Chance::new(asked.to_bits()).bits();
    plan.seed ^= drawn;
    let whole: f64 = plan.scenarios.iter().map(|scenario| greatest(&scenario.load)).sum();
    for scenario in &mut plan.scenarios {
        if let Load::Open { rate, spacing } = &mut scenario.load {
            if let Spacing::Poisson { seed } = spacing {
                *seed ^= drawn;
            }
            *rate = Rate::constant(asked * rate.greatest() / whole, length);
        }
    }
    plan.thresholds.clear();
    plan
}

fn greatest(load: &Load) -> f64 {
    match load {
        Load::Open { rate, .. } => rate.greatest(),
        Load::Closed { .. } => 0.0,
    }
}

/// Whether a path stays within the folder it is sought in.
fn is_beside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn text_of(path: &Path) -> Result<String, FleetError> {
    fs::read_to_string(path)
        .map_err(|error| FleetError::File { path: path.to_path_buf(), why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "name: shop\ntarget: http://localhost\nfeeds:\n  users: {file: users.csv}\nscenarios:\n  - name: a\n    rate: 50\n    for: 10s\n    steps: [{get: '/{{users.name}}'}]\n";

    #[test]
    fn a_plan_is_the_same_where_it_is_handed_to() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = here.path().join("plan.yaml");
        fs::write(&path, PLAN).unwrap();
        fs::write(here.path().join("users.csv"), "name\nann\n").unwrap();
        let plan = Plan::read(&path).unwrap();
        let profile = Profile { shape: Shape::Spike, capacity: None, compress: 60.0 };
        let plan = plan.with_profile(profile).unwrap();
        let job = Job::read(&path, &plan).unwrap();
        let job: Job = serde_json::from_str(&serde_json::to_string(&job).unwrap()).unwrap();
        let handed = job.plan(there.path()).unwrap();
        assert_eq!(handed.feeds[0].len(), 1);
        assert_eq!(handed.scenarios[0].load, plan.scenarios[0].load);
        let slow = job.at(7.0, Duration::from_secs(3)).plan(there.path()).unwrap();
        assert!((slow.expected() - 21.0).abs() < 1e-9);
    }

    #[test]
    fn a_file_that_lies_elsewhere_is_not_handed_out_nor_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.yaml");
        let simple = "name: shop\ntarget: http://localhost\nscenarios:\n  - {name: a, rate: 1, for: 1s, steps: [{get: /}]}\n";
        fs::write(&path, simple).unwrap();
        let mut plan = Plan::read(&path).unwrap();
        plan.files = vec!["../users.csv".into()];
        assert!(matches!(Job::read(&path, &plan), Err(FleetError::File { .. })));
        let file = JobFile { path: "../x".into(), text: String::new() };
        let job = Job {
            name: "p".into(),
            text: PLAN.into(),
            files: vec![file],
            profile: None,
            rate: None,
        };
        assert!(job.plan(folder.path()).unwrap_err().contains("leads out"));
    }
}
