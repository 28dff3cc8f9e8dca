//! Any order of writes, seals, merges and restarts gives the answers of the oracle.

use model::MatchOp;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Act {
    Write(Vec<(u8, i64, f64)>),
    Flush,
    Maintain(i64),
    Kill,
    Close,
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (-1000i32..1000).prop_map(f64::from),
        (-1000i32..1000).prop_map(|number| f64::from(number) / 100.0),
        Just(model::STALE),
    ]
}

fn row() -> impl Strategy<Value = (u8, i64, f64)> {
    let time = prop_oneof![
        4 => -40i64..40,
        1 => (-3i64..3).prop_map(|day| day * 86_400_000),
        1 => -200_000_000i64..200_000_000,
    ];
    (0u8..12, time, value())
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => prop::collection::vec(row(), 1..30).prop_map(Act::Write),
        3 => Just(Act::Flush),
        3 => (0i64..1_200_000).prop_map(Act::Maintain),
        1 => Just(Act::Kill),
        1 => Just(Act::Close),
    ]
}

fn batch(rows: &[(u8, i64, f64)]) -> Vec<Series> {
    rows.iter()
        .map(|(number, time, value)| {
            let host = format!("host-{}", number % 4);
            let name = ["cpu", "memory", "disk"][usize::from(number / 4)];
            series(labels(name, &host), &[(NOW + time, *value)])
        })
        .collect()
}

fn play(acts: &[Act]) -> (Room, MemoryStore) {
    let (mut room, oracle) = (Room::new(small()), MemoryStore::new());
    for act in acts {
        match act {
            Act::Write(rows) => {
                let batch = batch(rows);
                let receipt = write(&room.store, &batch);
                assert_eq!((receipt.accepted, receipt.out_of_range), (rows.len(), 0));
                oracle.write(&batch).unwrap();
            }
            Act::Flush => room.flush(),
            Act::Maintain(millis) => {
                room.clock.turn(Span::millis(*millis));
                room.store.maintain().unwrap();
            }
            Act::Kill => room = room.reopen(),
            Act::Close => {
                room.store.close().unwrap();
                room = room.reopen();
            }
        }
    }
    (room, oracle)
}

fn matchers() -> Vec<Vec<Matcher>> {
    let regex = |name, value| Matcher::new(name, MatchOp::Regex, value).unwrap();
    let not = |name, op, value| Matcher::new(name, op, value).unwrap();
    vec![
        vec![Matcher::equal(METRIC_NAME, "cpu")],
        vec![regex(METRIC_NAME, "cpu|disk"), Matcher::equal("host", "host-1")],
        vec![regex("host", "host-[12]"), not(METRIC_NAME, MatchOp::NotEqual, "disk")],
        vec![regex(METRIC_NAME, ".+"), not("host", MatchOp::NotRegex, ".*-(0|3)")],
        vec![Matcher::equal(METRIC_NAME, "cpu"), Matcher::equal("zone", "")],
        vec![regex(METRIC_NAME, ".*"), regex("host", "host-3|")],
        vec![Matcher::equal("host", "nowhere")],
    ]
}

fn compare(store: &Store, oracle: &MemoryStore, from: i64, to: i64) {
    same(store, oracle);
    for matchers in matchers() {
        let ours = bits(select(store, &matchers, from, to));
        assert_eq!(ours, bits(select(oracle, &matchers, from, to)), "{matchers:?} {from}..{to}");
        let selection = Selection::new(&matchers, TimeRange::ALL, &Unlimited);
        assert_eq!(store.series(&selection).unwrap(), oracle.series(&selection).unwrap());
        assert_eq!(store.label_names(&selection).unwrap(), oracle.label_names(&selection).unwrap());
        let values = |source: &dyn SeriesSource| source.label_values("host", &selection).unwrap();
        assert_eq!(values(store), values(oracle));
    }
    let everything = Selection::new(&[], TimeRange::ALL, &Unlimited);
    assert_eq!(store.label_names(&everything).unwrap(), oracle.label_names(&everything).unwrap());
    for label in [METRIC_NAME, "host", "zone"] {
        let values = |source: &dyn SeriesSource| source.label_values(label, &everything).unwrap();
        assert_eq!(values(store), values(oracle));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_writes_seals_merges_and_restarts_gives_the_same_answers(
        acts in prop::collection::vec(act(), 1..40),
        from in -50i64..50,
        width in 0i64..100_000_000,
    ) {
        let (room, oracle) = play(&acts);
        compare(&room.store, &oracle, NOW + from, NOW + from + width);
        let room = room.reopen();
        compare(&room.store, &oracle, NOW + from - width, NOW + from);
    }
}
