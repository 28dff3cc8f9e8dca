//! The language of `cases/detect/objectives/*.case`.
//!
//! ```text
//! # What the case shows.
//! objective 99.9% over 30d        target and period; or: over month
//! alerts ticket                   page, ticket, none
//! needed no                       no data is fine as long as there has never been any
//! for 3d   60 good                each minute of three days has sixty events, all good
//! for 5m   50 good 10 bad  -> firing burns page after 2m
//!   says Requests: …
//! for 1h   none                   no data; `0` means data without events
//! left 46.3%                      of the budget
//! policy warn                     free, warn, freeze
//! restart                         alerts are read back from the journal, counts from what was recorded
//! ```
//!
//! After an arrow stands what happens in that time and nothing else: `burns`, `low`, `silent` or `idle`, what became of it,
//! how urgent it is, and after how many minutes. Time begins on 1970-01-01.

use anyhow::{Context as _, Result, bail, ensure};
use detect::{
    ActiveAlerts, Transition, judge_objective,
    objectives::{Account, Count, Tally},
};
use model::{CalendarUnit, Indicator, Loudness, Objective, Period, Share, Span, Time, Unit};

struct Stage {
    objective: Objective,
    tally: Tally,
    minutes: Vec<(Time, Count)>,
    active: ActiveAlerts,
    journal: ActiveAlerts,
    now: Time,
    watched: Time,
    last: Vec<Transition>,
}

fn objective() -> Result<Objective> {
    Ok(Objective {
        name: "requests".into(),
        title: "Requests".into(),
        service: "shop".into(),
        owner: "shop team".into(),
        reason: String::new(),
        indicator: Indicator::Bad { bad: "bad".into(), total: "all".into() },
        target: Share::new(0.999).context("no share")?,
        period: Period::Rolling(Span::days(30)),
        alerts: Loudness::Page,
        needed: true,
    })
}

fn span(text: &str) -> Result<Span> {
    settings::parse_duration(text).with_context(|| format!("{text} is no duration"))
}

fn count(words: &[&str]) -> Result<Option<Count>> {
    let mut count = Count::default();
    match words {
        ["none"] => return Ok(None),
        ["0"] => {}
        pairs => {
            for pair in pairs.chunks(2) {
                let [number, what] = pair else { bail!("events are `60 good` or `3 bad`") };
                let number: f64 = number.parse()?;
                count.total += number;
                match *what {
                    "good" => {}
                    "bad" => count.bad += number,
                    other => bail!("{other} is neither good nor bad"),
                }
            }
        }
    }
    Ok(Some(count))
}

fn short(name: &str) -> &str {
    match name {
        "ObjectiveBurnsBudget" => "burns",
        "ObjectiveBudgetLow" => "low",
        "ObjectiveHasNoData" => "silent",
        "ObjectiveHasNoEvents" => "idle",
        other => other,
    }
}

