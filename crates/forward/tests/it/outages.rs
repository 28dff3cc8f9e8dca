//! Receivers that fail, hang, refuse, slow us down or break off, and ends of ours at any moment.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use collect::remote_write::Protocol;
use forward::Dropped;
use model::Span;

use crate::receiver::{Does, Kit, append, assert_in_order, everything, is_done, until, waiting};

#[tokio::test]
async fn an_outage_costs_nothing_and_the_rest_follows() {
    let kit = Kit::new().await;
    let queue = kit.queue();
    append(&queue, 0..100);
    kit.inbox.does(|_| Does::Answer(503, &[], "restarting"));
    kit.run_until(&queue, "it has failed", || queue.figures().requests_failed() >= 5).await;
    assert_eq!((waiting(&queue), queue.figures().sent()), (100, 0));
    let complaint = queue.figures().complaint().unwrap();
    assert_eq!(complaint, "the receiver answered 503: restarting");
    append(&queue, 100..200);
    kit.inbox.does(|_| Does::Take);
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    assert_eq!(kit.inbox.numbers(), (0..200).collect());
    assert_in_order(&kit.inbox.taken());
}

#[tokio::test]
async fn nobody_there_is_an_outage_too() {
    let mut kit = Kit::new().await;
    let url = std::mem::replace(&mut kit.receiver.url, "http://127.0.0.1:1/write".into());
    let queue = kit.queue();
    append(&queue, 0..100);
    kit.run_until(&queue, "it has failed", || queue.figures().requests_failed() >= 3).await;
    kit.receiver.url = url;
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    assert_eq!(kit.inbox.numbers().len(), 100);
}

#[tokio::test]
async fn a_hanging_receiver_is_given_up_in_time_and_tried_again() {
    let mut kit = Kit::new().await;
    kit.receiver.limits.timeout = Span::secs(30);
    kit.receiver.limits.linger = Span::ZERO;
    let queue = kit.queue();
    append(&queue, 0..100);
    kit.inbox.does(|number| if number == 0 { Does::Hang } else { Does::Take });
    let sender = kit.sender(&queue);
    let figures = queue.figures();
    let story = async {
        until("it was asked", || kit.inbox.requests() == 1).await;
        kit.clock.turn(Span::secs(29));
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(figures.requests_failed(), 0);
        kit.clock.turn(Span::secs(1));
        until("it was given up", || figures.requests_failed() == 1).await;
        assert_eq!(figures.complaint().unwrap(), "no answer within 30s");
        kit.clock.turn(Span::millis(250));
        until("all is sent", || is_done(&queue)).await;
    };
    tokio::select! {
        () = sender.run(std::future::pending()) => panic!("it ended"),
        () = story => {}
    }
    assert_eq!(kit.inbox.numbers().len(), 100);
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let mut kit = Kit::new().await;
    kit.receiver.limits.linger = Span::ZERO;
    let queue = kit.queue();
    append(&queue, 0..100);
    kit.inbox.does(|number| {
        if number == 0 {
            Does::Answer(429, &[("retry-after", "120")], "slow down")
        } else {
            Does::Take
        }
    });
    let sender = kit.sender(&queue);
    let story = async {
        until("it was refused", || queue.figures().requests_failed() == 1).await;
        kit.clock.turn(Span::secs(119));
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(kit.inbox.requests(), 1);
        kit.clock.turn(Span::secs(2));
        until("all is sent", || is_done(&queue)).await;
    };
    tokio::select! {
        () = sender.run(std::future::pending()) => panic!("it ended"),
        () = story => {}
    }
    assert_eq!(queue.figures().samples_retried(), 100);
}

#[tokio::test]
async fn what_is_refused_for_good_is_counted_and_costs_no_other() {
    let mut kit = Kit::new().await;
    kit.receiver.limits.samples_per_request = 100;
    kit.receiver.limits.shards_max = 1;
    let queue = kit.queue();
    append(&queue, 0..100);
    kit.inbox.does(|number| {
        if number == 0 { Does::Answer(422, &[], "out of order sample") } else { Does::Take }
    });
    kit.run_until(&queue, "it was refused", || is_done(&queue)).await;
    assert_eq!(
        queue.figures().complaint().unwrap(),
        "the receiver answered 422: out of order sample"
    );
    append(&queue, 100..200);
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    let refused = queue.figures().dropped(Dropped::Refused);
    assert_eq!(refused + queue.figures().sent(), 200);
    assert!(refused > 0 && kit.inbox.numbers().is_superset(&(100..200).collect()));
    assert_eq!(queue.figures().complaint(), None);
}

