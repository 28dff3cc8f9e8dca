//! Made-up disks that fill, are cleared, jump, or change their pace: which of them are full within four days?

use std::{error::Error, f64::consts::TAU};

use model::{Nature, Share, Span, Time};
use plan::{ForecastOptions, History, forecast};
use stats::Chance;

use crate::{
    linear::{DAY, straight},
    series::Part,
};

/// 20 November 2026, noon, a Friday.
const NOW: Time = Time(1_795_176_000_000);
const STEP: Span = Span::minutes(10);
const STEPS_DAY: f64 = 144.0;
const LIMIT: f64 = 100.0;
const WITHIN: Span = Span::days(4);
/// Disks of each habit in each part.
const DISKS: u64 = 400;

#[derive(Clone, Copy, Debug)]
enum Habit {
    Linear,
    /// Nearly still by night.
    Daily,
    /// Half as fast on Saturdays and Sundays.
    Weekly,
    /// Cleared every few days, a little less each time.
    Retention,
    /// A file comes or goes once.
    Jump,
    /// The pace changes on the way.
    Changed,
}

const HABITS: [Habit; 6] =
    [Habit::Linear, Habit::Daily, Habit::Weekly, Habit::Retention, Habit::Jump, Habit::Changed];

#[derive(Clone, Copy, Default)]
struct Record {
    right: u32,
    false_alarms: u32,
    missed: u32,
    quiet: u32,
    dates: u32,
    in_90: u32,
}

impl Record {
    /// Counts a disk: whether it was said to be full within the time, and whether it was.
    fn count(&mut self, said_and_truth: (bool, bool)) {
        match said_and_truth {
            (true, true) => self.right += 1,
            (true, false) => self.false_alarms += 1,
            (false, true) => self.missed += 1,
            (false, false) => self.quiet += 1,
        }
    }

    fn shares(self) -> (f64, f64) {
        let share = |part: u32, rest: u32| f64::from(part) / f64::from(part + rest);
        (share(self.right, self.false_alarms), share(self.right, self.missed))
    }
}

pub(crate) fn heading() -> String {
    format!(
        "\n«Full within 4 days», {} made-up disks each\n\n| disks | precision | recall | false alarms | predict_linear 24 h | date in 90 % |\n|---|---:|---:|---:|---:|---:|",
        DISKS * HABITS.len() as u64
    )
}

/// Disks with even seeds were looked at while tuning, those with odd seeds not.
pub(crate) fn rows(part: Part, detail: bool) -> Result<String, Box<dyn Error>> {
    let (mut ours, mut linear) = (Record::default(), Record::default());
    let mut lines = String::new();
    for habit in HABITS {
        let mut own = Record::default();
        for number in 0..DISKS {
            let seed = 2 * number + u64::from(part == Part::Held);
            judge(habit, seed, &mut [&mut ours, &mut own], &mut linear)?;
        }
        if detail {
            let (precision, recall) = own.shares();
            lines.extend([format!(
                "  {habit:?} {precision:.3} {recall:.3} false {} missed {} date {:.3}\n",
                own.false_alarms,
                own.missed,
                f64::from(own.in_90) / f64::from(own.dates)
            )]);
        }
    }
    let (precision, recall) = ours.shares();
    let (precision_linear, recall_linear) = linear.shares();
    let quiet = ours.quiet + ours.false_alarms;
    lines.extend([format!(
        "| {} | {precision:.3} | {recall:.3} | {} of {quiet} | {precision_linear:.2} / {recall_linear:.2} | {:.3} |",
        part.word(),
        ours.false_alarms,
        f64::from(ours.in_90) / f64::from(ours.dates),
    )]);
    Ok(lines)
}

/// A disk's whole life: before and after `NOW`, its level counted from nought at `NOW`, and its capacity.
struct Life {
    times: Vec<i64>,
    levels: Vec<f64>,
    known: usize,
}

