//! `plimsoll plan quotas`, `findings`, `tested`: what a server knows of capacity, and what it is told.

use std::{fs, io::Read as _, path::Path, process::ExitCode};

use model::{Kind, Time, Unit};
use plan::say_date;
use serde_json::{Value, json};

use crate::{
    args::{
        Server,
        plan::{Quotas, Tested},
    },
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::Output,
};

const QUOTAS: &str = "/api/plimsoll/v1/quotas";

/// Lists quotas, or takes down what was decided of one.
pub(crate) fn quotas(command: &Quotas, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    if command.history {
        return quota_history(command.item.as_deref().unwrap_or_default(), &remote, output);
    }
    let list = small_runtime()?.block_on(remote.get(QUOTAS, &[]))?;
    let quotas = list["quotas"].as_array().map_or(&[][..], Vec::as_slice);
    let wanted = command.item.as_deref().unwrap_or_default().to_lowercase();
    let found: Vec<&Value> = quotas
        .iter()
        .filter(|own| {
            text(own, "id") == wanted || text(own, "title").to_lowercase().contains(&wanted)
        })
        .collect();
    if command.asked.is_some() || command.kept {
        let [one] = found.as_slice() else {
            let message = format!("{} quotas are called {wanted:?}", found.len());
            return Err(
                Fault::new(Kind::Missing, message).help("`plimsoll plan quotas` lists them")
            );
        };
        let body = json!({ "verdict": if command.kept { "kept" } else { "asked" },
            "asked_for": command.asked, "by": command.by,
            "reason": command.reason.as_deref().unwrap_or_default() });
        let path = format!("{QUOTAS}/{}/decision", text(one, "id"));
        let told = small_runtime()?.block_on(remote.post_json(&path, &body))?;
        if output.is_json() {
            output.json(&told)?;
        } else {
            let line =
                format!("{}: {}\n", text(&told, "title"), text(&told["decision"], "verdict"));
            output.text(&line)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if output.is_json() {
        output.json(&list)?;
        return Ok(ExitCode::SUCCESS);
    }
    if quotas.is_empty() {
        output.note("no quota is declared; a resource is one by its key `quota`");
        return Ok(ExitCode::SUCCESS);
    }
    let now = Time(list["at"].as_i64().unwrap_or(0));
    let rows = found.iter().map(|own| {
        let day = |at: i64| say_date(Time(at), now);
        let share = own["share"].as_f64().map_or_else(String::new, |own| Unit::Share.say(own));
        vec![
            if own["due"] == true { "due".to_owned() } else { String::new() },
            text(own, "title"),
            share,
            text(own, "outlook"),
            own["ask_by"].as_i64().map_or_else(String::new, day),
            text(own, "granted_by"),
            text(&own["decision"], "verdict"),
        ]
    });
    let head = ["", "quota", "used", "outlook", "ask by", "of", "decided"];
    output.table(&head, rows.collect())?;
    Ok(ExitCode::SUCCESS)
}

/// Lists what was decided of quotas in every quarter.
fn quota_history(wanted: &str, remote: &Remote, output: &Output) -> Result<ExitCode, Fault> {
    let path = format!("{QUOTAS}/decisions");
    let mut told = small_runtime()?.block_on(remote.get(&path, &[("limit", "2000")]))?;
    let wanted = wanted.to_lowercase();
    if let Some(all) = told["decisions"].as_array_mut() {
        all.retain(|own| {
            text(own, "quota") == wanted || text(own, "title").to_lowercase().contains(&wanted)
        });
    }
    if output.is_json() {
        output.json(&told)?;
        return Ok(ExitCode::SUCCESS);
    }
    let decisions = told["decisions"].as_array().map_or(&[][..], Vec::as_slice);
    if decisions.is_empty() {
        output.note("nothing was decided of a quota yet");
        return Ok(ExitCode::SUCCESS);
    }
    let count = |value: &Value| value.as_f64().map_or_else(String::new, |own| Unit::Count.say(own));
    let rows = decisions.iter().map(|own| {
        let granted = match own["granted"].as_bool() {
            Some(true) => "granted",
            Some(false) => "not yet",
            None => "",
        };
        vec![
            text(own, "quarter"),
            text(own, "title"),
            format!("{} of {}", count(&own["used"]), count(&own["limit"])),
            text(own, "verdict"),
            count(&own["asked_for"]),
            granted.to_owned(),
            text(own, "by"),
            text(own, "reason"),
        ]
    });
    let head = ["quarter", "quota", "used", "decided", "asked for", "granted", "by", "why"];
    output.table(&head, rows.collect())?;
    if told["more"] == true {
        output.note(
            "older decisions are not shown; /api/plimsoll/v1/quotas/decisions?quota=ID has them",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists what was found.
pub(crate) fn findings(server: &Server, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(server)?;
    let list = small_runtime()?.block_on(remote.get("/api/plimsoll/v1/findings", &[]))?;
    if output.is_json() {
        output.json(&list)?;
        return Ok(ExitCode::SUCCESS);
    }
    let findings = list["findings"].as_array().map_or(&[][..], Vec::as_slice);
    if findings.is_empty() {
        output.note("nothing was found");
    }
    for own in findings {
        let (saving, currency) = (own["saving_month"].as_f64(), text(own, "currency"));
        let saving = saving.map_or_else(String::new, |own| {
            let word = if own < 0.0 { "costs" } else { "saves" };
            format!("; {word} {} a month", super::money_in(own.abs(), &currency))
        });
        let (severity, title, advice) =
            (text(own, "severity"), text(own, "title"), text(own, "advice"));
        output.text(&format!("{severity} {title}: {advice}{saving}\n"))?;
        for line in own["evidence"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            output.text(&format!("  {line}\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Gives a server what a load test found.
pub(crate) fn tested(command: &Tested, output: &Output) -> Result<ExitCode, Fault> {
    let document = read(&command.file)?;
    let document: Value = serde_json::from_str(&document).map_err(|error| {
        Fault::from_error(Kind::Invalid, &error)
            .help("write it with `plimsoll load capacity … --output json`")
    })?;
    let remote = Remote::new(&command.server)?;
    let path = format!("/api/plimsoll/v1/services/{}/tests", command.service);
    let times = command.times.to_string();
    let mut query = vec![("times", times.as_str())];
    query.extend(command.release.as_deref().map(|release| ("release", release)));
    query.extend(command.release_before.as_deref().map(|release| ("release_before", release)));
    let told = small_runtime()?.block_on(remote.post_json_with(&path, &query, &document))?;
    if output.is_json() {
        output.json(&told)?;
    } else {
        output.text(&format!("{}: {}\n", text(&told, "title"), text(&told, "text")))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<String, Fault> {
    let read = if file == Path::new("-") {
        let mut all = String::new();
        std::io::stdin().read_to_string(&mut all).map(|_| all)
    } else {
        fs::read_to_string(file)
    };
    read.map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {}", file.display()))
    })
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}
