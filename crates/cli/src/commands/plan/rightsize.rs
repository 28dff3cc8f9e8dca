//! `plimsoll plan rightsize`

use std::{collections::BTreeMap, fs::File, path::Path, process::ExitCode};

use model::{Kind, Unit};
use plan::{Candidate, Machine, NoSizing, Prices, Sizing, size, walked};
use serde_json::{Value, json};

use super::columns::Columns;
use crate::{args::plan::Rightsize, fault::Fault, output::Output};

/// Says which sizes machines need, what they cost and what they save.
pub(crate) fn run(command: &Rightsize, output: &Output) -> Result<ExitCode, Fault> {
    let sure =
        settings::parse_share(&command.sure).map(model::Share::value).filter(|share| *share > 0.0);
    let sure = sure.ok_or_else(|| {
        Fault::new(Kind::Invalid, format!("{:?} is no share", command.sure))
            .help("write 90% or 0.9")
    })?;
    let prices = read_prices(&command.prices)?;
    let current = current(command, &prices)?;
    let columns = Columns::read(&command.csv)?;
    for name in current.keys() {
        columns.column(name)?;
    }
    let machine = |used: &'_ [f64]| walked(Machine { times: &columns.times, used });
    let ratios: BTreeMap<&String, Vec<f64>> =
        columns.values.iter().map(|(name, used)| (name, machine(used))).collect();
    let mut reviewed = Vec::new();
    for (name, used) in &columns.values {
        let others = ratios.iter().filter(|(other, _)| **other != name);
        let fleet: Vec<f64> = others.flat_map(|(_, own)| own).copied().collect();
        let told = size(Machine { times: &columns.times, used }, &fleet, &prices.candidates, sure);
        reviewed.push(Reviewed { name, told, current: current.get(name.as_str()).copied() });
    }
    reviewed.sort_by(|a, b| b.saving().total_cmp(&a.saving()));
    if output.is_json() {
        output.json(&json!({ "currency": prices.currency, "sure": sure,
            "machines": reviewed.iter().map(Reviewed::json).collect::<Vec<_>>() }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let head = ["machine", "needs", "size", "a month", "saves", "over it so far", "weeks over"];
    output.table(&head, reviewed.iter().map(Reviewed::row).collect())?;
    Ok(ExitCode::SUCCESS)
}

fn read_prices(file: &Path) -> Result<Prices, Fault> {
    let open = File::open(file).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {}", file.display()))
    })?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(open);
    let mut rows: Vec<csv::StringRecord> = Vec::new();
    for row in reader.records() {
        rows.push(row.map_err(|error| Fault::from_error(Kind::Invalid, &error))?);
    }
    let rows = rows.iter().map(|row| row.iter().collect());
    Prices::read(rows).map_err(|error| {
        Fault::from_error(error.kind(), &error)
            .help("columns are SkuId, ListUnitPrice, PricingUnit, x_Size and BillingCurrency")
    })
}

/// What each machine has now.
fn current<'p>(
    command: &Rightsize,
    prices: &'p Prices,
) -> Result<BTreeMap<String, &'p Candidate>, Fault> {
    let mut current = BTreeMap::new();
    for text in &command.current {
        let Some((name, sku)) = text.split_once('=') else {
            return Err(Fault::new(Kind::Invalid, format!("{text:?} is no MACHINE=SKU")));
        };
        let found = prices.candidates.iter().find(|own| own.name == sku).ok_or_else(|| {
            Fault::new(Kind::Missing, format!("the price list has no SKU {sku:?}"))
        })?;
        current.insert(name.to_owned(), found);
    }
    Ok(current)
}

/// One machine with what is told of it.
struct Reviewed<'a> {
    name: &'a str,
    told: Result<Sizing, NoSizing>,
    current: Option<&'a Candidate>,
}

impl Reviewed<'_> {
    fn choice(&self) -> Option<&plan::Risk> {
        let told = self.told.as_ref().ok()?;
        told.choice.and_then(|at| told.frontier.get(at))
    }

    /// What the choice saves a month; nought where nobody can say.
    fn saving(&self) -> f64 {
        let chosen = self.choice().zip(self.current);
        chosen.map_or(0.0, |(chosen, current)| current.cost_month - chosen.candidate.cost_month)
    }

    fn row(&self) -> Vec<String> {
        let count = |value: f64| Unit::Count.say(value);
        let told = match &self.told {
            Ok(told) => told,
            Err(why) => return vec![self.name.to_owned(), why.to_string()],
        };
        let mut row = vec![self.name.to_owned(), count(told.needed)];
        match self.choice() {
            None => row.push("none of the list is large enough".to_owned()),
            Some(chosen) => row.extend([
                chosen.candidate.name.clone(),
                count(chosen.candidate.cost_month),
                self.current.map_or_else(String::new, |_| count(self.saving())),
                Unit::Share.say(chosen.over),
                Unit::Share.say(chosen.weeks_over),
            ]),
        }
        row
    }

    fn json(&self) -> Value {
        let told = self.told.as_ref().ok();
        let risk = |own: &plan::Risk| {
            json!({ "sku": own.candidate.name, "size": own.candidate.size,
            "cost_month": own.candidate.cost_month, "over": own.over, "weeks_over": own.weeks_over })
        };
        json!({ "name": self.name, "why_not": self.told.as_ref().err().map(ToString::to_string),
            "needed": told.map(|own| own.needed), "p99": told.map(|own| own.p99),
            "factor": told.map(|own| own.factor), "mean": told.map(|own| own.mean),
            "choice": self.choice().map(risk),
            "saving_month": self.current.and_then(|_| self.choice()).map(|_| self.saving()),
            "frontier": told.map(|own| own.frontier.iter().map(risk).collect::<Vec<_>>()) })
    }
}
