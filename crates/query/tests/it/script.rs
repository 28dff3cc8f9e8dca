//! Reads Prometheus' test scripts: `load`, `clear` and `eval`, as described beside the scripts.

use anyhow::{Context, Result, bail, ensure};
use model::{Described, describe};
use model::{Span, Time};
use query::{Steps, parse_duration};

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
    let series = described.map(|line| describe(line)).collect::<Result<_, _>>()?;
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
