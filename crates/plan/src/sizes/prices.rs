//! Price lists as FOCUS shapes them: one row for each price of a SKU.

use std::collections::BTreeMap;

use model::{Kind, Unit};

/// Hours in a month, a twelfth of a year.
const HOURS_MONTH: f64 = 730.5;
/// More rows are no list somebody chooses from.
const ROWS_MAX: usize = 20_000;
/// Prices that differ by less are the same.
const SAME_PRICE: f64 = 1e-6;

/// A size that can be had.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// What it is called.
    pub name: String,
    /// Which resource it is a size of, by the resource's name; empty for whichever is asked about.
    pub resource: String,
    /// How much of the resource it has, in the unit of use.
    pub size: f64,
    /// What it costs a month, with all that comes with it.
    pub cost_month: f64,
}

impl Candidate {
    /// A size of whichever resource is asked about.
    pub fn new(name: String, size: f64, cost_month: f64) -> Self {
        Self { name, resource: String::new(), size, cost_month }
    }
}

/// What one unit of a resource costs, where as much can be had as is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    /// What it is called.
    pub name: String,
    /// Of which resource, by its name; empty for whichever is asked about.
    pub resource: String,
    /// What one of it (a core, a byte, a connection) costs a month.
    pub cost_month: f64,
}

/// A price list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// What can be had in sizes. A SKU with several resources has a row for each.
    pub candidates: Vec<Candidate>,
    /// What can be had by the unit.
    pub rates: Vec<Rate>,
    /// What money is called; empty where the list does not say.
    pub currency: String,
}

/// Why a price list cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// It is no CSV.
    #[error("the price list is no CSV: {why}")]
    Shape {
        /// What is wrong with it.
        why: String,
    },
    /// A column is missing.
    #[error("the price list has no column `{column}`")]
    Column {
        /// Which.
        column: &'static str,
    },
    /// A row is wrong.
    #[error("line {line} of the price list: {what}")]
    Row {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// It is longer than anybody chooses from.
    #[error("the price list has more than {ROWS_MAX} rows")]
    TooLong,
    /// There is nothing in it.
    #[error("the price list names nothing that could be had")]
    Empty,
}

impl PriceError {
    /// What the outside sees of it.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// How a price is counted: by how long, and of how much.
struct Priced {
    /// What it must be multiplied by to be for a month.
    months: f64,
    /// For how much of a resource it is, in the unit of use; nothing where it is for the whole SKU.
    amount: Option<f64>,
}

/// `Hours`, `Months`, `GiB-Hours`, `Core-Months`.
fn priced(text: &str) -> Option<Priced> {
    let text = text.trim().to_lowercase();
    let (what, time) = text.rsplit_once('-').map_or((None, text.as_str()), |(a, b)| (Some(a), b));
    let months = match time {
        "hours" | "hour" | "hrs" => HOURS_MONTH,
        "months" | "month" => 1.0,
        _ => return None,
    };
    let amount = match what {
        None => None,
        Some(
            "core" | "cores" | "vcpu" | "vcpus" | "unit" | "units" | "connection" | "connections",
        ) => Some(1.0),
        Some(size) => Some(settings::parse_size(&format!("1{size}"))? as f64),
    };
    Some(Priced { months, amount })
}

/// Counts the lines of a text up to the rows that are read from it, one after the other.
struct Lines<'t> {
    text: &'t str,
    read: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line a row begins in, counted from 1. Its position is where the one before ended: empty lines may follow.
    fn of(&mut self, row: &csv::StringRecord) -> usize {
        let at = row.position().and_then(|own| usize::try_from(own.byte()).ok());
        let rest = at.and_then(|at| self.text.get(at..)).unwrap_or_default();
        let start = self.text.len() - rest.trim_start_matches(['\r', '\n']).len();
        self.line += self.text.get(self.read..start).unwrap_or_default().matches('\n').count();
        self.read = start;
        self.line
    }
}

/// The columns of a list by their places.
struct Heading {
    sku: usize,
    price: usize,
    unit: usize,
    size: Option<usize>,
    resource: Option<usize>,
    currency: Option<usize>,
}

impl Heading {
    fn read(row: &[&str]) -> Result<Self, PriceError> {
        let found =
            |column: &str| row.iter().position(|own| own.trim().eq_ignore_ascii_case(column));
        let place = |column: &'static str| found(column).ok_or(PriceError::Column { column });
        // What `ListUnitPrice` is counted in; another currency of pricing has a column of prices of its own.
        let currency = found("BillingCurrency").or_else(|| found("PricingCurrency"));
        Ok(Self {
            sku: place("SkuId")?,
            price: place("ListUnitPrice")?,
            unit: place("PricingUnit")?,
            size: found("x_Size"),
            resource: found("x_Resource"),
            currency,
        })
    }
}

