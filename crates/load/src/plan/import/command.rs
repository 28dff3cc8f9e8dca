//! Command lines of curl, wrk, hey, oha and vegeta, as they are pasted from a shell or a browser. Nothing is run.

use url::Url;

use super::{
    ImportError, STEPS_MAX,
    draft::{Draft, DraftJourney, DraftStep, Much, is_method, is_own_header, plain, plain_path},
};

/// What a command line says.
#[derive(Default)]
struct Said {
    url: Option<String>,
    method: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    user: bool,
    rate: Option<f64>,
    users: Option<u32>,
    seconds: Option<f64>,
    unknown: Vec<String>,
}

/// Which program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    Curl,
    Wrk,
    Hey,
    Oha,
    Vegeta,
}

impl Program {
    fn of(word: &str) -> Option<Self> {
        match word.rsplit('/').next().unwrap_or(word) {
            "curl" => Some(Self::Curl),
            "wrk" | "wrk2" => Some(Self::Wrk),
            "hey" => Some(Self::Hey),
            "oha" => Some(Self::Oha),
            "vegeta" => Some(Self::Vegeta),
            _ => None,
        }
    }
}

/// The plan of a text that consists of such commands; nothing if it does not.
pub(super) fn import(text: &str) -> Result<Option<Draft>, ImportError> {
    let commands = commands(text);
    let mut draft: Option<Draft> = None;
    let mut steps = Vec::new();
    for words in commands {
        // `echo "GET http://…" | vegeta attack …`
        let at = words.iter().position(|word| Program::of(word).is_some());
        let Some((program, at)) = at.and_then(|at| Some((Program::of(&words[at])?, at))) else {
            return Ok(None);
        };
        if at > 0 && program != Program::Vegeta {
            return Ok(None);
        }
        let said = read(program, &words, at);
        let Some(url) = said.url.as_deref().and_then(|url| Url::parse(&with_scheme(url)).ok())
        else {
            continue;
        };
        let draft = match &mut draft {
            Some(draft) => draft,
            none => none.insert(Draft::new(url.host_str().unwrap_or("command"), url.as_str())?),
        };
        if crate::target::Origin::of(&url).as_ref() != Some(&draft.origin) {
            draft.notes.push(format!(
                "left out: a request to {}, another host",
                url.host_str().unwrap_or_default()
            ));
            continue;
        }
        let seconds = said.seconds.unwrap_or(30.0);
        match (said.rate, said.users) {
            (Some(rate), _) => draft.much = Much::Rate(rate, seconds),
            (None, Some(users)) => draft.much = Much::Users(users, seconds),
            (None, None) => {}
        }
        if steps.len() < STEPS_MAX {
            steps.push(step(said, &url));
        }
    }
    Ok(draft.map(|mut draft| {
        draft.journeys.push(DraftJourney { name: "commands".to_owned(), weight: 1, steps });
        draft
    }))
}

fn with_scheme(url: &str) -> String {
    if url.contains("://") { url.to_owned() } else { format!("http://{url}") }
}

fn step(said: Said, url: &Url) -> DraftStep {
    let usual = if said.body.is_some() { "POST" } else { "GET" };
    let method = said.method.unwrap_or_else(|| usual.to_owned()).to_ascii_uppercase();
    let mut to_do: Vec<String> = Vec::new();
    if !said.unknown.is_empty() {
        to_do.push(format!("not taken over: {}", said.unknown.join(" ")));
    }
    if said.user || !url.username().is_empty() {
        to_do.push(
            "user and password are not taken over: add the header `Authorization`".to_owned(),
        );
    }
    let method = if is_method(&method) {
        method
    } else {
        to_do.push("this method is not known to plans".to_owned());
        "GET".to_owned()
    };
    let path = url
        .query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let headers = said.headers.into_iter().filter(|(name, _)| !is_own_header(name));
    DraftStep {
        name: format!("{method} {}", url.path()),
        method,
        path: plain_path(&path),
        headers: headers.map(|(name, value)| (name, plain(&value))).collect(),
        body: said.body.map(|body| plain(&body)),
        to_do,
        ..DraftStep::default()
    }
}

fn read(program: Program, words: &[String], at: usize) -> Said {
    let mut said = Said::default();
    if program == Program::Vegeta {
        let target = words[..at].iter().find_map(|word| word.split_once(' '));
        if let Some((method, url)) = target {
            (said.method, said.url) = (Some(method.to_owned()), Some(url.trim().to_owned()));
        }
    }
    let mut per_user = None;
    let mut rest = words[at + 1..].iter();
    while let Some(word) = rest.next() {
        if word == "|" {
            break;
        }
        let Some(flag) = word.strip_prefix('-') else {
            if word != "attack" {
                said.url.get_or_insert_with(|| word.clone());
            }
            continue;
        };
        let (name, own) = name_and_value(flag, program);
        if is_switch(program, &name) {
            continue;
        }
        let value = match own {
            Some(value) => value,
            None => rest.next().cloned().unwrap_or_default(),
        };
        if !take(&mut said, program, &name, &value) {
            match (program, name.as_str()) {
                (Program::Hey, "q") => per_user = value.parse::<f64>().ok(),
                _ => said.unknown.push(word.clone()),
            }
        }
    }
    // The rate of hey is that of each of its workers, of which there are 50 if nobody says.
    if let Some(each) = per_user {
        said.rate = Some(each * f64::from(said.users.unwrap_or(50)));
    }
    said
}

