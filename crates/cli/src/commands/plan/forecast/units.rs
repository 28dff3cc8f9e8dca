//! Whether the values of a file are in one unit from beginning to end.

use model::{Kind, Time};
use plan::say_date;

use crate::fault::Fault;

/// So many values on either side of a jump are compared.
const AROUND: usize = 5;
/// By what part the jump may differ from a step between units: values move meanwhile.
const NEAR: f64 = 0.05;
/// Steps between units of which one is a thousand or 1,024 of the other: to the fourth at most.
const POWERS: i32 = 4;

/// Refuses values that from one row to the next, and for good, are so many times as large, or as small, as another unit
/// would make them: a date that is told from such a file is wrong.
pub(super) fn check_one(times: &[i64], values: &[f64]) -> Result<(), Fault> {
    let jumps = values.windows(2).enumerate().filter(|(_, pair)| pair[0] > 0.0 && pair[1] > 0.0);
    let size = |pair: &[f64]| (pair[1] / pair[0]).ln().abs();
    let Some((at, _)) = jumps.max_by(|a, b| size(a.1).total_cmp(&size(b.1))) else { return Ok(()) };
    let (before, after) = values.split_at(at + 1);
    let near = [&before[before.len().saturating_sub(AROUND)..], &after[..after.len().min(AROUND)]];
    let [one, other] = near.map(median);
    let (low, high) = if one < other { (before, after) } else { (after, before) };
    // What goes back and forth is no other unit.
    let apart = low.iter().copied().fold(0.0, f64::max)
        < high.iter().copied().fold(f64::INFINITY, f64::min);
    let times_as_much = one.max(other) / one.min(other);
    let Some(step) = step(times_as_much, (low, high)).filter(|_| apart) else { return Ok(()) };
    let now = Time(times.last().copied().unwrap_or(0));
    let day = say_date(Time(times.get(at + 1).copied().unwrap_or(0)), now);
    let word = if other > one { "more" } else { "less" };
    let text = format!("from {day} on values are {step} times {word}, as if in another unit");
    Err(Fault::new(Kind::Invalid, text)
        .help("bring the file to one unit, or leave out the older rows"))
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The step between two units that a jump is, in words.
fn step(times: f64, (low, high): (&[f64], &[f64])) -> Option<String> {
    let off = |step: f64| (times / step - 1.0).abs();
    let is = |step: f64| off(step) < NEAR;
    let all = (1..=POWERS).flat_map(|power| [(1_000_i32, power), (1_024, power)]);
    let size = |(base, power): (i32, i32)| f64::from(base).powi(power);
    let nearest = all.min_by(|a, b| off(size(*a)).total_cmp(&off(size(*b))));
    if let Some((base, power)) = nearest.filter(|own| is(size(*own))) {
        return Some(if power == 1 { base.to_string() } else { format!("{base}^{power}") });
    }
    // A share that becomes a percentage, or the other way round.
    let shares = low.iter().all(|value| (0.0..=1.0).contains(value));
    let percents = high.iter().all(|value| (0.0..=100.0).contains(value));
    (is(100.0) && shares && percents).then(|| "100".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(of: impl Fn(usize) -> f64) -> Option<String> {
        let values: Vec<f64> = (0..200).map(of).collect();
        let times: Vec<i64> = (0..200).map(|at| 1_790_000_000_000 + at * 3_600_000).collect();
        check_one(&times, &values).err().map(|fault| fault.text)
    }

    #[test]
    fn a_file_that_changes_its_unit_is_refused_with_the_day() {
        let disk = |at: usize| 40e9 + 1e8 * at as f64;
        let gib = 1024_f64.powi(3);
        let text = told(|at| if at < 120 { disk(at) } else { disk(at) / gib }).unwrap();
        assert!(text.contains("1024^3 times less") && text.contains("26 September"), "{text}");
        let text = told(|at| if at < 7 { 0.4 } else { 40.0 + 0.01 * at as f64 }).unwrap();
        assert!(text.contains("100 times more"), "{text}");
    }

    #[test]
    fn what_really_falls_or_swings_is_no_other_unit() {
        let disk = |at: usize| 40e9 + 1e8 * at as f64;
        assert_eq!(told(disk), None);
        assert_eq!(told(|at| if at < 120 { disk(at) } else { 3e8 * (at - 119) as f64 }), None);
        assert_eq!(told(|at| if at % 50 < 25 { 1_000.0 } else { 1.0 }), None, "back and forth");
        assert_eq!(told(|_| 0.0), None);
        assert_eq!(told(|at| if at < 120 { 80.0 } else { 0.8 * (at as f64) }), None);
    }
}