impl Stage {
    fn run(text: &str) -> Result<usize> {
        let mut stage = Self {
            objective: objective()?,
            tally: Tally::default(),
            minutes: Vec::new(),
            active: ActiveAlerts::default(),
            journal: ActiveAlerts::default(),
            now: Time(0),
            watched: Time(0),
            last: Vec::new(),
        };
        let mut steps = 0;
        for (number, line) in text.lines().enumerate() {
            let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
            if !line.is_empty() {
                stage.line(line).with_context(|| format!("line {}: {line}", number + 1))?;
                steps += 1;
            }
        }
        Ok(steps)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let (left, wanted) =
            line.split_once("->").map_or((line, ""), |(left, right)| (left, right));
        let words: Vec<&str> = left.split_whitespace().collect();
        match words.as_slice() {
            ["objective", target, "over", period] => {
                self.objective.target = settings::parse_share(target).context("no share")?;
                let unit = CalendarUnit::WORDS.iter().find(|(word, _)| word == period);
                self.objective.period = match unit {
                    Some((_, unit)) => Period::Calendar { unit: *unit, zone: "UTC".into() },
                    None => Period::Rolling(span(period)?),
                };
            }
            ["alerts", word] => {
                let found = Loudness::WORDS.iter().find(|(own, _)| own == word);
                self.objective.alerts = found.context("no such loudness")?.1;
            }
            ["needed", word] => self.objective.needed = *word == "yes",
            ["for", length, events @ ..] => self.minutes(span(length)?, count(events)?, wanted)?,
            ["left", wanted] => {
                let left = Unit::Share.say(self.account().left).replace(' ', "");
                ensure!(left == *wanted, "{left} is left");
            }
            ["policy", wanted] => {
                let policy = self.account().policy().word();
                ensure!(policy == *wanted, "the policy is {policy}");
            }
            ["restart"] => self.restart(),
            ["says", ..] => {
                let wanted = line.trim_start_matches("says").trim();
                let alerts = self.last.iter().map(Transition::alert);
                let said: Vec<&str> =
                    alerts.filter_map(|alert| alert.annotations.get("summary")).collect();
                ensure!(said.contains(&wanted), "it says «{}»", said.join("», «"));
            }
            _ => bail!("this is no word of the language"),
        }
        Ok(())
    }

    fn account(&self) -> Account {
        Account::of(&self.objective, &self.tally, self.watched, self.now)
    }

    fn restart(&mut self) {
        self.active = ActiveAlerts::from_alerts(self.journal.alerts().to_vec());
        self.watched = self.now;
        self.tally = Tally::default();
        for (end, count) in &self.minutes {
            self.tally.add_minute(*end, *count);
        }
    }

    fn minutes(&mut self, length: Span, count: Option<Count>, wanted: &str) -> Result<()> {
        let began = self.now;
        let mut happened = Vec::new();
        let mut seen = Vec::new();
        while self.now.since(began) < length {
            self.now = self.now + Span::minutes(1);
            if let Some(count) = count {
                self.minutes.push((self.now, count));
                self.tally.add_minute(self.now, count);
            }
            let account = self.account();
            let found = judge_objective(&self.objective, &account, &mut self.active, self.now);
            for transition in found {
                self.journal.replay(&transition);
                if matches!(transition, Transition::Noted(_)) {
                    continue;
                }
                let alert = transition.alert();
                let (name, after) = (short(alert.name()), self.now.since(began));
                let severity = alert.labels.get("severity").unwrap_or_default();
                happened.push(format!("{} {name} {severity} after {after}", transition.word()));
                seen.push(transition);
            }
        }
        let wanted: Vec<&str> =
            wanted.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
        let fits = wanted.len() == happened.len()
            && wanted.iter().zip(&happened).all(|(item, got)| {
                let got: Vec<&str> = got.split(' ').collect();
                item.split_whitespace().all(|word| got.contains(&word))
            });
        let shown = if happened.is_empty() { "nothing".into() } else { happened.join(", ") };
        ensure!(fits, "what happens is: {shown}");
        if !seen.is_empty() {
            self.last = seen;
        }
        Ok(())
    }
}

#[test]
fn every_case_goes_as_it_says() -> Result<()> {
    let mut wrong = Vec::new();
    let mut steps = 0;
    for case in testkit::cases("detect/objectives")? {
        match Stage::run(&case.text) {
            Ok(count) => steps += count,
            Err(error) => wrong.push(format!("{}: {error:#}", case.name)),
        }
    }
    ensure!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    ensure!(steps > 50, "only {steps} steps");
    Ok(())
}

#[test]
fn a_case_that_goes_otherwise_says_what_happens() {
    let text = "objective 99.9% over 30d\nfor 1h 60 bad -> firing silent\n";
    let error = format!("{:#}", Stage::run(text).unwrap_err());
    assert!(error.contains("line 2") && error.contains("firing burns page after 1m"), "{error}");
}
