//! The values a template works with, and how Go prints them.

use std::{collections::BTreeMap, rc::Rc};

use model::{Labels, Time};

use super::number::shortest;

/// One element of a query's answer, as templates see it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    pub(super) labels: Labels,
    pub(super) value: f64,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A key that a map does not have; prints as `<no value>`.
    Missing,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    Labels(Labels),
    Map(Rc<BTreeMap<String, Value>>),
    Element(Rc<Element>),
    Vector(Rc<[Rc<Element>]>),
    /// A moment in UTC.
    Moment(Time),
    /// A length of time in nanoseconds.
    Lapse(i64),
    /// What `.` is outside of `range` and `with`: `.Labels`, `.Value`, `.ExternalLabels`, `.ExternalURL`.
    Scene,
}

impl Value {
    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Whether `if` takes it for true: not nought, not empty, not missing.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Lapse(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Labels(labels) => !labels.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Vector(vector) => !vector.is_empty(),
            Self::Element(_) | Self::Moment(_) | Self::Scene => true,
        }
    }

    /// Go's name of the type, as its messages have it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "<no value>",
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::Labels(_) => "map[string]string",
            Self::Map(_) => "map[string]interface {}",
            Self::Element(_) => "*template.sample",
            Self::Vector(_) => "template.queryResult",
            Self::Moment(_) => "*time.Time",
            Self::Lapse(_) => "time.Duration",
            Self::Scene => "struct",
        }
    }

    /// How Go prints it with `%v`.
    pub(super) fn print(&self) -> String {
        match self {
            Self::Missing => "<no value>".to_owned(),
            Self::Nil => "<nil>".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => shortest(*value),
            Self::Text(text) => text.to_string(),
            Self::Labels(labels) => print_labels(labels),
            Self::Map(map) => {
                let pairs: Vec<String> =
                    map.iter().map(|(name, value)| format!("{name}:{}", value.print())).collect();
                format!("map[{}]", pairs.join(" "))
            }
            Self::Element(element) => print_element(element),
            Self::Vector(vector) => {
                let all: Vec<String> =
                    vector.iter().map(|element| print_element(element)).collect();
                format!("[{}]", all.join(" "))
            }
            Self::Moment(time) => super::moment::print(*time),
            Self::Lapse(nanos) => super::moment::print_lapse(*nanos),
            Self::Scene => "{}".to_owned(),
        }
    }
}

fn print_labels(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}:{value}")).collect();
    format!("map[{}]", pairs.join(" "))
}

fn print_element(element: &Element) -> String {
    format!("{{{} {}}}", print_labels(&element.labels), shortest(element.value))
}
