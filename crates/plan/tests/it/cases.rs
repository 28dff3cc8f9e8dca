//! `cases/plan/*.case`: what is said of a past, in words an operator can read and correct.
//!
//! ```text
//! # A sentence.
//! stock                          or `flow`; stock if not given
//! limit 40GiB
//! load 1h                        the time between values
//!   used 0GiB+1GiBx24 _x3        as in rule tests: start, change, how many more; `5x3` stays; `_` is missing;
//!                                `(10x11 80x11)x7` repeats
//! at 24h                         counted from the first value
//!   100 % in 16h                 a range that holds this moment, its middle within a tenth of it
//!   90 % not before 20h          or: already reached, not filling, too little history
//!   90 % says not within 30 days the words themselves, from `say`
//! ```

use anyhow::{Context, Result, bail, ensure};
use model::{Nature, Outlook, Share, Span, Time};
use plan::{ForecastOptions, History, forecast, outlook, say};

/// 20 November 2026, midnight: when the first value of a case is taken.
const START: Time = Time(1_795_132_800_000);

struct Scene {
    nature: Nature,
    limit: f64,
    step: Span,
    values: Vec<f64>,
    now: Time,
}

#[test]
fn cases_hold() -> Result<()> {
    let mut broken = Vec::new();
    for case in testkit::cases("plan")? {
        if let Err(error) = run(&case.text) {
            broken.push(format!("{}: {error:#}", case.path.display()));
        }
    }
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(())
}

fn run(text: &str) -> Result<()> {
    let mut scene = Scene {
        nature: Nature::Stock,
        limit: 100.0,
        step: Span::hours(1),
        values: Vec::new(),
        now: START,
    };
    let mut checks = 0;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = || format!("line {}: {line}", number + 1);
        checks += usize::from(obey(&mut scene, line).with_context(place)?);
    }
    ensure!(checks > 0, "checks nothing");
    Ok(())
}

/// Whether the line was a check.
fn obey(scene: &mut Scene, line: &str) -> Result<bool> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "stock" => scene.nature = Nature::Stock,
        "flow" => scene.nature = Nature::Flow,
        "limit" => scene.limit = number(rest)?,
        "load" => scene.step = span(rest)?,
        "used" => scene.values.extend(values(rest)?),
        "at" => scene.now = START + span(rest)?,
        percent => {
            let line = percent.parse::<f64>()? / 100.0 * scene.limit;
            let claim = rest.trim_start_matches('%').trim();
            check(scene, line, &format!("{percent} %"), claim)?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn check(scene: &Scene, line: f64, what: &str, claim: &str) -> Result<()> {
    let times: Vec<i64> =
        (0_i64..).map(|index| START.0 + index * scene.step.0).take(scene.values.len()).collect();
    let history = History { times: &times, values: &scene.values };
    let options = ForecastOptions {
        nature: scene.nature,
        confidence: Share::new(0.9).context("a share")?,
        horizon: None,
        upper_bound: Some(scene.limit),
        lower_bound: Some(0.0),
        seed: 1,
    };
    let projection = forecast(history, &options, scene.now);
    let told = outlook(history, &projection, line, scene.now);
    let model = projection.map_or_else(|_| String::new(), |projection| projection.model.clone());
    let words = say(&told, what, scene.now);
    let holds = match (claim, told) {
        ("already reached", Outlook::Now)
        | ("not filling", Outlook::NotFilling)
        | ("too little history", Outlook::TooLittleHistory(_)) => true,
        (claim, told) => match claim.split_once(' ') {
            Some(("says", wanted)) => wanted == words,
            Some(("in", moment)) => lies_in(told, scene.now, span(moment)?),
            Some(("not", moment)) if moment.starts_with("before ") => {
                let moment = span(moment.trim_start_matches("before "))?;
                matches!(told, Outlook::NotBefore(date) if date.since(scene.now) >= moment)
                    || matches!(told, Outlook::Expected(range) if range.earliest.since(scene.now) >= moment)
                    || told == Outlook::NotFilling
            }
            _ => false,
        },
    };
    ensure!(holds, "told: {words} ({told:?}; {model})");
    Ok(())
}

fn lies_in(told: Outlook, now: Time, moment: Span) -> bool {
    let Outlook::Expected(range) = told else { return false };
    let truth = now + moment;
    let near = range
        .likely
        .is_some_and(|likely| (likely.since(truth).0.abs() as f64) <= 0.1 * moment.0 as f64);
    near && range.earliest <= truth && range.latest.is_none_or(|latest| truth <= latest)
}

/// `1h30m` as a span.
fn span(text: &str) -> Result<Span> {
    let mut total = Span::ZERO;
    let mut digits = String::new();
    for letter in text.trim().chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let count: i64 = digits.parse().with_context(|| format!("no time: {text:?}"))?;
        digits.clear();
        let unit = match letter {
            'd' => Span::days(1),
            'h' => Span::hours(1),
            'm' => Span::minutes(1),
            other => bail!("no unit of time: {other:?}"),
        };
        total = Span(total.0 + count * unit.0);
    }
    ensure!(digits.is_empty(), "a time without its unit: {text:?}");
    Ok(total)
}

/// `40GiB` or `40` as a number.
fn number(text: &str) -> Result<f64> {
    let text = text.trim();
    let units = [("KiB", 1), ("MiB", 2), ("GiB", 3), ("TiB", 4)];
    let (digits, scale) = units
        .into_iter()
        .find_map(|(unit, power)| Some((text.strip_suffix(unit)?, 1024_f64.powi(power))))
        .unwrap_or((text, 1.0));
    Ok(digits.parse::<f64>().with_context(|| format!("no number: {text:?}"))? * scale)
}

/// The notation of rule tests, with repeated groups.
fn values(text: &str) -> Result<Vec<f64>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(group) = rest.strip_prefix('(') {
            let (inner, after) = group.split_once(')').context("a group without its end")?;
            let (count, after) = after.split_once(' ').unwrap_or((after, ""));
            let count: usize =
                count.strip_prefix('x').context("a group without its count")?.parse()?;
            let inner = values(inner)?;
            found.extend(inner.iter().copied().cycle().take(inner.len() * count));
            rest = after.trim();
            continue;
        }
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        found.extend(run_of(word)?);
        rest = after.trim();
    }
    Ok(found)
}

/// `1+2x3` is 1, 3, 5, 7; `1x3` is 1 four times; `_x3` three times nothing; `1` once.
fn run_of(word: &str) -> Result<Vec<f64>> {
    let (shape, count) = match word.split_once('x') {
        Some((shape, count)) => (shape, Some(count.parse::<usize>()?)),
        None => (word, None),
    };
    if shape == "_" {
        return Ok(vec![f64::NAN; count.unwrap_or(1)]);
    }
    let (start, change) = match (shape.split_once('+'), shape.split_once('-')) {
        (Some((start, change)), _) => (number(start)?, number(change)?),
        (_, Some((start, change))) => (number(start)?, -number(change)?),
        _ => (number(shape)?, 0.0),
    };
    Ok((0..=count.unwrap_or(0)).map(|index| start + change * index as f64).collect())
}
