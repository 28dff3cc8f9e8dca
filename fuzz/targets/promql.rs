//! PromQL: any text is either answered over a small store within its budget or refused with a message.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use model::{Budget, BudgetSpent, Labels, Span, Time};
use query::{Engine, EngineOptions, Steps};
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::MemoryStore;

const SAMPLES_MAX: usize = 200_000;

/// Counts alone: a fuzzer must not depend on the clock.
#[derive(Default)]
struct Counted(AtomicUsize);

impl Budget for Counted {
    fn charge(&self, samples: usize) -> Result<(), BudgetSpent> {
        if self.0.fetch_add(samples, Ordering::Relaxed) + samples > SAMPLES_MAX {
            return Err(BudgetSpent::Samples { limit: SAMPLES_MAX });
        }
        Ok(())
    }
}

static STORE: LazyLock<MemoryStore> = LazyLock::new(|| {
    let store = MemoryStore::new();
    for (number, host) in ["a", "b", "c"].into_iter().enumerate() {
        for (name, slope) in [("up", 0.0), ("work_total", 7.0), ("level", -0.5)] {
            let labels = Labels::from_pairs([("__name__", name), ("host", host), ("zone", if number == 0 { "x" } else { "y" })]);
            store.add(&labels, (0..40).map(|at| (at * 15_000, slope * at as f64 + number as f64)));
        }
        for bound in ["0.1", "1", "+Inf"] {
            let labels = Labels::from_pairs([("__name__", "took_bucket"), ("host", host), ("le", bound)]);
            store.add(&labels, (0..40).map(|at| (at * 15_000, at as f64 * bound.len() as f64)));
        }
    }
    store
});

fuzz_target!(|text: &str| {
    let engine = Engine::new(EngineOptions::default());
    match query::check(text) {
        Ok(_) => {
            drop(engine.instant(&*STORE, text, Time::from_secs(300), &Counted::default()));
            let steps = Steps { from: Time::from_secs(60), to: Time::from_secs(600), step: Span::secs(45) };
            drop(engine.range(&*STORE, text, steps, &Counted::default()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