impl Prices {
    /// Reads a price list in CSV, quoted cells and all, the heading first. Columns are those of FOCUS (`SkuId`, `ListUnitPrice`,
    /// `PricingUnit`, `BillingCurrency` or without that `PricingCurrency`), and two of ours: `x_Size`, how much of the resource a
    /// SKU has, which is empty where the price is by the amount (`GiB-Hours`), and `x_Resource`, of which resource.
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        // Spreadsheets put a mark of byte order in front.
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut rows = reader.records();
        let shape = |why: String| PriceError::Shape { why };
        let heading = match rows.next() {
            Some(row) => row.map_err(|error| shape(error.to_string()))?,
            None => csv::StringRecord::new(),
        };
        if heading.len() == 1 && heading.iter().any(|cell| cell.contains([';', '\t'])) {
            return Err(shape("its columns are not separated by commas".to_owned()));
        }
        let heading = Heading::read(&heading.iter().collect::<Vec<&str>>())?;
        let mut prices = Self::default();
        // What each SKU costs, and where that is said first.
        let mut costs: BTreeMap<String, (f64, usize)> = BTreeMap::new();
        let mut lines = Lines { text, read: 0, line: 1 };
        for (at, row) in rows.enumerate() {
            if at >= ROWS_MAX {
                return Err(PriceError::TooLong);
            }
            let row = row.map_err(|error| shape(error.to_string()))?;
            let line = lines.of(&row);
            let wrong = |what: String| PriceError::Row { line, what };
            let cells: Vec<&str> = row.iter().collect();
            prices.take(&heading, &cells, line, &mut costs).map_err(wrong)?;
        }
        if prices.candidates.is_empty() && prices.rates.is_empty() {
            return Err(PriceError::Empty);
        }
        Ok(prices)
    }

    fn take(
        &mut self,
        heading: &Heading,
        row: &[&str],
        line: usize,
        costs: &mut BTreeMap<String, (f64, usize)>,
    ) -> Result<(), String> {
        let cell = |at: usize| row.get(at).map_or("", |cell| cell.trim());
        let maybe = |at: Option<usize>| at.map_or("", cell);
        let number = |text: &str, what: &str| {
            let found = text.parse::<f64>().ok().filter(|own| own.is_finite() && *own >= 0.0);
            found.ok_or_else(|| format!("`{text}` is no {what}"))
        };
        let unit = cell(heading.unit);
        let priced = priced(unit).ok_or_else(|| {
            format!(
                "`{}` is no pricing unit; Hours and Months are understood, and amounts such as GiB-Hours",
                unit.to_lowercase()
            )
        })?;
        let money = maybe(heading.currency);
        let empty = self.candidates.is_empty() && self.rates.is_empty();
        if !empty && money != self.currency {
            let named = |own: &str| {
                if own.is_empty() { "no currency".to_owned() } else { format!("`{own}`") }
            };
            return Err(format!(
                "{} beside {}: one list has one currency",
                named(money),
                named(&self.currency)
            ));
        }
        money.clone_into(&mut self.currency);
        let (name, resource) = (cell(heading.sku).to_owned(), maybe(heading.resource).to_owned());
        let cost_month = priced.months * number(cell(heading.price), "price")?;
        let size = maybe(heading.size);
        if let Some(amount) = priced.amount {
            if !size.is_empty() {
                return Err(format!("a price by the amount (`{unit}`) has no `x_Size`"));
            }
            self.rates.push(Rate { name, resource, cost_month: cost_month / amount });
            return Ok(());
        }
        let size = number(size, "size")?;
        if size <= 0.0 {
            return Err("`x_Size` is nought; nothing is sold that has nothing".to_owned());
        }
        if name.is_empty() {
            return Err("the SKU has no name".to_owned());
        }
        let (known, first) = *costs.entry(name.clone()).or_insert((cost_month, line));
        if (known - cost_month).abs() > SAME_PRICE * known.abs() {
            return Err(format!("`{name}` has another price in line {first}"));
        }
        self.candidates.push(Candidate { name, resource, size, cost_month });
        Ok(())
    }

    /// The sizes of a resource that can be had.
    pub fn of<'a>(&'a self, resource: &'a str) -> impl Iterator<Item = &'a Candidate> {
        let wanted = move |own: &&Candidate| own.resource.is_empty() || own.resource == resource;
        self.candidates.iter().filter(wanted)
    }

    /// What a unit of a resource costs a month, where it can be had by the unit.
    pub fn rate(&self, resource: &str) -> Option<f64> {
        let named = self.rates.iter().find(|own| own.resource == resource);
        named
            .or_else(|| self.rates.iter().find(|own| own.resource.is_empty()))
            .map(|own| own.cost_month)
    }

    /// The resources that come together in SKUs, by their names, if any do.
    pub fn together(&self) -> Vec<&str> {
        let mut of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for own in self.candidates.iter().filter(|own| !own.resource.is_empty()) {
            of.entry(&own.name).or_default().push(&own.resource);
        }
        let mut found: Vec<&str> =
            of.into_values().filter(|resources| resources.len() > 1).flatten().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// How sizes that nobody lists may differ from what there is.
const LADDER: [f64; 12] = [0.125, 0.25, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0];

/// Sizes around what there is now, where no list says which there are: whole ones of what is counted in wholes.
pub(super) fn ladder(now: f64, unit: Unit) -> Vec<f64> {
    let whole = unit == Unit::Count || (unit == Unit::Cores && now.fract().abs() < 1e-9);
    let mut sizes: Vec<f64> = LADDER
        .iter()
        .map(|times| if whole { (now * times).ceil().max(1.0) } else { now * times })
        .collect();
    sizes.dedup();
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Prices, PriceError> {
        Prices::parse(text)
    }

    #[test]
    fn hours_become_months_and_mistakes_have_their_line() {
        let head = "SkuId,ListUnitPrice,PricingUnit,x_Size,BillingCurrency\n";
        let prices =
            read(&format!("{head}small,0.1,Hours,2,EUR\nlarge,90,Months,8,EUR\n")).unwrap();
        assert!((prices.candidates[0].cost_month - 73.05).abs() < 1e-9);
        assert_eq!((prices.currency.as_str(), prices.candidates[1].cost_month), ("EUR", 90.0));
        let wrong = |rows: &str| read(&format!("{head}{rows}")).unwrap_err().to_string();
        assert!(wrong("small,cheap,Hours,2,EUR").contains("line 2"));
        assert!(wrong("small,1,Barrels,2,EUR").contains("`barrels` is no pricing unit"));
        assert!(wrong("small,1,Hours,2,EUR\nlarge,2,Hours,4,USD").contains("one currency"));
        assert!(
            wrong("small,1,Hours,2,EUR\nlarge,2,Hours,4,").contains("no currency beside `EUR`")
        );
        assert!(
            wrong("small,1,Hours,2,EUR\nsmall,2,Hours,4,EUR").contains("another price in line 2")
        );
        assert!(wrong("small,1,GiB-Hours,2,EUR").contains("has no `x_Size`"));
        assert!(wrong("small,1,Hours,,EUR").contains("`` is no size"));
        assert_eq!(read("SkuId,x_Size\n"), Err(PriceError::Column { column: "ListUnitPrice" }));
        assert_eq!(read(head), Err(PriceError::Empty));
    }

    #[test]
    fn lists_from_spreadsheets_are_read_or_refused_by_what_is_wrong() {
        let list = "\u{feff}SkuId,ListUnitPrice,PricingUnit,x_Size,BillingCurrency\r\n\r\nsmall,3,Months,2,EUR\r\n";
        assert_eq!(read(list).unwrap().candidates.len(), 1);
        // Lines are those of the file, empty ones and quoted ones of two included.
        let wrong = read(&format!("{list}\"a\nb\",3,Months,2,EUR\r\n\r\nlarge,x,Months,2,EUR\r\n"));
        assert!(wrong.unwrap_err().to_string().starts_with("line 7 "));
        let wrong = |text: &str| read(text).unwrap_err().to_string();
        let head = "SkuId,ListUnitPrice,PricingUnit,x_Size,BillingCurrency\n";
        assert!(wrong(&head.replace(',', ";")).contains("not separated by commas"));
        assert!(wrong(&format!("{head}small,3,Months,0,EUR")).contains("is nought"));
        assert!(wrong(&format!("{head},3,Months,2,EUR")).contains("no name"));
        assert!(wrong("").contains("no column `SkuId`"));
    }

    #[test]
    fn prices_are_in_the_currency_of_the_bill() {
        let both = "SkuId,ListUnitPrice,PricingUnit,PricingCurrency,x_Size,BillingCurrency\n\
                    small,30,Months,USD,2,EUR\n";
        assert_eq!(read(both).unwrap().currency, "EUR");
        let one = "SkuId,ListUnitPrice,PricingUnit,x_Size,PricingCurrency\nsmall,30,Months,2,USD\n";
        assert_eq!(read(one).unwrap().currency, "USD");
    }

    #[test]
    fn skus_have_several_resources_and_amounts_have_a_price_by_the_unit() {
        let list = "SkuId,ListUnitPrice,PricingUnit,x_Size,x_Resource,BillingCurrency\n\
                    m,0.1,Hours,2,cpu,EUR\n\
                    m,0.1,Hours,8589934592,memory,EUR\n\
                    \"memory, shared\",3,GiB-Months,,cache,EUR\n";
        let prices = Prices::parse(list).unwrap();
        assert_eq!(prices.together(), ["cpu", "memory"]);
        assert_eq!(prices.of("cpu").count(), 1);
        let rate = prices.rate("cache").unwrap() * 1024_f64.powi(3);
        assert!((rate - 3.0).abs() < 1e-9 && prices.rate("cpu").is_none());
        assert_eq!(prices.rates[0].name, "memory, shared");
    }

    #[test]
    fn a_ladder_has_whole_sizes_of_what_is_counted_in_wholes() {
        assert_eq!(
            ladder(4.0, Unit::Cores),
            [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0]
        );
        assert!(ladder(0.5, Unit::Cores).contains(&0.25));
        assert_eq!(ladder(10.0, Unit::Count).first(), Some(&2.0));
    }
}
