//! `plimsoll plan benefit`

use std::process::ExitCode;

use model::{Kind, Unit};
use plan::{Spread, Stake, Triangle, Way, benefit};
use serde_json::json;

use crate::{args::plan::Benefit, fault::Fault, output::Output};

/// Says what a change is worth.
pub(crate) fn run(command: &Benefit, output: &Output) -> Result<ExitCode, Fault> {
    let discount = settings::parse_share(&command.discount).filter(|own| own.value() < 1.0);
    let discount = discount.ok_or_else(|| {
        Fault::new(Kind::Invalid, format!("{:?} is no share", command.discount)).help("write 8%")
    })?;
    let nothing = Triangle::just(0.0);
    let (now, then) = (
        Way { once: nothing, month: read(&command.now)?, over_hours: hours(&command.over_now)? },
        Way {
            once: read(&command.once)?,
            month: read(&command.month)?,
            over_hours: hours(&command.over)?,
        },
    );
    let stake = Stake {
        months: usize::from(command.months),
        discount: discount.value(),
        over_hour_cost: command.over_hour_cost,
        seed: 1,
    };
    let told = benefit(&now, &then, stake);
    if output.is_json() {
        let spread = |own: Spread| json!({ "p10": own.p10, "p50": own.p50, "p90": own.p90 });
        output.json(&json!({ "months": command.months, "nothing": spread(told.nothing),
            "instead": spread(told.instead), "npv": spread(told.npv), "npv_mean": told.npv_mean,
            "chance": told.chance, "payback_months": told.payback }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let money = |value: f64| Unit::Count.say(value);
    let row = |name: &str, own: Spread| {
        vec![name.to_owned(), money(own.p10), money(own.p50), money(own.p90)]
    };
    let rows = vec![
        row("doing nothing costs", told.nothing),
        row("the change costs", told.instead),
        row("worth (net present value)", told.npv),
    ];
    output.table(&[&format!("within {} months", command.months), "p10", "p50", "p90"], rows)?;
    let back = told
        .payback
        .map_or_else(|| "not within that".to_owned(), |own| format!("after {own:.1} months"));
    let chance = Unit::Share.say(told.chance);
    output.text(&format!("\nchance of a gain {chance}; paid back {back}\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn hours(text: &str) -> Result<Triangle, Fault> {
    let found = read(text)?;
    if found.low < 0.0 || found.high > 744.0 {
        return Err(Fault::new(Kind::Invalid, format!("{text:?} are no hours of a month")));
    }
    Ok(found)
}

fn read(text: &str) -> Result<Triangle, Fault> {
    let wrong = || {
        Fault::new(Kind::Invalid, format!("{text:?} is no amount"))
            .help("write 400, 300..600 or 300..400..600")
    };
    let number = |part: &str| part.trim().parse::<f64>().ok().filter(|own| own.is_finite());
    let values: Option<Vec<f64>> = text.split("..").map(number).collect();
    let found = match *values.ok_or_else(wrong)? {
        [value] => Triangle::just(value),
        [low, high] => Triangle { low, mode: f64::midpoint(low, high), high },
        [low, mode, high] => Triangle { low, mode, high },
        _ => return Err(wrong()),
    };
    if found.low <= found.mode && found.mode <= found.high { Ok(found) } else { Err(wrong()) }
}
