//! How often the right form of a driver's curve is found, and how far off it is at twice the range: 24 points with
//! noise, from 100 to 2,500 tenants (months for what piles up), asked for 5,000. `bench/curves.sh` calls it.

use model::Relation;
use plan::{Following, Form, respond};
use stats::{Chance, median};

const POINTS: usize = 24;
const RUNS: u64 = 400;

/// A figure of the reference (P2) by tenants, with what is known of how it follows them.
struct Truth {
    name: &'static str,
    form: Form,
    relation: Relation,
    curve: fn(f64) -> f64,
}

/// Cores 2 to 64, gigabytes of cache 1 to 64, connections 20 to 300, gigabytes stored 10 to 8,000: between 100 and 5,000.
const TRUTHS: [Truth; 4] = [
    Truth {
        name: "cores",
        form: Form::Linear,
        relation: Relation::Work,
        curve: |x| 2.0 + 62.0 * (x - 100.0) / 4_900.0,
    },
    Truth {
        name: "cache",
        form: Form::Logarithmic,
        relation: Relation::Cached,
        curve: |x| 1.0 + 63.0 * (x / 100.0).ln() / 50_f64.ln(),
    },
    Truth {
        name: "connections",
        form: Form::Power,
        relation: Relation::Held,
        curve: |x| 20.0 * (x / 100.0).powf(15_f64.ln() / 50_f64.ln()),
    },
    Truth {
        name: "stored",
        form: Form::Compound,
        relation: Relation::Piled,
        curve: |x| 10.0 * (800_f64.ln() * (x - 100.0) / 4_900.0).exp(),
    },
];

/// Where a point lies, by how far along it is.
type Spacing = fn(f64) -> f64;

/// How the points lie: the same number more each month, or the same part more.
const SPACINGS: [(&str, Spacing); 2] =
    [("evenly", |way| 100.0 + 2_400.0 * way), ("growing", |way| 100.0 * 25_f64.powf(way))];

#[expect(clippy::print_stdout, reason = "the figures are the answer")]
fn main() {
    println!(
        "| points | noise | relation | figure | right form | error at twice the range | its 90 % holds |"
    );
    println!("|---|---:|---|---|---:|---:|---:|");
    for (spacing, place) in SPACINGS {
        for noise in [0.1, 0.2] {
            for known in [true, false] {
                for truth in TRUTHS.iter().filter(|truth| known || truth.form != Form::Compound) {
                    println!("{}", row(truth, (spacing, place), noise, known));
                }
            }
        }
    }
}

fn row(truth: &Truth, (spacing, place): (&str, fn(f64) -> f64), noise: f64, known: bool) -> String {
    let relation = if known { truth.relation } else { Relation::Unknown };
    let (mut right, mut held, mut errors) = (0.0, 0.0, Vec::new());
    for seed in 1..=RUNS {
        let mut chance = Chance::new(seed);
        let x: Vec<f64> = (0..POINTS).map(|at| place(at as f64 / (POINTS - 1) as f64)).collect();
        let y: Vec<f64> =
            x.iter().map(|&x| (truth.curve)(x) * (noise * chance.normal()).exp()).collect();
        let following = Following { x: &x, y: &y, relation, known: None, seed };
        let Ok(response) = respond(following) else { continue };
        right += f64::from(u8::from(response.form() == truth.form));
        let came = (truth.curve)(5_000.0);
        errors.push((response.at(5_000.0) / came).ln().abs());
        if let Some(confidence) = model::Share::new(0.9) {
            let range = response.range(5_000.0, confidence);
            held += f64::from(u8::from(range.low <= came && came <= range.high));
        }
    }
    let runs = RUNS as f64;
    format!(
        "| {spacing} | {:.0} % | {} | {} | {:.2} | {:.1} % | {:.2} |",
        100.0 * noise,
        relation.word(),
        truth.name,
        right / runs,
        100.0 * median(&errors).exp_m1(),
        held / runs,
    )
}
