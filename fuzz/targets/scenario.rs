//! Scenario files: any text is read or refused with a place, and what was read comes to figures that hang together.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plan::{Scenario, Spread, run_scenario};

/// Longer runs are left to the tests.
const CELLS_MAX: usize = 200_000;

fn sound(own: &Spread) -> bool {
    own.p10 <= own.p50 && own.p50 <= own.p90 && own.p10.is_finite() && own.p90.is_finite()
}

fuzz_target!(|body: &[u8]| {
    let Ok(text) = std::str::from_utf8(body) else { return };
    let mut scenario = match Scenario::parse("fuzz.yaml", text) {
        Ok(scenario) => scenario,
        Err(wrong) => {
            assert!(!wrong.render(false).is_empty());
            return;
        }
    };
    scenario.draws = scenario.draws.min(100);
    let parts = scenario.resources.len() + scenario.drivers.len() + scenario.events.len();
    if scenario.draws * scenario.months * parts > CELLS_MAX {
        return;
    }
    let outcome = run_scenario(&scenario);
    assert_eq!(outcome.ends.len(), scenario.months);
    assert_eq!(outcome.resources.len(), scenario.resources.len());
    for own in &outcome.resources {
        for month in &own.months {
            assert!(sound(&month.demand), "{}: {month:?}", own.name);
            assert!((0.0..=1.0).contains(&month.chance) && month.gap_p50 <= month.gap_p90, "{month:?}");
        }
        assert!(own.reached_p90.unwrap_or(usize::MAX) <= own.reached_p50.unwrap_or(usize::MAX));
        assert!(!own.basis_text.is_empty());
    }
    assert!(outcome.cost.iter().all(sound), "{:?}", outcome.cost);
    assert!(outcome.tornado.iter().all(|bar| (0.0..=1.0 + 1e-9).contains(&bar.share)), "{:?}", outcome.tornado);
});
