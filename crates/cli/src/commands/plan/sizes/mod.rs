//! `plimsoll plan rightsize`

mod file;
mod measure;
mod offers;

use std::process::ExitCode;

use model::{Kind, Time, Unit};
use plan::say_date;
use serde_json::{Value, json};

use super::money_in;
use crate::{
    args::plan::Rightsize, client::Remote, commands::small_runtime, fault::Fault, output::Output,
};

const PATH: &str = "/api/plimsoll/v1/sizes";
const NO_CURRENCY: &str =
    "the price list does not say in which money it is; its column `BillingCurrency` does";

/// Says what is too large or too small, or decides of it.
pub(crate) fn run(command: &Rightsize, output: &Output) -> Result<ExitCode, Fault> {
    if let (Some(csv), Some(prices)) = (&command.csv, &command.prices) {
        return file::run((csv, prices), command, output);
    }
    let remote = Remote::new(&command.server)?;
    let ask = |path: &str| small_runtime()?.block_on(remote.get(path, &[]));
    if command.reviews {
        return reviews(&ask(&format!("{PATH}/reviews"))?, output);
    }
    let list = ask(PATH)?;
    let Some(wanted) = &command.item else { return listed(&list, output) };
    let item = find(&list, wanted)?;
    if command.decide.accept || command.decide.decline {
        let offer = if command.decide.accept {
            offers::wanted(item, command.offer.as_deref())?
        } else {
            None
        };
        let body = json!({ "verdict": if command.decide.accept { "accepted" } else { "declined" },
            "reason": command.reason.as_deref().unwrap_or_default(), "by": command.by, "offer": offer });
        let path = format!("{PATH}/{}/decision", text(item, "id"));
        let answer = small_runtime()?.block_on(remote.post_json(&path, &body))?;
        if output.is_json() {
            output.json(&answer)?;
        } else {
            let decision = &answer["decision"];
            output.text(&format!("{}: {}\n", text(decision, "title"), decided(decision)))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    detail(item, &text(&list, "currency"), output)
}

fn listed(list: &Value, output: &Output) -> Result<ExitCode, Fault> {
    if output.is_json() {
        output.json(list)?;
        return Ok(ExitCode::SUCCESS);
    }
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        output.note(
            "nothing with a size is watched; `planning` of the settings says what is reviewed",
        );
        return Ok(ExitCode::SUCCESS);
    }
    let currency = text(list, "currency");
    let rows = items.iter().map(|item| {
        let size = |key: &str| {
            let own = &item[key];
            own["name"].as_str().map_or_else(|| text(own, "text"), str::to_owned)
        };
        let decided = item["decision"]["verdict"].as_str().unwrap_or_default().to_owned();
        let told = item["why_not"].as_str().map_or_else(|| text(item, "advice"), str::to_owned);
        vec![
            told,
            text(item, "title"),
            size("current"),
            size("proposed"),
            share(&item["risk"]),
            money(&item["saving_month"], &currency),
            decided,
        ]
    });
    let head = ["advice", "what", "has", "proposed", "past over it", "saves a month", "decided"];
    output.table(&head, rows.collect())?;
    if list["priced"] == true && currency.is_empty() {
        output.note(NO_CURRENCY);
    }
    let saving = list["sum"]["saving_month"].as_f64();
    match (saving, list["prices_wrong"].as_str()) {
        (_, Some(wrong)) => output.note(wrong),
        (Some(saving), _) => {
            let word = if saving < 0.0 { "cost" } else { "save" };
            output.text(&format!(
                "\nall proposals together {word} {} a month\n",
                money_in(saving.abs(), &currency)
            ))?;
        }
        (None, None) => output.note(
            "no prices are known, so no money is shown; `planning: {prices: FILE}` names a list",
        ),
    }
    Ok(ExitCode::SUCCESS)
}

fn find<'v>(list: &'v Value, wanted: &str) -> Result<&'v Value, Fault> {
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(found) = items.iter().find(|item| text(item, "id") == wanted) {
        return Ok(found);
    }
    let low = wanted.to_lowercase();
    let found: Vec<&Value> =
        items.iter().filter(|item| text(item, "title").to_lowercase().contains(&low)).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Fault::new(Kind::Missing, format!("nothing called {wanted:?} is reviewed"))
            .help("`plimsoll plan rightsize` lists what is")),
        several => {
            let names: Vec<String> = several.iter().map(|item| text(item, "id")).collect();
            Err(Fault::new(Kind::Invalid, format!("{wanted:?} is part of several titles"))
                .help(format!("name one by its id: {}", names.join(", "))))
        }
    }
}

