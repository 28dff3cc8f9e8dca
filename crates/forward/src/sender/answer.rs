//! What a receiver's answer means, and when to try again.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use collect::remote_write::Protocol;
use jiff::fmt::rfc2822;
use model::{Span, Time};

use super::SendLimits;

/// What a try led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The receiver has it.
    Taken,
    /// Not now. The receiver may have said how long to wait.
    Later { asked: Option<Span>, error: String },
    /// Not ever: the same request will be refused again. Parts of it may not be.
    Refused { error: String, cut: Cut },
    /// It does not understand this version of the protocol.
    Unspoken,
}

/// Whether parts of a refused request may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// No part of it will.
    Never,
    /// Some samples are meant, and the others are good.
    Blame,
    /// It is too large as a whole.
    Size,
}

/// An answer, as far as it matters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) retry_after: Option<&'a str>,
    /// It says how much was written, as those who understand version 2.0 must.
    pub(super) says_written: bool,
    pub(super) text: &'a str,
}

/// What an answer means.
///
/// The protocol has senders give up on every 4xx but 429. Four of them say nothing of the samples, though, but that the
/// settings are wrong: who we are, or where to send. Those samples wait in the queue until somebody has mended that.
pub(super) fn judge(answer: Answer<'_>, protocol: Protocol, now: Time) -> Verdict {
    let error = || match answer.text.trim() {
        "" => format!("the receiver answered {}", answer.status),
        text => format!("the receiver answered {}: {text}", answer.status),
    };
    match answer.status {
        200..=299 if protocol == Protocol::V2 && !answer.says_written => Verdict::Unspoken,
        200..=299 => Verdict::Taken,
        415 if protocol == Protocol::V2 => Verdict::Unspoken,
        401 | 403 | 404 | 405 | 408 | 425 | 429 | 500..=599 => Verdict::Later {
            asked: answer.retry_after.and_then(|text| wait_asked(text, now)),
            error: error(),
        },
        300..=399 => Verdict::Later {
            asked: None,
            error: format!("{}; give its new address in the settings", error()),
        },
        400 => Verdict::Refused { error: error(), cut: Cut::Blame },
        413 => Verdict::Refused { error: error(), cut: Cut::Size },
        _ => Verdict::Refused { error: error(), cut: Cut::Never },
    }
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.
fn wait_asked(text: &str, now: Time) -> Option<Span> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Span::secs(i64::from(seconds)));
    }
    let date = rfc2822::parse(text).ok()?;
    Some(Time(date.timestamp().as_millisecond()).since(now).max(Span::ZERO))
}

/// Chance from a seed, for spreading tries: `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Debug)]
pub(super) struct Random(AtomicU64);

impl Random {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    pub(super) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn below(&self, bound: u64) -> u64 {
        let mut mixed = self.0.fetch_add(Self::STEP, Ordering::Relaxed).wrapping_add(Self::STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(bound).unwrap_or(0)
    }
}

/// How long to pause after so many failed tries: half of it fixed, half of it chance, so that many connections do not
/// come back together; longer if the receiver asked for it, within its bound.
pub(super) fn pause(
    failed: u32,
    asked: Option<Span>,
    limits: &SendLimits,
    random: &Random,
) -> Duration {
    let doubled =
        limits.pause_min.as_millis().saturating_mul(1 << failed.saturating_sub(1).min(20));
    let whole = u64::try_from(doubled.min(limits.pause_max.as_millis())).unwrap_or(0);
    let half = whole / 2;
    let own = Duration::from_millis(half + random.below(whole - half + 1));
    own.max(asked.unwrap_or(Span::ZERO).min(limits.pause_asked_max).to_duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, retry_after: Option<&str>, protocol: Protocol) -> Verdict {
        let answer = Answer { status, retry_after, says_written: false, text: "why\n" };
        judge(answer, protocol, Time(0))
    }

    #[test]
    fn a_receiver_says_how_long_to_wait_in_seconds_or_by_a_date() {
        let now = Time::from_secs(784_111_777);
        assert_eq!(wait_asked("120", now), Some(Span::secs(120)));
        assert_eq!(wait_asked("Sun, 06 Nov 1994 08:50:37 GMT", now), Some(Span::secs(60)));
        assert_eq!(wait_asked("Sun, 06 Nov 1994 08:40:37 GMT", now), Some(Span::ZERO));
        assert_eq!(wait_asked("soon", now), None);
    }

    #[test]
    fn what_is_wrong_with_the_samples_is_final_and_anything_else_is_not() {
        for status in [401, 403, 404, 405, 429, 500, 502, 503] {
            let verdict = judged(status, Some("7"), Protocol::V1);
            let error = format!("the receiver answered {status}: why");
            assert_eq!(verdict, Verdict::Later { asked: Some(Span::secs(7)), error });
        }
        assert!(matches!(judged(302, None, Protocol::V1), Verdict::Later { asked: None, .. }));
        for status in [400, 409, 413, 415, 422] {
            assert!(matches!(judged(status, None, Protocol::V1), Verdict::Refused { .. }));
        }
        assert_eq!(judged(204, None, Protocol::V1), Verdict::Taken);
    }

    #[test]
    fn who_does_not_say_what_was_written_does_not_understand_version_2() {
        assert_eq!(judged(204, None, Protocol::V2), Verdict::Unspoken);
        assert_eq!(judged(415, None, Protocol::V2), Verdict::Unspoken);
        let answer = Answer { status: 204, retry_after: None, says_written: true, text: "" };
        assert_eq!(judge(answer, Protocol::V2, Time(0)), Verdict::Taken);
    }

    #[test]
    fn pauses_double_up_to_a_bound_and_follow_the_receiver_up_to_another() {
        let (limits, random) = (SendLimits::default(), Random::new(1));
        for (failed, whole) in [(1, 250), (2, 500), (4, 2_000), (8, 30_000), (4_000, 30_000)] {
            for _ in 0..100 {
                let pause = pause(failed, None, &limits, &random).as_millis();
                assert!((whole / 2..=whole).contains(&pause), "{pause} after {failed}");
            }
        }
        let asked = |seconds| pause(1, Some(Span::secs(seconds)), &limits, &random).as_secs();
        assert_eq!((asked(7), asked(1_000_000)), (7, 600));
    }
}
