//! A queue through whatever may happen to it, by chance.

use proptest::prelude::*;

use super::*;

/// What happens to a queue.
#[derive(Clone, Debug)]
enum Step {
    Append(u8),
    Confirm(u8),
    Tend,
    Restart,
    Wait(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_u8..200).prop_map(Step::Append),
        3 => any::<u8>().prop_map(Step::Confirm),
        1 => Just(Step::Tend),
        1 => Just(Step::Restart),
        1 => any::<u8>().prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cut off anywhere, a queue gives a beginning of what was appended, and takes more.
    #[test]
    fn a_queue_that_is_cut_anywhere_gives_a_beginning(records in 1_u32..12, cut in 0.0_f64..=1.0) {
        let kit = Kit::new();
        let queue = kit.open();
        for at in 0..records {
            append(&queue, at * 7..(at + 1) * 7);
        }
        drop(queue);
        let path = kit.segments().pop().unwrap();
        let length = fs::metadata(&path).unwrap().len();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of the length")]
        let kept = (length as f64 * cut) as u64;
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(kept).unwrap();
        let queue = kit.open();
        let (found, _) = rest(&queue, queue.position());
        prop_assert_eq!(&found, &(0..u32::try_from(found.len()).unwrap()).collect::<Vec<_>>());
        prop_assert_eq!(found.len() % 7, 0);
        prop_assert!(kept < length || found.len() == records as usize * 7);
        append(&queue, 1000..1007);
        let (after, _) = rest(&queue, queue.position());
        prop_assert_eq!(after.len(), found.len() + 7);
        let torn = kept > 8 && kept < length && found.len() < records as usize * 7;
        prop_assert!(torn || queue.figures().dropped(Dropped::Damaged) == 0);
    }

    /// Whatever happens, what is read is in order, without gaps but for what was counted as dropped, the position only
    /// goes forward, and the bound holds.
    #[test]
    fn nothing_is_lost_that_was_not_counted(steps in steps()) {
        let mut kit = Kit::new();
        kit.options.bytes_max = 16 << 10;
        let mut queue = kit.open();
        let (mut appended, mut dropped, mut delivered_max) = (0_u32, 0_u64, 0_u32);
        let mut last = queue.position();
        for step in steps {
            match step {
                Step::Append(count) => {
                    append(&queue, appended..appended + u32::from(count));
                    appended += u32::from(count);
                }
                Step::Confirm(samples) => {
                    let read = queue.read(queue.position(), u64::from(samples)).unwrap();
                    if let Some(end) = numbers(&read.batch).last() {
                        delivered_max = delivered_max.max(end + 1);
                    }
                    queue.confirm(read.next);
                }
                Step::Tend => queue.tend().unwrap(),
                Step::Wait(hours) => {
                    kit.clock.turn(Span::hours(i64::from(hours)));
                }
                Step::Restart => {
                    dropped += Dropped::ALL.iter().map(|why| queue.figures().dropped(*why)).sum::<u64>();
                    // As a clean stop does; the place would go back else, which is allowed, and tested above.
                    queue.close().unwrap();
                    drop(queue);
                    queue = kit.open();
                }
            }
            prop_assert!(queue.position() >= last || matches!(step, Step::Restart));
            last = queue.position();
            prop_assert!(queue.stats().bytes <= 16 << 10);
            let (found, _) = rest(&queue, queue.position());
            prop_assert_eq!(found.len() as u64, queue.stats().samples);
            prop_assert!(found.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            if let Some(newest) = found.last() {
                prop_assert_eq!(*newest + 1, appended);
            }
            let now_dropped = dropped + Dropped::ALL.iter().map(|why| queue.figures().dropped(*why)).sum::<u64>();
            let first = u64::from(found.first().copied().unwrap_or(appended));
            prop_assert!(first <= u64::from(delivered_max) + now_dropped, "{first} {delivered_max} {now_dropped}");
        }
    }

    /// Whatever bytes change, what is read was appended, in order, and the rest is counted.
    #[test]
    fn changed_bytes_cost_samples_and_nothing_else(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let kit = Kit::new();
        let queue = kit.open();
        for at in 0..20 {
            append(&queue, at * 7..(at + 1) * 7);
        }
        drop(queue);
        // Damage may lie in a segment that is not the last one, too.
        let path = kit.segments().pop().unwrap();
        append(&kit.open(), 1000..1007);
        let mut bytes = fs::read(&path).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fs::write(&path, bytes).unwrap();
        let clock = Arc::new(kit.clock.clone());
        let opened = Queue::open("test", kit.dir.path(), kit.options, Rewrite::default(), clock);
        let Ok(queue) = opened else { return Ok(()) };
        let (found, _) = rest(&queue, queue.position());
        prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", found);
        prop_assert!(found.iter().all(|number| *number < 140 || (1000..1007).contains(number)));
        prop_assert!(found.ends_with(&(1000..1007).collect::<Vec<_>>()), "{:?}", found);
        let damaged = queue.figures().dropped(Dropped::Damaged);
        prop_assert!(found.len() == 147 || (1..=147).contains(&damaged), "{damaged} damaged");
        prop_assert_eq!(queue.stats().samples, found.len() as u64);
    }
}