#[tokio::test]
async fn wrong_settings_cost_no_sample() {
    let kit = Kit::new().await;
    let queue = kit.queue();
    append(&queue, 0..100);
    for status in [401, 403, 404] {
        kit.inbox.does(move |_| Does::Answer(status, &[], "who are you"));
        let failed = queue.figures().requests_failed();
        kit.run_until(&queue, "it has failed", || queue.figures().requests_failed() > failed).await;
        assert_eq!(waiting(&queue), 100);
    }
    kit.inbox.does(|_| Does::Take);
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    assert_eq!(kit.inbox.numbers().len(), 100);
}

#[tokio::test]
async fn an_answer_that_is_lost_means_twice_and_never_not_at_all() {
    let kit = Kit::new().await;
    let queue = kit.queue();
    append(&queue, 0..100);
    kit.inbox.does(|number| if number == 0 { Does::TakeAndBreak } else { Does::Take });
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    let taken = kit.inbox.taken();
    assert_eq!(kit.inbox.numbers().len(), 100);
    assert_eq!(taken.values().map(Vec::len).sum::<usize>(), 200);
}

#[tokio::test]
async fn killed_at_any_moment_nothing_is_missing_and_order_is_kept() {
    let mut kit = Kit::new().await;
    kit.receiver.limits.samples_per_request = 100;
    let mut appended = 0;
    // Each life appends, delivers some, and ends without a word; every third request fails.
    kit.inbox.does(|number| if number % 3 == 2 { Does::Answer(500, &[], "") } else { Does::Take });
    for life in 0..12 {
        let queue = kit.queue();
        for _ in 0..5 {
            append(&queue, appended..appended + 200);
            appended += 200;
        }
        let before = kit.inbox.requests();
        kit.run_until(&queue, "some were sent", || kit.inbox.requests() >= before + life).await;
    }
    let queue = kit.queue();
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    assert_eq!(kit.inbox.numbers(), (0..appended).collect());
    // What comes again comes after a restart; what is new is in order.
    for (series, numbers) in kit.inbox.taken() {
        let mut seen = BTreeSet::new();
        let new: Vec<u32> = numbers.into_iter().filter(|number| seen.insert(*number)).collect();
        assert!(new.is_sorted(), "{series}: {new:?}");
    }
}

