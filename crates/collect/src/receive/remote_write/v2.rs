//! Remote write 2.0. Field numbers are those of `io/prometheus/write/v2/types.proto`.

use std::collections::{HashMap, HashSet};

use model::{BatchSeries, METRIC_NAME, Metadata, MetricKind};

use super::{DecodeError, Request, compress, kind_of, native, within};
use crate::receive::wire::{Field, Fields, Writer};

/// Endings that the series of one classic histogram or summary have.
const FAMILY_ENDINGS: [&str; 3] = ["_bucket", "_count", "_sum"];

/// Reads a message into the request's batch.
pub(super) fn read(request: &mut Request<'_>, message: &[u8]) -> Result<(), DecodeError> {
    let mut symbols = Vec::new();
    // Senders put symbols first, but need not.
    for field in Fields::new(message) {
        if let (4, Field::Bytes(text)) = field? {
            within("symbols", symbols.len() + 1, request.limits.labels)?;
            let symbol = text.text("a symbol")?;
            within("bytes in one symbol", symbol.len(), request.limits.label_bytes)?;
            symbols.push(symbol);
        }
    }
    let mut reader = Reader { symbols, pairs: Vec::new(), described: HashSet::new() };
    for field in Fields::new(message) {
        if let (5, Field::Bytes(series)) = field? {
            reader.series(request, series)?;
        }
    }
    Ok(())
}

struct Reader<'b> {
    symbols: Vec<&'b str>,
    pairs: Vec<(&'b str, &'b str)>,
    described: HashSet<&'b str>,
}

impl<'b> Reader<'b> {
    fn series(
        &mut self,
        request: &mut Request<'_>,
        message: Fields<'b>,
    ) -> Result<(), DecodeError> {
        request.start_series()?;
        self.pairs.clear();
        let (mut samples, mut wrong, mut metadata) = (0, None, None);
        let mut name_of_pair: Option<u64> = None;
        for field in message {
            match field? {
                (1, Field::Bytes(references)) => {
                    for reference in references.clone().varints() {
                        self.label(request, reference?, &mut name_of_pair)?;
                    }
                }
                (1, Field::Number(reference)) => {
                    self.label(request, reference, &mut name_of_pair)?;
                }
                (2, Field::Bytes(sample)) => {
                    request.sample(&sample)?;
                    samples += 1;
                }
                (3, Field::Bytes(histogram)) => {
                    request.histogram(histogram, &mut wrong)?;
                    samples += 1;
                }
                (4, Field::Bytes(_)) => request.arrived.exemplars += 1,
                (5, Field::Bytes(own)) => metadata = Some(own),
                _ => {}
            }
        }
        if name_of_pair.is_some() {
            wrong = Some("a label has a name and no value".to_owned());
        }
        if samples == 0 {
            wrong = wrong.or_else(|| Some("it has neither samples nor histograms".to_owned()));
        }
        request.end_series(&mut self.pairs, wrong)?;
        match metadata {
            Some(metadata) => self.metadata(request, metadata),
            None => Ok(()),
        }
    }

    fn label(
        &mut self,
        request: &mut Request<'_>,
        reference: u64,
        name: &mut Option<u64>,
    ) -> Result<(), DecodeError> {
        let Some(name) = name.take() else {
            *name = Some(reference);
            return Ok(());
        };
        request.count_label(self.pairs.len() + 1)?;
        let pair = (self.symbol(request, name)?, self.symbol(request, reference)?);
        self.pairs.push(pair);
        Ok(())
    }

    fn symbol(&self, request: &Request<'_>, reference: u64) -> Result<&'b str, DecodeError> {
        let symbol = usize::try_from(reference).ok().and_then(|at| self.symbols.get(at));
        symbol.copied().ok_or_else(|| {
            let what = format!("symbol {reference} of {}", self.symbols.len());
            let labels = model::Labels::from_pairs(self.pairs.iter().copied());
            request.wrong(labels.as_ref(), what)
        })
    }

    fn metadata(
        &mut self,
        request: &mut Request<'_>,
        message: Fields<'b>,
    ) -> Result<(), DecodeError> {
        let (mut kind, mut help, mut unit) = (MetricKind::Unknown, "", "");
        for field in message {
            match field? {
                (1, Field::Number(number)) => kind = kind_of(number),
                (3, Field::Number(reference)) => help = self.symbol(request, reference)?,
                (4, Field::Number(reference)) => unit = self.symbol(request, reference)?,
                _ => {}
            }
        }
        let name = self.pairs.iter().find(|(name, _)| *name == METRIC_NAME);
        let Some((_, name)) = name.copied() else { return Ok(()) };
        let family = match kind {
            MetricKind::Histogram | MetricKind::GaugeHistogram | MetricKind::Summary => {
                FAMILY_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
            }
            _ => name,
        };
        let told = kind != MetricKind::Unknown || !help.is_empty() || !unit.is_empty();
        if told && self.described.insert(family) {
            request.arrived.metadata.push(Metadata {
                metric: family.to_owned(),
                kind,
                help: help.to_owned(),
                unit: unit.to_owned(),
            });
        }
        Ok(())
    }
}

/// Puts a request together. The error means that it is too large for snappy (4 GiB); send less at once.
pub fn encode<'s>(
    series: impl IntoIterator<Item = impl Into<BatchSeries<'s>>>,
) -> Result<Vec<u8>, DecodeError> {
    // The first symbol is the empty text, as the specification has it.
    let mut symbols: Vec<&str> = vec![""];
    let mut numbers: HashMap<&str, u64> = HashMap::from([("", 0)]);
    let mut entries = Vec::new();
    let (mut outer, mut inner) = (Vec::new(), Vec::new());
    for series in series {
        let series: BatchSeries<'s> = series.into();
        outer.clear();
        inner.clear();
        for (name, value) in series.labels.iter() {
            for text in [name, value] {
                let number = *numbers.entry(text).or_insert_with(|| {
                    symbols.push(text);
                    symbols.len() as u64 - 1
                });
                Writer(&mut inner).varint(number);
            }
        }
        Writer(&mut outer).bytes(1, &inner);
        for sample in series.samples {
            inner.clear();
            Writer(&mut inner).fixed64(1, sample.value.to_bits());
            Writer(&mut inner).number(2, sample.time.millis().cast_unsigned());
            Writer(&mut outer).bytes(2, &inner);
        }
        for sample in series.histograms {
            inner.clear();
            native::write(sample, &mut inner);
            Writer(&mut outer).bytes(3, &inner);
        }
        Writer(&mut entries).bytes(5, &outer);
    }
    let mut message = Vec::new();
    for symbol in symbols {
        Writer(&mut message).bytes(4, symbol.as_bytes());
    }
    message.append(&mut entries);
    compress(&message)
}
