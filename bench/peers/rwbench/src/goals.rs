//! The figures the project must reach, in the words of the issue that set them, beside what was measured.

use std::fmt::Write as _;

use crate::{
    numbers::{geometric_mean, median, num, pooled},
    query,
    suite::{Q, Results},
    target::Target,
};

enum Need {
    /// At most this part of what VictoriaMetrics needs.
    AtMost(f64),
    /// At least this multiple of what VictoriaMetrics does.
    AtLeast(f64),
    /// At most so much, whatever the peers do.
    Bound(f64),
    /// All queries give the reference's answer.
    AllEqual,
    /// Measured only.
    Measured,
}

struct Goal {
    what: &'static str,
    figure: fn(&Results) -> f64,
    need: Need,
}

fn metric(results: &Results, name: &str) -> f64 {
    results.m.get(name).map_or(f64::NAN, |values| median(values))
}

fn queries(results: &Results, set: &[query::Query], figure: fn(&Q) -> f64) -> f64 {
    geometric_mean(
        set.iter()
            .filter_map(|query| results.q.get(query.id))
            .filter(|q| q.error.is_empty())
            .map(figure),
    )
}

fn p50(q: &Q) -> f64 {
    pooled(q, 50.0)
}

const GOALS: &[Goal] = &[
    Goal { what: "A ingest, samples/s", figure: |r| metric(r, "A.rate"), need: Need::AtLeast(1.2) },
    Goal {
        what: "A server CPU s per million samples",
        figure: |r| metric(r, "A.cpu_per_m"),
        need: Need::AtMost(0.7),
    },
    Goal {
        what: "A peak memory at ingest, MiB",
        figure: |r| metric(r, "A.peak"),
        need: Need::AtMost(0.7),
    },
    Goal {
        what: "A memory at rest, MiB",
        figure: |r| metric(r, "A.rest"),
        need: Need::AtMost(0.7),
    },
    Goal {
        what: "A bytes per sample at rest",
        figure: |r| metric(r, "A.disk"),
        need: Need::AtMost(0.7),
    },
    Goal {
        what: "B bytes per sample at rest",
        figure: |r| metric(r, "B.disk"),
        need: Need::AtMost(0.7),
    },
    Goal {
        what: "acknowledged samples lost on `kill -9` in mid-ingest",
        figure: |r| metric(r, "C.lost").max(metric(r, "Cp.lost")),
        need: Need::Bound(0.0),
    },
    Goal {
        what: "A restart after `kill -9` to the first right answer, s",
        figure: |r| metric(r, "A.restart_answer"),
        need: Need::Bound(0.2),
    },
    Goal {
        what: "16 queries on A, geometric mean p50, no result cache, ms",
        figure: |r| queries(r, query::SHORT, p50),
        need: Need::AtMost(0.6),
    },
    Goal {
        what: "16 queries on B, likewise, ms",
        figure: |r| queries(r, query::LONG, p50),
        need: Need::AtMost(0.6),
    },
    Goal {
        what: "range queries on A with result reuse, ms",
        figure: |r| queries(r, query::SHORT, |q| q.cached_p50),
        need: Need::AtMost(1.0),
    },
    Goal {
        what: "range queries on B with result reuse, ms",
        figure: |r| queries(r, query::LONG, |q| q.cached_p50),
        need: Need::AtMost(1.0),
    },
    Goal {
        what: "answers equal to Prometheus at 1e-6",
        figure: |_| f64::NAN,
        need: Need::AllEqual,
    },
    Goal {
        what: "churn, peak memory, MiB",
        figure: |r| metric(r, "H.peak"),
        need: Need::AtMost(0.7),
    },
    Goal {
        what: "churn, memory of the last hours to the hours before",
        figure: |r| metric(r, "H.growth"),
        need: Need::Bound(1.15),
    },
    Goal {
        what: "churn, samples refused",
        figure: |r| metric(r, "H.refused"),
        need: Need::Bound(0.0),
    },
    Goal {
        what: "samples/s with every request synced to disk (`sync: always`)",
        figure: |r| metric(r, "S.rate"),
        need: Need::Measured,
    },
    Goal {
        what: "the same without, same connections and data",
        figure: |r| metric(r, "S.plain"),
        need: Need::Measured,
    },
];

/// How many of the queries asked have the reference's answer.
fn equal(reference: &Results, results: &Results) -> (usize, usize) {
    let mut counted = (0, 0);
    for query in query::SHORT.iter().chain(query::LONG) {
        if let Some(wanted) = reference.answers.get(query.id) {
            counted.1 += 1;
            let same = results.answers.get(query.id).is_some_and(|found| {
                let differ = query::diff(wanted, found, 1e-6);
                differ.equal() && !differ.name_differs
            });
            counted.0 += usize::from(same);
        }
    }
    counted
}

/// The table: every figure, its peers, the ratio to the peer it is measured by, and whether it is met.
pub fn table(all: &[(Target, Results)]) -> String {
    let named =
        |name: &str| all.iter().find(|(target, _)| target.name == name).map(|(_, results)| results);
    let (Some(ours), victoria, reference) =
        (named("plimsoll"), named("victoria"), named("prometheus"))
    else {
        return String::new();
    };
    let mut text = String::from(
        "| figure | prometheus | victoria | plimsoll | plimsoll / victoria | must reach | met? |\n|---|---:|---:|---:|---:|---|---|\n",
    );
    for goal in GOALS {
        let figure = |results: Option<&Results>| results.map_or(f64::NAN, goal.figure);
        let (own, peer) = (figure(Some(ours)), figure(victoria));
        if own.is_nan() && peer.is_nan() && !matches!(goal.need, Need::AllEqual) {
            continue; // that phase was left out
        }
        let ratio = own / peer;
        let (must, met) = match goal.need {
            Need::AtMost(most) => {
                (format!("≤ {most} × VictoriaMetrics"), ratio.is_finite().then_some(ratio <= most))
            }
            Need::AtLeast(least) => (
                format!("≥ {least} × VictoriaMetrics"),
                ratio.is_finite().then_some(ratio >= least),
            ),
            Need::Bound(most) => (format!("≤ {most}"), own.is_finite().then_some(own <= most)),
            Need::Measured => ("–".into(), None),
            Need::AllEqual => {
                let counts = |results: Option<&Results>| {
                    reference.zip(results).map(|(reference, results)| equal(reference, results))
                };
                let cell = |counts: Option<(usize, usize)>| {
                    counts.map_or("–".into(), |(same, all)| format!("{same} of {all}"))
                };
                let own = counts(Some(ours)).filter(|(_, all)| *all > 0);
                if own.is_none() {
                    continue;
                }
                let met = own.map(|(same, all)| same == all);
                row(
                    &mut text,
                    [goal.what, "–", &cell(counts(victoria)), &cell(own), "–", "all", word(met)],
                );
                continue;
            }
        };
        let cells = [figure(reference), peer, own, ratio].map(num);
        row(&mut text, [goal.what, &cells[0], &cells[1], &cells[2], &cells[3], &must, word(met)]);
    }
    text
}

fn row(text: &mut String, cells: [&str; 7]) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn word(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "–",
    }
}
