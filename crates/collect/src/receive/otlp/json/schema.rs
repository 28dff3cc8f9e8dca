//! The messages of a request: the names of their fields in JSON, their numbers, and what is in them.

use crate::receive::wire::{Writer, zigzag};

/// A message: its fields.
#[derive(Debug, PartialEq)]
pub(super) struct Schema(pub(super) &'static [Property]);

/// A field.
#[derive(Debug, PartialEq)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) number: u8,
    pub(super) form: Form,
    pub(super) many: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    Text,
    Truth,
    /// `int64`, `uint32`, `uint64`: as many bytes as needed.
    Whole,
    /// `sint32`.
    Zigzag,
    Fixed64,
    SignedFixed64,
    Double,
    /// An enum whose names end so, the first being 0.
    Enum(&'static [&'static str]),
    Base64,
    Message(&'static Schema),
}

const fn one(name: &'static str, number: u8, form: Form) -> Property {
    Property { name, number, form, many: false }
}

const fn many(name: &'static str, number: u8, form: Form) -> Property {
    Property { name, number, form, many: true }
}

/// `ExportMetricsServiceRequest`.
pub(super) static REQUEST: Schema =
    Schema(&[many("resourceMetrics", 1, Form::Message(&RESOURCE_METRICS))]);

static RESOURCE_METRICS: Schema = Schema(&[
    one("resource", 1, Form::Message(&RESOURCE)),
    many("scopeMetrics", 2, Form::Message(&SCOPE_METRICS)),
]);

static RESOURCE: Schema = Schema(&[many("attributes", 1, Form::Message(&KEY_VALUE))]);

static SCOPE_METRICS: Schema = Schema(&[
    one("scope", 1, Form::Message(&SCOPE)),
    many("metrics", 2, Form::Message(&METRIC)),
    one("schemaUrl", 3, Form::Text),
]);

static SCOPE: Schema = Schema(&[
    one("name", 1, Form::Text),
    one("version", 2, Form::Text),
    many("attributes", 3, Form::Message(&KEY_VALUE)),
]);

static METRIC: Schema = Schema(&[
    one("name", 1, Form::Text),
    one("description", 2, Form::Text),
    one("unit", 3, Form::Text),
    one("gauge", 5, Form::Message(&NUMBERS)),
    one("sum", 7, Form::Message(&NUMBERS)),
    one("histogram", 9, Form::Message(&HISTOGRAMS)),
    one("exponentialHistogram", 10, Form::Message(&EXPONENTIALS)),
    one("summary", 11, Form::Message(&SUMMARIES)),
]);

const TEMPORALITY: Property =
    one("aggregationTemporality", 2, Form::Enum(&["UNSPECIFIED", "DELTA", "CUMULATIVE"]));

static NUMBERS: Schema = Schema(&[
    many("dataPoints", 1, Form::Message(&NUMBER)),
    TEMPORALITY,
    one("isMonotonic", 3, Form::Truth),
]);

static HISTOGRAMS: Schema =
    Schema(&[many("dataPoints", 1, Form::Message(&HISTOGRAM)), TEMPORALITY]);

static EXPONENTIALS: Schema =
    Schema(&[many("dataPoints", 1, Form::Message(&EXPONENTIAL)), TEMPORALITY]);

static SUMMARIES: Schema = Schema(&[many("dataPoints", 1, Form::Message(&SUMMARY))]);

static NUMBER: Schema = Schema(&[
    one("timeUnixNano", 3, Form::Fixed64),
    one("asDouble", 4, Form::Double),
    many("exemplars", 5, Form::Message(&EXEMPLAR)),
    one("asInt", 6, Form::SignedFixed64),
    many("attributes", 7, Form::Message(&KEY_VALUE)),
    one("flags", 8, Form::Whole),
]);

static HISTOGRAM: Schema = Schema(&[
    one("timeUnixNano", 3, Form::Fixed64),
    one("count", 4, Form::Fixed64),
    one("sum", 5, Form::Double),
    many("bucketCounts", 6, Form::Fixed64),
    many("explicitBounds", 7, Form::Double),
    many("exemplars", 8, Form::Message(&EXEMPLAR)),
    many("attributes", 9, Form::Message(&KEY_VALUE)),
    one("flags", 10, Form::Whole),
]);

static EXPONENTIAL: Schema = Schema(&[
    many("attributes", 1, Form::Message(&KEY_VALUE)),
    one("timeUnixNano", 3, Form::Fixed64),
    one("count", 4, Form::Fixed64),
    one("sum", 5, Form::Double),
    one("scale", 6, Form::Zigzag),
    one("zeroCount", 7, Form::Fixed64),
    one("positive", 8, Form::Message(&BUCKETS)),
    one("negative", 9, Form::Message(&BUCKETS)),
    one("flags", 10, Form::Whole),
    many("exemplars", 11, Form::Message(&EXEMPLAR)),
    one("zeroThreshold", 14, Form::Double),
]);

static BUCKETS: Schema =
    Schema(&[one("offset", 1, Form::Zigzag), many("bucketCounts", 2, Form::Whole)]);

