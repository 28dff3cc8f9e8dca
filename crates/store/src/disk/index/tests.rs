//! A segment finds what filtering all labels would find, whatever was merged, and foreign bytes never panic.

use model::{METRIC_NAME, MatchOp};
use proptest::prelude::*;

use super::*;

fn labels(number: u32) -> Labels {
    Labels::from_pairs([
        (METRIC_NAME.to_owned(), format!("metric_{}", number % 3)),
        ("number".to_owned(), format!("{number:04}")),
    ])
}

fn key(number: u32) -> Key {
    Key::new(labels(number).as_ref(), u64::from(number))
}

fn origin(number: u64) -> Origin {
    Origin { first: number, last: number, ..Origin::default() }
}

fn write(dir: &Path, number: u64, members: impl Iterator<Item = u32>) -> Arc<Index> {
    let mut members: Vec<u32> = members.collect();
    members.sort_by_key(|own| key(*own));
    let mut writer = IndexWriter::create(dir, origin(number), &Files::default()).unwrap();
    for own in members {
        writer.add(key(own), labels(own).as_ref()).unwrap();
    }
    Arc::new(writer.finish().unwrap().unwrap())
}

fn matcher(name: &str, op: MatchOp, value: &str) -> Matcher {
    Matcher::new(name, op, value).unwrap()
}

fn found(index: &Index, cache: &Cache, matchers: &[Matcher]) -> BTreeSet<Labels> {
    let places = index.find(cache, matchers).unwrap();
    let keys = index.keys(cache).unwrap();
    let labels = |place| {
        let labels = index.labels(cache, place).unwrap();
        let id = keys.get(place).unwrap().id;
        assert_eq!(Key::new(labels.as_ref(), id), keys.get(place).unwrap());
        labels
    };
    places.iter().map(labels).collect()
}

#[test]
fn matchers_choose_series_by_their_labels() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::new(1 << 20);
    let index = write(dir.path(), 1, 0..30);
    let find = |matchers: &[Matcher]| {
        let found = found(&index, &cache, matchers);
        let number = |own: &Labels| own.get("number").unwrap().parse::<u32>().unwrap();
        found.iter().map(number).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(find(&[]).len(), 30);
    assert_eq!(find(&[matcher("number", MatchOp::Equal, "0007")]), [7]);
    assert_eq!(find(&[matcher("number", MatchOp::Regex, "0007|0009|x")]), [7, 9]);
    assert_eq!(find(&[matcher("number", MatchOp::Regex, "00.7")]), [7, 17, 27]);
    let one = matcher(METRIC_NAME, MatchOp::Equal, "metric_1");
    let not = matcher("number", MatchOp::NotRegex, "000.|001.");
    assert_eq!(find(&[one, not]), [22, 25, 28]);
    assert_eq!(find(&[matcher("zone", MatchOp::Equal, "")]).len(), 30);
    assert_eq!(find(&[matcher("zone", MatchOp::NotEqual, "")]), Vec::<u32>::new());
    let mut names = BTreeSet::new();
    index.add_names(&cache, &mut names).unwrap();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), [METRIC_NAME, "number"]);
}

#[test]
fn one_segment_is_made_of_several() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::new(1 << 20);
    let segments = [write(dir.path(), 1, 0..2000), write(dir.path(), 2, 1500..4000)];
    let merged = merge(dir.path(), &segments, &Files::default()).unwrap().unwrap();
    assert_eq!((merged.series(), merged.last_id()), (4000, 3999));
    assert!(segments.iter().all(|own| merged.origin().covers(&own.origin())));
    assert_eq!(found(&merged, &cache, &[]), (0..4000).map(labels).collect());
    assert_eq!(merged.keys(&cache).unwrap().ids().len(), 4000);
    let again = Index::open(&merged.path, &Files::default()).unwrap();
    assert_eq!(found(&again, &cache, &[matcher("number", MatchOp::Equal, "3999")]).len(), 1);
}

proptest! {
    #[test]
    fn a_segment_finds_what_filtering_would(
        members in prop::collection::btree_set(0u32..500, 1..200),
        op in prop::sample::select(vec![MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex]),
        value in prop::sample::select(vec!["", "0003", "00.*", "metric_1|metric_2", ".*9", ".+", "0[12]4."]),
        name in prop::sample::select(vec![METRIC_NAME, "number", "absent"]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(1 << 20);
        let index = write(dir.path(), 1, members.iter().copied());
        let matchers = [matcher(name, op, value)];
        let expected: BTreeSet<Labels> = members
            .into_iter()
            .map(labels)
            .filter(|own| matchers[0].matches(own.get(name).unwrap_or_default()))
            .collect();
        prop_assert_eq!(found(&index, &cache, &matchers), expected);
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(Directory::parse(&bytes, 5));
        drop(Keys::decode(&bytes, 5));
        if let Some(page) = LabelPage::parse(bytes.clone()) {
            for at in 0..page.len() {
                drop(page.labels(at));
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.index");
        std::fs::write(&path, &bytes).unwrap();
        prop_assert!(Index::open(&path, &Files::default()).is_err());
    }
}
