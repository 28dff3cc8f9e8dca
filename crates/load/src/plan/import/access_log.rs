//! Access logs in the common and combined formats (Apache, nginx): what was read, how often, and at what rate.

use std::collections::BTreeMap;

use super::{
    Import, ImportError, STEPS_MAX,
    draft::{Draft, DraftJourney, DraftStep, Much, plain_path},
};

/// Heaviest journey.
const WEIGHT_MAX: f64 = 10_000.0;
/// Most different paths that are counted; what comes later is counted together.
const PATHS_MAX: usize = 100_000;
/// Lines that are looked at before it is said to be no log.
const FIRST_LINES: usize = 20;

/// The plan of a log; nothing if it is none.
pub(super) fn import(name: &str, text: &str, how: &Import) -> Result<Option<Draft>, ImportError> {
    if !text.lines().take(FIRST_LINES).any(|line| request(line).is_some()) {
        return Ok(None);
    }
    let mut draft = Draft::new(name, how.target.as_deref().ok_or(ImportError::NoTarget)?)?;
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let (mut all, mut writes, mut unreadable) = (0_u64, 0_u64, 0_u64);
    let mut times: Option<(f64, f64)> = None;
    for line in text.lines().filter(|line| !line.is_empty()) {
        let Some((method, path)) = request(line) else {
            unreadable += 1;
            continue;
        };
        if !["GET", "HEAD"].contains(&method) {
            writes += 1;
            continue;
        }
        all += 1;
        if let Some(time) = time(line) {
            let (first, last) = times.unwrap_or((time, time));
            times = Some((first.min(time), last.max(time)));
        }
        // Values of queries may be secrets of people.
        let path = path.split('?').next().unwrap_or(path);
        if counts.len() < PATHS_MAX || counts.contains_key(&(method, path)) {
            *counts.entry((method, path)).or_default() += 1;
        }
    }
    let mut ranked: Vec<_> = counts.into_iter().collect();
    ranked.sort_by_key(|path| std::cmp::Reverse(path.1));
    let most = ranked.first().map_or(1, |first| first.1);
    for ((method, path), count) in ranked.iter().take(STEPS_MAX) {
        let step = DraftStep {
            name: format!("{method} {path}"),
            method: (*method).to_owned(),
            path: plain_path(path),
            ..DraftStep::default()
        };
        let weight = (*count as f64 * (WEIGHT_MAX / most as f64).min(1.0)).round().max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 1 to 10,000"
        )]
        let weight = weight as u32;
        draft.journeys.push(DraftJourney { name: step.name.clone(), weight, steps: vec![step] });
    }
    if let Some((first, last)) = times.filter(|(first, last)| last > first) {
        let rate = all as f64 / (last - first);
        draft.much = Much::Rate((rate * 100.0).round().max(1.0) / 100.0, 60.0);
        draft.notes.push(format!(
            "the rate is the mean of the log: {all} requests in {:.0} s",
            last - first
        ));
    }
    draft.notes.push("queries are left out, since they may hold what is secret".to_owned());
    for (count, what) in [
        (writes, "requests that may change something"),
        (unreadable, "lines that could not be read"),
        (ranked.len().saturating_sub(STEPS_MAX) as u64, "seldom paths"),
    ] {
        if count > 0 {
            draft.notes.push(format!("left out: {count} {what}"));
        }
    }
    Ok(Some(draft))
}

/// The method and the path of a line: `"GET /path HTTP/1.1"`.
fn request(line: &str) -> Option<(&str, &str)> {
    let quoted = line.split('"').nth(1)?;
    let mut words = quoted.split(' ');
    let (method, path, version) = (words.next()?, words.next()?, words.next()?);
    let is_request =
        version.starts_with("HTTP/") && path.starts_with('/') && super::draft::is_method(method);
    is_request.then_some((method, path))
}

/// Seconds of `[10/Oct/2000:13:55:36 -0700]`; only differences count, and months count as 31 days.
fn time(line: &str) -> Option<f64> {
    let inside = line.split_once('[')?.1.split_once(']')?.0;
    let mut parts = inside.split(['/', ':', ' ']);
    let day = parts.next()?.parse::<f64>().ok()?;
    let month = parts.next()?;
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|own| *own == month)? as f64;
    let year = parts.next()?.parse::<f64>().ok()?;
    let mut clock = parts.take(3).map(|part| part.parse::<f64>().ok());
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    Some((((year * 12.0 + month) * 31.0 + day) * 24.0 + hours) * 3600.0 + minutes * 60.0 + seconds)
}
