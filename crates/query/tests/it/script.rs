//! Reads Prometheus' test scripts: `load`, `clear` and `eval`, as described beside the scripts.
#![expect(clippy::string_slice, reason = "places come from searches for ASCII letters")]

use anyhow::{Context, Result, bail, ensure};
use model::{Labels, METRIC_NAME, STALE, Span, Time};
use query::{Steps, parse_duration};
use testkit::{NotedHistogram, grown, parse_histogram};

/// One point of a series as a script gives it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Point {
    Gap,
    Value(f64),
    /// A native histogram.
    Histogram(Box<NotedHistogram>),
}

/// A series as a script gives it.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) labels: Labels,
    pub(crate) points: Vec<Point>,
}

/// One command of a script.
#[derive(Debug)]
pub(crate) enum Command {
    Clear,
    Load(Load),
    Eval(Box<Eval>),
}

/// Series to load, one point per interval.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) interval: Span,
    pub(crate) series: Vec<Described>,
    /// Classic histograms are loaded as native ones with custom buckets as well.
    pub(crate) converts: bool,
}

/// One question and what it must answer.
#[derive(Debug)]
pub(crate) struct Eval {
    pub(crate) line: usize,
    pub(crate) query: String,
    pub(crate) when: When,
    pub(crate) expect: Expect,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    At(Time),
    Over(Steps),
}

/// What a question must answer.
#[derive(Debug, Default)]
pub(crate) struct Expect {
    pub(crate) series: Vec<Described>,
    pub(crate) scalar: Option<f64>,
    pub(crate) text: Option<String>,
    pub(crate) ordered: bool,
    pub(crate) range: Option<Steps>,
    pub(crate) fail: Option<Vec<Pattern>>,
    pub(crate) warn: Notes,
    pub(crate) info: Notes,
}

/// What is asked of warnings or infos.
#[derive(Debug, Default)]
pub(crate) enum Notes {
    /// Nothing.
    #[default]
    Any,
    /// That there are none.
    None,
    /// That there are some, and each is like one of these.
    Like(Vec<Pattern>),
}

impl Notes {
    fn expect(&mut self, pattern: Pattern) {
        match self {
            Self::Like(patterns) => patterns.push(pattern),
            Self::Any | Self::None => *self = Self::Like(vec![pattern]),
        }
    }
}

/// A message that must appear.
#[derive(Debug)]
pub(crate) enum Pattern {
    Any,
    Exactly(String),
    Like(regex::Regex),
}

impl Pattern {
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(wanted) => wanted == text,
            Self::Like(wanted) => wanted.is_match(text),
        }
    }
}

/// Reads a script.
pub(crate) fn read(text: &str) -> Result<Vec<Command>> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .map(|line| if line.starts_with('#') { "" } else { line })
        .collect();
    let mut commands = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let number = at + 1;
        let line = lines[at];
        at += 1;
        let block_end =
            lines[at..].iter().position(|line| line.is_empty()).map_or(lines.len(), |end| at + end);
        if line == "clear" {
            commands.push(Command::Clear);
        } else if line.starts_with("load") {
            let block = &lines[at..block_end];
            commands.push(load(line, block).with_context(|| format!("line {number}"))?);
            at = block_end;
        } else if line.starts_with("eval") {
            let block = &lines[at..block_end];
            let eval = eval(line, block, number).with_context(|| format!("line {number}"))?;
            commands.push(Command::Eval(Box::new(eval)));
            at = block_end;
        } else if !line.is_empty() {
            bail!("line {number}: unknown command {line}");
        }
    }
    Ok(commands)
}

fn load(line: &str, block: &[&str]) -> Result<Command> {
    let (command, interval) = line.split_once(' ').context("load needs an interval")?;
    let interval = parse_duration(interval.trim()).context("not an interval")?;
    // Lines that end in @st give the start times of the samples of the next line, which we do not keep.
    let described =
        block.iter().filter(|line| !line.split_whitespace().any(|word| word.ends_with("@st")));
    let series = described.map(|line| describe(line)).collect::<Result<_>>()?;
    Ok(Command::Load(Load { interval, series, converts: command == "load_with_nhcb" }))
}

