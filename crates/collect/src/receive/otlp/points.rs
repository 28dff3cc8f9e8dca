//! Data points, and the series they become.

mod buckets;

use std::{fmt::Write as _, ops::Range, sync::Arc};

use model::{Histogram, HistogramSample, STALE};

use super::{
    Histograms, Reason,
    labels::{
        Base, Series, Spot,
        layout::Layout,
        spots,
        value::{Attribute, attribute},
    },
    walk::{Family, Out, Stop, millis},
};
use crate::receive::wire::{Field, Fields, WireError, unzigzag};
use buckets::{Exponential, Side};

/// The flag that says that there is no value: the series has ended.
const NO_RECORDED_VALUE: u64 = 1;
/// Buckets of one side of an exponential histogram; senders have 160 unless told otherwise.
const BUCKETS_MAX: usize = 65_536;

/// Room that is used again for each data point.
#[derive(Debug, Default)]
pub(super) struct Room<'r> {
    /// What `Text::Made` means.
    pub(super) text: String,
    pub(super) exemplars: usize,
    attributes: Vec<Attribute<'r>>,
    spots: Vec<Spot<'r>>,
    layout: Layout<'r>,
    /// Whether the labels are those of the layout, not of the spots.
    laid: bool,
    counts: Vec<u64>,
    bounds: Vec<f64>,
    /// Quantiles and their values.
    quantiles: Vec<(f64, f64)>,
    /// Bounds and quantiles as texts.
    extras: Vec<Range<usize>>,
}

impl<'r> Room<'r> {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.exemplars = 0;
        self.attributes.clear();
        self.counts.clear();
        self.bounds.clear();
        self.quantiles.clear();
        self.extras.clear();
    }

    fn attribute(&mut self, message: Fields<'r>) -> Result<(), WireError> {
        self.attributes.push(attribute(message, &mut self.text)?);
        Ok(())
    }

    /// Makes labels of the attributes, with room for one that differs between the series of the data point.
    fn label(&mut self, out: &Out<'_>, base: &Base, extra: &'static str) -> Result<(), Stop> {
        self.laid = self.layout.fit(&self.attributes, base, extra, out.options);
        if self.laid {
            return Ok(());
        }
        spots(&mut self.attributes, out.options, &mut self.text, &mut self.spots)
            .map_err(|detail| Stop::Point(Reason::Labels, detail))
    }

    fn series<'t>(
        &'t self,
        out: &Out<'_>,
        base: &'t Base,
        extra: &'static str,
    ) -> Result<Series<'t>, Stop> {
        let limits = &out.options.limits;
        let series = if self.laid {
            self.layout.series(&self.attributes, &self.text, base, limits)
        } else {
            Series::new(&self.text, base, &self.spots, extra, limits)
        };
        series.map_err(|detail| Stop::Point(Reason::Labels, detail))
    }

    /// Keeps a bound or a quantile as a text, as Go writes floats without an exponent.
    fn extra(&mut self, value: f64) {
        let start = self.text.len();
        if value.is_infinite() {
            self.text.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        } else {
            // Writing to a text cannot fail.
            write!(self.text, "{value}").unwrap_or_default();
        }
        self.extras.push(start..self.text.len());
    }
}

/// Where a data point belongs.
type Place<'p> = (&'p Base, &'p Family);

/// A gauge or a sum. Gives its time in nanoseconds, as the others do.
pub(super) fn number<'r>(
    out: &mut Out<'_>,
    room: &mut Room<'r>,
    message: Fields<'r>,
    (base, family): Place<'_>,
) -> Result<u64, Stop> {
    let (mut nanos, mut flags, mut value) = (0, 0, None);
    for field in message {
        match field? {
            (3, Field::Fixed64(own)) => nanos = own,
            (4, Field::Fixed64(bits)) => value = Some(f64::from_bits(bits)),
            (5, Field::Bytes(_)) => room.exemplars += 1,
            (6, Field::Fixed64(bits)) => value = Some(bits.cast_signed() as f64),
            (7, Field::Bytes(entry)) => room.attribute(entry)?,
            (8, Field::Number(own)) => flags = own,
            _ => {}
        }
    }
    let value = if flags & NO_RECORDED_VALUE == 0 { value } else { Some(STALE) };
    let value = value.ok_or_else(|| Stop::Point(Reason::Value, String::new()))?;
    room.label(out, base, "")?;
    let mut series = room.series(out, base, "")?;
    out.add(series.named(&family.name, ""), millis(nanos), value)?;
    Ok(nanos)
}

