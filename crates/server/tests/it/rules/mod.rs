//! Rules in a server: how they go, what they cost, what they would have done, what is usual, what is promised, and who
//! was told; over gaps, over clocks that are set, over files that are changed.

use std::{fs, path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result};
use model::{Clock as _, Span, Time};
use serde_json::Value;
use tempfile::TempDir;
use testkit::TurnedClock;

use crate::house::{House, QUIET, series};

mod baselines;
mod clocks;
mod gaps;
mod objectives;
mod reload;
mod shown;
mod told;
mod troubles;

const NOW: Time = Time(1_763_683_200_000);
const MINUTE: Span = Span::minutes(1);
const PATH: &str = "/api/plimsoll/v1/rules";

/// A server with a file of rules, a clock that is turned, and a room that is hot or not.
struct Watch {
    house: House,
    clock: TurnedClock,
    text: String,
    file: PathBuf,
    /// Where the rules are; gone with the watch.
    files: TempDir,
}

impl Watch {
    async fn new(rules: &str) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("rules.yaml");
        fs::write(&file, rules)?;
        let text = format!("{QUIET}rule_files: [{file:?}]\n");
        let clock = TurnedClock::at(NOW);
        let house = House::new(&text, Arc::new(clock.clone())).await?;
        Ok(Self { house, clock, text, file, files: dir })
    }

    /// Stops the server for some time, and starts it again.
    async fn away(self, span: Span) -> Result<Self> {
        let Self { house, clock, text, file, files } = self;
        let dir = house.leave().await?;
        clock.turn(span);
        let house = House::back(&text, dir, Arc::new(clock.clone())).await?;
        Ok(Self { house, clock, text, file, files })
    }

    /// How hot it was at some minutes before now, the last of which is now.
    async fn heat(&self, degrees: &[f64]) -> Result<()> {
        let now = self.clock.now().millis();
        let count = i64::try_from(degrees.len())?;
        let minutes = (0..).zip(degrees).map(|(at, own)| (now - (count - 1 - at) * 60_000, *own));
        let rows: Vec<_> = minutes.collect();
        self.house.write(&[series(&[("__name__", "heat"), ("room", "a")], &rows)]).await
    }

    /// A minute later, everything evaluated; so hot was it then.
    async fn minute(&self, degrees: f64) -> Result<()> {
        // The sample is there before the evaluation is due.
        let at = self.clock.now() + MINUTE;
        let sample = [(at.millis() - 1, degrees)];
        self.house.write(&[series(&[("__name__", "heat"), ("room", "a")], &sample)]).await?;
        self.silent_minute().await
    }

    /// The same without a new sample.
    async fn silent_minute(&self) -> Result<()> {
        self.clock.turn(MINUTE);
        let now = self.clock.now().millis();
        // Each group is through, so that no clock is turned within.
        let done = |own: &Value| {
            let mut groups = own["groups"].as_array().into_iter().flatten();
            groups.all(|group| group["evaluated_at"] == now)
        };
        self.house.until(PATH, &[], done).await?;
        Ok(())
    }

    async fn minutes(&self, degrees: &[f64]) -> Result<()> {
        for own in degrees {
            self.minute(*own).await?;
        }
        Ok(())
    }

    /// The alerts of a name that hold, or that ended.
    async fn alerts(&self, which: &str, name: &str) -> Result<Vec<Value>> {
        let listed = self.house.get("/api/plimsoll/v1/alerts", &[]).await?.1;
        let all = listed[which].as_array().with_context(|| format!("{listed}"))?;
        Ok(all.iter().filter(|alert| alert["name"] == name).cloned().collect())
    }

    /// The state of the one alert of a name.
    async fn state(&self, name: &str) -> Result<String> {
        let found = self.alerts("active", name).await?;
        let state = found.first().and_then(|alert| alert["state"].as_str());
        Ok(state.unwrap_or("inactive").to_owned())
    }
}
