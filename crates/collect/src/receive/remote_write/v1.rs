//! Remote write 1.0. Field numbers are those of `prompb/{remote,types}.proto`.

use model::{BatchSeries, LabelBytes, METRIC_NAME, Metadata, MetricKind};

use super::{DecodeError, Request, compress, kind_of, room::Room, within};
use crate::receive::wire::{Field, Fields, Writer, varint_length};

/// Reads a message into the request's batch.
pub(super) fn read(
    request: &mut Request<'_>,
    message: &[u8],
    labels: &mut LabelBytes,
) -> Result<(), DecodeError> {
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(series)) => read_series(request, series, labels)?,
            (3, Field::Bytes(metadata)) => read_metadata(request, metadata)?,
            // Whatever later versions add.
            _ => {}
        }
    }
    Ok(())
}

fn read_series(
    request: &mut Request<'_>,
    message: Fields<'_>,
    labels: &mut LabelBytes,
) -> Result<(), DecodeError> {
    request.start_series()?;
    labels.clear();
    let (mut count, mut named, mut samples) = (0, false, 0);
    let mut wrong = None;
    for field in message.clone() {
        match field? {
            (1, Field::Bytes(label)) => {
                count += 1;
                let (name, value) = pair(&label)?;
                request.count_label(count, name.len().max(value.len()))?;
                named |= name == METRIC_NAME.as_bytes();
                labels.push(name, value);
            }
            (2, Field::Bytes(sample)) => {
                request.sample(&sample)?;
                samples += 1;
            }
            (3, Field::Bytes(_)) => request.arrived.exemplars += 1,
            (4, Field::Bytes(histogram)) => {
                request.histogram(histogram, &mut wrong)?;
                samples += 1;
            }
            _ => {}
        }
    }
    match labels.labels() {
        Some(labels) if named && wrong.is_none() => {
            if samples > 0 {
                request.batch.end_packed(labels);
            }
            Ok(())
        }
        _ => end_odd_series(request, message, wrong, samples),
    }
}

/// Ends a series whose labels are not in order, or wrong.
fn end_odd_series(
    request: &mut Request<'_>,
    message: Fields<'_>,
    wrong: Option<String>,
    samples: usize,
) -> Result<(), DecodeError> {
    let mut pairs = Vec::new();
    for field in message {
        if let (1, Field::Bytes(label)) = field? {
            let (mut name, mut value) = ("", "");
            for field in label {
                match field? {
                    (1, Field::Bytes(text)) => name = text.text("a label's name")?,
                    (2, Field::Bytes(text)) => value = text.text("a label's value")?,
                    _ => {}
                }
            }
            pairs.push((name, value));
        }
    }
    if samples > 0 || wrong.is_some() {
        return request.end_series(&mut pairs, wrong);
    }
    // Its labels are checked all the same.
    let before = request.batch.len();
    request.end_series(&mut pairs, wrong)?;
    request.batch.truncate(before);
    Ok(())
}

#[inline]
fn pair<'b>(message: &Fields<'b>) -> Result<(&'b [u8], &'b [u8]), DecodeError> {
    if let Some(pair) = message.pair() {
        return Ok(pair);
    }
    let (mut name, mut value): (&[u8], &[u8]) = (b"", b"");
    for field in message.clone() {
        match field? {
            (1, Field::Bytes(text)) => name = text.raw(),
            (2, Field::Bytes(text)) => value = text.raw(),
            _ => {}
        }
    }
    Ok((name, value))
}

fn read_metadata(request: &mut Request<'_>, message: Fields<'_>) -> Result<(), DecodeError> {
    let metadata = &mut request.arrived.metadata;
    within("pieces of metadata", metadata.len() + 1, request.limits.series)?;
    let mut found = Metadata {
        metric: String::new(),
        kind: MetricKind::Unknown,
        help: String::new(),
        unit: String::new(),
    };
    for field in message {
        match field? {
            (1, Field::Number(kind)) => found.kind = kind_of(kind),
            (2, Field::Bytes(text)) => found.metric = text.text("a metric's name")?.into(),
            (4, Field::Bytes(text)) => found.help = text.text("a help text")?.into(),
            (5, Field::Bytes(text)) => found.unit = text.text("a unit")?.into(),
            _ => {}
        }
    }
    if !found.metric.is_empty() {
        metadata.push(found);
    }
    Ok(())
}

/// Puts a request together. The error means that it is too large for snappy (4 GiB); send less at once.
pub fn encode<'s>(
    series: impl IntoIterator<Item = impl Into<BatchSeries<'s>>>,
) -> Result<Vec<u8>, DecodeError> {
    let (mut message, mut room) = (Vec::new(), Room::default());
    for series in series {
        let series: BatchSeries<'_> = series.into();
        let own = room.start();
        for (name, value) in series.labels.iter() {
            let mut writer = Writer(own);
            writer.head(1, text_length(name) + text_length(value));
            writer.bytes(1, name.as_bytes());
            writer.bytes(2, value.as_bytes());
        }
        room.samples(&series, 4);
        Writer(&mut message).bytes(1, &room.series);
    }
    compress(&message)
}

/// Bytes of a text as a field whose number is below 16.
fn text_length(text: &str) -> usize {
    1 + varint_length(text.len() as u64) + text.len()
}
