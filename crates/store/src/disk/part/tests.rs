//! Foreign bytes never panic, a series is found if it is there, and only what is needed is read.

use proptest::prelude::*;

use super::{page::PageBuilder, *};
use crate::{disk::block::BLOCK_ROWS, key::Key};

fn key(number: u32) -> Key {
    Key { name: number / 100, id: u64::from(number) }
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
        writer.end_series(key(number)).unwrap();
    }
    let part = Arc::new(writer.finish().unwrap().unwrap());
    assert_eq!((part.meta.rows, part.meta.series), (2_000_000, 200));
    let cache = Arc::new(Cache::new(100 << 20));
    let mut reader = PartReader::new(&part, &cache);
    assert_eq!(reader.locate(Key { name: 1, id: 99 }).unwrap(), None);
    let (_, at) = reader.locate(key(123)).unwrap().unwrap();
    let page = reader.page().unwrap().clone();
    let series = series_of(&part, &page, at).unwrap();
    assert_eq!(series.key, key(123));
    assert_eq!(series.blocks.len(), 10_000usize.div_ceil(BLOCK_ROWS));
    let chunk = with_block(&part, &cache, &page, &series.blocks[1], Chunk::clone).unwrap();
    assert_eq!(chunk.times, times[BLOCK_ROWS..2 * BLOCK_ROWS]);
    assert!(part.bytes > 10 << 20, "{}", part.bytes);
    assert!(cache.bytes() < 200 << 10, "{}", cache.bytes());
}

#[test]
fn every_series_is_found_in_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let origin = Origin { first: 1, last: 1, ..Origin::default() };
    let mut writer = PartWriter::create(dir.path(), origin, &Files::default()).unwrap();
    for number in (0..20_000u32).step_by(2) {
        writer.push(&[i64::from(number)], &[1.0]).unwrap();
        writer.end_series(key(number)).unwrap();
    }
    let part = Arc::new(writer.finish().unwrap().unwrap());
    assert!(part.meta.pages.len() > 3);
    let cache = Cache::new(1 << 20);
    for step in [1, 7, 19_999] {
        let mut reader = PartReader::new(&part, &cache);
        for number in (0..20_000u32).map(|at| at * step % 20_000) {
            let found = reader.locate(key(number)).unwrap();
            assert_eq!(found.is_some(), number % 2 == 0, "{number}");
            if let Some((_, at)) = found {
                assert_eq!(reader.page().unwrap().key(at), Some(key(number)));
            }
        }
    }
}

#[test]
fn the_cache_keeps_within_its_bytes() {
    let cache = Cache::new(16_000);
    for offset in 0..1000 {
        cache.put(1, offset, Piece::Group(vec![0; 100].into()), 100);
        assert!(cache.bytes() <= 16_000);
        assert!(cache.get(1, offset).is_some());
    }
    assert!(cache.get(1, 0).is_none());
    cache.forget(1);
    assert_eq!(cache.bytes(), 0);
}

proptest! {
    #[test]
    fn foreign_pages_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        at in 0usize..200,
    ) {
        if let Some(page) = Page::parse(bytes.clone()) {
            drop(page.series(at));
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("part");
        std::fs::write(&path, &bytes).unwrap();
        prop_assert!(Meta::read(&File::open(&path).unwrap(), &path).is_err());
    }

    #[test]
    fn changed_pages_never_panic(at in 0usize..400, to in any::<u8>()) {
        let mut builder = PageBuilder::default();
        for number in 0..10 {
            builder.add_series(key(number), &[]);
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
