//! Reads the JSON of the Prometheus HTTP API as it streams by, and charges what it reads to the budget.
//!
//! Keys may come in any order, and unknown ones are passed over, as each dialect has some of its own.

use std::{cell::RefCell, fmt, marker::PhantomData};

use model::{Budget, BudgetSpent, Labels};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::values::Element;

/// What is read for whom.
pub(super) struct Reading<'b> {
    budget: &'b dyn Budget,
    spent: RefCell<Option<BudgetSpent>>,
}

impl<'b> Reading<'b> {
    pub(super) fn new(budget: &'b dyn Budget) -> Self {
        Self { budget, spent: RefCell::default() }
    }

    /// Charges samples.
    pub(super) fn charge<E: serde::de::Error>(&self, samples: usize) -> Result<(), E> {
        self.budget.charge(samples).map_err(|spent| self.stop(spent))
    }

    /// Charges bytes that stay.
    pub(super) fn hold<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        self.budget.hold(bytes).map_err(|spent| self.stop(spent))
    }

    fn stop<E: serde::de::Error>(&self, spent: BudgetSpent) -> E {
        let told = E::custom(&spent);
        self.spent.replace(Some(spent));
        told
    }

    /// Why it was not read to the end, if that was the budget.
    pub(super) fn spent(self) -> Option<BudgetSpent> {
        self.spent.into_inner()
    }
}

/// Something that is read for somebody.
pub(super) trait Wanted: Sized {
    fn read<'de, D: Deserializer<'de>>(reading: &Reading<'_>, from: D) -> Result<Self, D::Error>;

    /// What a success without data means, if it means something.
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads what is wanted.
pub(super) struct Seed<'r, 'b, T>(&'r Reading<'b>, PhantomData<T>);

impl<'r, 'b, T> Seed<'r, 'b, T> {
    pub(super) fn new(reading: &'r Reading<'b>) -> Self {
        Self(reading, PhantomData)
    }
}

impl<'de, T: Wanted> DeserializeSeed<'de> for Seed<'_, '_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        T::read(self.0, from)
    }
}

/// What an answer says around its data.
#[derive(Debug)]
pub(super) struct Document<T> {
    pub(super) status: String,
    pub(super) data: Option<T>,
    pub(super) error_type: String,
    pub(super) error: String,
    pub(super) warnings: Vec<String>,
    pub(super) infos: Vec<String>,
    /// Whether some of those who have the data did not answer, as `VictoriaMetrics` says it.
    pub(super) partial: bool,
}

impl<T: Wanted> Document<T> {
    /// Reads a whole body.
    pub(super) fn of(reading: &Reading<'_>, body: &[u8]) -> Result<Self, serde_json::Error> {
        let mut from = serde_json::Deserializer::from_slice(body);
        let document = Seed::<Self>::new(reading).deserialize(&mut from)?;
        from.end()?;
        Ok(document)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Key {
    Status,
    Data,
    ErrorType,
    Error,
    Warnings,
    Infos,
    IsPartial,
    #[serde(other)]
    Other,
}

impl<T: Wanted> Wanted for Document<T> {
    fn read<'de, D: Deserializer<'de>>(reading: &Reading<'_>, from: D) -> Result<Self, D::Error> {
        from.deserialize_map(DocumentVisitor(Seed::new(reading)))
    }
}

struct DocumentVisitor<'r, 'b, T>(Seed<'r, 'b, T>);

impl<'de, T: Wanted> Visitor<'de> for DocumentVisitor<'_, '_, T> {
    type Value = Document<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an answer of the Prometheus HTTP API")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut document = Document {
            status: String::new(),
            data: None,
            error_type: String::new(),
            error: String::new(),
            warnings: Vec::new(),
            infos: Vec::new(),
            partial: false,
        };
        while let Some(key) = map.next_key()? {
            match key {
                Key::Status => document.status = map.next_value()?,
                Key::Data => document.data = map.next_value_seed(OrNull(self.0.0, PhantomData))?,
                Key::ErrorType => document.error_type = map.next_value::<Words>()?.0,
                Key::Error => document.error = map.next_value::<Words>()?.0,
                Key::Warnings => document.warnings = notes(map.next_value()?),
                Key::Infos => document.infos = notes(map.next_value()?),
                Key::IsPartial => {
                    document.partial = map.next_value::<Option<bool>>()?.unwrap_or_default();
                }
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(document)
    }
}

/// How many remarks of each kind are kept; thousands of stores behind one address may each make some.
const NOTES_MAX: usize = 100;

fn notes(told: Option<Vec<String>>) -> Vec<String> {
    let mut notes = told.unwrap_or_default();
    notes.truncate(NOTES_MAX);
    notes
}

/// A text, or nothing said as `null`; a number is taken for a text.
struct Words(String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match serde_json::Value::deserialize(from)? {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        }))
    }
}

