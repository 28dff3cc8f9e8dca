//! The language of `cases/detect/*.case`.
//!
//! ```text
//! # What the case shows.
//! watch resource            or: watch outlook, watch rule
//! lines 75% 80% 85% 95%     notice, warning, alert, critical
//! hold 5m                   for a rule: for 5m, keep_firing_for 10m, limit 2
//! at 0m   /var=86%          -> pending /var warning
//! at 5m   /var=86% /=10%    -> firing /var warning told
//!   says Disk space /var is 86 % full: 14 GiB of 100 GiB left
//! from 6m to 20m every 1m  /var=86% -> nothing
//! at 21m  restart           the alerts are read back from the journal
//! at 22m  failed            the query failed: nothing is judged
//! at 23m  away 10m          nobody looked for ten minutes
//! ```
//!
//! After an arrow stands what happens, several things with commas between; each names the
//! transition and as much more as matters: who, `info`, `warning`, `critical`, `told` or `quiet`.
//! A resource's value is its share, an outlook's `earliest/likely/latest` in days, or `never`,
//! `now`, `unknown`, and after an `@` how likely it is within the lead time (`@60%`), within a quarter
//! of it (`@60%/5%`), at least (`@60%+`); a rule's the value of the element. Whoever is not named has
//! no reading.

use anyhow::{Context, Result, bail, ensure};
use detect::{ActiveAlerts, AlertRule, Chances, Prospect, Surroundings, Transition};
use model::{
    DateRange, HistoryNeed, Labels, Nature, Outlook, Reading, Resource, ResourceId, Share, Span,
    Thresholds, Time, Unit,
};
use query::InstantSample;

const GIB: f64 = 1_073_741_824.0;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Resource,
    Outlook,
    Rule,
}

/// A case while it runs.
pub(crate) struct Stage {
    kind: Kind,
    resource: Resource,
    rule: AlertRule,
    limit: usize,
    active: ActiveAlerts,
    journal: ActiveAlerts,
    last: Vec<Transition>,
}

fn share(text: &str) -> Result<Share> {
    settings::parse_share(text).with_context(|| format!("{text} is no share"))
}

fn span(text: &str) -> Result<Span> {
    settings::parse_duration(text).with_context(|| format!("{text} is no duration"))
}

fn default_resource() -> Result<Resource> {
    let [notice, warning, alert, critical] =
        [share("75%")?, share("80%")?, share("85%")?, share("95%")?];
    Ok(Resource {
        name: "disk".into(),
        title: "Disk space {{mountpoint}}".into(),
        used: "used".into(),
        limit: "limit".into(),
        unit: Unit::Bytes,
        nature: Nature::Stock,
        thresholds: Thresholds::new(notice, warning, alert, critical)?,
        hold: Span::minutes(5),
        lead_time: Span::days(8),
        owner: "platform".into(),
        advice: "Delete what nobody needs.".into(),
        quota: None,
        cache: None,
        alerts: true,
    })
}

impl Stage {
    fn new() -> Result<Self> {
        Ok(Self {
            kind: Kind::Resource,
            resource: default_resource()?,
            rule: AlertRule {
                source: "group/High".into(),
                name: "High".into(),
                expr: "x > 1".into(),
                hold: Span::ZERO,
                keep_firing_for: Span::ZERO,
                labels: vec![("severity".into(), "critical".into())],
                annotations: vec![(
                    "summary".into(),
                    "{{ $labels.mountpoint }} is {{ $value }}".into(),
                )],
                care: detect::rules::Care::default(),
            },
            limit: 0,
            active: ActiveAlerts::default(),
            journal: ActiveAlerts::default(),
            last: Vec::new(),
        })
    }

    /// Runs a case; the error names the line.
    pub(crate) fn run(text: &str) -> Result<usize> {
        let mut stage = Self::new()?;
        let mut steps = 0;
        for (number, line) in text.lines().enumerate() {
            let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
            if line.is_empty() {
                continue;
            }
            steps += stage.line(line).with_context(|| format!("line {}: {line}", number + 1))?;
        }
        ensure!(steps > 0, "the case has no steps");
        Ok(steps)
    }