fn live(habit: Habit, seed: u64) -> Life {
    let mut chance = Chance::new(seed.wrapping_mul(7_919).wrapping_add(habit as u64 * 104_729));
    let days = [4.0, 7.0, 14.0, 30.0][chance.below(4)];
    let known = days * STEPS_DAY;
    let used = 40.0 + 45.0 * chance.share();
    // Full in between half a day and forty, as likely in each octave, if the pace stays.
    let lead = 0.5 * 80_f64.powf(chance.share());
    let pace = (LIMIT - used) / (lead * STEPS_DAY);
    let event = known * (0.35 + 0.5 * chance.share());
    // How much the pace wanders around its mean, over about half a day: calm, usual, restless.
    let restless = [0.015, 0.03, 0.06][chance.below(3)];
    let (factor, jump) = (0.25 + 1.5 * chance.share(), 30.0 * (chance.share() - 0.5));
    let tooth = STEPS_DAY * (1.0 + 2.0 * chance.share()).min(days / 3.5);
    let (mut level, mut mood) = (0.0_f64, 0.0);
    let (mut times, mut levels) = (Vec::new(), Vec::new());
    let ahead = 30.0 * STEPS_DAY;
    let mut index = -known;
    while index < ahead {
        mood = 0.99 * mood + restless * chance.normal();
        let day = (index / STEPS_DAY + 0.5).rem_euclid(1.0);
        let date = (index / STEPS_DAY + 4.5).rem_euclid(7.0);
        let step = pace * f64::max(1.0 + mood, 0.0);
        level += match habit {
            Habit::Daily => step * (1.0 - 0.9 * (TAU * day).cos()),
            Habit::Weekly if date >= 5.0 => 0.5 * step,
            Habit::Retention => step + 8.0 / tooth,
            Habit::Changed if index < event - known => factor * step,
            _ => step,
        };
        let age = index + known;
        if matches!(habit, Habit::Jump) && age < event && event <= age + 1.0 {
            level += jump;
        }
        if matches!(habit, Habit::Retention) && age % tooth < 1.0 {
            level -= 8.0;
        }
        index += 1.0;
        #[expect(clippy::cast_possible_truncation, reason = "a whole number of steps")]
        times.push(NOW.0 + index as i64 * STEP.0);
        levels.push(level + 0.03 * chance.normal());
    }
    let known = times.partition_point(|&time| time <= NOW.0);
    let base = used - levels[known - 1];
    for level in &mut levels {
        *level += base;
    }
    Life { times, levels, known }
}

fn judge(
    habit: Habit,
    seed: u64,
    ours: &mut [&mut Record; 2],
    linear: &mut Record,
) -> Result<(), Box<dyn Error>> {
    let life = live(habit, seed);
    let history = History { times: &life.times[..life.known], values: &life.levels[..life.known] };
    let reached = (life.known..life.levels.len()).find(|&at| life.levels[at] >= LIMIT);
    let truth = reached.map(|at| Time(life.times[at]));
    let full = truth.is_some_and(|truth| truth <= NOW + WITHIN);
    let Some(confidence) = Share::new(0.9) else { return Ok(()) };
    let options = ForecastOptions {
        nature: Nature::Stock,
        confidence,
        horizon: None,
        upper_bound: Some(LIMIT),
        lower_bound: Some(0.0),
        seed,
    };
    let Ok(projection) = forecast(history, &options, NOW) else { return Ok(()) };
    let reach = projection.reach(LIMIT, NOW);
    let said = reach.chance_by(NOW + WITHIN) >= 0.5;
    for record in ours {
        record.count((said, full));
        if let Some(truth) = truth.filter(|truth| truth.since(NOW) <= Span::days(8)) {
            record.dates += 1;
            let inside = reach.dates(confidence).is_none_or(|range| {
                range.earliest <= truth && range.latest.is_none_or(|latest| truth <= latest)
            });
            record.in_90 += u32::from(inside);
        }
    }
    let ahead = WITHIN.as_secs() / 3_600.0;
    let straight = straight(history, NOW)?[DAY];
    linear.count((straight.is_some_and(|line| line.at(ahead) >= LIMIT), full));
    Ok(())
}
