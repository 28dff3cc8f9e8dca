//! The rules that are evaluated, how each of them goes, and what it costs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use detect::{Rule, RuleGroup};
use model::{AlertId, Labels, Time};
use parking_lot::{Mutex, RwLock};

/// The series that say which alerts there are.
const ALERT_SERIES: [&str; 2] = ["ALERTS", "ALERTS_FOR_STATE"];
/// Stretches of which the last hour is made; older ones are forgotten.
const STRETCHES: usize = 12;
/// How long each of them is, in seconds.
const STRETCH_SECONDS: u64 = 300;

/// How the last evaluation of a rule went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evaluation {
    pub(crate) at: Option<Time>,
    pub(crate) seconds: f64,
    pub(crate) error: Option<String>,
}

/// What was done within the last hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) evaluations: u64,
    pub(crate) failures: u64,
    /// Evaluations that came too late to be made at their time.
    pub(crate) missed: u64,
    /// Time spent on evaluations.
    pub(crate) seconds: f64,
    /// How long was counted.
    pub(crate) over: Duration,
}

impl Cost {
    /// Which share of the time was spent on evaluations; more than one where several ran at once.
    pub(crate) fn share(&self) -> f64 {
        let over = self.over.as_secs_f64();
        if over > 0.0 { self.seconds / over } else { 0.0 }
    }

    fn add(&mut self, other: Self) {
        self.evaluations += other.evaluations;
        self.failures += other.failures;
        self.missed += other.missed;
        self.seconds += other.seconds;
        self.over = self.over.max(other.over);
    }
}

/// Counts over the last hour, by stretches of five minutes.
#[derive(Clone, Debug, Default)]
struct LastHour([Stretch; STRETCHES]);

#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    number: u64,
    evaluations: u32,
    failures: u32,
    missed: u32,
    seconds: f64,
}

impl LastHour {
    /// The stretch of this moment, empty if it has just begun.
    fn stretch(&mut self, elapsed: Duration) -> &mut Stretch {
        let number = elapsed.as_secs() / STRETCH_SECONDS;
        let at = usize::try_from(number).unwrap_or(0) % STRETCHES;
        let stretch = &mut self.0[at];
        if stretch.number != number {
            *stretch = Stretch { number, ..Stretch::default() };
        }
        stretch
    }

    fn cost(&self, begun: Duration, elapsed: Duration) -> Cost {
        let now = elapsed.as_secs() / STRETCH_SECONDS;
        let oldest = (now + 1).saturating_sub(STRETCHES as u64);
        let from = Duration::from_secs(oldest * STRETCH_SECONDS).max(begun);
        let mut cost = Cost { over: elapsed.saturating_sub(from), ..Cost::default() };
        for own in self.0.iter().filter(|own| (oldest..=now).contains(&own.number)) {
            cost.evaluations += u64::from(own.evaluations);
            cost.failures += u64::from(own.failures);
            cost.missed += u64::from(own.missed);
            cost.seconds += own.seconds;
        }
        cost
    }
}

/// How one rule has gone lately.
#[derive(Clone, Debug, Default)]
struct Run {
    last: Evaluation,
    hour: LastHour,
    /// Evaluations that failed since the last that did not.
    failures: u32,
}

/// How one rule goes, for those who show it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Going {
    pub(crate) last: Evaluation,
    pub(crate) hour: Cost,
    /// Evaluations that failed since the last that did not.
    pub(crate) failures: u32,
}

/// How the whole group has gone lately.
#[derive(Clone, Debug, Default)]
struct Turns {
    hour: LastHour,
    /// When the last evaluation was that is through.
    last: Option<Time>,
}

/// A group that is evaluated, and how its rules go.
#[derive(Debug)]
pub(crate) struct OwnGroup {
    pub(crate) group: RuleGroup,
    /// The sources of its alerting rules.
    pub(crate) sources: Vec<String>,
    /// The rules that may ask what alerting rules before them found.
    pub(crate) watchers: BTreeSet<usize>,
    /// Since when it is counted, by the clock that never jumps.
    begun: Duration,
    runs: Mutex<Vec<Run>>,
    turns: Mutex<Turns>,
}

impl OwnGroup {
    fn new(group: RuleGroup, begun: Duration) -> Self {
        let runs = Mutex::new(vec![Run::default(); group.rules.len()]);
        let (sources, watchers) = (sources(&group), watchers(&group));
        Self { group, sources, watchers, begun, runs, turns: Mutex::default() }
    }

    /// A group in the place of another: what is known of rules that both have is kept.
    pub(crate) fn after(group: RuleGroup, before: Option<&Self>, elapsed: Duration) -> Self {
        let own = Self::new(group, before.map_or(elapsed, |before| before.begun));
        let Some(before) = before else { return own };
        let known: BTreeMap<String, Run> = before
            .group
            .rules
            .iter()
            .zip(before.runs.lock().iter())
            .map(|(rule, run)| (before.subject(rule), run.clone()))
            .collect();
        for (rule, run) in own.group.rules.iter().zip(own.runs.lock().iter_mut()) {
            if let Some(known) = known.get(&own.subject(rule)) {
                run.clone_from(known);
            }
        }
        own.turns.lock().clone_from(&before.turns.lock());
        own
    }

