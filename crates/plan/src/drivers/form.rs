//! Curves by which one figure follows another. Each is a scale times a shape of one or two parameters, so that a fit
//! searches the shape only.

use model::Relation;

use super::far::GUESS;

/// The kinds of curves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `a · x`: Little's law with a time that stays, work without a base.
    Proportional,
    /// `a + b · x`, neither below nought.
    Linear,
    /// `a + b · ln x`, not falling.
    Logarithmic,
    /// `a · x^b`, not falling.
    Power,
    /// `a · e^(b · x)`: grows by a part of itself, up to twice what was seen, and in proportion from there.
    Compound,
    /// `a · x / (1 − x / c)`: what waits in one queue, without bound as the load comes to `c`.
    Queue,
    /// The time in an M/M/c queue (Erlang C), with the load at which all servers are busy.
    Servers {
        /// How many serve.
        count: u16,
    },
    /// `a · x / (1 + σ (x − 1) + κ x (x − 1))` (Gunther 1993).
    Scaling,
}

/// How many servers are tried for a time in a queue.
const SERVERS: [u16; 6] = [1, 2, 4, 8, 16, 64];

impl Form {
    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proportional => "proportional",
            Self::Linear => "linear",
            Self::Logarithmic => "logarithmic",
            Self::Power => "power",
            Self::Compound => "compound",
            Self::Queue => "queue",
            Self::Servers { .. } => "servers",
            Self::Scaling => "scaling law",
        }
    }

    /// The forms that physics leave for a relation.
    pub fn of(relation: Relation) -> Vec<Self> {
        match relation {
            Relation::Work => vec![Self::Proportional, Self::Linear],
            Relation::Held => vec![Self::Proportional, Self::Linear, Self::Power, Self::Queue],
            Relation::Cached => vec![Self::Logarithmic, Self::Power],
            Relation::Piled => vec![Self::Linear, Self::Compound],
            Relation::Latency => SERVERS.map(|count| Self::Servers { count }).to_vec(),
            Relation::Together => vec![Self::Scaling],
            Relation::Unknown => vec![Self::Linear, Self::Logarithmic, Self::Power],
        }
    }

    /// How many parameters it has, the scale among them.
    pub(super) fn parameters(self) -> usize {
        match self {
            Self::Proportional => 1,
            Self::Scaling => 3,
            _ => 2,
        }
    }

    /// The greatest shape parameter; the least is nought.
    pub(super) fn shape_max(self) -> f64 {
        match self {
            Self::Proportional => 0.0,
            Self::Linear | Self::Logarithmic => 1.0,
            Self::Power => 1.5,
            Self::Compound => 12.0,
            Self::Queue => 0.98,
            Self::Servers { .. } => 0.995,
            Self::Scaling => 0.9,
        }
    }
}

/// A curve: a form with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Its form.
    pub form: Form,
    pub(super) scale: f64,
    pub(super) shape: f64,
    /// The second parameter of the scaling law.
    pub(super) second: f64,
    /// Between which values of what it follows it was learnt.
    pub(super) seen: (f64, f64),
}

impl Curve {
    /// Its value; infinite where a queue no longer ends.
    pub fn at(&self, x: f64) -> f64 {
        self.scale * self.unscaled(x)
    }

    /// Its value before the scale.
    pub(super) fn unscaled(&self, x: f64) -> f64 {
        let (low, high) = self.seen;
        let shape = self.shape;
        match self.form {
            Form::Proportional => x / high,
            Form::Linear => (1.0 - shape) + shape * x / high,
            Form::Logarithmic => {
                let way = (x / low).ln() / (high / low).ln();
                ((1.0 - shape) + shape * way).max(0.0)
            }
            Form::Power => (x / high).powf(shape),
            Form::Compound => {
                let (pace, bend) = (shape / (high - low), GUESS * high);
                // Nothing grows by a part of itself for ever: beyond what can be known it goes on in proportion.
                (pace * (x.min(bend) - low)).exp() * (x / bend).max(1.0)
            }
            Form::Queue => {
                let busy = shape * x / high;
                if busy < 1.0 { x / high / (1.0 - busy) } else { f64::INFINITY }
            }
            Form::Servers { count } => waiting(count, shape * x / high),
            Form::Scaling => {
                let others = (x - 1.0).max(0.0);
                x / (1.0 + shape * others + self.second * x * others)
            }
        }
    }