fn detail(item: &Value, currency: &str, output: &Output) -> Result<ExitCode, Fault> {
    if output.is_json() {
        output.json(item)?;
        return Ok(ExitCode::SUCCESS);
    }
    output.text(&format!(
        "{} ({}): {}\n\n",
        text(item, "title"),
        text(item, "id"),
        text(item, "text")
    ))?;
    let rows = item["frontier"].as_array().into_iter().flatten().map(|own| {
        let mark = match own["role"].as_str() {
            Some("current") => "now",
            Some(role) => role,
            None => "",
        };
        vec![
            mark.to_owned(),
            text(own, "name"),
            text(own, "text"),
            money(&own["cost_month"], currency),
            share(&own["over"]),
            share(&own["over_line"]),
            share(&own["weeks_over"]),
        ]
    });
    let head =
        ["", "sku", "size", "a month", "past over it", "over its line", "weeks it would not do"];
    output.table(&head, rows.collect())?;
    let benefit = &item["benefit"];
    if !benefit.is_null() {
        let of = |key: &str| money(&benefit["npv"][key], "");
        let back = benefit["payback_months"].as_f64();
        let back = back
            .map_or_else(|| "not within that".to_owned(), |own| format!("after {own:.1} months"));
        output.text(&format!(
            "\nworth within {} months: {} ({} – {}) {currency}, with {} chance of a gain; paid back {back}\n",
            benefit["months"],
            of("p50"),
            of("p10"),
            of("p90"),
            share(&benefit["chance"]),
        ))?;
    }
    for (key, word) in [("decision", "this month"), ("before", "before")] {
        let own = &item[key];
        if !own.is_null() {
            output.text(&format!("{word}: {}\n", decided(own)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn decided(own: &Value) -> String {
    let reason = text(own, "reason");
    let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
    let (from, to) = (offers::told(&own["from"]), offers::told(&own["to"]));
    let change =
        if from.is_empty() || to.is_empty() { String::new() } else { format!(", {from} → {to}") };
    format!("{} by {}{change}{reason}", text(own, "verdict"), text(own, "by"))
}

fn reviews(list: &Value, output: &Output) -> Result<ExitCode, Fault> {
    if output.is_json() {
        output.json(list)?;
        return Ok(ExitCode::SUCCESS);
    }
    let months = list["months"].as_array().map_or(&[][..], Vec::as_slice);
    if months.is_empty() {
        output.note("nothing was decided yet");
    }
    let now = Time(list["at"].as_i64().unwrap_or(0));
    for month in months {
        let sums = month["money"].as_array().into_iter().flatten().map(|own| {
            let of = |key: &str| money(&own[key], &text(own, "currency"));
            format!("accepted {} a month, seen of it {}", of("accepted_month"), of("booked_month"))
        });
        let sums: Vec<String> = sums.collect();
        let sums =
            if sums.is_empty() { "no money is known of".to_owned() } else { sums.join("; ") };
        output.text(&format!("{}: {sums}\n", text(month, "month")))?;
        for own in month["decisions"].as_array().into_iter().flatten() {
            output.text(&format!("  {}: {}\n", text(own, "title"), decided(own)))?;
        }
        for own in month["booked"].as_array().into_iter().flatten() {
            let day = say_date(Time(own["at"].as_i64().unwrap_or(0)), now);
            let saved = money(&own["saving_month"], &text(own, "currency"));
            output.text(&format!(
                "  {}: changed, seen on {day}, saves {saved} a month\n",
                text(own, "title")
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

fn money(value: &Value, currency: &str) -> String {
    value.as_f64().map_or_else(|| "–".to_owned(), |own| money_in(own, currency))
}

fn share(value: &Value) -> String {
    value.as_f64().map_or_else(String::new, |own| Unit::Share.say(own))
}