fn eval(line: &str, block: &[&str], number: usize) -> Result<Eval> {
    let (command, rest) = line.split_once(' ').context("eval of what")?;
    let mut rest = rest.trim_start();
    let when = if let Some(after) = rest.strip_prefix("instant at ") {
        let (time, query) = after.trim_start().split_once(' ').context("eval of what")?;
        rest = query;
        When::At(moment(time)?)
    } else if let Some(after) = rest.strip_prefix("range ") {
        let (steps, query) = steps(after)?;
        rest = query;
        When::Over(steps)
    } else {
        bail!("neither instant nor range");
    };
    let mut expect = Expect { ordered: command == "eval_ordered", ..Expect::default() };
    match command {
        "eval_fail" => expect.fail = Some(vec![Pattern::Any]),
        "eval_warn" => expect.warn.expect(Pattern::Any),
        "eval_info" => expect.info.expect(Pattern::Any),
        _ => {}
    }
    for line in block {
        match line.strip_prefix("expect ") {
            Some(what) => expectation(&mut expect, what.trim_start())?,
            None => match line.parse::<f64>() {
                Ok(value) => expect.scalar = Some(value),
                Err(_) => expect.series.push(describe(line)?),
            },
        }
    }
    Ok(Eval { line: number, query: rest.trim().to_owned(), when, expect })
}

fn expectation(expect: &mut Expect, what: &str) -> Result<()> {
    let (kind, rest) = what.split_once(' ').unwrap_or((what, ""));
    let rest = rest.trim();
    match kind {
        "no_warn" => expect.warn = Notes::None,
        "no_info" => expect.info = Notes::None,
        "ordered" => expect.ordered = true,
        "fail" => expect.fail.get_or_insert_default().push(pattern(rest)?),
        "warn" => expect.warn.expect(pattern(rest)?),
        "info" => expect.info.expect(pattern(rest)?),
        "string" => {
            let text = rest.get(1..rest.len() - 1).context("a text in quotes")?;
            expect.text = Some(text.to_owned());
        }
        "range" => {
            let rest = rest.strip_prefix("vector").context("range vector")?;
            let (steps, _) = steps(rest.trim_start())?;
            expect.range = Some(steps);
        }
        other => bail!("unknown expectation {other}"),
    }
    Ok(())
}

fn pattern(rest: &str) -> Result<Pattern> {
    if let Some(text) = rest.strip_prefix("msg:") {
        return Ok(Pattern::Exactly(text.trim().to_owned()));
    }
    if let Some(text) = rest.strip_prefix("regex:") {
        return Ok(Pattern::Like(regex::Regex::new(text.trim())?));
    }
    ensure!(rest.is_empty(), "unknown pattern {rest}");
    Ok(Pattern::Any)
}

/// `from 0 to 10m step 5m`, and what follows.
fn steps(text: &str) -> Result<(Steps, &str)> {
    let rest = text.trim_start().strip_prefix("from ").context("from")?;
    let (from, rest) = rest.split_once(" to ").context("to")?;
    let (to, rest) = rest.split_once(" step ").context("step")?;
    let (step, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let step = parse_duration(step.trim()).context("not a step")?;
    Ok((Steps { from: moment(from.trim())?, to: moment(to.trim())?, step }, rest))
}

fn moment(text: &str) -> Result<Time> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let span = parse_duration(text).with_context(|| format!("not a time: {text}"))?;
    Ok(Time(sign * span.as_millis()))
}

/// `metric{label="value"} 1 2+3x4 _ stale`
fn describe(line: &str) -> Result<Described> {
    let (labels, rest) = series_labels(line)?;
    Ok(Described { labels, points: points(rest)? })
}

fn series_labels(line: &str) -> Result<(Labels, &str)> {
    let name_end = line.find(['{', ' ', '\t']).unwrap_or(line.len());
    let (name, mut rest) = line.split_at(name_end);
    let mut pairs = vec![(METRIC_NAME.to_owned(), name.to_owned())];
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside.trim_start();
        while !rest.starts_with('}') {
            let (label, after) = label_name(rest)?;
            let after = after.trim_start();
            if let Some(after) = after.strip_prefix('=') {
                let (value, after) = quoted(after.trim_start())?;
                pairs.push((label, value));
                rest = after.trim_start();
            } else {
                pairs.push((METRIC_NAME.to_owned(), label));
                rest = after;
            }
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        rest = &rest[1..];
    }
    Ok((Labels::from_pairs(pairs), rest))
}

