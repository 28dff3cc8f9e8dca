//! Arithmetic and comparison between two vectors: one to one, or many to one.

use hashbrown::HashMap;
use model::Labels;

use super::{
    native::{Operand, combine},
    quick,
    sides::{Pair, pairs},
};
use crate::{
    QueryError,
    parse::node::{Binary, Grouping, Many},
    run::{
        Run,
        rows::{ABSENT, Grid, Row, names_metric, shown},
    },
};

/// The value of the operator at all steps.
pub(super) fn join(
    run: &Run<'_>,
    binary: &Binary,
    (left, right): (&[Row], &[Row]),
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    let many = if binary.matching.many == Many::Right { right } else { left };
    let pairs = pairs(left, right, &binary.matching.labels);
    let mut any_many = vec![false; grid.points];
    // Only two on the side of one make it matter.
    if pairs.iter().any(|pair| pair.left.len() > 1 || pair.right.len() > 1) {
        for row in many {
            for (number, any) in any_many.iter_mut().enumerate() {
                *any |= row.is_there(number);
            }
        }
    }
    let (answers, by_labels) = (Vec::new(), HashMap::new());
    let mut joiner = Joiner { run, binary, left, right, grid, any_many, answers, by_labels };
    for pair in pairs {
        run.budget.charge(0)?;
        joiner.join_pair(&pair)?;
    }
    Ok(joiner
        .answers
        .into_iter()
        .filter(|answer| answer.row.has_values())
        .map(|answer| answer.row)
        .collect())
}

struct Joiner<'r, 'q> {
    run: &'r Run<'q>,
    binary: &'r Binary,
    left: &'r [Row],
    right: &'r [Row],
    grid: Grid,
    /// At which steps the side that may have many has anything at all.
    any_many: Vec<bool>,
    answers: Vec<Joined>,
    by_labels: HashMap<Labels, usize>,
}

/// A series of the answer, and at which steps something was computed for it, though a comparison may have dropped it.
pub(super) struct Joined {
    pub(super) row: Row,
    pub(super) taken: Vec<bool>,
}

/// One side of a pair at one step: the values of both operands, and who they come from.
struct Match<'m> {
    many: Option<&'m Row>,
    one: Option<&'m Row>,
    signature: &'m Labels,
}

impl Joiner<'_, '_> {
    /// Whether the left operand is the side that may have many.
    fn many_is_left(&self) -> bool {
        self.binary.matching.many != Many::Right
    }

    fn join_pair(&mut self, pair: &Pair) -> Result<(), QueryError> {
        let matching = &self.binary.matching;
        let (left, right) = (self.left, self.right);
        let (many_rows, many, one_rows, one) = if self.many_is_left() {
            (left, &pair.left, right, &pair.right)
        } else {
            (right, &pair.right, left, &pair.left)
        };
        // With `group_right`, Prometheus takes the fill of the left for the side of many; so do we.
        let (fill_many, fill_one) = (matching.fill_left, matching.fill_right);
        if (many.is_empty() && fill_many.is_none()) || (one.is_empty() && fill_one.is_none()) {
            // Nothing comes of it, but two on the side of one are an error all the same.
            return self.choose_one(one_rows, one, pair).map(drop);
        }
        let is_plain = fill_many.is_none() && fill_one.is_none();
        if let ([only], true) =
            (&one[..], is_plain && (many.len() == 1 || matching.many != Many::Neither))
            && many.iter().all(|row| quick::fits(self.binary, &many_rows[*row], &one_rows[*only]))
        {
            let rows = many.iter().map(|row| &many_rows[*row]);
            return self.join_plain(rows, &one_rows[*only], &pair.signature);
        }
        let chosen = self.choose_one(one_rows, one, pair)?;
        let mut matched = vec![false; self.grid.points];
        for member in many {
            let row = &many_rows[*member];
            let mut known: Option<(Option<usize>, usize)> = None;
            for (number, chosen) in chosen.iter().enumerate() {
                let one = chosen.map(|chosen| &one_rows[chosen]);
                let other = one.and_then(|one| one.operand(number));
                let Some(other) = other.or_else(|| fill_one.map(Operand::Float)) else { continue };
                let Some(value) = row.operand(number) else { continue };
                if std::mem::replace(&mut matched[number], true) && matching.many == Many::Neither {
                    return Err(QueryError::execution(
                        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
                    ));
                }
                // Labels change only where the row of the other side changes: seldom, if ever.
                let answer = match known {
                    Some((same, answer)) if same == *chosen => answer,
                    _ => {
                        self.answer(&Match { many: Some(row), one, signature: &pair.signature })?
                    }
                };
                known = Some((*chosen, answer));
                self.put(answer, number, (value, other))?;
            }
        }
        match fill_many {
            Some(fill) => self.fill_many(fill, (pair, &matched), (one_rows, &chosen)),
            None => Ok(()),
        }
    }

