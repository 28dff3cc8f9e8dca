//! What a receiver's answer means, and when to try again.

use jiff::fmt::rfc2822;
use model::{Span, Time};

use super::random::Random;

/// How long and how often delivery is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryLimits {
    /// How long one try may take, answer included.
    pub timeout: Span,
    /// The pause after the first failed try; it doubles with each further one.
    pub pause_min: Span,
    /// The longest pause that we choose ourselves.
    pub pause_max: Span,
    /// The longest pause that a receiver may ask for with `Retry-After`.
    pub pause_asked_max: Span,
    /// The longest pause after a refusal that somebody has to mend in the settings or at the
    /// receiver.
    pub pause_broken: Span,
    /// Only after so many such refusals in a row is somebody called: whatever stands before a
    /// receiver that restarts refuses, too.
    pub broken_after: u32,
    /// A message that is critical and has not arrived for this long goes to the fallback, too.
    pub fallback_after: Span,
    /// New messages that people are sent one by one within a minute; more are told in one.
    pub storm_after: usize,
    /// A message that cannot be delivered for this long is given up.
    pub age_max: Span,
    /// A message is tried at most this often.
    pub attempts_max: u32,
}

impl Default for DeliveryLimits {
    fn default() -> Self {
        Self {
            timeout: Span::secs(10),
            pause_min: Span::secs(1),
            // With a try that hangs before it, a receiver that is back is told within a minute.
            pause_max: Span::secs(40),
            pause_asked_max: Span::hours(1),
            pause_broken: Span::minutes(5),
            broken_after: 3,
            fallback_after: Span::minutes(1),
            storm_after: 20,
            // A receiver that breaks on Friday evening is mended on Monday morning.
            age_max: Span::days(3),
            // Never reached within the age at the pauses above; a bound for other settings.
            attempts_max: 10_000,
        }
    }
}

impl DeliveryLimits {
    /// How long to pause after this many failed tries: half of it fixed, half of it chance, so
    /// that many senders do not come back together.
    pub(crate) fn pause(&self, failed: u32, random: &Random) -> Span {
        let doubled =
            self.pause_min.as_millis().saturating_mul(1 << failed.saturating_sub(1).min(20));
        spread(Span::millis(doubled.min(self.pause_max.as_millis())), random)
    }

    /// How long to pause after this many failed tries of a receiver that takes nothing before
    /// somebody mends something. One that is `gone` may be back soon, and asking hurts nobody; a
    /// key that is refused again and again may get us locked out.
    pub(crate) fn pause_wrong(&self, failed: u32, gone: bool, random: &Random) -> Span {
        if failed < self.broken_after || (gone && failed < HURRIED) {
            self.pause(failed, random)
        } else {
            self.pause_broken
        }
    }
}

/// What is not there is looked for about as often as what is away for so many tries: an hour.
const HURRIED: u32 = 120;

/// Half of a pause fixed, half of it chance.
fn spread(whole: Span, random: &Random) -> Span {
    let whole = u64::try_from(whole.as_millis()).unwrap_or(0);
    let half = whole / 2;
    let chosen = half + random.below(whole - half + 1);
    Span::millis(i64::try_from(chosen).unwrap_or(i64::MAX))
}

/// What a try led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver has it, perhaps in a form that can be changed later.
    Done(Option<Posted>),
    /// Not now. The receiver may have said how long to wait; it is `unsure` if it may have taken the
    /// message all the same.
    Later { asked: Option<Span>, error: String, unsure: bool },
    /// The receiver takes nothing before somebody mends something: an address, a key, a channel.
    /// Perhaps there is only nobody at this address for the moment.
    Broken { error: String, gone: bool },
    /// The receiver takes others, but not this one.
    Refused { error: String },
}

impl Verdict {
    /// Not now, and it has not been taken.
    pub(crate) fn later(error: String) -> Self {
        Self::Later { asked: None, error, unsure: false }
    }

    /// Nobody said whether it was taken.
    pub(crate) fn unsure(error: String) -> Self {
        Self::Later { asked: None, error, unsure: true }
    }

    /// Somebody has to mend something.
    pub(crate) fn broken(error: String) -> Self {
        Self::Broken { error, gone: false }
    }
}

/// Where a message stands that can be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) channel: String,
    /// Its name there.
    pub(crate) ts: String,
    /// The worst severity it spoke of.
    pub(crate) severity: String,
}

/// What errors begin with that somebody has to mend.
const BROKEN: &str = "to be mended: ";

/// The error as it stands in the outbox, where everybody can tell it from mere trouble.
pub(super) fn broken_text(error: &str) -> String {
    format!("{BROKEN}{error}")
}

/// Whether an error of the outbox is one that somebody has to mend.
pub fn is_broken(error: &str) -> bool {
    error.starts_with(BROKEN)
}

/// What an answer means.
pub(crate) fn judge(status: u16, retry_after: Option<&str>, text: &str, now: Time) -> Verdict {
    let error = || match text.trim() {
        "" => format!("the receiver answered {status}"),
        text => format!("the receiver answered {status}: {text}"),
    };
    match status {
        200..=299 => Verdict::Done(None),
        408 | 425 | 429 | 500..=599 => Verdict::Later {
            asked: retry_after.and_then(|text| wait_asked(text, now)),
            error: error(),
            // Whoever stands between may have passed it on.
            unsure: matches!(status, 502 | 504),
        },
        // What is wrong is said of the message and not of the address or of who we are.
        400 | 413 | 422 => Verdict::Refused { error: error() },
        _ => Verdict::Broken { error: error(), gone: matches!(status, 404 | 421) },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_says_how_long_to_wait_in_seconds_or_by_a_date() {
        let now = Time::from_secs(784_111_777);
        assert_eq!(wait_asked("120", now), Some(Span::secs(120)));
        assert_eq!(wait_asked("Sun, 06 Nov 1994 08:50:37 GMT", now), Some(Span::secs(60)));
        assert_eq!(wait_asked("Sun, 06 Nov 1994 08:40:37 GMT", now), Some(Span::ZERO));
        assert_eq!(wait_asked("soon", now), None);
        assert_eq!(wait_asked("-5", now), None);
    }

    #[test]
    fn pauses_double_up_to_a_bound_and_are_half_chance() {
        let limits = DeliveryLimits::default();
        let random = Random::new(1);
        for (failed, whole) in [(1, 1_000), (2, 2_000), (4, 8_000), (7, 40_000), (4_000, 40_000)] {
            for _ in 0..100 {
                let pause = limits.pause(failed, &random).as_millis();
                assert!((whole / 2..=whole).contains(&pause), "{pause} after {failed}");
            }
        }
    }

    #[test]
    fn trouble_a_broken_address_and_a_refused_message_are_told_apart() {
        let now = Time(0);
        assert_eq!(judge(204, None, "", now), Verdict::Done(None));
        assert!(matches!(judge(503, None, "", now), Verdict::Later { asked: None, .. }));
        assert!(matches!(
            judge(429, Some("7"), "", now),
            Verdict::Later { asked: Some(Span(7_000)), .. }
        ));
        let error = "the receiver answered 404: no such hook".to_owned();
        assert_eq!(judge(404, None, "no such hook\n", now), Verdict::Broken { error, gone: true });
        assert!(matches!(judge(401, None, "", now), Verdict::Broken { gone: false, .. }));
        assert!(matches!(judge(413, None, "", now), Verdict::Refused { .. }));
    }
}