fn label_name(text: &str) -> Result<(String, &str)> {
    if text.starts_with('"') {
        return quoted(text);
    }
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let (name, rest) = text.split_at(end.context("unclosed labels")?);
    ensure!(!name.is_empty(), "a label without a name: {text}");
    Ok((name.to_owned(), rest))
}

fn quoted(text: &str) -> Result<(String, &str)> {
    let quote = text.chars().next().context("a text in quotes is missing")?;
    ensure!(matches!(quote, '"' | '\'' | '`'), "a text in quotes is missing at {text}");
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Ok((value, &text[at + 1..])),
            '\\' if quote != '`' => match letters.next().context("unclosed text")?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            _ => value.push(letter),
        }
    }
    bail!("unclosed text {text}")
}

fn points(text: &str) -> Result<Vec<Point>> {
    let mut points = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = if rest.starts_with("{{") {
            let last = |from: usize| rest[from..].find("}}").map(|end| from + end + 2);
            let mut end = last(0).context("unclosed histogram")?;
            if rest[end..].starts_with("+{{") || rest[end..].starts_with("-{{") {
                end = last(end).context("unclosed histogram")?;
            }
            rest[end..].find(char::is_whitespace).map_or(rest.len(), |space| end + space)
        } else {
            rest.find(char::is_whitespace).unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(end);
        point(word, &mut points).with_context(|| format!("point {word}"))?;
        rest = after.trim_start();
    }
    Ok(points)
}

/// `{{...}}`, or `{{...}}+{{...}}` with how often.
fn histograms(word: &str, times: usize, points: &mut Vec<Point>) -> Result<()> {
    let end = word.find("}}").context("unclosed histogram")? + 2;
    let (base, step) = word.split_at(end);
    let base = parse_histogram(base)?;
    let (sign, step) = match step.split_at_checked(1) {
        Some(("+", step)) => (1.0, parse_histogram(step)?.histogram),
        Some(("-", step)) => (-1.0, parse_histogram(step)?.histogram),
        _ => {
            let same = Point::Histogram(Box::new(base));
            points.extend(std::iter::repeat_n(same, times + 1));
            return Ok(());
        }
    };
    let mut current = base;
    points.push(Point::Histogram(Box::new(current.clone())));
    for _ in 0..times {
        let mut step = step.clone();
        step.bounds.clone_from(&current.histogram.bounds);
        if step.schema == 0 && current.histogram.has_custom_bounds() {
            step.schema = current.histogram.schema;
        }
        step.schema = step.schema.max(current.histogram.schema);
        current.histogram = grown(&current.histogram, &step, sign)?;
        points.push(Point::Histogram(Box::new(current.clone())));
    }
    Ok(())
}

fn point(word: &str, points: &mut Vec<Point>) -> Result<()> {
    let (word, times) = match word.rsplit_once('x') {
        Some((word, times)) => (word, times.parse::<usize>()?),
        None => (word, 0),
    };
    if word.starts_with("{{") {
        return histograms(word, times, points);
    }
    if word == "_" {
        points.extend(std::iter::repeat_n(Point::Gap, times.max(1)));
        return Ok(());
    }
    if word == "stale" {
        points.extend(std::iter::repeat_n(Point::Value(STALE), times + 1));
        return Ok(());
    }
    let bytes = word.as_bytes();
    let sign = (1..bytes.len())
        .find(|at| matches!(bytes[*at], b'+' | b'-') && !matches!(bytes[*at - 1], b'e' | b'E'));
    let (start, step) = match sign {
        Some(at) => (word[..at].parse::<f64>()?, word[at..].parse::<f64>()?),
        None => (word.parse::<f64>()?, 0.0),
    };
    let mut value = start;
    for _ in 0..=times {
        points.push(Point::Value(value));
        value += step;
    }
    Ok(())
}