    /// Where the scaling law has its peak; nothing where it has none.
    pub fn peak(&self) -> Option<f64> {
        (self.form == Form::Scaling && self.second > 0.0)
            .then(|| ((1.0 - self.shape) / self.second).sqrt())
    }
}

/// The time in an M/M/c queue, as a multiple of the time of service: 1 and the wait, by Erlang's C formula. `busy` is
/// the share of the servers' time that is taken.
fn waiting(count: u16, busy: f64) -> f64 {
    if busy >= 1.0 {
        return f64::INFINITY;
    }
    let servers = f64::from(count);
    let offered = busy.max(0.0) * servers;
    // Erlang's B by its recurrence, then C from B.
    let blocked = (1..=count)
        .fold(1.0, |blocked, server| offered * blocked / (f64::from(server) + offered * blocked));
    let waits = blocked / (1.0 - busy * (1.0 - blocked));
    1.0 + waits / (servers - offered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn erlangs_formula_gives_the_known_figures() {
        // One server: 1 / (1 - busy). Two servers at 0.75: C = 9/14, so 1 + (9/14) / 0.5.
        assert!((waiting(1, 0.5) - 2.0).abs() < 1e-12);
        assert!((waiting(2, 0.75) - (1.0 + 9.0 / 14.0 / 0.5)).abs() < 1e-12);
        assert!((waiting(64, 0.1) - 1.0).abs() < 1e-9);
        assert!(waiting(4, 1.0).is_infinite());
    }

    #[test]
    fn growth_by_a_part_of_itself_goes_on_in_proportion_beyond_twice_what_was_seen() {
        let seen = (100.0, 1_000.0);
        let curve = Curve { form: Form::Compound, scale: 1.0, shape: 3.0, second: 0.0, seen };
        let doubled = |x: f64| curve.at(x + 900.0) / curve.at(x);
        assert!((doubled(100.0) - 3.0_f64.exp()).abs() < 1e-6);
        assert!((doubled(1_000.0) - 3.0_f64.exp()).abs() < 1e-6, "up to twice what was seen");
        assert!((curve.at(100_000.0) / curve.at(2_000.0) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn the_scaling_law_peaks_where_it_should() {
        let curve = Curve {
            form: Form::Scaling,
            scale: 10.0,
            shape: 0.05,
            second: 0.002,
            seen: (1.0, 32.0),
        };
        let peak = curve.peak().unwrap();
        assert!(curve.at(peak) > curve.at(peak - 1.0) && curve.at(peak) > curve.at(peak + 1.0));
    }

    proptest! {
        #[test]
        fn curves_never_fall_below_nought_and_rise_but_for_the_scaling_law(
            shape in 0.0_f64..1.0, x in 1.0_f64..1e5, more in 0.0_f64..1e5, scale in 1e-3_f64..1e3,
        ) {
            for relation in Relation::WORDS.map(|(_, relation)| relation) {
                for form in Form::of(relation).into_iter().filter(|form| *form != Form::Scaling) {
                    let shape = shape * form.shape_max();
                    let curve = Curve { form, scale, shape, second: 0.0, seen: (10.0, 5e4) };
                    let (low, high) = (curve.at(x), curve.at(x + more));
                    prop_assert!(low >= 0.0 && high >= low * (1.0 - 1e-12), "{form:?} {low} {high}");
                }
            }
        }
    }
}
