//! Far beyond what was seen: forms that fit alike there tell very different figures, and growth by a part of itself comes
//! to anything. From twice what was seen on such growth goes on in proportion, and a part of the drawn systems goes over to
//! another form, so that the interval is as wide as the forms disagree.

use model::{Relation, Unit};
use stats::Chance;

use super::{
    fit::Points,
    form::{Curve, Form},
};

/// Beyond this many times what was seen, a value is a guess.
pub(crate) const GUESS: f64 = 2.0;
/// One of so many drawn systems goes over to another form.
pub(crate) const OTHER_EVERY: usize = 5;

/// A curve that might as well have been found, and the one it goes over to far beyond what was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawn {
    near: Curve,
    far: Option<Curve>,
}

impl Drawn {
    /// One of the drawn curves; `others` are the fits of other forms.
    pub(super) fn of(draws: &[Curve], others: &[Curve], chance: &mut Chance) -> Self {
        let at = chance.below(draws.len());
        let near = draws[at];
        let mut others = others.iter().filter(|other| other.form != near.form);
        let count = others.clone().count();
        let other = (at.is_multiple_of(OTHER_EVERY) && count > 0).then(|| at / OTHER_EVERY % count);
        Self { near, far: other.and_then(|other| others.nth(other)).copied() }
    }

    /// Its value where the figure behind is `x`.
    pub(crate) fn at(self, x: f64) -> f64 {
        match self.far.map(|far| (far, over(x, self.near.seen.1))) {
            Some((far, way)) if way > 0.0 => gone_over(self.near.at(x), far.at(x), way),
            _ => self.near.at(x),
        }
    }
}

/// How far a value has gone over to another form, from 0 at twice what was seen to 1 at four times.
pub(super) fn over(x: f64, seen: f64) -> f64 {
    (x / (GUESS * seen) - 1.0).clamp(0.0, 1.0)
}

/// Part of the way from one value to another; a queue that no longer ends is left at the end of it.
pub(super) fn gone_over(near: f64, far: f64, way: f64) -> f64 {
    if way >= 1.0 { far } else { (1.0 - way) * near + way * far }
}

/// The fits of all forms that may be, far away: those of a relation that evidence chooses among, without queues, which
/// may have no end there.
pub(super) fn others(points: &Points, relation: Relation) -> Vec<Curve> {
    if !matches!(relation, Relation::Held | Relation::Cached | Relation::Piled | Relation::Unknown)
    {
        return Vec::new();
    }
    // What is proportional is a straight line, too.
    let plain = |form: &Form| {
        matches!(form, Form::Linear | Form::Logarithmic | Form::Power | Form::Compound)
    };
    Form::of(relation).into_iter().filter(plain).map(|form| points.fit(form).curve).collect()
}

/// What to know of figures beyond twice what is known, in a sentence.
pub(super) fn say(seen: f64, unit: Unit, behind: &str, relation: Relation) -> String {
    let from = unit.say(GUESS * seen);
    let how = match relation {
        Relation::Piled => {
            "growth by a part of itself goes on in proportion from there, and the range holds what other forms tell"
        }
        Relation::Held | Relation::Cached | Relation::Unknown => {
            "the range holds what other forms tell"
        }
        _ => "nothing shows that it goes on so",
    };
    format!("a guess beyond {from} of {behind}, twice what is known: {how}")
}
