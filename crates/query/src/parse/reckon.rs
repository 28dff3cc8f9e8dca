//! Arithmetic in durations: `[5m * 2]`, `offset (step() + 1s)`. The grammar knows no such thing; it gets the outcome.

use super::{
    cursor::{Cursor, is_word},
    duration::parse_duration,
};

/// How deep brackets may nest in a duration.
const DEPTH_MAX: usize = 50;

/// What durations may depend on, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// From one step of the query to the next; zero for one time.
    pub(crate) step: i64,
    /// From the first step to the last.
    pub(crate) range: i64,
}

impl Default for Frame {
    /// Stands for a query whose steps are not known yet.
    fn default() -> Self {
        Self { step: 60_000, range: 3_600_000 }
    }
}

/// The duration that a whole text stands for, in milliseconds; nothing if it is not one.
pub(super) fn whole(text: &str, frame: Frame) -> Option<i64> {
    let mut reckoner = Reckoner { cursor: Cursor::new(text), frame, depth: 0 };
    let seconds = reckoner.sum()?;
    reckoner.cursor.skip_space();
    if reckoner.cursor.byte().is_some() {
        return None;
    }
    millis(seconds)
}

/// The duration at the start of a text that is one number, one call or stands in brackets, with its sign; and where it
/// ends. A plain number or duration is left to the grammar.
pub(super) fn leading(text: &str, frame: Frame) -> Option<(i64, usize)> {
    let mut reckoner = Reckoner { cursor: Cursor::new(text), frame, depth: 0 };
    let negative = reckoner.sign();
    let is_plain = reckoner.cursor.byte().is_none_or(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_plain {
        return None;
    }
    let seconds = reckoner.one()?;
    Some((millis(if negative { -seconds } else { seconds })?, reckoner.cursor.at))
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn millis(seconds: f64) -> Option<i64> {
    let millis = (seconds * 1000.0).round();
    (millis.abs() < 9.0e15).then_some(millis as i64)
}

/// Reads and reckons at once, in seconds.
struct Reckoner<'t> {
    cursor: Cursor<'t>,
    frame: Frame,
    depth: usize,
}

impl Reckoner<'_> {
    fn takes(&mut self, wanted: u8) -> bool {
        self.cursor.skip_space();
        let found = self.cursor.byte() == Some(wanted);
        self.cursor.at += usize::from(found);
        found
    }

    /// Skips a sign; whether it is a minus.
    fn sign(&mut self) -> bool {
        let negative = self.takes(b'-');
        if !negative {
            self.takes(b'+');
        }
        self.cursor.skip_space();
        negative
    }

    fn sum(&mut self) -> Option<f64> {
        let mut sum = self.product()?;
        loop {
            if self.takes(b'+') {
                sum += self.product()?;
            } else if self.takes(b'-') {
                sum -= self.product()?;
            } else {
                return Some(sum);
            }
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut product = self.signed()?;
        loop {
            let operator = [b'*', b'/', b'%'].into_iter().find(|byte| self.takes(*byte));
            let Some(operator) = operator else { return Some(product) };
            let other = self.signed()?;
            match operator {
                b'*' => product *= other,
                _ if other == 0.0 => return None,
                b'/' => product /= other,
                _ => product %= other,
            }
        }
    }

    fn signed(&mut self) -> Option<f64> {
        let negative = self.sign();
        let base = self.one()?;
        let power = if self.takes(b'^') { self.nested(Self::signed)? } else { 1.0 };
        let value = base.powf(power);
        Some(if negative { -value } else { value })
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Option<f64>) -> Option<f64> {
        self.depth += 1;
        let value = if self.depth > DEPTH_MAX { None } else { read(self) };
        self.depth -= 1;
        value
    }

    /// A number, a duration, a call, or something in brackets.
    fn one(&mut self) -> Option<f64> {
        if self.takes(b'(') {
            let value = self.nested(Self::sum)?;
            return self.takes(b')').then_some(value);
        }
        let start = self.cursor.at;
        if self.cursor.byte()?.is_ascii_alphabetic() {
            while self.cursor.byte().is_some_and(is_word) {
                self.cursor.at += 1;
            }
            let name = self.cursor.since(start).to_ascii_lowercase();
            return self.takes(b'(').then(|| self.call(&name))?;
        }
        self.cursor.skip_number();
        let word = self.cursor.since(start);
        Some(parse_duration(word)?.as_millis() as f64 / 1000.0)
    }

    fn call(&mut self, name: &str) -> Option<f64> {
        let value = match name {
            "step" => self.frame.step as f64 / 1000.0,
            "range" => self.frame.range as f64 / 1000.0,
            "min_of" | "max_of" => {
                let first = self.nested(Self::sum)?;
                let second = if self.takes(b',') { self.nested(Self::sum)? } else { return None };
                if name == "min_of" { first.min(second) } else { first.max(second) }
            }
            _ => return None,
        };
        self.takes(b')').then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { step: 5000, range: 10_000 };

    #[test]
    fn durations_are_reckoned_as_numbers_of_seconds() {
        for (text, seconds) in [
            ("26m+4m", 1800.0),
            ("24m+((1.5*2m)+2m)", 1740.0),
            ("-5m+35m", 1800.0),
            ("30m1s-30m1s % 1m", 1800.0),
            ("-2 ^ 2", -4.0),
            ("max_of(min_of(step()+1,1h),1ms)", 6.0),
            ("1+(STep()-5)*2", 1.0),
            ("range()", 10.0),
        ] {
            let found = whole(text, FRAME).map(|millis| millis as f64 / 1000.0);
            assert_eq!(found, Some(seconds), "{text}");
        }
        for text in ["", "5m 5m", "1/0", "1 % 0", "(5m", "rate(x)", "step(1)", "min_of(1)", "5m +"]
        {
            assert_eq!(whole(text, FRAME), None, "{text}");
        }
        let deep = "(".repeat(10_000);
        assert_eq!(whole(&deep, FRAME), None);
    }

    #[test]
    fn an_offset_ends_after_one_thing() {
        assert_eq!(leading(" -min_of(step(), 1s)+8000", FRAME), Some((-1000, 20)));
        assert_eq!(leading("(2 * 2) ^ 2", FRAME), Some((4000, 7)));
        assert_eq!(leading("100 + 2", FRAME), None);
    }
}
