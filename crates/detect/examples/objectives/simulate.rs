//! Made-up services, and what the judgement of objectives makes of them minute by minute.
//!
//! Requests come by chance (Poisson), each fails by chance; nothing else is made up. The tally, the account and the judgement
//! are the ones that run in the server. «Plain» takes every window for sure, as rules of other tools do.

use detect::{
    ActiveAlerts, Transition, judge_objective,
    objectives::{Account, Count, Tally},
};
use model::{Indicator, Loudness, Objective, Period, Severity, Share, Span, Time};
use stats::Chance;

/// What is promised in every service.
pub(crate) const TARGET: f64 = 0.999;

/// Whether the guard counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    Plain,
    Sure,
}

/// A service while time passes.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    objective: Objective,
    requests_a_second: f64,
    tally: Tally,
    active: ActiveAlerts,
    guard: Guard,
    now: Time,
}

impl Service {
    pub(crate) fn new(requests_a_second: f64, guard: Guard) -> Option<Self> {
        let objective = Objective {
            name: "made-up".into(),
            title: "Made up".into(),
            service: String::new(),
            owner: "nobody yet".into(),
            reason: String::new(),
            indicator: Indicator::Bad { bad: "bad".into(), total: "all".into() },
            target: Share::new(TARGET)?,
            period: Period::Rolling(Span::days(30)),
            alerts: Loudness::Page,
            needed: true,
        };
        let (tally, active) = (Tally::default(), ActiveAlerts::default());
        Some(Self { objective, requests_a_second, tally, active, guard, now: Time(0) })
    }

    /// A minute in which requests fail with this probability; whether somebody is called.
    pub(crate) fn minute(&mut self, failing: f64, chance: &mut Chance) -> bool {
        self.now = self.now + Span::minutes(1);
        let mut count = Count::default();
        for _ in 0..arrivals(self.requests_a_second * 60.0, chance) {
            count.total += 1.0;
            count.bad += f64::from(u8::from(chance.share() < failing));
        }
        self.tally.add_minute(self.now, count);
        let mut account = Account::of(&self.objective, &self.tally, Time(0), self.now);
        if self.guard == Guard::Plain {
            account.burns.iter_mut().for_each(|burn| burn.sure = true);
        }
        let found = judge_objective(&self.objective, &account, &mut self.active, self.now);
        found.iter().any(|transition| {
            let alert = transition.alert();
            let calls = matches!(transition, Transition::Firing(_) | Transition::Changed(_))
                && alert.name() == "ObjectiveBurnsBudget"
                && alert.severity == Severity::Critical;
            // One that was a page already calls nobody again.
            calls
        })
    }

    /// How often somebody is called in so many days of a service that keeps its promise: half of what may fail fails.
    pub(crate) fn false_pages(mut self, days: i64, seed: u64) -> usize {
        let mut chance = Chance::new(seed);
        let healthy = (1.0 - TARGET) / 2.0;
        (0..days * 24 * 60).filter(|_| self.minute(healthy, &mut chance)).count()
    }

    /// Minutes from the beginning of an outage until somebody is called, for outages of copies of a service that ran
    /// well for three days; a day where nobody was.
    pub(crate) fn minutes_to_page(mut self, failing: f64, outages: u64, seed: u64) -> Vec<i64> {
        const DAY: i64 = 24 * 60;
        let mut chance = Chance::new(seed);
        let healthy = (1.0 - TARGET) / 2.0;
        for _ in 0..3 * DAY {
            self.minute(healthy, &mut chance);
        }
        // What chance made of the three days is no part of the outage.
        self.active = ActiveAlerts::default();
        let mut minutes = Vec::new();
        for outage in 0..outages {
            let (mut service, mut chance) = (self.clone(), Chance::new(seed ^ (outage + 1) << 20));
            let paged = (1..=DAY).find(|_| service.minute(failing, &mut chance));
            minutes.push(paged.unwrap_or(DAY));
        }
        minutes.sort_unstable();
        minutes
    }
}

/// The value below which this share of sorted values lies.
pub(crate) fn quantile(sorted: &[i64], share: f64) -> i64 {
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a small count"
    )]
    let at = (share * last as f64).ceil() as usize;
    sorted.get(at.min(last)).copied().unwrap_or_default()
}

/// How many come where so many are expected (Knuth 1969).
fn arrivals(expected: f64, chance: &mut Chance) -> u32 {
    let (limit, mut product, mut count) = ((-expected).exp(), chance.share(), 0);
    while product > limit {
        product *= chance.share();
        count += 1;
    }
    count
}
