//! Remote write 2.0. Field numbers are those of `io/prometheus/write/v2/types.proto`.

use std::collections::{HashMap, HashSet};

use model::{BatchSeries, LabelBytes, METRIC_NAME, Metadata, MetricKind};

use super::{DecodeError, Request, compress, kind_of, room::Room, within};
use crate::receive::wire::{Field, Fields, Writer};

/// Endings that the series of one classic histogram or summary have.
const FAMILY_ENDINGS: [&str; 3] = ["_bucket", "_count", "_sum"];

/// Letters of a wrong symbol that an error message shows.
const SHOWN_LETTERS: usize = 100;

/// Reads a message into the request's batch.
pub(super) fn read(
    request: &mut Request<'_>,
    message: &[u8],
    labels: &mut LabelBytes,
) -> Result<(), DecodeError> {
    let mut symbols = Vec::new();
    // Senders put symbols first, but need not. A label has two, and the first is empty.
    let symbols_max = request.limits.labels.saturating_mul(2).saturating_add(1);
    for field in Fields::new(message) {
        if let (4, Field::Bytes(text)) = field? {
            within("symbols", symbols.len() + 1, symbols_max)?;
            symbols.push(text.raw());
        }
    }
    if let Some(first) = symbols.first().filter(|first| !first.is_empty()) {
        let first = String::from_utf8_lossy(first);
        return Err(DecodeError::FirstSymbol(first.chars().take(SHOWN_LETTERS).collect()));
    }
    let mut reader = Reader { symbols, labels, pairs: Vec::new(), described: HashSet::new() };
    for field in Fields::new(message) {
        if let (5, Field::Bytes(series)) = field? {
            reader.series(request, series)?;
        }
    }
    Ok(())
}

struct Reader<'b, 'l> {
    symbols: Vec<&'b [u8]>,
    /// Labels of the series that is being read, packed, and one by one.
    labels: &'l mut LabelBytes,
    pairs: Vec<(&'b [u8], &'b [u8])>,
    /// Metrics whose metadata is known: each series brings it again.
    described: HashSet<&'b [u8]>,
}

impl<'b> Reader<'b, '_> {
    fn series(
        &mut self,
        request: &mut Request<'_>,
        message: Fields<'b>,
    ) -> Result<(), DecodeError> {
        request.start_series()?;
        self.pairs.clear();
        self.labels.clear();
        let (mut samples, mut wrong, mut metadata) = (0, None, None);
        let mut name_of_pair: Option<u64> = None;
        for field in message {
            match field? {
                (1, Field::Bytes(references)) => {
                    for reference in references.varints() {
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
                // Start times, and whatever later versions add.
                _ => {}
            }
        }
        if name_of_pair.is_some() {
            wrong = Some("a label has a name and no value".to_owned());
        }
        // A series of nothing but exemplars is what senders make of exemplars.
        if samples > 0 || wrong.is_some() {
            self.end(request, wrong)?;
        }
        match metadata {
            Some(metadata) => self.metadata(request, metadata),
            None => Ok(()),
        }
    }

    fn end(&mut self, request: &mut Request<'_>, wrong: Option<String>) -> Result<(), DecodeError> {
        if let Some(labels) = self.labels.labels()
            && wrong.is_none()
            && self.metric().is_some()
        {
            request.batch.end_packed(labels);
            return Ok(());
        }
        let mut pairs = Vec::with_capacity(self.pairs.len());
        for (name, value) in &self.pairs {
            let name = self.text(request, name, "a label's name")?;
            pairs.push((name, self.text(request, value, "a label's value")?));
        }
        request.end_series(&mut pairs, wrong)
    }

    /// The metric's name, if the series has one.
    fn metric(&self) -> Option<&'b [u8]> {
        let name = self.pairs.iter().find(|(name, _)| *name == METRIC_NAME.as_bytes());
        name.map(|(_, value)| *value)
    }

    /// Takes a reference to a symbol: every second makes a label with the one before.
    #[inline]
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
        let (name, value) = (self.symbol(request, name)?, self.symbol(request, reference)?);
        request.count_label(self.pairs.len() + 1, name.len().max(value.len()))?;
        self.labels.push(name, value);
        self.pairs.push((name, value));
        Ok(())
    }

    #[inline]
    fn symbol(&self, request: &Request<'_>, reference: u64) -> Result<&'b [u8], DecodeError> {
        let symbol = usize::try_from(reference).ok().and_then(|at| self.symbols.get(at));
        symbol.copied().ok_or_else(|| {
            let count = self.symbols.len();
            self.wrong(request, format!("it refers to symbol {reference}, but there are {count}"))
        })
    }

    fn text(
        &self,
        request: &Request<'_>,
        bytes: &'b [u8],
        what: &str,
    ) -> Result<&'b str, DecodeError> {
        std::str::from_utf8(bytes)
            .map_err(|_fault| self.wrong(request, format!("{what} is not UTF-8")))
    }

    #[cold]
    fn wrong(&self, request: &Request<'_>, what: String) -> DecodeError {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let pairs = self.pairs.iter().map(|(name, value)| (text(name), text(value)));
        request.wrong(model::Labels::from_pairs(pairs).as_ref(), what)
    }

    fn metadata(
        &mut self,
        request: &mut Request<'_>,
        message: Fields<'b>,
    ) -> Result<(), DecodeError> {
        let Some(metric) = self.metric() else { return Ok(()) };
        if self.described.contains(metric) {
            return Ok(());
        }
        let (mut kind, mut help, mut unit) = (MetricKind::Unknown, 0, 0);
        for field in message {
            match field? {
                (1, Field::Number(number)) => kind = kind_of(number),
                (3, Field::Number(reference)) => help = reference,
                (4, Field::Number(reference)) => unit = reference,
                _ => {}
            }
        }
        // Senders that know nothing say so of each series.
        if (kind, help, unit) == (MetricKind::Unknown, 0, 0) {
            return Ok(());
        }
        let family = family(metric, kind);
        self.described.insert(metric);
        if family != metric && !self.described.insert(family) {
            return Ok(());
        }
        let told = &request.arrived.metadata;
        within("pieces of metadata", told.len() + 1, request.limits.series)?;
        let (help, unit) = (self.symbol(request, help)?, self.symbol(request, unit)?);
        let found = Metadata {
            metric: self.text(request, family, "its name")?.to_owned(),
            kind,
            help: self.text(request, help, "its help text")?.to_owned(),
            unit: self.text(request, unit, "its unit")?.to_owned(),
        };
        request.arrived.metadata.push(found);
        Ok(())
    }
}

