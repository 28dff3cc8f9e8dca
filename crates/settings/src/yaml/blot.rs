//! Blots secrets out of lines that are shown to people.
//!
//! A file may be shown because it is no YAML, so this looks at lines alone, and rather hides too much than too little.
//! Each byte of a secret becomes a `*`, so that every place in the text stays where it is.

use crate::reader::nearest;

/// What a key has in it whose value is a secret.
const PARTS: [&str; 12] = [
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "bearer",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
    "service_key",
    "routing_key",
];

/// The keys that secrets are written under, which a misspelt one may mean.
const KEYS: [&str; 5] = ["password", "token", "bearer_token", "credentials", "secrets"];

/// How the names of keys end that say where a secret is found, and do not hold it.
const POINTERS: [&str; 3] = ["_file", "_url", "_path"];

/// Addresses that are secrets as a whole: whoever knows one may send.
const ADDRESSES: [&str; 4] = ["api_url", "slack_api_url", "webhook_url", "mattermost_webhook_url"];

/// Sections that a secret may stand in the place of.
const SECTIONS: [&str; 2] = ["authorization", "basic_auth"];

/// Sections of headers, any of which may be a secret.
const HEADERS: [&str; 2] = ["http_headers", "headers"];

/// Letters of what follows `Bearer` that make it a token and not a word of a sentence.
const TOKEN_LETTERS_MIN: usize = 8;
/// Letters and digits of a part of an address's path that make it a key and not a name.
const KEY_LETTERS_MIN: usize = 16;

/// A text with its secrets blotted out.
pub(crate) fn text(text: &str) -> String {
    let mut blots = Vec::new();
    let mut open = Open::default();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        of_line(bare, &mut open, &mut |from, to| blots.push(start + from..start + to));
        start += line.len();
    }
    put(text, blots)
}

/// A sentence in which a value may be quoted.
pub(crate) fn words(text: String) -> String {
    if !text.contains("://") && !text.contains("earer ") {
        return text;
    }
    let mut blots = Vec::new();
    in_addresses(&text, &mut |from, to| blots.push(from..to));
    in_paths(&text, &mut |from, to| blots.push(from..to));
    behind_bearer(&text, &mut |from, to| blots.push(from..to));
    put(&text, blots)
}

fn put(text: &str, blots: Vec<std::ops::Range<usize>>) -> String {
    let mut shown = text.to_owned();
    for blot in blots {
        let stars = "*".repeat(blot.len());
        if shown.get(blot.clone()).is_some() {
            shown.replace_range(blot, &stars);
        }
    }
    shown
}

/// What goes on from line to line.
#[derive(Default)]
struct Open {
    /// The column of a key whose value goes on, and whether a list below it may begin in the same column.
    value: Option<(usize, bool)>,
    /// The column of a key whose section holds headers.
    headers: Option<usize>,
}

fn of_line(line: &str, open: &mut Open, blot: &mut dyn FnMut(usize, usize)) {
    let begin = line.len() - line.trim_start_matches([' ', '\t']).len();
    if begin == line.len() {
        return;
    }
    let item = behind(line, begin).starts_with('-');
    if let Some((column, list)) = open.value {
        if begin > column || (list && item && begin == column) {
            return blot(begin, line.len());
        }
        open.value = None;
    }
    if open.headers.is_some_and(|column| begin <= column && !(item && begin == column)) {
        open.headers = None;
    }
    in_addresses(line, blot);
    in_paths(line, blot);
    behind_bearer(line, blot);
    if item && open.headers.is_some() {
        return blot(begin, line.len());
    }
    // Up to where keys are those of headers.
    let mut headers = if open.headers.is_some() { line.len() } else { 0 };
    let mut at = begin;
    while let Some(found) = behind(line, at).find([':', '=']) {
        let sign = at + found;
        at = sign + 1;
        let key = key_before(line, sign);
        let name = key.trim_matches(['"', '\'']);
        let rest = behind(line, at).trim_start();
        let value = line.len() - rest.len();
        let column = sign - key.len();
        let section = rest.starts_with(['{', '&', '#']) || rest.is_empty();
        if HEADERS.contains(&name) {
            headers = value + closed(rest);
            open.headers = Some(column).filter(|_| headers == line.len() || rest.is_empty());
            continue;
        }
        let hidden = is_secret(name)
            || (SECTIONS.contains(&name) && !section)
            || (value < headers && (name == "values" || !section));
        if !hidden || name.is_empty() {
            continue;
        }
        let ends: &[char] = match behind(line, sign).chars().next() {
            Some('=') => &['&', ' ', '"', '\'', ',', '}'],
            _ if is_inside(before(line, column)) => &[',', '}', ']'],
            _ => &[],
        };
        let end = value + end_of(rest, ends);
        blot(value, end);
        at = end;
        if end == line.len() {
            let list = rest.is_empty() || rest.starts_with(['|', '>', '&', '!', '#']);
            open.value = Some((column, list));
        }
    }
}

