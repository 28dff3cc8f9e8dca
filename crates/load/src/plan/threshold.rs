//! What must hold: `response p99 of search < 500ms`, `errors < 1% in every 10s`.

use std::{fmt, str::FromStr, time::Duration};

use settings::{parse_duration, parse_share};

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// A percentile of the time from due to done, from 0 to 1; 1 is the greatest. In seconds.
    Response(f64),
    /// The same of the time from sent to done.
    Service(f64),
    /// The share of requests that failed.
    Errors,
    /// Requests answered as they should, a second.
    Throughput,
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Smaller than.
    Below,
    /// At most.
    AtMost,
    /// Greater than.
    Above,
    /// At least.
    AtLeast,
}

/// A rule about a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// As it was written.
    pub text: String,
    /// What is measured.
    pub measure: Measure,
    /// Of which step; of all together if not said.
    pub step: Option<String>,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what: seconds, a share, or requests a second.
    pub bound: f64,
    /// The length of the windows in each of which it must hold, or any of which is enough to end a run.
    pub window: Option<Duration>,
}

/// A text that is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// No comparison in it.
    #[error("there is no `<`, `<=`, `>` or `>=` in it")]
    Comparison,
    /// What is measured is not known.
    #[error(
        "`{0}` is nothing that is measured; write `response p99`, `service p95`, `errors` or `throughput`"
    )]
    Measure(String),
    /// What it is compared with is not of its kind.
    #[error("`{0}` is not {1}")]
    Bound(String, &'static str),
    /// A window that is none.
    #[error(
        "`{0}` is no window; write `in every 10s` or `in any 10s`, from 1s on, in whole seconds"
    )]
    Window(String),
    /// A window of one step.
    #[error("windows are kept of all steps together: leave out `of {0}`, or the window")]
    WindowOfStep(String),
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let (left, comparison, right) = split(text).ok_or(ThresholdError::Comparison)?;
        let (measure, step) = match left.split_once(" of ") {
            Some((measure, step)) => (measure.trim(), Some(step.trim().to_owned())),
            None => (left.trim(), None),
        };
        let measure = parse_measure(measure)?;
        let (bound, window) = match right.split_once(" in ") {
            Some((bound, window)) => (bound.trim(), Some(parse_window(window.trim())?)),
            None => (right.trim(), None),
        };
        if let (Some(step), Some(_)) = (&step, window) {
            return Err(ThresholdError::WindowOfStep(step.clone()));
        }
        let bound = parse_bound(bound, &measure)?;
        Ok(Self { text: text.trim().to_owned(), measure, step, comparison, bound, window })
    }
}