    fn line(&mut self, line: &str) -> Result<usize> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "watch" => {
                self.kind = match rest {
                    "resource" => Kind::Resource,
                    "outlook" => Kind::Outlook,
                    "rule" => Kind::Rule,
                    other => bail!("cannot watch {other}"),
                }
            }
            "lines" => {
                let lines: Vec<Share> =
                    rest.split_whitespace().map(share).collect::<Result<_>>()?;
                let [notice, warning, alert, critical] = lines.as_slice() else {
                    bail!("four lines")
                };
                self.resource.thresholds = Thresholds::new(*notice, *warning, *alert, *critical)?;
            }
            "hold" => self.resource.hold = span(rest)?,
            "lead" => self.resource.lead_time = span(rest)?,
            "flow" => self.resource.nature = Nature::Flow,
            "for" => self.rule.hold = span(rest)?,
            "keep_firing_for" => self.rule.keep_firing_for = span(rest)?,
            "limit" => self.limit = rest.parse()?,
            "says" => self.noted("summary", rest)?,
            "because" => self.noted("ended_because", rest)?,
            "at" => {
                let (at, what) = rest.split_once(' ').context("when and what")?;
                self.step(Time(0) + span(at)?, what.trim())?;
                return Ok(1);
            }
            "from" => return self.steps(rest),
            other => bail!("{other} is no word of this language"),
        }
        Ok(0)
    }

    /// One of the alerts of the last step has this annotation.
    fn noted(&self, name: &str, wanted: &str) -> Result<()> {
        let alerts = self.last.iter().map(Transition::alert);
        let said: Vec<&str> = alerts.filter_map(|alert| alert.annotations.get(name)).collect();
        ensure!(said.contains(&wanted), "its {name} is «{}»", said.join("», «"));
        Ok(())
    }

    fn steps(&mut self, rest: &str) -> Result<usize> {
        let words: Vec<&str> = rest.splitn(6, ' ').collect();
        let [from, "to", to, "every", every, what] = words.as_slice() else {
            bail!("from TIME to TIME every TIME")
        };
        let (mut at, to, every) = (span(from)?, span(to)?, span(every)?);
        let mut steps = 0;
        while at <= to {
            self.step(Time(0) + at, what.trim()).with_context(|| format!("at {at}"))?;
            at = Span(at.as_millis() + every.as_millis().max(1));
            steps += 1;
        }
        Ok(steps)
    }

    fn step(&mut self, now: Time, what: &str) -> Result<()> {
        let (values, wanted) = what
            .split_once("->")
            .map_or((what, "nothing"), |(left, right)| (left.trim(), right.trim()));
        let transitions = match values.split_once(' ').unwrap_or((values, "")) {
            ("restart", _) => {
                self.active = ActiveAlerts::from_alerts(self.journal.alerts().to_vec());
                Vec::new()
            }
            ("away", away) => {
                self.active.after_outage(span(away)?);
                Vec::new()
            }
            ("failed", _) => Vec::new(),
            ("vanished", _) => self.active.end_vanished(|_| false, now),
            _ => self.judge(values, now)?,
        };
        for transition in &transitions {
            self.journal.replay(transition);
        }
        let shown: Vec<&Transition> =
            transitions.iter().filter(|one| !matches!(one, Transition::Noted(_))).collect();
        compare(wanted, &shown)?;
        if !shown.is_empty() {
            self.last = shown.into_iter().cloned().collect();
        }
        Ok(())
    }

    fn judge(&mut self, values: &str, now: Time) -> Result<Vec<Transition>> {
        let mut pairs = Vec::new();
        for word in values.split_whitespace().filter(|word| *word != "none") {
            pairs.push(word.rsplit_once('=').with_context(|| format!("{word} is not WHO=VALUE"))?);
        }
        match self.kind {
            Kind::Resource => {
                let mut readings = Vec::new();
                for (who, value) in pairs {
                    let used =
                        if value == "nan" { f64::NAN } else { percent(value)? * 100.0 * GIB };
                    readings.push(Reading { id: self.id(who), at: now, used, limit: 100.0 * GIB });
                }
                Ok(detect::judge_resource(&self.resource, &readings, &mut self.active, now))
            }
            Kind::Outlook => {
                let mut prospects = Vec::new();
                for (who, value) in pairs {
                    let (dates, odds) = value.split_once('@').unwrap_or((value, ""));
                    prospects.push(Prospect {
                        id: self.id(who),
                        outlook: outlook(dates, now)?,
                        chances: chances(odds)?,
                    });
                }
                let line = share("100%")?;
                Ok(detect::judge_outlook(&self.resource, line, &prospects, &mut self.active, now))
            }
            Kind::Rule => {
                let mut answer = Vec::new();
                for (who, value) in pairs {
                    let labels = Labels::from_pairs([("mountpoint", who)]);
                    answer.push(InstantSample::float(labels, now, value.parse()?));
                }
                let external_labels = Labels::empty();
                let around = Surroundings {
                    limit: self.limit,
                    external_labels: &external_labels,
                    external_url: "",
                    returned_at: None,
                    query: &|_| Ok(Vec::new()),
                    ask: &|_| Ok(Vec::new()),
                };
                // An answer that cannot be judged leaves everything as it was.
                Ok(detect::judge_alert(&self.rule, &answer, &mut self.active, now, &around)
                    .unwrap_or_default())
            }
        }
    }

    fn id(&self, who: &str) -> ResourceId {
        let labels = Labels::from_pairs([("mountpoint", who)]);
        ResourceId { resource: self.resource.name.clone(), labels }
    }
}