    /// Joins rows with the only one of the other side.
    fn join_plain<'m>(
        &mut self,
        many: impl Iterator<Item = &'m Row>,
        one: &'m Row,
        signature: &'m Labels,
    ) -> Result<(), QueryError> {
        let binary = self.binary;
        for row in many {
            let answer = self.answer(&Match { many: Some(row), one: Some(one), signature })?;
            let sides = if self.many_is_left() { (row, one) } else { (one, row) };
            quick::join_two(binary, sides, &mut self.answers[answer])?;
        }
        Ok(())
    }

    /// Fills in a value where the side of many has nothing for a row of the side of one.
    fn fill_many(
        &mut self,
        fill: f64,
        (pair, matched): (&Pair, &[bool]),
        (one_rows, chosen): (&[Row], &[Option<usize>]),
    ) -> Result<(), QueryError> {
        for (number, chosen) in chosen.iter().enumerate() {
            if let (false, Some(chosen)) = (matched[number], *chosen) {
                let one = &one_rows[chosen];
                let found = Match { many: None, one: Some(one), signature: &pair.signature };
                let answer = self.answer(&found)?;
                if let Some(own) = one.operand(number) {
                    self.put(answer, number, (Operand::Float(fill), own))?;
                }
            }
        }
        Ok(())
    }

    /// At each step the only row of the side of one.
    fn choose_one(
        &self,
        rows: &[Row],
        members: &[usize],
        pair: &Pair,
    ) -> Result<Vec<Option<usize>>, QueryError> {
        let mut chosen: Vec<Option<usize>> = vec![None; self.grid.points];
        for member in members {
            let row = &rows[*member];
            for (number, place) in chosen.iter_mut().enumerate().filter(|own| row.is_there(own.0)) {
                if let (Some(other), true) = (*place, self.any_many[number]) {
                    return Err(self.two_on_one_side(&rows[other], row, pair));
                }
                *place = Some(*member);
            }
        }
        Ok(chosen)
    }

    fn two_on_one_side(&self, a: &Row, b: &Row, pair: &Pair) -> QueryError {
        let side = if self.many_is_left() { "right" } else { "left" };
        let mut both = [shown(&a.labels), shown(&b.labels)];
        both.sort();
        QueryError::execution(format!(
            "found duplicate series for the match group {} on the {side} hand-side of the operation: [{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
            shown(&pair.signature),
            both[0],
            both[1],
        ))
    }

    /// Computes one value and puts it into the series of the answer.
    fn put(
        &mut self,
        answer: usize,
        number: usize,
        (many, one): (Operand<'_>, Operand<'_>),
    ) -> Result<(), QueryError> {
        let (left, right) = if self.many_is_left() { (many, one) } else { (one, many) };
        let outcome = combine(self.run, self.binary, left, right);
        let answer = &mut self.answers[answer];
        if answer.taken[number] {
            return Err(quick::not_unique());
        }
        answer.taken[number] = true;
        answer.row.put_outcome(number, outcome);
        Ok(())
    }

    /// The number of the series of the answer that a match belongs to.
    fn answer(&mut self, found: &Match<'_>) -> Result<usize, QueryError> {
        let (labels, drop_name) = self.answer_labels(found);
        if let Some(number) = self.by_labels.get(&labels) {
            return Ok(*number);
        }
        self.run.budget.charge(self.grid.points)?;
        self.by_labels.insert(labels.clone(), self.answers.len());
        let values = vec![ABSENT; self.grid.points];
        let taken = vec![false; self.grid.points];
        self.answers.push(Joined { row: Row::floats(labels, drop_name, values), taken });
        Ok(self.answers.len() - 1)
    }

    fn answer_labels(&self, found: &Match<'_>) -> (Labels, bool) {
        let matching = &self.binary.matching;
        let Some(many) = found.many else {
            return (self.with_included(found.signature.clone(), found.one), false);
        };
        let renamed = self.binary.operator.renames() || self.binary.as_bool;
        let now = renamed && !self.run.options.delayed_name_removal;
        let mut labels = if now { many.labels.without(names_metric) } else { many.labels.clone() };
        if matching.many == Many::Neither {
            labels = match &matching.labels {
                Grouping::By(named) => {
                    labels.without(|label| !named.iter().any(|named| named == label))
                }
                Grouping::Without(named) => {
                    labels.without(|label| named.iter().any(|named| named == label))
                }
            };
        }
        (self.with_included(labels, found.one), many.drop_name || (renamed && !now))
    }

    fn with_included(&self, labels: Labels, one: Option<&Row>) -> Labels {
        let mut labels = labels;
        for label in &self.binary.matching.include {
            let value = one.and_then(|one| one.labels.get(label)).unwrap_or_default();
            labels = labels.with(label, value);
        }
        labels
    }
}
