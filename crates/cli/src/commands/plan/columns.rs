//! CSV files of several columns over time.

use std::{collections::BTreeMap, fs::File, io, path::Path};

use collect::import::{self, CsvSpec, ImportOptions};
use model::{Kind, METRIC_NAME};

use crate::fault::Fault;

/// No more values are read; a year by the minute of ten columns fits.
const VALUES_MAX: usize = 10_000_000;

/// Columns of one file, all of the same moments.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// Milliseconds since 1970, rising.
    pub(crate) times: Vec<i64>,
    /// By the name of the column as the file writes it; not a number where it is empty.
    pub(crate) values: BTreeMap<String, Vec<f64>>,
}

impl Columns {
    /// Reads a file, or standard input for `-`.
    pub(crate) fn read(file: &Path) -> Result<Self, Fault> {
        let reader: Box<dyn io::Read> = if file == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(file).map_err(|error| {
                Fault::from_error(Kind::Missing, &error).help(format!("reading {}", file.display()))
            })?)
        };
        let failed = |error: &import::ImportError| {
            Fault::from_error(error.kind(), error)
                .help("the file needs a header such as time,load,cpu")
        };
        let spec = CsvSpec { names_kept: true, ..CsvSpec::default() };
        let batches = import::csv(io::BufReader::new(reader), &spec, ImportOptions::default())
            .map_err(|error| failed(&error))?;
        let mut cells: BTreeMap<i64, BTreeMap<String, f64>> = BTreeMap::new();
        let mut count = 0;
        for batch in batches {
            for series in batch.map_err(|error| failed(&error))? {
                let name = series.labels.get(METRIC_NAME).unwrap_or_default().to_owned();
                if series.labels.iter().count() > 1 {
                    let text =
                        "the file has a column of words, which would make many series of one";
                    return Err(Fault::new(Kind::Invalid, text)
                        .help("keep the time column and columns of numbers"));
                }
                count += series.samples.len();
                if count > VALUES_MAX {
                    let text = format!("the file has more than {VALUES_MAX} values");
                    return Err(Fault::new(Kind::Invalid, text));
                }
                for sample in &series.samples {
                    let row = cells.entry(sample.time.millis()).or_default();
                    // Of a moment that comes twice the first counts.
                    row.entry(name.clone()).or_insert(sample.value);
                }
            }
        }
        let mut columns = Self::default();
        for (time, row) in cells {
            for (name, value) in row {
                let column = columns.values.entry(name).or_default();
                column.resize(columns.times.len(), f64::NAN);
                column.push(value);
            }
            columns.times.push(time);
        }
        for column in columns.values.values_mut() {
            column.resize(columns.times.len(), f64::NAN);
        }
        Ok(columns)
    }

    /// A column with its name as the file writes it, by that name or by the one an import gives it (`web_1` for `web-1`); or
    /// which columns there are.
    pub(crate) fn column(&self, wanted: &str) -> Result<(&str, &[f64]), Fault> {
        self.find(wanted)?.ok_or_else(|| {
            let known: Vec<&str> = self.values.keys().map(String::as_str).collect();
            Fault::new(Kind::Missing, format!("there is no column {wanted:?}"))
                .help(format!("columns of numbers are {}", known.join(", ")))
        })
    }

    /// The columns of these names, under these names; names without a column are left out.
    pub(crate) fn named<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<BTreeMap<String, Vec<f64>>, Fault> {
        let mut named = BTreeMap::new();
        for name in names {
            if let Some((_, values)) = self.find(name)? {
                named.insert(name.to_owned(), values.to_vec());
            }
        }
        Ok(named)
    }

    fn find(&self, wanted: &str) -> Result<Option<(&str, &[f64])>, Fault> {
        if let Some((name, values)) = self.values.get_key_value(wanted) {
            return Ok(Some((name, values)));
        }
        let alike: Vec<(&str, &[f64])> = self
            .values
            .iter()
            .filter(|(name, _)| import::csv_metric_name(name) == wanted)
            .map(|(name, values)| (name.as_str(), values.as_slice()))
            .collect();
        if alike.len() > 1 {
            let names: Vec<&str> = alike.iter().map(|(name, _)| *name).collect();
            return Err(Fault::new(Kind::Invalid, format!("{wanted:?} is more than one column"))
                .help(format!("write one of {}", names.join(", "))));
        }
        Ok(alike.first().copied())
    }
}