/// What a histogram with given bounds says beside its buckets.
#[derive(Default)]
struct Totals {
    nanos: u64,
    flags: u64,
    count: u64,
    sum: Option<f64>,
}

/// A histogram with given bounds.
pub(super) fn histogram<'r>(
    out: &mut Out<'_>,
    room: &mut Room<'r>,
    message: Fields<'r>,
    (base, family): Place<'_>,
) -> Result<u64, Stop> {
    let mut totals = Totals::default();
    for field in message {
        match field? {
            (3, Field::Fixed64(own)) => totals.nanos = own,
            (4, Field::Fixed64(own)) => totals.count = own,
            (5, Field::Fixed64(bits)) => totals.sum = Some(f64::from_bits(bits)),
            (6, Field::Bytes(list)) => room.counts.extend(list.fixed64s()?),
            (6, Field::Fixed64(own)) => room.counts.push(own),
            (7, Field::Bytes(list)) => room.bounds.extend(list.fixed64s()?.map(f64::from_bits)),
            (7, Field::Fixed64(bits)) => room.bounds.push(f64::from_bits(bits)),
            (8, Field::Bytes(_)) => room.exemplars += 1,
            (9, Field::Bytes(entry)) => room.attribute(entry)?,
            (10, Field::Number(own)) => totals.flags = own,
            _ => {}
        }
    }
    check_buckets(&room.counts, &room.bounds)
        .map_err(|detail| Stop::Point(Reason::Histogram, detail))?;
    if out.options.histograms == Histograms::Classic {
        room.label(out, base, "le")?;
        classic(out, room, &totals, (base, family))?;
        return Ok(totals.nanos);
    }
    let Totals { nanos, flags, count, sum } = totals;
    let made = if flags & NO_RECORDED_VALUE == 0 {
        buckets::custom(&room.bounds, &room.counts, count, sum.unwrap_or(0.0))
    } else {
        Ok(buckets::stale())
    };
    room.label(out, base, "")?;
    native(out, room, made, (nanos, base, family))
}

fn check_buckets(counts: &[u64], bounds: &[f64]) -> Result<(), String> {
    if !counts.is_empty() && counts.len() != bounds.len() + 1 {
        return Err(format!("{} buckets for {} bounds", counts.len(), bounds.len()));
    }
    if bounds.iter().any(|bound| bound.is_nan()) || bounds.windows(2).any(|pair| pair[0] >= pair[1])
    {
        return Err("the bounds do not rise".to_owned());
    }
    Ok(())
}

/// The series a histogram is for Prometheus: sum, count, and a rising count for each bound.
fn classic(
    out: &mut Out<'_>,
    room: &mut Room<'_>,
    totals: &Totals,
    (base, family): Place<'_>,
) -> Result<(), Stop> {
    // The last bucket is the one without a bound, whether its bound is told or not.
    let bounded =
        room.counts.len().min(room.bounds.iter().filter(|own| **own < f64::INFINITY).count());
    for at in 0..bounded {
        room.extra(room.bounds[at]);
    }
    let time = millis(totals.nanos);
    let ended = totals.flags & NO_RECORDED_VALUE != 0;
    let value = |count: u64| if ended { STALE } else { count as f64 };
    let mut series = room.series(out, base, "le")?;
    if let Some(sum) = totals.sum {
        out.add(series.named(&family.sum, ""), time, if ended { STALE } else { sum })?;
    }
    out.add(series.named(&family.count, ""), time, value(totals.count))?;
    let mut below = 0u64;
    for (count, extra) in room.counts.iter().zip(&room.extras) {
        below = below.saturating_add(*count);
        let bound = room.text.get(extra.clone()).unwrap_or_default();
        out.add(series.named(&family.bucket, bound), time, value(below))?;
    }
    out.add(series.named(&family.bucket, "+Inf"), time, value(totals.count))?;
    Ok(())
}