/// The name that the series of one classic histogram or summary have in common.
fn family(metric: &[u8], kind: MetricKind) -> &[u8] {
    match kind {
        MetricKind::Histogram | MetricKind::GaugeHistogram | MetricKind::Summary => {
            let mut endings = FAMILY_ENDINGS.iter();
            endings.find_map(|ending| metric.strip_suffix(ending.as_bytes())).unwrap_or(metric)
        }
        _ => metric,
    }
}

/// Puts a request together. The error means that it is too large for snappy (4 GiB); send less at once.
pub fn encode<'s>(
    series: impl IntoIterator<Item = impl Into<BatchSeries<'s>>>,
) -> Result<Vec<u8>, DecodeError> {
    let mut symbols = Symbols::default();
    let mut entries = Vec::new();
    let (mut references, mut room) = (Vec::new(), Room::default());
    for series in series {
        let series: BatchSeries<'s> = series.into();
        references.clear();
        let texts = series.labels.iter().flat_map(|(name, value)| [name, value]);
        for (place, text) in texts.enumerate() {
            Writer(&mut references).varint(symbols.number(place, text));
        }
        Writer(room.start()).bytes(1, &references);
        room.samples(&series, 3);
        Writer(&mut entries).bytes(5, &room.series);
    }
    let mut message = Vec::new();
    for symbol in symbols.list {
        Writer(&mut message).bytes(4, symbol.as_bytes());
    }
    message.append(&mut entries);
    compress(&message)
}

/// Texts and their numbers.
struct Symbols<'s> {
    list: Vec<&'s str>,
    numbers: HashMap<&'s str, u64>,
    /// What stood in each place of the series before: mostly what stands there again.
    before: Vec<(&'s str, u64)>,
}

/// The first symbol is the empty text, as the specification has it.
impl Default for Symbols<'_> {
    fn default() -> Self {
        Self { list: vec![""], numbers: HashMap::from([("", 0)]), before: Vec::new() }
    }
}

impl<'s> Symbols<'s> {
    fn number(&mut self, place: usize, text: &'s str) -> u64 {
        if let Some((_, number)) = self.before.get(place).filter(|(own, _)| *own == text) {
            return *number;
        }
        let number = *self.numbers.entry(text).or_insert_with(|| {
            self.list.push(text);
            self.list.len() as u64 - 1
        });
        match self.before.get_mut(place) {
            Some(before) => *before = (text, number),
            // Places come one after the other.
            None => self.before.push((text, number)),
        }
        number
    }
}