#[tokio::test]
async fn a_clean_stop_takes_down_how_far_it_came() {
    let kit = Kit::new().await;
    let queue = kit.queue();
    append(&queue, 0..100);
    let (sender, sent) = (kit.sender(&queue), AtomicBool::new(false));
    let stop = async {
        while !is_done(&queue) {
            kit.clock.turn(Span::millis(100));
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        }
        sent.store(true, Ordering::SeqCst);
    };
    sender.run(stop).await;
    assert!(sent.load(Ordering::SeqCst));
    drop((sender, queue));
    let queue = kit.queue();
    assert_eq!((waiting(&queue), queue.stats().samples), (0, 0));
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_receiver_in_trouble() {
    let mut kit = Kit::new().await;
    kit.receiver.limits.linger = Span::ZERO;
    let queue = kit.queue();
    append(&queue, 0..100);
    kit.inbox.does(|_| Does::Answer(503, &[], ""));
    let sender = kit.sender(&queue);
    // No time passes at all: it stops in the pause between two tries.
    let figures = Arc::clone(queue.figures());
    let stop = async move { until("it has failed", || figures.requests_failed() == 1).await };
    sender.run(stop).await;
    assert_eq!(queue.samples_after(everything()), 100);
}

#[tokio::test]
async fn a_few_samples_that_are_not_wanted_cost_no_others() {
    // As a Prometheus without a window for what is out of order: it has the first hundred already.
    let mut kit = Kit::new().await;
    kit.receiver.limits.shards_max = 1;
    let queue = kit.queue();
    append(&queue, 0..100);
    kit.run_until(&queue, "the first are sent", || is_done(&queue)).await;
    append(&queue, 0..300);
    kit.inbox.does(|_| Does::TakeNew);
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    assert_eq!(kit.inbox.numbers(), (0..300).collect());
    assert!(kit.inbox.requests() < 40, "{}", kit.inbox.requests());
    let figures = queue.figures();
    assert_eq!(figures.sent() + figures.dropped(Dropped::Refused), 400);
}

#[tokio::test]
async fn who_refuses_everything_is_not_asked_about_each_sample() {
    let mut kit = Kit::new().await;
    kit.receiver.limits.samples_per_request = 100;
    kit.receiver.limits.shards_max = 1;
    let queue = kit.queue();
    for at in 0..10 {
        append(&queue, at * 100..(at + 1) * 100);
    }
    kit.inbox.does(|_| Does::Answer(400, &[], "no"));
    kit.run_until(&queue, "all is refused", || is_done(&queue)).await;
    assert_eq!(queue.figures().dropped(Dropped::Refused), 1000);
    // The first is cut, and no other.
    assert!(kit.inbox.requests() < 60, "{}", kit.inbox.requests());
}

#[tokio::test]
async fn a_part_that_is_not_understood_is_sent_again_as_version_1() {
    let mut kit = Kit::new().await;
    kit.receiver.protocol = Protocol::V2;
    kit.receiver.limits.shards_max = 1;
    let queue = kit.queue();
    // One sample of each series, so that the request is cut between series.
    append(&queue, 0..20);
    kit.inbox.does(|number| match number {
        0 => Does::Answer(400, &[], "out of order sample"),
        2 => Does::Answer(415, &[], "what is this"),
        _ => Does::Take,
    });
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    assert_eq!(kit.inbox.numbers(), (0..20).collect());
    assert_eq!(queue.figures().dropped(Dropped::Refused), 0);
}

#[tokio::test]
async fn who_takes_only_small_requests_gets_all_of_them() {
    let mut kit = Kit::new().await;
    kit.receiver.limits.shards_max = 1;
    let queue = kit.queue();
    append(&queue, 0..500);
    kit.inbox.does(|_| Does::TakeSmall(3, None));
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    assert_eq!(kit.inbox.numbers(), (0..500).collect());
    assert_in_order(&kit.inbox.taken());
    assert_eq!(queue.figures().dropped(Dropped::Refused), 0);
}

#[tokio::test]
async fn a_sample_that_is_too_large_alone_costs_itself_and_is_counted_once() {
    let mut kit = Kit::new().await;
    kit.receiver.limits.shards_max = 1;
    let queue = kit.queue();
    append(&queue, 0..200);
    kit.inbox.does(|_| Does::TakeSmall(50, Some(47)));
    kit.run_until(&queue, "all is sent", || is_done(&queue)).await;
    assert_eq!(kit.inbox.numbers(), (0..200).filter(|number| *number != 47).collect());
    let figures = queue.figures();
    assert_eq!((figures.sent(), figures.dropped(Dropped::Refused)), (199, 1));
}

#[tokio::test]
async fn who_finds_everything_too_large_is_not_asked_about_each_sample() {
    let mut kit = Kit::new().await;
    kit.receiver.limits.shards_max = 1;
    let queue = kit.queue();
    append(&queue, 0..2000);
    kit.inbox.does(|_| Does::TakeSmall(0, None));
    kit.run_until(&queue, "all is refused", || is_done(&queue)).await;
    assert_eq!(queue.figures().dropped(Dropped::Refused), 2000);
    assert_eq!(queue.figures().complaint().unwrap(), "the receiver answered 413: too large");
    assert!(kit.inbox.requests() < 60, "{}", kit.inbox.requests());
}

#[tokio::test]
async fn what_is_refused_before_a_part_is_not_understood_is_counted_once() {
    let mut kit = Kit::new().await;
    kit.receiver.protocol = Protocol::V2;
    kit.receiver.limits.shards_max = 1;
    let queue = kit.queue();
    // One of two is refused for good, the other is not understood; both come again.
    append(&queue, 0..2);
    kit.inbox.does(|number| match number {
        0 => Does::Answer(413, &[], "too large"),
        1 | 3 => Does::Answer(422, &[], "never"),
        2 => Does::Answer(415, &[], "what is this"),
        _ => Does::Take,
    });
    kit.run_until(&queue, "all is settled", || is_done(&queue)).await;
    assert_eq!(queue.figures().dropped(Dropped::Refused), 2);
}