struct OrNull<'r, 'b, T>(&'r Reading<'b>, PhantomData<T>);

impl<'de, T: Wanted> DeserializeSeed<'de> for OrNull<'_, '_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_option(self)
    }
}

impl<'de, T: Wanted> Visitor<'de> for OrNull<'_, '_, T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("data")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        T::read(self.0, from).map(Some)
    }
}

/// Nothing; only the rest of the document is of interest.
#[derive(Debug)]
pub(super) struct Anything;

impl Wanted for Anything {
    fn read<'de, D: Deserializer<'de>>(_: &Reading<'_>, from: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(from).map(|_| Self)
    }
}

impl<T: Wanted> Wanted for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(reading: &Reading<'_>, from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(ListVisitor(reading, PhantomData))
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

struct ListVisitor<'r, 'b, T>(&'r Reading<'b>, PhantomData<T>);

impl<'de, T: Wanted> Visitor<'de> for ListVisitor<'_, '_, T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element_seed(Seed::new(self.0))? {
            list.push(item);
        }
        Ok(list)
    }
}

impl Wanted for String {
    fn read<'de, D: Deserializer<'de>>(reading: &Reading<'_>, from: D) -> Result<Self, D::Error> {
        let text = <Self as Deserialize>::deserialize(from)?;
        reading.charge(0)?;
        reading.hold(size_of::<Self>() + text.len())?;
        Ok(text)
    }
}

impl Wanted for Labels {
    fn read<'de, D: Deserializer<'de>>(reading: &Reading<'_>, from: D) -> Result<Self, D::Error> {
        let labels = from.deserialize_map(LabelsVisitor)?;
        reading.charge(0)?;
        reading.hold(size_of::<Self>() + labels.heap_bytes())?;
        Ok(labels)
    }
}

struct LabelsVisitor;

impl<'de> Visitor<'de> for LabelsVisitor {
    type Value = Labels;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
        let mut builder = Labels::empty().to_builder();
        while let Some((name, value)) = map.next_entry::<Box<str>, Box<str>>()? {
            builder.set(name, value);
        }
        Ok(builder.build())
    }
}

/// What a query gives: its type, and elements that are series, or a time and a text.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) kind: String,
    pub(super) elements: Vec<Element>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum GivenKey {
    ResultType,
    Result,
    #[serde(other)]
    Other,
}

impl Wanted for Given {
    fn read<'de, D: Deserializer<'de>>(reading: &Reading<'_>, from: D) -> Result<Self, D::Error> {
        from.deserialize_map(GivenVisitor(reading))
    }
}

struct GivenVisitor<'r, 'b>(&'r Reading<'b>);

impl<'de> Visitor<'de> for GivenVisitor<'_, '_> {
    type Value = Given;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a result with its type")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        let (mut kind, mut elements) = (None, None);
        while let Some(key) = map.next_key()? {
            match key {
                GivenKey::ResultType => kind = Some(map.next_value()?),
                GivenKey::Result => {
                    elements = map.next_value_seed(OrNull(self.0, PhantomData))?;
                }
                GivenKey::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let kind = kind.ok_or_else(|| A::Error::missing_field("resultType"))?;
        Ok(Given { kind, elements: elements.unwrap_or_default() })
    }
}
