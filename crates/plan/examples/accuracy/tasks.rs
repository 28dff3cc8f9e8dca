//! What was asked of each series, with our answer, for peers that are asked the same: a line of JSON each.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
};

use crate::{
    ahead::Trial,
    series::{Part, Series},
};

/// Peers are shown no more of the past than we look at: ten weeks by the hour.
const CELLS_MAX: i64 = 1_680;
const HOUR: i64 = 3_600_000;

/// Where tasks are written; nowhere if nobody asked.
pub(crate) struct Tasks(Option<BufWriter<File>>);

impl Tasks {
    pub(crate) fn into_file(path: Option<&Path>) -> io::Result<Self> {
        Ok(Self(path.map(File::create).transpose()?.map(BufWriter::new)))
    }

    /// One forecast: the hours before its first, the hours that came, what errors are measured by, and how we did.
    pub(crate) fn write(&mut self, part: Part, series: &Series, trial: &Trial) -> io::Result<()> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        let first = series.times.first().copied().unwrap_or(0);
        let mut past: Vec<String> = (0..CELLS_MAX)
            .map(|back| trial.from - back * HOUR)
            .take_while(|at| at - HOUR >= first)
            .map(|at| number(series.hour(at)))
            .collect();
        past.reverse();
        let came: Vec<String> = trial.at.iter().map(|at| number(series.hour(*at))).collect();
        writeln!(
            file,
            "{{\"part\":\"{}\",\"set\":\"{}\",\"name\":\"{}\",\"from\":{},\"past\":[{}],\"came\":[{}],\"scale\":{},\"scaled\":{},\"covered_90\":{},\"seconds\":{}}}",
            part.word(),
            series.set,
            series.name,
            trial.from,
            past.join(","),
            came.join(","),
            trial.scale,
            trial.scaled,
            trial.covered_90,
            trial.seconds,
        )
    }
}

fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| "null".to_owned(), |own| own.to_string())
}