/// `--name=value`, `-n value`, and `-nvalue` where names have one letter.
fn name_and_value(flag: &str, program: Program) -> (String, Option<String>) {
    if let Some(long) = flag.strip_prefix('-') {
        return match long.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (long.to_owned(), None),
        };
    }
    if program == Program::Vegeta {
        return match flag.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (flag.to_owned(), None),
        };
    }
    let mut letters = flag.chars();
    let name = letters.next().map(String::from).unwrap_or_default();
    let rest = letters.as_str();
    (name, (!rest.is_empty()).then(|| rest.to_owned()))
}

/// Whether it stands alone.
fn is_switch(program: Program, name: &str) -> bool {
    let switches: &[&str] = match program {
        Program::Curl => &[
            "s",
            "S",
            "i",
            "v",
            "k",
            "L",
            "f",
            "g",
            "N",
            "silent",
            "show-error",
            "include",
            "verbose",
            "insecure",
            "location",
            "fail",
            "compressed",
            "globoff",
            "http1.1",
            "http2",
            "no-buffer",
        ],
        Program::Wrk => &["latency", "L", "U"],
        Program::Hey => &["h2", "disable-compression", "disable-keepalive", "disable-redirects"],
        Program::Oha => &[
            "no-tui",
            "latency-correction",
            "disable-keepalive",
            "insecure",
            "ipv4",
            "ipv6",
            "http2",
            "j",
            "json",
        ],
        Program::Vegeta => &["lazy", "keepalive", "insecure", "http2", "h2c"],
    };
    switches.contains(&name)
}

/// Takes a flag over; whether it is known.
fn take(said: &mut Said, program: Program, name: &str, value: &str) -> bool {
    use Program::{Curl, Hey, Oha, Vegeta, Wrk};
    match (program, name) {
        (_, "H" | "header") => {
            if let Some((name, value)) = value.split_once(':') {
                said.headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        (Curl, "X" | "request") | (Hey | Oha, "m" | "method") => {
            said.method = Some(value.to_owned());
        }
        (Curl, "d" | "data" | "data-raw" | "data-binary" | "data-ascii" | "json")
        | (Hey | Oha, "d") => {
            let before = said.body.take().map_or_else(String::new, |before| before + "&");
            said.body = Some(before + value);
            let kind = if name == "json" {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            };
            let has_kind =
                said.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            if program == Curl && !has_kind {
                said.headers.push(("Content-Type".to_owned(), kind.to_owned()));
            }
        }
        (Curl, "url") => said.url = Some(value.to_owned()),
        (Curl, "u" | "user") => said.user = true,
        (Curl, "A" | "user-agent" | "e" | "referer" | "b" | "cookie" | "o" | "output")
        | (Wrk, "t" | "threads") => {}
        (Wrk, "c" | "connections") | (Hey | Oha, "c") => said.users = value.parse().ok(),
        (Wrk, "R" | "rate") | (Oha, "q") => said.rate = value.parse().ok(),
        (Vegeta, "rate") => {
            let (count, every) = value.split_once('/').unwrap_or((value, "1s"));
            let every = if every.starts_with(|letter: char| letter.is_ascii_digit()) {
                every.to_owned()
            } else {
                format!("1{every}")
            };
            said.rate =
                count.parse::<f64>().ok().zip(seconds(&every)).map(|(count, every)| count / every);
        }
        (Wrk, "d" | "duration") | (Hey | Oha, "z") | (Vegeta, "duration") => {
            said.seconds = seconds(value);
        }
        (Hey, "T") => said.headers.push(("Content-Type".to_owned(), value.to_owned())),
        _ => return false,
    }
    true
}

fn seconds(text: &str) -> Option<f64> {
    let plain = text.parse::<f64>().ok();
    plain
        .or_else(|| settings::parse_duration(text).map(model::Span::as_secs))
        .filter(|length| *length > 0.0)
}

/// The words of each command, as a shell cuts them: quotes, backslashes, lines that go on.
fn commands(text: &str) -> Vec<Vec<String>> {
    let (mut commands, mut words) = (Vec::new(), Vec::new());
    let mut word: Option<String> = None;
    let mut letters = text.chars().peekable();
    let mut quote = None;
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(end), letter) if letter == end => quote = None,
            (Some('\''), letter) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, '\\') => match letters.next() {
                Some('\n') | None => {}
                Some('\r') => {
                    letters.next_if_eq(&'\n');
                }
                Some(next) => {
                    if quote.is_some() && !['"', '\\', '$', '`'].contains(&next) {
                        word.get_or_insert_default().push('\\');
                    }
                    word.get_or_insert_default().push(next);
                }
            },
            (Some(_), letter) => {
                let word = word.get_or_insert_default();
                word.push(letter);
            }
            (None, '\n' | ';') => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (None, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    commands.push(words);
    commands
        .retain(|words: &Vec<String>| words.first().is_some_and(|first| !first.starts_with('#')));
    commands
}
