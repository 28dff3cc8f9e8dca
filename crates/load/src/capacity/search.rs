//! The search itself: which rate comes next.

use std::time::Duration;

use super::{
    Capacity, SearchEnding, SearchRules, StepTold, StepVerdict,
    judge::{Judge, Objective, Sure, WARM_UP},
    line::{self, Near, Reached},
    steps::{StepEnd, Steps},
    usl::Usl,
};
use crate::record::Interval;

/// How the rate grows until something breaks, where the bracket is not to be wider anyway.
const GROWTH: f64 = 1.5;
/// How it grows after a step that held beyond all doubt.
const GROWTH_CLEAR: f64 = 2.0;
/// From this width on, steps on either side of a rate that is too close to tell are worth more than a line.
const WIDE: f64 = 0.2;
/// How often a step is made again that the generator spoiled.
const AGAIN_MAX: usize = 2;
/// How far from the expected place steps are made that a line goes through, as a logarithm, while its slope is unknown.
const APART: f64 = 0.05;
/// Then so far that the logarithm of the odds changes by this: less tells the slope badly, more is bent.
const STRIDE: f64 = 0.55;
/// Never nearer than rates can be told apart, and never farther.
const APART_RANGE: (f64, f64) = (0.01, 0.08);
/// Steps that turn out to be so many times as far away are left out: there the line bends.
const FAR: f64 = 2.2;
/// Fewer steps make no line that can be trusted.
const NEAR_MIN: usize = 4;
/// Most steps of one line.
const NEAR_MAX: usize = 24;
/// How often a bracket is opened again because one of its ends was not borne out by a whole step.
const CONTRADICTED_MAX: usize = 3;
/// Below this rate a step has too few requests to tell anything.
const RATE_MIN: f64 = 1.0;

/// Why a search goes no further.
enum Halt<E> {
    Error(E),
    Ending(SearchEnding),
}

struct Search<'s, S: Steps> {
    steps: &'s mut S,
    told: &'s mut dyn FnMut(&StepTold),
    objectives: &'s [Objective],
    rules: SearchRules,
    made: Vec<StepTold>,
    holds: Vec<f64>,
    breaks: Vec<f64>,
    /// Too few requests to tell, and not close to breaking.
    leans: Vec<f64>,
    /// The objective that broke last, or was nearest to it.
    limit: Option<usize>,
    /// How the rate grows after the last step.
    growth: f64,
    /// The last step came near to what is allowed: at a low rate a minute may have too few requests for anything to be
    /// sure, and is not near for that.
    is_close: bool,
    /// Steps on either side of a rate that was too close to tell have been made.
    flanked: bool,
    /// Steps of full length, by objective.
    near: Vec<Vec<Near>>,
}

/// Finds the highest rate at which all objectives hold. `told` hears of every step.
pub fn search<S: Steps>(
    name: &str,
    steps: &mut S,
    objectives: &[Objective],
    rules: SearchRules,
    told: &mut dyn FnMut(&StepTold),
) -> Result<Capacity, S::Error> {
    let mut search = Search {
        steps,
        told,
        objectives,
        rules,
        made: Vec::new(),
        holds: Vec::new(),
        breaks: Vec::new(),
        leans: Vec::new(),
        limit: None,
        growth: GROWTH,
        is_close: false,
        flanked: false,
        near: vec![Vec::new(); objectives.len()],
    };
    let (ending, bracket) = match search.find() {
        Ok(bracket) => bracket,
        Err(Halt::Ending(ending)) => (ending, search.sure()),
        Err(Halt::Error(error)) => return Err(error),
    };
    let limit = search.limit.and_then(|place| objectives.get(place));
    let levels: Vec<(f64, f64)> = search
        .made
        .iter()
        .filter(|step| step.seconds > 0 && !matches!(step.verdict, StepVerdict::Spoiled(_)))
        .map(|step| (step.in_flight, step.throughput))
        .collect();
    Ok(Capacity {
        name: name.to_owned(),
        objectives: objectives.iter().map(|objective| objective.text.clone()).collect(),
        ending,
        low: bracket.0,
        high: bracket.1,
        limit: limit.map(|objective| objective.text.clone()),
        usl: Usl::fit(&levels),
        steps: search.made,
        demands: Vec::new(),
    })
}