    /// The rules whose last evaluations failed: how many in a row, and why the last.
    pub(crate) fn failing(&self) -> Vec<(&str, u32, String)> {
        let runs = self.runs.lock();
        let failing = self.group.rules.iter().zip(runs.iter()).filter(|(_, run)| run.failures > 0);
        failing
            .map(|(rule, run)| {
                (rule.name(), run.failures, run.last.error.clone().unwrap_or_default())
            })
            .collect()
    }

    /// Evaluations of the group that were missed within the last five to ten minutes.
    pub(crate) fn missed_lately(&self, elapsed: Duration) -> u64 {
        let now = elapsed.as_secs() / STRETCH_SECONDS;
        let turns = self.turns.lock();
        let recent = turns.hour.0.iter().filter(|own| own.number + 1 >= now && own.number <= now);
        recent.map(|own| u64::from(own.missed)).sum()
    }

    /// Notes how an evaluation of a rule went; answers how many have failed since the last that did not, and before it.
    pub(crate) fn note(
        &self,
        rule: usize,
        evaluation: Evaluation,
        elapsed: Duration,
    ) -> (u32, u32) {
        let mut runs = self.runs.lock();
        let Some(run) = runs.get_mut(rule) else { return (0, 0) };
        let failed = evaluation.error.is_some();
        let stretch = run.hour.stretch(elapsed);
        stretch.evaluations += 1;
        stretch.failures += u32::from(failed);
        stretch.seconds += evaluation.seconds;
        let before = run.failures;
        run.failures = if failed { before.saturating_add(1) } else { 0 };
        run.last = evaluation;
        (run.failures, before)
    }

    /// Notes that an evaluation which had gone well could not be judged.
    pub(crate) fn note_unjudged(&self, rule: usize, error: String, elapsed: Duration) -> u32 {
        let mut runs = self.runs.lock();
        let Some(run) = runs.get_mut(rule) else { return 0 };
        run.hour.stretch(elapsed).failures += 1;
        run.failures = run.failures.saturating_add(1);
        run.last.error = Some(error);
        run.failures
    }

    /// Notes a turn of the whole group, and how many were missed before it.
    pub(crate) fn note_turn(&self, seconds: f64, missed: u32, elapsed: Duration) {
        let mut turns = self.turns.lock();
        let stretch = turns.hour.stretch(elapsed);
        stretch.evaluations += 1;
        stretch.missed = stretch.missed.saturating_add(missed);
        stretch.seconds += seconds;
    }

    /// How each rule goes.
    pub(crate) fn goings(&self, elapsed: Duration) -> Vec<Going> {
        let runs = self.runs.lock();
        let going = |run: &Run| Going {
            last: run.last.clone(),
            hour: run.hour.cost(self.begun, elapsed),
            failures: run.failures,
        };
        runs.iter().map(going).collect()
    }

    /// What the group cost within the last hour.
    pub(crate) fn cost(&self, elapsed: Duration) -> Cost {
        self.turns.lock().hour.cost(self.begun, elapsed)
    }

    /// When the last evaluation of the group was of which every rule is through.
    pub(crate) fn evaluated_at(&self) -> Option<Time> {
        self.turns.lock().last
    }

    /// Notes that the evaluation of a moment is through.
    pub(crate) fn note_done(&self, at: Time) {
        self.turns.lock().last = Some(at);
    }

    /// The name of a rule among troubles, its own among all rules.
    pub(crate) fn subject(&self, rule: &Rule) -> String {
        match rule {
            Rule::Alert(rule) => format!("rule {}", rule.source),
            Rule::Record(rule) => {
                let (file, group) = (&self.group.file, &self.group.name);
                format!("rule {file}/{group}/{} {:?}", rule.name, rule.labels)
            }
        }
    }

    /// Sixteen digits for a rule, the same as long as its subject is.
    pub(crate) fn rule_id(&self, rule: &Rule) -> String {
        AlertId::of(&self.subject(rule), &Labels::empty()).hex()
    }
}

fn sources(group: &RuleGroup) -> Vec<String> {
    let alerting = group.rules.iter().filter_map(|rule| match rule {
        Rule::Alert(rule) => Some(rule.source.clone()),
        Rule::Record(_) => None,
    });
    alerting.collect()
}

fn watchers(group: &RuleGroup) -> BTreeSet<usize> {
    let first = group.rules.iter().position(|rule| matches!(rule, Rule::Alert(_)));
    let after = first.map_or(group.rules.len(), |first| first + 1);
    let rules = group.rules.iter().enumerate().skip(after);
    let asks = |rule: &Rule| ALERT_SERIES.iter().any(|own| query::may_read(rule.expr(), own));
    rules.filter(|(_, rule)| asks(rule)).map(|(number, _)| number).collect()
}