impl Threshold {
    /// Whether a value keeps the rule; a value that is not there never does.
    pub fn holds(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::Below => value < self.bound,
            Comparison::AtMost => value <= self.bound,
            Comparison::Above => value > self.bound,
            Comparison::AtLeast => value >= self.bound,
        }
    }

    /// A value as people say it.
    pub fn say(&self, value: f64) -> String {
        match self.measure {
            Measure::Response(_) | Measure::Service(_) => model::Unit::Seconds.say(value),
            Measure::Errors => model::Unit::Share.say(value),
            Measure::Throughput => model::Unit::PerSecond.say(value),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn split(text: &str) -> Option<(&str, Comparison, &str)> {
    let signs = [
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("<", Comparison::Below),
        (">", Comparison::Above),
    ];
    signs.into_iter().find_map(|(sign, comparison)| {
        text.split_once(sign).map(|(left, right)| (left, comparison, right))
    })
}

fn parse_measure(text: &str) -> Result<Measure, ThresholdError> {
    let unknown = || ThresholdError::Measure(text.to_owned());
    match text {
        "errors" => return Ok(Measure::Errors),
        "throughput" => return Ok(Measure::Throughput),
        _ => {}
    }
    let (times, figure) = text.split_once(char::is_whitespace).ok_or_else(unknown)?;
    let q = match figure.trim() {
        "max" => 1.0,
        "median" => 0.5,
        other => {
            let digits = other.strip_prefix('p').ok_or_else(unknown)?;
            let is_number = digits.chars().all(|digit| digit.is_ascii_digit() || digit == '.');
            // Moving the point in the text, not in the number, keeps 99.9 from becoming a little more.
            let share = format!("{digits}e-2").parse::<f64>().ok().filter(|_| is_number);
            share.filter(|share| (0.0..=1.0).contains(share)).ok_or_else(unknown)?
        }
    };
    match times {
        "response" => Ok(Measure::Response(q)),
        "service" => Ok(Measure::Service(q)),
        _ => Err(unknown()),
    }
}

fn parse_bound(text: &str, measure: &Measure) -> Result<f64, ThresholdError> {
    let wrong = |what| ThresholdError::Bound(text.to_owned(), what);
    let close = text.split_whitespace().collect::<String>();
    match measure {
        Measure::Response(_) | Measure::Service(_) => parse_duration(&close)
            .map(model::Span::as_secs)
            .ok_or_else(|| wrong("a length of time such as `500ms`")),
        Measure::Errors => parse_share(&close)
            .map(model::Share::value)
            .ok_or_else(|| wrong("a share such as `1%`")),
        Measure::Throughput => {
            let number = close.strip_suffix("/s").unwrap_or(&close).parse::<f64>().ok();
            number
                .filter(|number| number.is_finite() && *number >= 0.0)
                .ok_or_else(|| wrong("a number of requests a second such as `450/s`"))
        }
    }
}

fn parse_window(text: &str) -> Result<Duration, ThresholdError> {
    let length = text.strip_prefix("every ").or_else(|| text.strip_prefix("any "));
    let span = length.and_then(|length| parse_duration(length.trim()));
    let whole = span.filter(|span| span.as_millis() >= 1000 && span.as_millis() % 1000 == 0);
    whole.map(model::Span::to_duration).ok_or_else(|| ThresholdError::Window(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Threshold {
        text.parse().unwrap()
    }

    #[test]
    fn rules_read_as_people_say_them() {
        let rule = read("response p99.9 of sign in < 500 ms");
        assert_eq!((rule.step.as_deref(), rule.bound), (Some("sign in"), 0.5));
        assert_eq!(rule.measure, Measure::Response(0.999));
        assert_eq!(rule.comparison, Comparison::Below);
        let rule = read("errors <= 1% in every 10s");
        assert_eq!((rule.measure.clone(), rule.bound), (Measure::Errors, 0.01));
        assert_eq!(rule.window, Some(Duration::from_secs(10)));
        assert!((read("throughput >= 450/s").bound - 450.0).abs() < 1e-9);
        assert_eq!(read("service max<2s").measure, Measure::Service(1.0));
    }

    #[test]
    fn a_value_that_is_not_there_keeps_no_rule() {
        assert!(!read("errors < 1%").holds(f64::NAN) && read("errors < 1%").holds(0.0));
        assert!(!read("throughput > 5").holds(f64::NAN) && !read("throughput > 5").holds(5.0));
    }

    #[test]
    fn what_is_no_rule_says_why() {
        let why = |text: &str| text.parse::<Threshold>().unwrap_err().to_string();
        assert!(why("response p99").contains("`<`"));
        assert!(why("latency p99 < 1s").contains("nothing that is measured"));
        assert!(why("response p101 < 1s").contains("nothing that is measured"));
        assert!(why("response p99 < 1").contains("length of time"));
        assert!(why("errors < 5").contains("share"));
        assert!(why("errors < 5% in 10s").contains("window"));
        assert!(why("errors of a < 5% in any 10s").contains("all steps together"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(response|errors|throughput)?[ p0-9.]{0,6}( of a)?[<>=]{0,2} ?[0-9a-z%/.]{0,6}( in every 1s)?") {
            drop(text.parse::<Threshold>());
        }
    }
}