/// A histogram with exponential buckets.
pub(super) fn exponential<'r>(
    out: &mut Out<'_>,
    room: &mut Room<'r>,
    message: Fields<'r>,
    (base, family): Place<'_>,
) -> Result<u64, Stop> {
    let (mut nanos, mut flags, mut from) = (0, 0, Exponential::default());
    for field in message {
        match field? {
            (1, Field::Bytes(entry)) => room.attribute(entry)?,
            (3, Field::Fixed64(own)) => nanos = own,
            (4, Field::Fixed64(own)) => from.count = own,
            (5, Field::Fixed64(bits)) => from.sum = f64::from_bits(bits),
            (6, Field::Number(own)) => from.scale = signed(own),
            (7, Field::Fixed64(own)) => from.zero_count = own,
            (8, Field::Bytes(own)) => from.positive = side(own)?,
            (9, Field::Bytes(own)) => from.negative = side(own)?,
            (10, Field::Number(own)) => flags = own,
            (11, Field::Bytes(_)) => room.exemplars += 1,
            (14, Field::Fixed64(bits)) => from.zero_threshold = f64::from_bits(bits),
            _ => {}
        }
    }
    let made =
        if flags & NO_RECORDED_VALUE == 0 { buckets::native(&from) } else { Ok(buckets::stale()) };
    room.label(out, base, "")?;
    native(out, room, made, (nanos, base, family))
}

fn native(
    out: &mut Out<'_>,
    room: &Room<'_>,
    made: Result<Histogram, String>,
    (nanos, base, family): (u64, &Base, &Family),
) -> Result<u64, Stop> {
    let made = made.map_err(|detail| Stop::Point(Reason::Histogram, detail))?;
    let sample = HistogramSample { time: millis(nanos), histogram: Arc::new(made) };
    let mut series = room.series(out, base, "")?;
    out.add_histogram(series.named(&family.name, ""), sample)?;
    Ok(nanos)
}

fn side(message: Fields<'_>) -> Result<Side, WireError> {
    let mut side = Side::default();
    for field in message {
        match field? {
            (1, Field::Number(own)) => side.offset = signed(own),
            (2, Field::Bytes(list)) => {
                for count in list.varints() {
                    let count = count?;
                    // One more than can be kept is enough to see that it is too many.
                    if side.counts.len() <= BUCKETS_MAX {
                        side.counts.push(count);
                    }
                }
            }
            (2, Field::Number(own)) => side.counts.push(own),
            _ => {}
        }
    }
    Ok(side)
}

/// A number of type `sint32`.
fn signed(number: u64) -> i32 {
    let signed = unzigzag(number);
    i32::try_from(signed).unwrap_or(if signed < 0 { i32::MIN } else { i32::MAX })
}

/// A summary: sum, count, and a series for each quantile.
pub(super) fn summary<'r>(
    out: &mut Out<'_>,
    room: &mut Room<'r>,
    message: Fields<'r>,
    (base, family): Place<'_>,
) -> Result<u64, Stop> {
    let (mut nanos, mut flags, mut count, mut sum) = (0, 0, 0u64, 0.0);
    for field in message {
        match field? {
            (3, Field::Fixed64(own)) => nanos = own,
            (4, Field::Fixed64(own)) => count = own,
            (5, Field::Fixed64(bits)) => sum = f64::from_bits(bits),
            (6, Field::Bytes(own)) => room.quantiles.push(quantile(own)?),
            (7, Field::Bytes(entry)) => room.attribute(entry)?,
            (8, Field::Number(own)) => flags = own,
            _ => {}
        }
    }
    room.label(out, base, "quantile")?;
    for at in 0..room.quantiles.len() {
        room.extra(room.quantiles[at].0);
    }
    let time = millis(nanos);
    let value = |own: f64| if flags & NO_RECORDED_VALUE == 0 { own } else { STALE };
    let mut series = room.series(out, base, "quantile")?;
    out.add(series.named(&family.sum, ""), time, value(sum))?;
    out.add(series.named(&family.count, ""), time, value(count as f64))?;
    for ((_, own), extra) in room.quantiles.iter().zip(&room.extras) {
        let text = room.text.get(extra.clone()).unwrap_or_default();
        out.add(series.named(&family.name, text), time, value(*own))?;
    }
    Ok(nanos)
}

fn quantile(message: Fields<'_>) -> Result<(f64, f64), WireError> {
    let mut found = (0.0, 0.0);
    for field in message {
        match field? {
            (1, Field::Fixed64(bits)) => found.0 = f64::from_bits(bits),
            (2, Field::Fixed64(bits)) => found.1 = f64::from_bits(bits),
            _ => {}
        }
    }
    Ok(found)
}