fn before(text: &str, at: usize) -> &str {
    text.get(..at).unwrap_or_default()
}

fn behind(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// The letters of a key before its sign, with its quotes.
fn key_before(line: &str, sign: usize) -> &str {
    let letter = |letter: char| letter.is_alphanumeric() || "_-.\"'".contains(letter);
    let head = before(line, sign);
    behind(head, head.trim_end_matches(letter).len())
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    if ADDRESSES.contains(&&*name) {
        return true;
    }
    if POINTERS.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    PARTS.iter().any(|part| name.contains(part)) || nearest(&name, KEYS.into_iter()).is_some()
}

/// Whether a bracket is open at the end of this beginning of a line.
fn is_inside(head: &str) -> bool {
    let count = |sign: char| head.matches(sign).count();
    count('{') > count('}') || count('[') > count(']')
}

/// How long the brackets are that this begins with; all of it if there are none, or they are not closed.
fn closed(rest: &str) -> usize {
    let mut open = 0_usize;
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' | '[' => open += 1,
            '}' | ']' => open = open.saturating_sub(1),
            _ => {}
        }
        if open == 0 {
            return if at == 0 { rest.len() } else { at + 1 };
        }
    }
    rest.len()
}

/// How long a value is that begins so and is neither quoted nor in brackets: it ends before one of these, or with the
/// line.
fn end_of(rest: &str, before: &[char]) -> usize {
    match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => behind(rest, 1).find(quote).map_or(rest.len(), |at| at + 2),
        Some('[' | '{') => closed(rest),
        _ => rest.find(before).unwrap_or(rest.len()),
    }
}

/// The name and password of each address.
fn in_addresses(line: &str, blot: &mut dyn FnMut(usize, usize)) {
    for (found, sign) in line.match_indices("://") {
        let start = found + sign.len();
        let rest = behind(line, start);
        let rest = before(rest, rest.find([' ', '\t', '"', '\'', '`']).unwrap_or(rest.len()));
        let host = before(rest, rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // A password may hold what should have been escaped.
        let odd = host.split_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_err());
        if let Some(end) = if odd { rest.rfind('@') } else { host.rfind('@') } {
            blot(start, start + end);
        }
    }
}

/// What looks like a key in the path of each address: whoever knows that of a web hook may send.
fn in_paths(line: &str, blot: &mut dyn FnMut(usize, usize)) {
    for (found, sign) in line.match_indices("://") {
        let start = found + sign.len();
        let rest = behind(line, start);
        let rest =
            before(rest, rest.find([' ', '\t', '"', '\'', '`', ',', '}']).unwrap_or(rest.len()));
        let mut at = start;
        for part in rest.split(['/', '?', '#', '&', '=']) {
            let digits = part.bytes().any(|own| own.is_ascii_digit());
            let letters = part.bytes().any(|own| own.is_ascii_alphabetic());
            // The first is the host.
            if at > start && part.len() >= KEY_LETTERS_MIN && digits && letters {
                blot(at, at + part.len());
            }
            at += part.len() + 1;
        }
    }
}

