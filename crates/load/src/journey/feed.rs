//! Rows that journeys are fed with: users, products, search words, from CSV or JSON.

use std::{fs, io, path::Path};

use serde_json::Value;
use stats::Chance;

use super::json::as_text;

/// Largest file of rows that is read: some millions of short rows.
const FEED_BYTES_MAX: u64 = 256 << 20;

/// Which row comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// One after the other, from the first again after the last.
    InTurn,
    /// Any, by chance.
    Random,
    /// Each once, whichever worker takes it; after the last the feed has run dry, and journeys fail for it.
    Once,
}

/// Rows with named columns.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its name in templates.
    pub name: String,
    /// Which row comes next.
    pub order: Order,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Why rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The file cannot be read.
    #[error("cannot read the rows")]
    Read(#[source] io::Error),
    /// More than is held in memory.
    #[error("the file has {0} bytes, {FEED_BYTES_MAX} at most")]
    TooLarge(u64),
    /// Not a table.
    #[error("cannot read the rows as CSV")]
    Csv(#[source] csv::Error),
    /// Not JSON.
    #[error("cannot read the rows as JSON")]
    Json(#[source] serde_json::Error),
    /// JSON of another shape.
    #[error("the rows are no list of objects")]
    Shape,
    /// Nothing to feed.
    #[error("there is no row")]
    Empty,
}

impl Feed {
    /// Reads a file: JSON if its name ends so, else CSV with a header.
    pub fn read(name: &str, path: &Path, order: Order) -> Result<Self, FeedError> {
        let bytes = fs::metadata(path).map_err(FeedError::Read)?.len();
        if bytes > FEED_BYTES_MAX {
            return Err(FeedError::TooLarge(bytes));
        }
        let text = fs::read(path).map_err(FeedError::Read)?;
        let is_json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
        let (columns, rows) = if is_json { from_json(&text)? } else { from_csv(&text)? };
        Self::new(name, order, columns, rows)
    }

    /// A feed of rows at hand.
    pub fn new(
        name: &str,
        order: Order,
        columns: Vec<String>,
        rows: Vec<Vec<String>>,
    ) -> Result<Self, FeedError> {
        if rows.is_empty() {
            return Err(FeedError::Empty);
        }
        Ok(Self { name: name.to_owned(), order, columns, rows })
    }

    /// The names of its columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none; a feed that was made has at least one.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row for the journey of this number; nothing once the feed has run dry. Numbers are shared out among workers
    /// before, so that no two of them take the same row and none has to ask.
    pub fn row(&self, number: u64, chance: &mut Chance) -> Option<&[String]> {
        let count = self.rows.len() as u64;
        let at = match self.order {
            Order::InTurn => number % count.max(1),
            Order::Random => chance.below(self.rows.len()) as u64,
            Order::Once => number,
        };
        self.rows.get(usize::try_from(at).ok()?).map(Vec::as_slice)
    }
}

type Table = (Vec<String>, Vec<Vec<String>>);

fn from_csv(text: &[u8]) -> Result<Table, FeedError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let columns = reader.headers().map_err(FeedError::Csv)?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        rows.push(record.map_err(FeedError::Csv)?.iter().map(str::to_owned).collect());
    }
    Ok((columns, rows))
}

fn from_json(text: &[u8]) -> Result<Table, FeedError> {
    let document: Value = serde_json::from_slice(text).map_err(FeedError::Json)?;
    let items = document.as_array().ok_or(FeedError::Shape)?;
    let first = items.first().ok_or(FeedError::Empty)?.as_object().ok_or(FeedError::Shape)?;
    let columns: Vec<String> = first.keys().cloned().collect();
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        let map = item.as_object().ok_or(FeedError::Shape)?;
        let cell = |column: &String| map.get(column).map(as_text).unwrap_or_default();
        rows.push(columns.iter().map(cell).collect());
    }
    Ok((columns, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, text: &str, order: Order) -> Result<Feed, FeedError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        fs::write(&path, text).unwrap();
        Feed::read("f", &path, order)
    }

    #[test]
    fn rows_are_read_from_csv_and_json() {
        let mut chance = Chance::new(1);
        let feed = read("users.csv", "name, key\nann, 1\n\"b, c\", 2\n", Order::InTurn).unwrap();
        assert_eq!(feed.columns(), ["name", "key"]);
        assert_eq!(feed.row(3, &mut chance).unwrap(), ["b, c", "2"]);
        let text = r#"[{"name": "ann", "key": 1}, {"key": true}]"#;
        let feed = read("users.json", text, Order::Once).unwrap();
        assert_eq!(feed.row(1, &mut chance).unwrap(), ["", "true"]);
        assert_eq!(feed.row(2, &mut chance), None, "it has run dry");
    }

    #[test]
    fn random_rows_with_seed_2_are_all_met() {
        let feed = read("x.csv", "a\n1\n2\n3\n", Order::Random).unwrap();
        let mut chance = Chance::new(2);
        let mut met: Vec<String> =
            (0..50).map(|number| feed.row(number, &mut chance).unwrap()[0].clone()).collect();
        met.sort();
        met.dedup();
        assert_eq!(met, ["1", "2", "3"]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(matches!(read("x.csv", "a,b\n", Order::Once), Err(FeedError::Empty)));
        assert!(matches!(read("x.csv", "a,b\n1\n", Order::Once), Err(FeedError::Csv(_))));
        assert!(matches!(read("x.json", "{}", Order::Once), Err(FeedError::Shape)));
        assert!(matches!(read("x.json", "[", Order::Once), Err(FeedError::Json(_))));
        assert!(matches!(read("x.json", "[1]", Order::Once), Err(FeedError::Shape)));
    }
}
