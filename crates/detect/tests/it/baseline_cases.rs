//! Runs the cases about what is normal: a load by hours of the day, what happens to it, and what is usual then.

use anyhow::{Context as _, Result, bail, ensure};
use detect::baselines::Zone;
use model::{Span, Time};
use stats::{Baseline, Basis, Chance};

/// Monday 2026-10-05, 0:00 UTC.
const BEGIN: Time = Time(1_791_158_400_000);
const STEP: Span = Span::minutes(5);

#[test]
fn every_case_goes_as_it_says() -> Result<()> {
    let mut told = 0;
    for case in testkit::cases("baselines")? {
        told += Stage::run(&case.text).with_context(|| case.path.display().to_string())?;
    }
    ensure!(told > 30, "only {told} lines tell anything");
    Ok(())
}

#[test]
fn a_case_that_goes_otherwise_names_its_line() {
    let text = "day 10x24\nfor 8d\n50 is usual\n";
    let error = format!("{:#}", Stage::run(text).unwrap_err());
    assert!(error.contains("line 3") && error.contains("above"), "{error}");
}

struct Stage {
    zone: Zone,
    day: Vec<f64>,
    weekend: Vec<f64>,
    noise: f64,
    chance: Chance,
    now: Time,
    baseline: Baseline,
}

impl Stage {
    /// Runs a case; how many of its lines told something.
    fn run(text: &str) -> Result<usize> {
        let mut stage = Self {
            zone: Zone::UTC,
            day: Vec::new(),
            weekend: Vec::new(),
            noise: 0.03,
            chance: Chance::new(11),
            now: BEGIN,
            baseline: Baseline::default(),
        };
        let mut told = 0;
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                let done = stage.line(line).with_context(|| format!("line {}: {line}", at + 1));
                told += usize::from(done?);
            }
        }
        Ok(told)
    }

    /// Does what a line says; answers whether it told something.
    fn line(&mut self, line: &str) -> Result<bool> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["zone", name] => self.zone = Zone::named(name)?,
            ["noise", share] => self.noise = share.trim_end_matches('%').parse::<f64>()? / 100.0,
            ["day", hours @ ..] => self.day = whole_day(hours)?,
            ["weekend", hours @ ..] => self.weekend = whole_day(hours)?,
            ["for", span] => self.pass(span, |value| value)?,
            ["for", span, "plus", by] => {
                let by: f64 = by.parse()?;
                self.pass(span, |value| value + by)?;
            }
            ["for", span, "times", by] => {
                let by: f64 = by.parse()?;
                self.pass(span, |value| value * by)?;
            }
            [value, "is", wanted] => {
                let found = self.verdict(value.parse()?);
                ensure!(found == *wanted, "it is {found}: {:?}", self.band());
                return Ok(true);
            }
            ["known", "by", wanted] => {
                let found = match self.band().map(|band| band.basis) {
                    Some(Basis::Week) => "week",
                    Some(Basis::Day) => "day",
                    None => "nothing",
                };
                ensure!(found == *wanted, "it is known by {found}");
                return Ok(true);
            }
            ["moved", wanted @ ..] => {
                let shift = self.baseline.shift();
                let found = match shift.map(|shift| (shift.times, shift.by)) {
                    None => "not".to_owned(),
                    Some((Some(times), _)) => format!("times {times:.0}"),
                    Some((None, by)) => format!("plus {:.0}", by / 10.0 * 10.0),
                };
                ensure!(found == wanted.join(" "), "it moved {found}");
                return Ok(true);
            }
            _ => bail!("this cannot be read"),
        }
        Ok(false)
    }

    fn pass(&mut self, span: &str, change: impl Fn(f64) -> f64) -> Result<()> {
        let span = settings::parse_duration(span).context("no span of time")?;
        let end = self.now + span;
        while self.now < end {
            let moment = self.zone.moment(self.now);
            let hour = usize::from(moment.hour);
            let free = hour >= 120 && !self.weekend.is_empty();
            let hours = if free { &self.weekend } else { &self.day };
            let usual = *hours.get(hour % 24).context("no day was said")?;
            let value = change(usual * (1.0 + self.noise * self.chance.normal()));
            self.baseline.take(moment, value);
            self.now = self.now + STEP;
        }
        Ok(())
    }

    /// The band in the middle of the hour that begins now.
    fn band(&self) -> Option<stats::Band> {
        self.baseline.band(self.zone.moment(self.now + Span::minutes(30)))
    }

    fn verdict(&self, value: f64) -> &'static str {
        match self.band() {
            None => "unknown",
            Some(band) if value > band.high => "above",
            Some(band) if value < band.low => "below",
            Some(_) => "usual",
        }
    }
}

/// Twenty-four hours: `10x8 100x10 10x6`.
fn whole_day(words: &[&str]) -> Result<Vec<f64>> {
    let mut hours = Vec::new();
    for word in words {
        let (value, count) = word.split_once('x').unwrap_or((word, "1"));
        hours.extend(std::iter::repeat_n(value.parse::<f64>()?, count.parse()?));
    }
    ensure!(hours.len() == 24, "a day has 24 hours, not {}", hours.len());
    Ok(hours)
}
