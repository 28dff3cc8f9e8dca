//! How an answer came about is told node by node.

use model::{Labels, Span, Time, Unlimited};
use query::{Engine, EngineOptions, PlanNode, Steps};
use testkit::{MemoryStore, TurnedClock};

fn store() -> MemoryStore {
    let store = MemoryStore::new();
    for number in 0..10 {
        let labels =
            Labels::from_pairs([("__name__", "a_total".to_owned()), ("n", number.to_string())]);
        store.add(&labels, (0..100).map(|at| (at * 15_000, at as f64)));
    }
    store
}

fn lines(node: &PlanNode, depth: usize, into: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let at = node.at.map(|at| at.to_string()).unwrap_or_default();
    let folded = if node.folded_above { " folded" } else { "" };
    into.push(format!(
        "{indent}{} at {at}: {} -> {} series, {} samples{folded}",
        node.what, node.series_in, node.series_out, node.samples
    ));
    for input in &node.inputs {
        lines(input, depth + 1, into);
    }
}

#[test]
fn each_node_says_what_it_read_and_made() {
    let (store, clock) = (store(), TurnedClock::at(Time(0)));
    let engine = Engine::default();
    let at = Time::from_secs(1000);
    let text = "sum(rate(a_total[1m])) + on () sum(a_total{n=~\"1|2\"} * a_total)";
    let told = engine.explain((&store, &Unlimited), text, at, &clock).unwrap();
    let mut shown = Vec::new();
    lines(&told.plan, 0, &mut shown);
    assert_eq!(
        shown,
        [
            "add at 1:1: 2 -> 1 series, 440 samples",
            "  sum at 1:1: 10 -> 1 series, 200 samples",
            "    rate at 1:5: 10 -> 10 series, 200 samples folded",
            "      a_total[1m] at 1:10: 10 -> 10 series, 200 samples",
            "  sum at 1:32: 2 -> 1 series, 240 samples",
            "    mul at 1:36: 12 -> 2 series, 240 samples",
            "      a_total{n=~\"1|2\"} at 1:36: 2 -> 2 series, 40 samples",
            "      a_total at 1:56: 10 -> 10 series, 200 samples",
        ],
        "{shown:#?}"
    );
    assert_eq!(told.answer, engine.instant(&store, text, at, &Unlimited).unwrap());
}

#[test]
fn steps_that_were_known_are_counted() {
    let (store, clock) = (store(), TurnedClock::at(Time(0)));
    let options = EngineOptions { reuse_bytes: 1 << 20, ..EngineOptions::default() };
    let engine = Engine::new(options);
    let steps = Steps { from: Time(0), to: Time::from_secs(900), step: Span::secs(60) };
    let ask = || engine.explain_range((&store, &Unlimited), "sum(a_total)", steps, &clock).unwrap();
    let (cold, warm) = (ask(), ask());
    assert_eq!((cold.reused_steps, warm.reused_steps), (0, 16));
    assert_eq!((cold.samples > 0, warm.samples), (true, 0));
    assert!(cold.bytes_peak > 0);
    assert_eq!(cold.answer, warm.answer);
}
