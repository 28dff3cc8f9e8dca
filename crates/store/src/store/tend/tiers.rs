//! Which parts of a day are merged next.

use std::ops::Range;

/// Parts of one tier that become one of the next; each row is written about once for each tier.
const FAN_IN: usize = 8;
/// Parts merged at once at most: each costs a page and a group in memory.
const SOURCES_MAX: usize = 32;

/// The neighbours to merge among parts of these levels, given the latest last. A day that nothing
/// more comes to becomes one part.
pub(super) fn choose(levels: &[u32], quiet: bool) -> Option<Range<usize>> {
    let mut best: Option<(u32, usize)> = None;
    let mut start = 0;
    for at in 0..levels.len() {
        if levels[at] != levels[start] {
            start = at;
        }
        let lower = best.is_none_or(|(level, _)| levels[at] < level);
        if at + 1 - start == FAN_IN && lower {
            best = Some((levels[at], start));
        }
    }
    if let Some((level, start)) = best {
        let same = levels[start..].iter().take_while(|own| **own == level).count();
        return Some(start..start + same.min(SOURCES_MAX));
    }
    (quiet && levels.len() > 1).then(|| 0..levels.len().min(SOURCES_MAX))
}

/// Whether making one part of parts with so many rows costs little for what it brings: what comes to the largest is at
/// least a quarter of it, so that a row of a day that grows slowly is written again a handful of times, not each time.
pub(super) fn pays(rows: impl Iterator<Item = u64>) -> bool {
    let (sum, largest) = rows
        .fold((0_u64, 0_u64), |(sum, largest), own| (sum.saturating_add(own), largest.max(own)));
    (sum - largest).saturating_mul(4) >= largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_tier_is_merged_the_lowest_first() {
        assert_eq!(choose(&[0; 7], false), None);
        assert_eq!(choose(&[0; 8], false), Some(0..8));
        assert_eq!(choose(&[2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], false), Some(3..12));
        assert_eq!(choose(&[1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], false), Some(8..16));
    }

    #[test]
    fn a_large_part_is_not_written_again_for_a_few_rows() {
        assert!(pays([400, 100].into_iter()));
        assert!(pays([30, 40, 35].into_iter()));
        assert!(!pays([400, 60, 39].into_iter()));
        assert!(pays(std::iter::empty()));
    }

    #[test]
    fn a_quiet_day_becomes_one_part() {
        assert_eq!(choose(&[2, 1, 0], true), Some(0..3));
        assert_eq!(choose(&[3], true), None);
        assert_eq!(choose(&[2, 1, 0], false), None);
    }
}
