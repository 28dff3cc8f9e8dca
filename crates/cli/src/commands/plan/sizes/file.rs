//! `plimsoll plan rightsize --csv`

use std::{collections::BTreeMap, fs, path::Path, process::ExitCode};

use model::{Kind, Unit};
use plan::{Candidate, Machine, NoSizing, Prices, Sizing, Walk, size, walked};
use serde_json::{Value, json};

use super::{super::columns::Columns, measure::Measure};
use crate::{args::plan::Rightsize, fault::Fault, output::Output};

/// Says which sizes machines need, what they cost and what they save.
pub(super) fn run(
    (file, list): (&Path, &Path),
    command: &Rightsize,
    output: &Output,
) -> Result<ExitCode, Fault> {
    let sure =
        settings::parse_share(&command.sure).map(model::Share::value).filter(|share| *share > 0.0);
    let sure = sure.ok_or_else(|| {
        Fault::new(Kind::Invalid, format!("{:?} is no share", command.sure))
            .help("write 90% or 0.9")
    })?;
    let prices = read_prices(list)?;
    let measure = Measure::of(command.unit.as_deref(), command.resource.as_deref(), &prices);
    let columns = Columns::read(file)?;
    let current = current(command, &prices, &columns)?;
    let candidates: Vec<Candidate> = match &command.resource {
        Some(resource) => prices.of(resource).cloned().collect(),
        None => prices.candidates.clone(),
    };
    if candidates.is_empty() {
        return Err(Fault::new(Kind::Missing, "the price list has no sizes of that resource")
            .help("its column `x_Resource` names resources; sizes are in `x_Size`"));
    }
    let policy = measure.policy(sure);
    let machine = |used: &'_ [f64]| walked(Machine { times: &columns.times, used }, policy);
    let walks: BTreeMap<&String, Walk> =
        columns.values.iter().map(|(name, used)| (name, machine(used))).collect();
    let mut reviewed = Vec::new();
    for (name, used) in &columns.values {
        let others = walks.iter().filter(|(other, _)| **other != name);
        let fleet = Walk::of_all(others.map(|(_, own)| own));
        let told = size(Machine { times: &columns.times, used }, &fleet, &candidates, policy);
        reviewed.push(Reviewed { name, told, current: current.get(name.as_str()).copied() });
    }
    reviewed.sort_by(|a, b| b.saving().total_cmp(&a.saving()));
    if output.is_json() {
        output.json(&json!({ "currency": prices.currency, "sure": sure, "unit": measure.word(),
            "machines": reviewed.iter().map(Reviewed::json).collect::<Vec<_>>() }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if prices.currency.is_empty() {
        output.note(super::NO_CURRENCY);
    }
    let head = ["machine", "needs", "size", "a month", "saves", "over it so far", "weeks over"];
    output
        .table(&head, reviewed.iter().map(|own| own.row(&measure, &prices.currency)).collect())?;
    Ok(ExitCode::SUCCESS)
}

fn read_prices(file: &Path) -> Result<Prices, Fault> {
    let text = fs::read_to_string(file).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {}", file.display()))
    })?;
    Prices::parse(&text).map_err(|error| {
        Fault::from_error(error.kind(), &error)
            .help("columns are SkuId, ListUnitPrice, PricingUnit, x_Size and BillingCurrency")
    })
}

/// What each machine has now.
fn current<'p>(
    command: &Rightsize,
    prices: &'p Prices,
    columns: &Columns,
) -> Result<BTreeMap<String, &'p Candidate>, Fault> {
    let mut current = BTreeMap::new();
    for text in &command.current {
        let Some((wanted, sku)) = text.split_once('=') else {
            return Err(Fault::new(Kind::Invalid, format!("{text:?} is no MACHINE=SKU"))
                .help("write a column and a SKU of the price list, such as web-1=m5.large"));
        };
        let found = prices.candidates.iter().find(|own| own.name == sku).ok_or_else(|| {
            let mut known: Vec<&str> =
                prices.candidates.iter().map(|own| own.name.as_str()).collect();
            known.dedup();
            Fault::new(Kind::Missing, format!("the price list has no SKU {sku:?}"))
                .help(format!("it has {}", known.join(", ")))
        })?;
        let (name, _) = columns.column(wanted)?;
        if current.insert(name.to_owned(), found).is_some() {
            return Err(Fault::new(Kind::Invalid, format!("{name:?} has two sizes"))
                .help("keep one --current for each machine"));
        }
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

    fn row(&self, measure: &Measure, currency: &str) -> Vec<String> {
        let money = |amount: f64| super::money_in(amount, currency);
        let told = match &self.told {
            Ok(told) => told,
            Err(why) => return vec![self.name.to_owned(), why.to_string()],
        };
        let mut row = vec![self.name.to_owned(), measure.say(told.need.needed)];
        match self.choice() {
            None => row.push("none of the list is large enough".to_owned()),
            Some(chosen) => row.extend([
                chosen.candidate.name.clone(),
                money(chosen.candidate.cost_month),
                self.current.map_or_else(String::new, |_| money(self.saving())),
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
            "needed": told.map(|own| own.need.needed), "p99": told.map(|own| own.need.p99),
            "factor": told.map(|own| own.need.factor), "mean": told.map(|own| own.need.mean),
            "choice": self.choice().map(risk),
            "saving_month": self.current.and_then(|_| self.choice()).map(|_| self.saving()),
            "frontier": told.map(|own| own.frontier.iter().map(risk).collect::<Vec<_>>()) })
    }
}