type Bracket = (Option<f64>, Option<f64>);

impl<S: Steps> Search<'_, S> {
    fn find(&mut self) -> Result<(SearchEnding, Bracket), Halt<S::Error>> {
        let mut contradicted = 0;
        loop {
            let is_narrow = |(low, high): &Bracket| matches!((low, high), (Some(low), Some(high)) if high / low <= 1.0 + self.rules.width);
            let sure = Some(self.sure()).filter(is_narrow);
            let close = match sure.unwrap_or_else(|| self.bounds()) {
                (Some(low), Some(high)) if high / low > 1.0 + self.rules.width => {
                    let middle = (low * high).sqrt();
                    (self.step(middle, true)? == Sure::No && self.is_close).then_some(middle)
                }
                (Some(low), Some(high)) => match self.doubted(low, high) {
                    None => return Ok((SearchEnding::Found, self.sure())),
                    Some(rate) => {
                        let held = rate.total_cmp(&low).is_eq();
                        let sure = self.ask_again(rate)?;
                        let is_other = sure != Sure::No && held != (sure == Sure::Holds);
                        contradicted += usize::from(is_other);
                        (sure == Sure::No).then_some(rate)
                    }
                },
                (Some(low), None) => self.grow(low * self.growth())?,
                (None, Some(high)) => self.grow(high / GROWTH)?,
                (None, None) => self.grow(self.rules.start)?,
            };
            if let Some(close) = close
                && !self.flank(close)?
            {
                return self.narrow_by_line(close);
            }
            if contradicted > CONTRADICTED_MAX {
                let why = "the same rate holds once and breaks once, again and again".to_owned();
                return Ok((SearchEnding::Unfinished(why), self.sure()));
            }
        }
    }

    /// The end of a bracket that a moment alone speaks for, if there is one. Every look at a step may be wrong, and
    /// there are many of them; at the ends of the bracket no look is trusted that a step of full length does not bear
    /// out. What piles up is sure at once.
    fn doubted(&self, low: f64, high: f64) -> Option<f64> {
        let longest = self.rules.step_max.as_secs();
        let is_borne_out = |rate: f64, says: fn(&StepVerdict) -> bool, at_once: bool| {
            self.made.iter().any(|step| {
                let is_there = step.rate.total_cmp(&rate).is_eq() && says(&step.verdict);
                is_there
                    && (at_once && step.verdict == StepVerdict::PilesUp
                        || step.seconds as u64 >= longest)
            })
        };
        let breaks = |verdict: &StepVerdict| {
            matches!(verdict, StepVerdict::Broken(_) | StepVerdict::PilesUp)
        };
        if !is_borne_out(low, |verdict| *verdict == StepVerdict::Holds, false) {
            return Some(low);
        }
        (!is_borne_out(high, breaks, true)).then_some(high)
    }

    /// Makes a step of full length where there was a shorter one, whose word no longer counts.
    fn ask_again(&mut self, rate: f64) -> Result<Sure, Halt<S::Error>> {
        let is_other = |other: &f64| other.total_cmp(&rate).is_ne();
        self.holds.retain(is_other);
        self.breaks.retain(is_other);
        self.leans.retain(is_other);
        self.step(rate, false)
    }

    /// How the rate grows next: never by less than the bracket may be wide.
    fn growth(&self) -> f64 {
        self.growth.max(1.0 + self.rules.width)
    }

    /// Makes steps on both sides of a rate that is too close to tell, where the bracket may be as wide as that; answers
    /// whether both are sure.
    fn flank(&mut self, close: f64) -> Result<bool, Halt<S::Error>> {
        if self.rules.width < WIDE || std::mem::replace(&mut self.flanked, true) {
            return Ok(false);
        }
        // A hair closer, so that what lies between them is no wider than it may be.
        let aside = (1.0 + self.rules.width).sqrt() * (1.0 - 1e-9);
        let below = self.step(close / aside, true)?;
        let above = self.step((close * aside).min(self.rules.rate_max), true)?;
        Ok(below != Sure::No && above != Sure::No)
    }

    /// The highest rate below all that broke, and the lowest that broke.
    fn sure(&self) -> Bracket {
        let high = self.breaks.iter().copied().reduce(f64::min);
        let below = self.holds.iter().copied().filter(|rate| high.is_none_or(|high| *rate < high));
        (below.reduce(f64::max), high)
    }

    /// The same with rates as the lower end that are not sure to hold, but not close to breaking either.
    fn bounds(&self) -> Bracket {
        let (low, high) = self.sure();
        let leans = self.leans.iter().copied().filter(|rate| high.is_none_or(|high| *rate < high));
        (low.into_iter().chain(leans).reduce(f64::max), high)
    }

    /// Grows until something breaks, or shrinks until it holds; answers with a rate that is too close to tell.
    fn grow(&mut self, start: f64) -> Result<Option<f64>, Halt<S::Error>> {
        let mut rate = start.min(self.rules.rate_max);
        loop {
            let is_sure = self.step(rate, true)? != Sure::No;
            if !is_sure && (self.is_close || rate >= self.rules.rate_max) {
                return Ok(Some(rate));
            }
            match self.bounds() {
                (Some(_), Some(_)) => return Ok(None),
                (Some(_), None) if rate >= self.rules.rate_max => {
                    return Err(Halt::Ending(SearchEnding::AtLeast));
                }
                (Some(_), None) => rate = (rate * self.growth()).min(self.rules.rate_max),
                (None, _) if rate / GROWTH < RATE_MIN => {
                    return Err(Halt::Ending(SearchEnding::Nothing));
                }
                (None, _) => rate /= GROWTH,
            }
        }
    }

    /// Makes steps on both sides of the knee until the line through them says closely enough where it is.
    fn narrow_by_line(&mut self, close: f64) -> Result<(SearchEnding, Bracket), Halt<S::Error>> {
        let place = self.limit.unwrap_or(0);
        let (mut centre, mut apart, mut found) = (close, APART, None);
        for number in 0..NEAR_MAX {
            let side = if number % 2 == 0 { apart } else { -apart };
            if self.step(centre * side.exp(), false)? == Sure::PilesUp {
                centre *= (-apart / 2.0).exp();
                continue;
            }
            if number % 2 == 0 {
                continue;
            }
            let is_near = |step: &&Near| (step.rate / centre).ln().abs() <= FAR * apart;
            let near: Vec<Near> = self.near[place].iter().filter(is_near).copied().collect();
            if let Some(slope) = line::slope(&near) {
                apart = (STRIDE / slope).clamp(APART_RANGE.0, APART_RANGE.1);
            }
            if near.len() < NEAR_MIN {
                continue;
            }
            let reached = line::reached(&near, self.objectives[place].allowed);
            let Some(reached) = reached else { continue };
            // Never farther away than the steps can tell.
            centre = reached.rate.clamp(centre * (-apart).exp(), centre * apart.exp());
            let is_narrow = reached.high / reached.low <= 1.0 + self.rules.width;
            found = Some(reached.widened(self.rules.width));
            if is_narrow {
                break;
            }
        }
        self.limit = Some(place);
        let Some(Reached { low, high, .. }) = found else {
            let why = "times scatter too much from step to step".to_owned();
            return Ok((SearchEnding::Unfinished(why), self.sure()));
        };
        Ok((SearchEnding::Found, (Some(low), Some(high))))
    }

    /// Makes a step; one that may end early does so as soon as its verdict is sure. One that the generator spoiled is
    /// made again.
    fn step(&mut self, rate: f64, early: bool) -> Result<Sure, Halt<S::Error>> {
        for _ in 0..AGAIN_MAX {
            match self.attempt(rate, early) {
                Err(Halt::Ending(SearchEnding::Generator(_))) => {}
                other => return other,
            }
        }
        self.attempt(rate, early)
    }

    fn attempt(&mut self, rate: f64, early: bool) -> Result<Sure, Halt<S::Error>> {
        if self.made.len() >= self.rules.steps_max {
            let why = format!("all {} steps are used up", self.rules.steps_max);
            return Err(Halt::Ending(SearchEnding::Unfinished(why)));
        }
        let mut judge = Judge::new(self.objectives, rate);
        let longest = usize::try_from(self.rules.step_max.as_secs()).unwrap_or(usize::MAX);
        let mut verdict = None;
        let mut enough = |interval: &Interval| {
            if verdict.is_none() && judge.seconds() < longest {
                let sure = judge.take(interval);
                let is_over = sure == Sure::PilesUp || (early && sure != Sure::No);
                verdict = is_over.then_some(sure);
            }
            verdict.is_some() || judge.seconds() >= longest
        };
        let length = self.rules.step_max + Duration::from_secs(WARM_UP as u64);
        let end = self.steps.step(rate, length, &mut enough).map_err(Halt::Error)?;
        let sure = verdict.unwrap_or_else(|| judge.at_the_end());
        let told = self.tell(rate, &judge, sure, &end);
        (self.told)(&told);
        self.made.push(told);
        if end.stopped {
            return Err(Halt::Ending(SearchEnding::Unfinished("stopped from outside".to_owned())));
        }
        if let Some(doubt) = end.doubt {
            return Err(Halt::Ending(SearchEnding::Generator(doubt)));
        }
        self.is_close = judge.is_close();
        self.growth = if judge.holds_clearly() { GROWTH_CLEAR } else { GROWTH };
        self.note(rate, &judge, sure, early);
        Ok(sure)
    }

    /// Remembers what a step says.
    fn note(&mut self, rate: f64, judge: &Judge<'_>, sure: Sure, early: bool) {
        match sure {
            Sure::Holds => self.holds.push(rate),
            Sure::Broken(place) => {
                self.breaks.push(rate);
                self.limit = Some(place);
            }
            Sure::PilesUp => {
                self.breaks.push(rate);
                self.limit = Some(judge.tightest());
            }
            Sure::No => {
                self.limit = Some(judge.tightest());
                if !self.is_close {
                    self.leans.push(rate);
                }
            }
        }
        if early || sure == Sure::PilesUp {
            return;
        }
        for (place, near) in self.near.iter_mut().enumerate() {
            near.extend(judge.share(place).map(|share| Near {
                rate,
                share: share.beyond,
                error: share.error,
                freedom: share.freedom,
                requests: share.requests,
            }));
        }
    }

    fn tell(&self, rate: f64, judge: &Judge<'_>, sure: Sure, end: &StepEnd) -> StepTold {
        let all = &judge.all;
        let quantile = |q| all.response.quantile(q).map_or(f64::NAN, |nanos| nanos as f64 / 1e9);
        let seconds = judge.seconds();
        let each = 1.0 / seconds.max(1) as f64;
        let mean = if all.response.is_empty() { 0.0 } else { all.response.mean() / 1e9 };
        let text = |place: usize| self.objectives.get(place).map(|own| own.text.clone());
        StepTold {
            rate,
            between: end.between,
            seconds,
            verdict: match (&end.doubt, sure) {
                (Some(doubt), _) => StepVerdict::Spoiled(doubt.clone()),
                (None, Sure::Holds) => StepVerdict::Holds,
                (None, Sure::Broken(place)) => StepVerdict::Broken(text(place).unwrap_or_default()),
                (None, Sure::PilesUp) => StepVerdict::PilesUp,
                (None, Sure::No) => StepVerdict::Close,
            },
            throughput: all.good as f64 * each,
            in_flight: all.ended() as f64 * each * mean,
            response: [0.5, 0.95, 0.99].map(quantile),
            failed_share: all.failed_share(),
        }
    }
}
