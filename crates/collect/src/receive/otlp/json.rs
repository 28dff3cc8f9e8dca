//! OTLP as JSON, put as protobuf.
//!
//! One reader for both forms means that they cannot differ, and that a request costs no more memory than its bytes do.
//! The mapping is that of protobuf's JSON but for what OTLP says otherwise: enums are numbers (names are taken too), and
//! unknown names are passed over (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>).

mod schema;

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error, Expected, IgnoredAny, MapAccess, SeqAccess, Unexpected,
    Visitor,
};

use super::{OtlpError, unpack::Allowance};
use crate::receive::wire::Writer;
use schema::{Form, Property, Schema};

/// Bytes kept for a length that is not known yet: a number of seven bits in each.
const LENGTH_BYTES: usize = 5;

/// Puts a request as protobuf, which takes no more bytes than allowed.
pub(super) fn to_protobuf<'a>(
    body: &[u8],
    allowance: Allowance<'a>,
    bytes: &'a mut Vec<u8>,
) -> Result<(), OtlpError> {
    bytes.clear();
    let mut out = Out { bytes, allowance, over: None };
    let mut parser = serde_json::Deserializer::from_slice(body);
    let outcome = Message { schema: &schema::REQUEST, out: &mut out }
        .deserialize(&mut parser)
        .and_then(|()| parser.end());
    match out.over {
        Some(over) => Err(over),
        None => outcome.map_err(|error| OtlpError::Json(error.to_string())),
    }
}

/// The protobuf, and how long it may be.
struct Out<'a> {
    bytes: &'a mut Vec<u8>,
    allowance: Allowance<'a>,
    /// Why it may not be any longer.
    over: Option<OtlpError>,
}

impl Out<'_> {
    /// Called after each value, of which none is longer than the body.
    fn check<E: Error>(&mut self) -> Result<(), E> {
        self.allowance.cover(self.bytes.len()).map_err(|over| {
            let error = E::custom(&over);
            self.over = Some(over);
            error
        })
    }
}

/// The fields of a message.
struct Message<'o, 'a> {
    schema: &'static Schema,
    out: &'o mut Out<'a>,
}

impl<'de> DeserializeSeed<'de> for Message<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Message<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(property) = map.next_key_seed(Name(self.schema))? {
            match property {
                Some(property) => {
                    map.next_value_seed(Value { property, out: &mut *self.out })?;
                    self.out.check()?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The name of a field.
struct Name(&'static Schema);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static Property>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static Property>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let properties = self.0.0;
        let exact = properties.iter().find(|property| property.name == name);
        Ok(exact.or_else(|| properties.iter().find(|property| property.is_spelt(name))))
    }
}

/// What a field should hold, for messages.
impl Expected for Property {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = if self.many { "a list of " } else { "" };
        write!(formatter, "{list}{} for {:?}", self.form.words(), self.name)
    }
}

/// The value of a field, or all its values.
struct Value<'o, 'a> {
    property: &'static Property,
    out: &'o mut Out<'a>,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl Value<'_, '_> {
    fn key(&mut self) {
        let wire = self.property.form.wire();
        self.out.bytes.push(self.property.number << 3 | wire);
    }

    fn bytes(self, bytes: &[u8]) {
        Writer(self.out.bytes).bytes(self.property.number, bytes);
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Expected::fmt(self.property, formatter)
    }

    /// Null is the same as nothing.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<(), E> {
        if self.property.form != Form::Truth {
            return Err(E::invalid_type(Unexpected::Bool(truth), self.property));
        }
        Writer(self.out.bytes).number(self.property.number, u64::from(truth));
        Ok(())
    }

    fn visit_u64<E: Error>(mut self, number: u64) -> Result<(), E> {
        self.key();
        let pushed = self.property.form.push_unsigned(number, self.out.bytes);
        pushed.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), self.property))
    }

    fn visit_i64<E: Error>(mut self, number: i64) -> Result<(), E> {
        self.key();
        let pushed = self.property.form.push_signed(number, self.out.bytes);
        pushed.ok_or_else(|| E::invalid_value(Unexpected::Signed(number), self.property))
    }

    fn visit_f64<E: Error>(mut self, number: f64) -> Result<(), E> {
        self.key();
        let pushed = self.property.form.push_float(number, self.out.bytes);
        pushed.ok_or_else(|| E::invalid_value(Unexpected::Float(number), self.property))
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        let property = self.property;
        let wrong = || E::invalid_value(Unexpected::Str(text), property);
        match property.form {
            Form::Text => self.bytes(text.as_bytes()),
            Form::Base64 => self.bytes(&schema::from_base64(text).ok_or_else(wrong)?),
            form => {
                self.key();
                form.push_text(text, self.out.bytes).ok_or_else(wrong)?;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, map: A) -> Result<(), A::Error> {
        let Form::Message(schema) = self.property.form else {
            return Err(A::Error::invalid_type(Unexpected::Map, self.property));
        };
        self.key();
        let start = open(self.out.bytes);
        Message { schema, out: &mut *self.out }.visit_map(map)?;
        close(self.out.bytes, start);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !self.property.many {
            return Err(A::Error::invalid_type(Unexpected::Seq, self.property));
        }
        if matches!(self.property.form, Form::Message(_)) {
            while list
                .next_element_seed(Element { property: self.property, out: &mut *self.out })?
                .is_some()
            {
                self.out.check()?;
            }
            return Ok(());
        }
        self.out.bytes.push(self.property.number << 3 | 2);
        let start = open(self.out.bytes);
        while list
            .next_element_seed(Packed { form: self.property.form, out: &mut *self.out })?
            .is_some()
        {
            self.out.check()?;
        }
        close(self.out.bytes, start);
        Ok(())
    }
}

/// A message of a list of messages.
struct Element<'o, 'a> {
    property: &'static Property,
    out: &'o mut Out<'a>,
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let Self { property, out } = self;
        let Form::Message(schema) = property.form else { return Ok(()) };
        out.bytes.push(property.number << 3 | 2);
        let start = open(out.bytes);
        Message { schema, out: &mut *out }.deserialize(from)?;
        close(out.bytes, start);
        Ok(())
    }
}

/// A number of a packed list.
struct Packed<'o, 'a> {
    form: Form,
    out: &'o mut Out<'a>,
}

impl<'de> DeserializeSeed<'de> for Packed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl Visitor<'_> for Packed<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.form.words())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        let Self { form, out } = self;
        let pushed = form.push_unsigned(number, out.bytes);
        pushed.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &form.words()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        let Self { form, out } = self;
        let pushed = form.push_signed(number, out.bytes);
        pushed.ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &form.words()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        let Self { form, out } = self;
        let pushed = form.push_float(number, out.bytes);
        pushed.ok_or_else(|| E::invalid_value(Unexpected::Float(number), &form.words()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let Self { form, out } = self;
        let pushed = form.push_text(text, out.bytes);
        pushed.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &form.words()))
    }
}

/// Leaves room for a length; gives where what is measured begins.
fn open(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&[0; LENGTH_BYTES]);
    out.len()
}

/// Fills the room for a length. Longer forms than needed are allowed, and all have the same size.
fn close(out: &mut [u8], start: usize) {
    let mut length = out.len() - start;
    for (at, byte) in out[start - LENGTH_BYTES..start].iter_mut().enumerate() {
        let more = if at + 1 < LENGTH_BYTES { 0x80 } else { 0 };
        *byte = u8::try_from(length & 0x7f).unwrap_or(0) | more;
        length >>= 7;
    }
}
