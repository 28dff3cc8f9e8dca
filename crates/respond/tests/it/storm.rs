//! Seeded chance: alerts come and go, the hook misbehaves, the program is restarted at any moment.
//! In the end the receiver knows exactly what fires.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use journal::{Entry, Journal};
use model::{Alert, Clock as _, Severity, Span};
use respond::{Deliverer, Groups, Told, restore};
use testkit::TurnedClock;

use crate::{
    common::{Desk, START, alert, client, directory, ended, memory, noticed, receiver, view},
    hook::{Answer, Hook},
};

/// A small generator of our own, so that the test depends on nothing it tests.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// One turn of the world: an alert begins, ends, or changes its severity.
fn happen(
    firing: &mut BTreeMap<u64, Alert>,
    dice: &mut Dice,
    clock: &TurnedClock,
) -> (Told, Alert) {
    let which = dice.roll(6);
    if let Some(mut own) = firing.remove(&which) {
        if dice.roll(3) > 0 {
            return (Told::Resolved, ended(&own, clock.now()));
        }
        let worse = own.severity == Severity::Warning;
        own.severity = if worse { Severity::Critical } else { Severity::Warning };
        firing.insert(which, own.clone());
        return (Told::Changed, own);
    }
    let name = if which.is_multiple_of(2) { "DiskFull" } else { "HostDown" };
    let mut own = alert(name, &which.to_string(), clock.now());
    own.labels = own.labels.with("severity", "");
    firing.insert(which, own.clone());
    (Told::Fired, own)
}

struct World {
    journal: Journal,
    receivers: Vec<Desk>,
    clock: TurnedClock,
    hook: Hook,
    firing: BTreeMap<u64, Alert>,
    groups: Groups,
    client: reqwest::Client,
    deliverer: Deliverer,
}

impl World {
    async fn begin() -> Self {
        let (hook, clock) = (Hook::open([]).await, TurnedClock::at(START));
        let receivers = vec![receiver("hook", &hook.url)];
        let (journal, groups, client) = (memory().await, Groups::default(), client());
        let own = receivers.iter().map(|(own, _)| own.clone()).collect();
        let deliverer = Deliverer::new(client.clone(), own, Arc::new(clock.clone()), 7);
        let firing = BTreeMap::new();
        Self { journal, receivers, clock, hook, firing, groups, client, deliverer }
    }

    async fn restart(&mut self) {
        let alerts: Vec<_> = self.firing.values().cloned().collect();
        self.groups =
            restore(&self.journal, &directory(&self.receivers), &alerts, self.clock.now())
                .await
                .unwrap();
        let clock = Arc::new(self.clock.clone());
        let own = self.receivers.iter().map(|(own, _)| own.clone()).collect();
        self.deliverer = Deliverer::new(self.client.clone(), own, clock, 7);
    }

    async fn turn(&mut self, transitions: &[(Told, Alert)], span: Span) {
        self.clock.turn(span);
        let now = self.clock.now();
        let notices = noticed(&self.groups, transitions, &self.receivers, now);
        self.journal.record(notices.entry).await.unwrap();
        self.groups = notices.groups;
        self.deliverer.deliver_due(&self.journal, now).await.unwrap();
    }
}

async fn storm(seed: u64) {
    let mut dice = Dice(seed);
    let mut world = World::begin().await;
    for _ in 0..300 {
        let answer = match dice.roll(10) {
            0..3 => Answer::Status(503),
            3 => Answer::RetryAfter(429, "20".into()),
            4 => Answer::Drop,
            _ => Answer::Status(200),
        };
        world.hook.answer([answer]);
        let mut transitions = Vec::new();
        if dice.roll(2) == 0 {
            transitions.push(happen(&mut world.firing, &mut dice, &world.clock));
        }
        match dice.roll(20) {
            // The program ends before it has noticed what happened.
            0 => world.restart().await,
            // It ends after recording, before delivering.
            1 => {
                let now = world.clock.now();
                let notices = noticed(&world.groups, &transitions, &world.receivers, now);
                world.journal.record(notices.entry).await.unwrap();
                world.restart().await;
            }
            _ => {
                let span = Span::secs(i64::try_from(dice.roll(15)).unwrap());
                world.turn(&transitions, span).await;
            }
        }
    }
    world.hook.answer([]);
    for _ in 0..60 {
        world.turn(&[], Span::secs(61)).await;
    }

    let requests = world.hook.requests();
    let accepted: Vec<_> = requests.iter().filter(|request| request.accepted).collect();
    let known = view(accepted.iter().map(|request| &request.body));
    let fires: BTreeMap<_, _> = world
        .firing
        .values()
        .map(|alert| (alert.id.hex(), alert.severity.word().to_owned()))
        .collect();
    assert_eq!(known, fires, "seed {seed}");
    let keys: BTreeSet<_> = accepted.iter().map(|request| &request.key).collect();
    assert_eq!(keys.len(), accepted.len(), "seed {seed}: something was accepted twice");
    assert_eq!(world.journal.outbox_stats().await.unwrap().waiting, 0);
    world.journal.record(Entry::default()).await.unwrap();
    world.journal.verify().await.unwrap();
}

#[tokio::test]
async fn in_the_end_the_receiver_knows_exactly_what_fires_seeds_1_to_6() {
    for seed in 1..=6 {
        storm(seed).await;
    }
}
