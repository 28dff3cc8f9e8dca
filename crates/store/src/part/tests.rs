//! Foreign bytes never panic, a matcher finds what it says, and only what is needed is read.

use std::sync::Arc;

use model::{Labels, METRIC_NAME, MatchOp, Matcher};
use proptest::prelude::*;

use super::{
    page::{Page, PageBuilder},
    terms::{Directory, DirectoryBuilder},
    *,
};
use crate::block::BLOCK_ROWS;

fn labels(number: u32) -> Labels {
    Labels::from_pairs([
        (METRIC_NAME.to_owned(), format!("metric_{}", number % 3)),
        ("number".to_owned(), format!("{number:04}")),
    ])
}

fn directory(count: u32) -> Vec<u8> {
    let mut builder = DirectoryBuilder::default();
    for number in 0..count {
        builder.add(&labels(number), number);
    }
    builder.finish().unwrap()
}

#[test]
fn matchers_choose_series_by_their_labels() {
    let directory = Directory::parse(&directory(30), 30).unwrap();
    let matcher = |name, op, value| Matcher::new(name, op, value).unwrap();
    let find = |matchers: &[Matcher]| directory.find(matchers).unwrap().iter().collect::<Vec<_>>();
    assert_eq!(find(&[]).len(), 30);
    assert_eq!(find(&[matcher("number", MatchOp::Equal, "0007")]), [7]);
    assert_eq!(find(&[matcher("number", MatchOp::Regex, "0007|0009|x")]), [7, 9]);
    assert_eq!(find(&[matcher("number", MatchOp::Regex, "00.7")]), [7, 17, 27]);
    let one = matcher(METRIC_NAME, MatchOp::Equal, "metric_1");
    let not = matcher("number", MatchOp::NotRegex, "000.|001.");
    assert_eq!(find(&[one, not]), [22, 25, 28]);
    assert_eq!(find(&[matcher("zone", MatchOp::Equal, "")]).len(), 30);
    assert_eq!(find(&[matcher("zone", MatchOp::NotEqual, "")]), Vec::<u32>::new());
    let mut names = std::collections::BTreeSet::new();
    directory.add_names(&mut names).unwrap();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), [METRIC_NAME, "number"]);
}

#[test]
fn one_series_is_read_without_reading_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let origin = Origin { first: 1, last: 1, ..Origin::default() };
    let mut writer = PartWriter::create(dir.path(), origin, &Files::default()).unwrap();
    let times: Vec<i64> = (0..10_000).map(|at| at * 1000).collect();
    for number in 0..200u32 {
        let values: Vec<f64> =
            times.iter().map(|time| (*time as f64 * f64::from(number + 1)).sin()).collect();
        writer.push(&times, &values).unwrap();
        writer.end_series(&labels_in_order(number)).unwrap();
    }
    let part = Arc::new(writer.finish().unwrap().unwrap());
    assert_eq!((part.meta.rows, part.meta.series), (2_000_000, 200));
    let cache = Arc::new(Cache::new(100 << 20));
    let mut reader = PartReader::open(&part, &cache).unwrap();
    let found = reader.find(&[Matcher::equal("number", "0123")]).unwrap();
    let (series, groups) = reader.series(found.min().unwrap()).unwrap();
    assert_eq!(series.labels, labels_in_order(123));
    assert_eq!(series.blocks.len(), 10_000usize.div_ceil(BLOCK_ROWS));
    let chunk = reader.block(&series.blocks[1], &groups).unwrap();
    assert_eq!(chunk.times, times[BLOCK_ROWS..2 * BLOCK_ROWS]);
    assert!(part.bytes > 10 << 20, "{}", part.bytes);
    assert!(cache.bytes() < 200 << 10, "{}", cache.bytes());
}

fn labels_in_order(number: u32) -> Labels {
    Labels::from_pairs([("number", format!("{number:04}"))])
}

#[test]
fn the_cache_keeps_within_its_bytes() {
    let cache = Cache::new(1000);
    for offset in 0..100 {
        cache.put(1, offset, cache::Piece::Group(vec![0; 100].into()), 100);
        assert!(cache.bytes() <= 1000);
        assert!(cache.get(1, offset).is_some());
    }
    assert!(cache.get(1, 0).is_none());
    cache.forget(1);
    assert_eq!(cache.bytes(), 0);
}

proptest! {
    #[test]
    fn foreign_pages_and_directories_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        at in 0usize..200,
    ) {
        if let Some(page) = Page::parse(bytes.clone()) {
            drop(page.series(at));
        }
        drop(Directory::parse(&bytes, 5));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("part");
        std::fs::write(&path, &bytes).unwrap();
        prop_assert!(Meta::read(&File::open(&path).unwrap(), &path).is_err());
    }

    #[test]
    fn changed_pages_never_panic(at in 0usize..400, to in any::<u8>()) {
        let mut builder = PageBuilder::default();
        for number in 0..10 {
            builder.add_series(&labels(number), &[]);
        }
        let mut bytes = builder.finish();
        let at = at % bytes.len();
        bytes[at] = to;
        if let Some(page) = Page::parse(bytes) {
            for series in 0..10 {
                drop(page.series(series));
            }
        }
    }
}
