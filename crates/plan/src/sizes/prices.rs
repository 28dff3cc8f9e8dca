//! Price lists as FOCUS shapes them: one row for each price of a SKU.

use model::Kind;

/// Hours in a month, a twelfth of a year.
const HOURS_MONTH: f64 = 730.5;
/// More rows are no list somebody chooses from.
const ROWS_MAX: usize = 20_000;

/// A size that can be had.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// What it is called.
    pub name: String,
    /// How much of the resource it has, in the unit of use.
    pub size: f64,
    /// What it costs a month.
    pub cost_month: f64,
}

/// A price list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// What can be had.
    pub candidates: Vec<Candidate>,
    /// What money is called; empty where the list does not say.
    pub currency: String,
}

/// Why a price list cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
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

impl Prices {
    /// Reads a price list from its rows, the heading first. Columns are those of FOCUS (`SkuId`, `ListUnitPrice`,
    /// `PricingUnit`, `PricingCurrency` or `BillingCurrency`) and `x_Size`, how much of the resource a SKU has.
    pub fn read<'a>(rows: impl IntoIterator<Item = Vec<&'a str>>) -> Result<Self, PriceError> {
        let mut rows = rows.into_iter().enumerate();
        let head: Vec<String> = rows.next().map_or_else(Vec::new, |(_, row)| {
            row.iter().map(|cell| cell.trim().to_lowercase()).collect()
        });
        let place = |column: &'static str| {
            head.iter()
                .position(|own| *own == column.to_lowercase())
                .ok_or(PriceError::Column { column })
        };
        let (sku, price, size) = (place("SkuId")?, place("ListUnitPrice")?, place("x_Size")?);
        let unit = place("PricingUnit")?;
        let currency = place("PricingCurrency").or_else(|_| place("BillingCurrency")).ok();
        let mut prices = Self::default();
        for (line, row) in rows.take(ROWS_MAX) {
            let wrong = |what: String| PriceError::Row { line: line + 1, what };
            let cell = |at: usize| row.get(at).map_or("", |cell| cell.trim());
            let number = |at: usize, what: &str| {
                let found =
                    cell(at).parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
                found.ok_or_else(|| wrong(format!("`{}` is no {what}", cell(at))))
            };
            let hours = match cell(unit).to_lowercase().as_str() {
                "hours" | "hour" | "hrs" => HOURS_MONTH,
                "months" | "month" => 1.0,
                other => {
                    return Err(wrong(format!(
                        "`{other}` is no pricing unit; Hours and Months are understood"
                    )));
                }
            };
            let (price, size) = (number(price, "price")?, number(size, "size")?);
            let money = currency.map_or("", cell);
            if !prices.candidates.is_empty() && money != prices.currency {
                return Err(wrong(format!(
                    "`{money}` beside `{}`: one list has one currency",
                    prices.currency
                )));
            }
            money.clone_into(&mut prices.currency);
            let name = cell(sku).to_owned();
            prices.candidates.push(Candidate { name, size, cost_month: price * hours });
        }
        if prices.candidates.is_empty() { Err(PriceError::Empty) } else { Ok(prices) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Prices, PriceError> {
        Prices::read(text.lines().map(|line| line.split(',').collect()))
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
        assert_eq!(read("SkuId,x_Size\n"), Err(PriceError::Column { column: "ListUnitPrice" }));
        assert_eq!(read(head), Err(PriceError::Empty));
    }
}