static SUMMARY: Schema = Schema(&[
    one("timeUnixNano", 3, Form::Fixed64),
    one("count", 4, Form::Fixed64),
    one("sum", 5, Form::Double),
    many("quantileValues", 6, Form::Message(&QUANTILE)),
    many("attributes", 7, Form::Message(&KEY_VALUE)),
    one("flags", 8, Form::Whole),
]);

static QUANTILE: Schema =
    Schema(&[one("quantile", 1, Form::Double), one("value", 2, Form::Double)]);

/// Exemplars are only counted.
static EXEMPLAR: Schema = Schema(&[]);

static KEY_VALUE: Schema =
    Schema(&[one("key", 1, Form::Text), one("value", 2, Form::Message(&ANY_VALUE))]);

static ANY_VALUE: Schema = Schema(&[
    one("stringValue", 1, Form::Text),
    one("boolValue", 2, Form::Truth),
    one("intValue", 3, Form::Whole),
    one("doubleValue", 4, Form::Double),
    one("arrayValue", 5, Form::Message(&ARRAY_VALUE)),
    one("kvlistValue", 6, Form::Message(&KEY_VALUE_LIST)),
    one("bytesValue", 7, Form::Base64),
]);

static ARRAY_VALUE: Schema = Schema(&[many("values", 1, Form::Message(&ANY_VALUE))]);

static KEY_VALUE_LIST: Schema = Schema(&[many("values", 1, Form::Message(&KEY_VALUE))]);

impl Property {
    /// Whether this is the field's name as in its definition: `data_points` for `dataPoints`.
    pub(super) fn is_spelt(&self, sent: &str) -> bool {
        let mut own = self.name.chars();
        let mut upper = false;
        for letter in sent.chars() {
            if letter == '_' && !upper {
                upper = true;
                continue;
            }
            let letter = if upper { letter.to_ascii_uppercase() } else { letter };
            upper = false;
            if own.next() != Some(letter) {
                return false;
            }
        }
        own.next().is_none() && !upper
    }
}

impl Form {
    /// How it stands in protobuf.
    pub(super) fn wire(self) -> u8 {
        match self {
            Self::Truth | Self::Whole | Self::Zigzag | Self::Enum(_) => 0,
            Self::Fixed64 | Self::SignedFixed64 | Self::Double => 1,
            Self::Text | Self::Base64 | Self::Message(_) => 2,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Truth => "true or false",
            Self::Whole | Self::Zigzag | Self::SignedFixed64 => "a whole number",
            Self::Fixed64 => "a whole number from 0",
            Self::Double => "a number",
            Self::Enum(_) => "the number or name of a choice",
            Self::Base64 => "bytes as base64",
            Self::Message(_) => "an object",
        }
    }

    pub(super) fn push_unsigned(self, number: u64, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Whole | Self::Enum(_) => Writer(out).varint(number),
            Self::Fixed64 => out.extend_from_slice(&number.to_le_bytes()),
            Self::SignedFixed64 => {
                out.extend_from_slice(&i64::try_from(number).ok()?.to_le_bytes());
            }
            Self::Double => out.extend_from_slice(&(number as f64).to_le_bytes()),
            Self::Zigzag => return self.push_signed(i64::try_from(number).ok()?, out),
            Self::Text | Self::Truth | Self::Base64 | Self::Message(_) => return None,
        }
        Some(())
    }

    pub(super) fn push_signed(self, number: i64, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Zigzag => {
                let number = i64::from(i32::try_from(number).ok()?);
                Writer(out).varint(zigzag(number));
            }
            Self::Whole => Writer(out).varint(number.cast_unsigned()),
            Self::SignedFixed64 => out.extend_from_slice(&number.to_le_bytes()),
            Self::Double => out.extend_from_slice(&(number as f64).to_le_bytes()),
            _ => return self.push_unsigned(u64::try_from(number).ok()?, out),
        }
        Some(())
    }

    pub(super) fn push_float(self, number: f64, out: &mut Vec<u8>) -> Option<()> {
        if self == Self::Double {
            out.extend_from_slice(&number.to_le_bytes());
            return Some(());
        }
        // Whole numbers may be written as 1.0 or 1e3.
        if number.fract() != 0.0 || number.abs() >= 9.0e15 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
        self.push_signed(number as i64, out)
    }

    pub(super) fn push_text(self, text: &str, out: &mut Vec<u8>) -> Option<()> {
        if let Self::Enum(names) = self {
            let known = names.iter().position(|name| text.ends_with(name));
            if let Some(number) = known {
                return self.push_unsigned(number as u64, out);
            }
        }
        if self == Self::Double {
            // Rust reads `inf` and `nan` in any case, and these are the words of protobuf's JSON.
            return self.push_float(text.parse().ok()?, out);
        }
        if let Ok(number) = text.parse() {
            return self.push_unsigned(number, out);
        }
        if let Ok(number) = text.parse() {
            return self.push_signed(number, out);
        }
        self.push_float(text.parse().ok()?, out)
    }
}

/// The bytes of base64 (RFC 4648), of either alphabet, with or without padding.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}