/// What is evaluated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) groups: Arc<[Arc<OwnGroup>]>,
    /// The sources of all alerting rules.
    pub(crate) sources: Arc<BTreeSet<String>>,
    /// When the files were read.
    pub(crate) read_at: Option<Time>,
    /// When reading them anew was refused after that, and why.
    pub(crate) refused: Option<(Time, String)>,
}

impl Loaded {
    fn of(groups: Vec<Arc<OwnGroup>>, now: Time) -> Self {
        let rules = groups.iter().flat_map(|own| &own.group.rules);
        let sources = rules.filter_map(|rule| match rule {
            Rule::Alert(rule) => Some(rule.source.clone()),
            Rule::Record(_) => None,
        });
        let sources = Arc::new(sources.collect());
        Self { groups: groups.into(), sources, read_at: Some(now), refused: None }
    }
}

/// The rules that are evaluated now. They can be others after the files were read anew.
#[derive(Debug, Default)]
pub(crate) struct RuleBook(RwLock<Loaded>);

impl RuleBook {
    /// These groups, read at this moment.
    pub(crate) fn new(groups: Vec<RuleGroup>, now: Time, elapsed: Duration) -> Self {
        let groups = groups.into_iter().map(|own| Arc::new(OwnGroup::new(own, elapsed))).collect();
        Self(RwLock::new(Loaded::of(groups, now)))
    }

    /// From now on these groups are evaluated.
    pub(crate) fn load(&self, groups: Vec<Arc<OwnGroup>>, now: Time) {
        *self.0.write() = Loaded::of(groups, now);
    }

    /// The files were read anew and cannot be taken.
    pub(crate) fn refuse(&self, now: Time, why: String) {
        self.0.write().refused = Some((now, why));
    }

    /// What is evaluated now.
    pub(crate) fn loaded(&self) -> Loaded {
        self.0.read().clone()
    }

    /// The groups that are evaluated now.
    pub(crate) fn groups(&self) -> Arc<[Arc<OwnGroup>]> {
        Arc::clone(&self.0.read().groups)
    }

    /// The expression of the alerting rule that alerts of this source come from.
    pub(crate) fn expr_of(&self, source: &str) -> Option<String> {
        let groups = self.groups();
        groups.iter().flat_map(|own| &own.group.rules).find_map(|rule| match rule {
            Rule::Alert(rule) if rule.source == source => Some(rule.expr.clone()),
            _ => None,
        })
    }
}

/// What all groups cost together.
pub(crate) fn cost_of(groups: &[Arc<OwnGroup>], elapsed: Duration) -> Cost {
    let mut cost = Cost::default();
    for own in groups {
        cost.add(own.cost(elapsed));
    }
    cost
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> OwnGroup {
        let text = "groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]";
        let groups = detect::rules::parse("r.yaml", text).unwrap();
        OwnGroup::new(groups.into_iter().next().unwrap(), Duration::from_secs(100))
    }

    fn evaluation(error: Option<&str>) -> Evaluation {
        Evaluation { at: Some(Time(0)), seconds: 0.5, error: error.map(str::to_owned) }
    }

    #[test]
    fn an_hour_is_counted_and_what_is_older_forgotten() {
        let own = group();
        for second in (100..7_300).step_by(10) {
            own.note(0, evaluation(None), Duration::from_secs(second));
        }
        let now = Duration::from_secs(7_299);
        let hour = own.goings(now)[0].hour;
        // Twelve stretches, the last of which has just begun.
        assert_eq!(hour.over, Duration::from_secs(7_299 - 3_900));
        assert_eq!(hour.evaluations, 340);
        assert!((hour.share() - 170.0 / 3_399.0).abs() < 1e-9);
        let early = Duration::from_secs(200);
        let young = group();
        young.note(0, evaluation(None), early);
        assert_eq!(young.goings(early)[0].hour.over, Duration::from_secs(100));
        let later = Duration::from_secs(100_000);
        assert_eq!(young.goings(later)[0].hour.evaluations, 0);
    }

    #[test]
    fn failures_are_counted_from_the_last_evaluation_that_went_well() {
        let own = group();
        let elapsed = Duration::from_secs(100);
        assert_eq!(own.note(0, evaluation(Some("away")), elapsed), (1, 0));
        assert_eq!(own.note(0, evaluation(Some("away")), elapsed), (2, 1));
        assert_eq!(own.note(0, evaluation(None), elapsed), (0, 2));
        assert_eq!(own.note_unjudged(0, "twice".into(), elapsed), 1);
        let going = own.goings(elapsed).remove(0);
        assert_eq!((going.hour.evaluations, going.hour.failures), (3, 3));
        assert_eq!(going.last.error.as_deref(), Some("twice"));
    }

    #[test]
    fn missed_turns_are_counted_by_group() {
        let own = group();
        own.note_turn(1.0, 0, Duration::from_secs(110));
        own.note_turn(1.0, 3, Duration::from_mins(2));
        let cost = cost_of(&[Arc::new(own)], Duration::from_secs(130));
        assert_eq!((cost.evaluations, cost.missed), (2, 3));
    }
}
