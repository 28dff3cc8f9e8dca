//! Requests of the Prometheus HTTP API, written out.

use std::fmt::Write as _;

use model::{MatchOp, Matcher, Span, Time};

/// A form that is written name by name.
#[derive(Debug, Default)]
pub(super) struct Form {
    text: String,
}

impl Form {
    /// Adds a name and its value.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if !self.text.is_empty() {
            self.text.push('&');
        }
        encode(&mut self.text, name);
        self.text.push('=');
        encode(&mut self.text, value);
    }

    /// The form as it travels.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// As `application/x-www-form-urlencoded` wants it: letters, digits and `-._*` as they are.
fn encode(text: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                text.push(char::from(byte));
            }
            b' ' => text.push('+'),
            // Writing to a text cannot fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
}

/// A time in seconds with its thousandths.
pub(super) fn time(time: Time) -> String {
    let millis = time.millis();
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
}

/// A span in seconds with its thousandths, as `step` wants it.
pub(super) fn seconds(span: Span) -> String {
    time(Time(span.as_millis()))
}

/// A span that every dialect reads, and none as anything but a span.
pub(super) fn span(span: Span) -> String {
    format!("{}ms", span.as_millis())
}

/// A series selector with all its matchers in braces.
pub(super) fn selector(matchers: &[Matcher]) -> String {
    let mut text = String::from("{");
    for (at, matcher) in matchers.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        if is_plain(matcher.name()) {
            text.push_str(matcher.name());
        } else {
            quote(&mut text, matcher.name());
        }
        text.push_str(match matcher.op() {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex => "=~",
            MatchOp::NotRegex => "!~",
        });
        quote(&mut text, matcher.value());
    }
    text.push('}');
    text
}

fn quote(text: &mut String, value: &str) {
    text.push('"');
    for letter in value.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            _ => text.push(letter),
        }
    }
    text.push('"');
}

/// Whether a name needs no quotes.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A label's name within a path: names outside the old alphabet as `U__` with `_HEX_` in them.
pub(super) fn name_in_path(name: &str) -> String {
    if is_plain(name) && !name.starts_with("U__") {
        return name.to_owned();
    }
    let mut text = String::from("U__");
    for letter in name.chars() {
        match letter {
            '_' => text.push_str("__"),
            _ if letter.is_ascii_alphanumeric() => text.push(letter),
            _ => drop(write!(text, "_{:x}_", u32::from(letter))),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_bears_every_byte() {
        let mut form = Form::default();
        form.add("query", "a{b=\"c&d\"} + 1");
        form.add("match[]", "ü");
        assert_eq!(form.into_text(), "query=a%7Bb%3D%22c%26d%22%7D+%2B+1&match%5B%5D=%C3%BC");
    }

    #[test]
    fn times_keep_their_thousandths_on_both_sides_of_1970() {
        assert_eq!(time(Time(1_435_781_451_781)), "1435781451.781");
        assert_eq!(time(Time(-1_500)), "-1.500");
        assert_eq!(time(Time(i64::MIN)), "-9223372036854775.808");
        assert_eq!(
            (seconds(Span::millis(250)), span(Span::minutes(5))),
            ("0.250".into(), "300000ms".into())
        );
    }

    #[test]
    fn selectors_read_back_as_they_were() {
        for text in [
            r#"up{job!="a\"b\\c\nd",x=~".*\\d+",y!~"z|"}"#,
            r#"{"http.status"="200", __name__=~"a.+"}"#,
        ] {
            let matchers = crate::parse_selector(text).unwrap();
            let again = crate::parse_selector(&selector(&matchers)).unwrap();
            assert_eq!(format!("{matchers:?}"), format!("{again:?}"), "{text}");
        }
    }

    #[test]
    fn names_outside_the_old_alphabet_are_escaped_in_paths() {
        assert_eq!(name_in_path("job_name"), "job_name");
        assert_eq!(name_in_path("http.status_code"), "U__http_2e_status__code");
        assert_eq!(name_in_path("../x"), "U___2e__2e__2f_x");
    }
}
