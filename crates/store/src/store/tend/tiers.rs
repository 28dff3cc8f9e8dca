//! Which parts of a day are merged next, and which of its indexes.

use std::ops::Range;

/// Parts of one tier that become one of the next; each row is written about once for each tier.
const FAN_IN: usize = 8;
/// Parts merged at once at most: each costs a page and a group in memory.
const SOURCES_MAX: usize = 32;
/// Series of an index made of several at most: their labels are all in memory meanwhile, some 200 bytes each.
const INDEX_SERIES_MAX: u32 = 1 << 18;
/// Index segments that may wait to become one: each question looks into all of them.
const INDEXES_WAITING_MAX: usize = 8;

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

/// The neighbours to merge among index segments with so many series, given the latest last. One that is half full stays
/// as it is, so that a day with any number of series costs no more memory than one with some. A day that rests, or that
/// nothing more comes to, has as few as can be.
pub(super) fn choose_indexes(series: &[u32], settled: bool) -> Option<Range<usize>> {
    let full = |own: &u32| *own >= INDEX_SERIES_MAX / 2;
    let mut start = 0;
    while start < series.len() {
        let waiting = series[start..].iter().take_while(|own| !full(own)).count();
        let last = start + waiting == series.len();
        if waiting > 1 && (settled || (last && waiting > INDEXES_WAITING_MAX)) {
            let mut sum = 0_u32;
            let fits = series[start..start + waiting].iter().take_while(|own| {
                sum = sum.saturating_add(**own);
                sum <= INDEX_SERIES_MAX
            });
            return Some(start..start + fits.count());
        }
        start += waiting + 1;
    }
    None
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
    fn indexes_become_few_and_none_grows_without_end() {
        assert_eq!(choose_indexes(&[10; 8], false), None);
        assert_eq!(choose_indexes(&[10; 9], false), Some(0..9));
        assert_eq!(choose_indexes(&[10, 10], true), Some(0..2));
        assert_eq!(choose_indexes(&[10], true), None);
        let full = INDEX_SERIES_MAX;
        assert_eq!(choose_indexes(&[full, 10, full / 2, 10], true), None);
        assert_eq!(choose_indexes(&[full, 10, 10, full / 2, 10], true), Some(1..3));
        let large = full / 3;
        assert_eq!(choose_indexes(&[full, large, large, large, large], true), Some(1..4));
        // A day of six million series, each flush with a hundred thousand that are new.
        let (mut day, mut largest) = (Vec::new(), 0);
        for flush in 0..60_u32 {
            day.push(100_000 + flush);
            if let Some(range) = choose_indexes(&day, false) {
                let sum = day[range.clone()].iter().sum::<u32>();
                largest = largest.max(sum);
                day.splice(range, [sum]);
            }
        }
        assert!(largest <= full && day.len() <= 40, "{largest} {}", day.len());
    }

    #[test]
    fn a_quiet_day_becomes_one_part() {
        assert_eq!(choose(&[2, 1, 0], true), Some(0..3));
        assert_eq!(choose(&[3], true), None);
        assert_eq!(choose(&[2, 1, 0], false), None);
    }
}