/// What follows the word that tokens are sent behind.
fn behind_bearer(line: &str, blot: &mut dyn FnMut(usize, usize)) {
    for (found, word) in line.match_indices("earer ") {
        let start = found + word.len();
        let rest = behind(line, start);
        let end = rest.find([' ', '\t', '"', '\'', '`', ',', '}', ']']).unwrap_or(rest.len());
        if before(line, found).ends_with(['B', 'b']) && end >= TOKEN_LETTERS_MIN {
            blot(start, start + end);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_are_blotted_out_wherever_they_are_written() {
        for (written, shown) in [
            ("    password: hunter2", "    password: *******"),
            ("  - token: 'a b' # mine", "  - token: ***** # mine"),
            ("pasword: hunter2", "pasword: *******"),
            ("password:hunter2", "password:*******"),
            (
                "basic_auth: {username: me, password: hunter2}",
                "basic_auth: {username: me, password: *******}",
            ),
            ("{\"password\":\"hunter2\",\"a\":1}", "{\"password\":*********,\"a\":1}"),
            ("basic_auth: me:hunter2", "basic_auth: **********"),
            ("authorization: Bearer abc", "authorization: **********"),
            (
                "authorization: {type: Bearer, credentials: abc}",
                "authorization: {type: Bearer, credentials: ***}",
            ),
            ("bearer_token: abc", "bearer_token: ***"),
            ("  client_secret: [a, b]", "  client_secret: ******"),
            (
                "- {url: 'https://hooks.example/services/T01/Xa9Xa9Xa9Xa9Xa9X?b=1', x: 1}",
                "- {url: 'https://hooks.example/services/T01/****************?b=1', x: 1}",
            ),
            (
                "url: https://prometheus-2.example:9090/api/v1/write",
                "url: https://prometheus-2.example:9090/api/v1/write",
            ),
            ("url: http://me:hunter2@mimir/push", "url: http://**********@mimir/push"),
            ("url: http://me:hun/ter@mimir/push", "url: http://**********@mimir/push"),
            ("url: http://mimir:80/a@b?token=abc&x=1", "url: http://mimir:80/a@b?token=***&x=1"),
            ("x: 'Bearer abcdefgh'", "x: 'Bearer ********'"),
            (
                "password: |\n  hunter2\n\n  more\nother: 1",
                "password: *\n  *******\n\n  ****\nother: 1",
            ),
            ("password: >-\n  hunter2\nother: 1", "password: **\n  *******\nother: 1"),
            ("secrets:\n- abc\n- def\nother: 1", "secrets:\n*****\n*****\nother: 1"),
            ("password: \"hun\n  ter2\"\nother: 1", "password: ****\n  *****\nother: 1"),
            (
                "  - password:\n      hunter2\n    username: me",
                "  - password:\n      *******\n    username: me",
            ),
            (
                "http_headers:\n  X-Key: abc\n  Other:\n    values: [a]\n    secrets:\n      - b\n  Third:\n    - c\nname: d",
                "http_headers:\n  X-Key: ***\n  Other:\n    values: ***\n    secrets:\n      ***\n  Third:\n    ***\nname: d",
            ),
            ("{http_headers: {X-Key: abc}, name: d}", "{http_headers: {X-Key: ***}, name: d}"),
            (
                "slack_api_url: https://hooks.slack.com/services/T/B/x",
                "slack_api_url: **************************************",
            ),
            ("- api_url: 'https://a/b'", "- api_url: *************"),
            ("{webhook_url: https://a/b, channel: x}", "{webhook_url: ***********, channel: x}"),
            ("paßwort: x\npassword: ü", "paßwort: x\npassword: **"),
        ] {
            assert_eq!(text(written), shown, "{written}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for written in [
            "password_file: /etc/plimsoll/password",
            "bearer_token_file: token",
            "api_url_file: /etc/slack",
            "pagerduty_url: https://events.pagerduty.com/v2/enqueue",
            "basic_auth: {username: me}",
            "authorization:\n  type: Bearer",
            "url: http://mimir:8080/api/v1/push?email=a@b",
            "expr: rate(http_requests_total{code=\"500\"}[5m]) > 0.1",
            "scrape_configs:\n  - job_name: node\n    static_configs: [{targets: ['db-1:9100']}]",
            "resources:\n  - name: licences\n    used: licences_taken\n    thresholds: {warning: 75 %}",
        ] {
            assert_eq!(text(written), written);
        }
    }

    #[test]
    fn values_that_are_quoted_in_sentences_are_blotted_out() {
        for (said, shown) in [
            ("`http://me:hunter2@ mimir` is wrong", "`http://**********@ mimir` is wrong"),
            (
                "`Authorization: Bearer abcdefgh` cannot be",
                "`Authorization: Bearer ********` cannot be",
            ),
            ("a bearer of news", "a bearer of news"),
            ("the token is missing: write `token: …`", "the token is missing: write `token: …`"),
        ] {
            assert_eq!(words(said.to_owned()), shown);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_keeps_its_length_and_lines(
            written in "([ \\-{}\\[\\]:,\"'#|&=@/\n]|password|token: |http://|headers:|é|a|Bearer ){0,30}",
        ) {
            let shown = text(&written);
            prop_assert_eq!(shown.len(), written.len());
            prop_assert_eq!(shown.lines().count(), written.lines().count());
            words(written);
        }
    }
}