fn percent(text: &str) -> Result<f64> {
    let number = text.strip_suffix('%').context("a share ends in %")?;
    Ok(number.parse::<f64>()? / 100.0)
}

fn outlook(text: &str, now: Time) -> Result<Outlook> {
    let day = |text: &str| -> Result<Option<Time>> {
        if text == "-" { Ok(None) } else { Ok(Some(now + span(text)?)) }
    };
    Ok(match text {
        "now" => Outlook::Now,
        "never" => Outlook::NotFilling,
        "unknown" => Outlook::TooLittleHistory(HistoryNeed {
            have: Span::ZERO,
            need: Span::days(1),
            ready_at: now + Span::days(1),
        }),
        text => match text.split('/').collect::<Vec<_>>().as_slice() {
            [moment] => Outlook::NotBefore(now + span(moment)?),
            [earliest, likely, latest] => Outlook::Expected(DateRange {
                earliest: now + span(earliest)?,
                likely: day(likely)?,
                latest: day(latest)?,
            }),
            _ => bail!("{text} is no outlook"),
        },
    })
}

/// `60%` within the lead time, `60%/5%` within a quarter of it too, `60%+` where no more can be seen.
fn chances(text: &str) -> Result<Option<Chances>> {
    if text.is_empty() {
        return Ok(None);
    }
    let (lead, soon) = text.split_once('/').unwrap_or((text, "0%"));
    let sees = !lead.ends_with('+');
    Ok(Some(Chances { lead: percent(lead.trim_end_matches('+'))?, soon: percent(soon)?, sees }))
}

fn compare(wanted: &str, shown: &[&Transition]) -> Result<()> {
    let got: Vec<String> = shown.iter().map(|one| describe(one)).collect();
    let wanted: Vec<&str> =
        if wanted == "nothing" { Vec::new() } else { wanted.split(',').map(str::trim).collect() };
    let fits = wanted.len() == got.len()
        && wanted.iter().all(|item| {
            got.iter().any(|got| {
                let words: Vec<&str> = got.split(' ').collect();
                item.split_whitespace().all(|word| words.contains(&word))
            })
        });
    ensure!(
        fits,
        "what happens is: {}",
        if got.is_empty() { "nothing".into() } else { got.join(", ") }
    );
    Ok(())
}

fn describe(transition: &Transition) -> String {
    let alert = transition.alert();
    let who = alert.labels.get("mountpoint").unwrap_or_default();
    let told = if alert.told { "told" } else { "quiet" };
    format!("{} {who} {} {told}", transition.word(), alert.severity.word())
}
