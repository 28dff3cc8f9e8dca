//! Functions of texts: case, patterns, addresses, links, escapes.

use std::net::IpAddr;

use regex::{Regex, RegexBuilder};

use super::run::{RunError, fail};

/// Largest compiled pattern of a template.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Longest replacement: each `$1` in it may stand for the whole text.
const REPLACEMENT_BYTES_MAX: usize = 1 << 10;
/// Longest text that replacing may make.
const REPLACED_BYTES_MAX: usize = 64 << 10;

fn pattern(text: &str) -> Result<Regex, RunError> {
    RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build().map_err(|_why: regex::Error| {
        RunError(format!("the regular expression {text:?} is not valid or too large"))
    })
}

/// `match`: whether the pattern is found anywhere.
pub(super) fn matches(expression: &str, text: &str) -> Result<bool, RunError> {
    Ok(pattern(expression)?.is_match(text))
}

/// `reReplaceAll`: every match replaced; `$1` and `${name}` stand for groups.
pub(super) fn replace(expression: &str, with: &str, text: &str) -> Result<String, RunError> {
    if with.len() > REPLACEMENT_BYTES_MAX {
        return fail(format!("a replacement is longer than {REPLACEMENT_BYTES_MAX} bytes"));
    }
    let pattern = pattern(expression)?;
    let mut out = String::new();
    let mut end = 0;
    for found in pattern.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(text.get(end..whole.start()).unwrap_or_default());
        found.expand(with, &mut out);
        end = whole.end();
        if out.len() > REPLACED_BYTES_MAX {
            return fail(format!("replacing makes more than {REPLACED_BYTES_MAX} bytes"));
        }
    }
    out.push_str(text.get(end..).unwrap_or_default());
    Ok(out)
}

/// `title`: the first letter of each word large.
pub(super) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for letter in text.chars() {
        if inside {
            out.push(letter);
        } else {
            out.extend(letter.to_uppercase());
        }
        inside = letter == '_' || letter == '\'' || letter.is_alphanumeric();
    }
    out
}

/// Host and port of `host:port` or `[host]:port`.
fn split_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    if bare.contains(['[', ']']) || port.contains(['[', ']']) { None } else { Some((bare, port)) }
}

/// `stripPort`: the host; what is no address with a port stays as it is.
pub(super) fn strip_port(text: &str) -> &str {
    split_port(text).map_or(text, |(host, _)| host)
}

/// `stripDomain`: the first part of the host's name, with its port; addresses stay as they are.
pub(super) fn strip_domain(text: &str) -> String {
    let (host, port) = split_port(text).unwrap_or((text, ""));
    if host.parse::<IpAddr>().is_ok() {
        return text.to_owned();
    }
    let name = host.split('.').next().unwrap_or_default();
    if port.is_empty() { name.to_owned() } else { format!("{name}:{port}") }
}

/// The path of a web address.
pub(super) fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let start = rest.find('/').unwrap_or(rest.len());
    let path = rest.get(start..).unwrap_or_default();
    path.split(['?', '#']).next().unwrap_or_default()
}

/// The address, below the server's, of a page with an expression: as a graph (0) or a table (1).
pub(super) fn graph_link(expression: &str, tab: u8) -> String {
    format!("/graph?g0.expr={}&g0.tab={tab}", escape_query(expression))
}

/// A text as a part of a web address' query.
pub(super) fn escape_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            other => out.extend(["%".to_owned(), format!("{other:02X}")]),
        }
    }
    out
}

/// A text as a part of a page.
pub(super) fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

/// A text as a part of a script's text.
pub(super) fn escape_script(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' | '\0'..='\x1f' => {
                out.extend(["\\u".to_owned(), format!("{:04X}", u32::from(letter))]);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_domains_are_stripped_as_in_the_reference() {
        for (text, host, name) in [
            ("foo.example.com", "foo.example.com", "foo"),
            ("foo.example.com:12345", "foo.example.com", "foo:12345"),
            ("192.0.2.1:12345", "192.0.2.1", "192.0.2.1:12345"),
            ("2001:0DB8::1", "2001:0DB8::1", "2001:0DB8::1"),
            ("[2001:0DB8::1]:12345", "2001:0DB8::1", "[2001:0DB8::1]:12345"),
            ("[2001:0DB8::1]::12345", "[2001:0DB8::1]::12345", "[2001:0DB8::1]::12345"),
        ] {
            assert_eq!(strip_port(text), host);
            assert_eq!(strip_domain(text), name);
        }
    }

    #[test]
    fn a_replacement_that_explodes_is_an_error() {
        assert_eq!(replace("(a)b", "x$1", "ab").as_deref(), Ok("xa"));
        assert!(replace("a", &"$0".repeat(500), &"a".repeat(60_000)).is_err());
        assert!(replace("a{1000}{1000}", "", "a").is_err());
        assert!(matches("(", "a").is_err());
    }

    #[test]
    fn links_and_escapes_are_those_of_the_reference() {
        assert_eq!(graph_link("up == 0", 0), "/graph?g0.expr=up+%3D%3D+0&g0.tab=0");
        assert_eq!(path_of("http://testhost:9090/path/prefix"), "/path/prefix");
        assert_eq!(title("aa bb CC"), "Aa Bb CC");
        assert_eq!(escape_html("<b>"), "&lt;b&gt;");
    }
}
