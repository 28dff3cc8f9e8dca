//! The functions templates may call: Prometheus' own and those of Go's template language.

use std::{cmp::Ordering, collections::BTreeMap, rc::Rc};

use super::{
    TemplateError, compare, moment, number, printf,
    run::{Run, RunError, fail},
    text,
    value::{Element, Value},
};

/// Every function with the fewest and the most arguments it takes.
const FUNCTIONS: [(&str, usize, usize); 52] = [
    ("and", 1, usize::MAX),
    ("args", 0, usize::MAX),
    ("call", 1, usize::MAX),
    ("eq", 1, usize::MAX),
    ("externalURL", 0, 0),
    ("first", 1, 1),
    ("ge", 2, 2),
    ("graphLink", 1, 1),
    ("gt", 2, 2),
    ("html", 0, usize::MAX),
    ("humanize", 1, 1),
    ("humanize1024", 1, 1),
    ("humanizeDuration", 1, 1),
    ("humanizePercentage", 1, 1),
    ("humanizeTimestamp", 1, 1),
    ("index", 1, usize::MAX),
    ("js", 0, usize::MAX),
    ("label", 2, 2),
    ("le", 2, 2),
    ("len", 1, 1),
    ("lt", 2, 2),
    ("match", 2, 2),
    ("ne", 2, 2),
    ("not", 1, 1),
    ("now", 0, 0),
    ("or", 1, usize::MAX),
    ("parseDuration", 1, 1),
    ("pathPrefix", 0, 0),
    ("print", 0, usize::MAX),
    ("printf", 1, usize::MAX),
    ("println", 0, usize::MAX),
    ("query", 1, 1),
    ("reReplaceAll", 3, 3),
    ("safeHtml", 1, 1),
    ("slice", 1, 4),
    ("sortByLabel", 2, 2),
    ("stripDomain", 1, 1),
    ("stripPort", 1, 1),
    ("strvalue", 1, 1),
    ("tableLink", 1, 1),
    ("title", 1, 1),
    ("tmpl", 2, 2),
    ("toDuration", 1, 1),
    ("toLower", 1, 1),
    ("toTime", 1, 1),
    ("toUpper", 1, 1),
    ("urlQueryEscape", 1, 1),
    ("urlquery", 0, usize::MAX),
    ("value", 1, 1),
    ("define", 0, 0),
    ("end", 0, 0),
    ("else", 0, 0),
];

/// Whether there is such a function.
pub(super) fn known(name: &str, at: usize) -> Result<(), TemplateError> {
    let keyword = matches!(name, "define" | "end" | "else");
    if keyword {
        return Err(TemplateError::new(at, format!("unexpected {{{{{name}}}}}")));
    }
    if FUNCTIONS.iter().any(|(own, ..)| *own == name) {
        return Ok(());
    }
    let error = TemplateError::new(at, format!("function \"{name}\" not defined"));
    let near = FUNCTIONS.iter().find(|(own, ..)| own.eq_ignore_ascii_case(name));
    Err(match (near, name) {
        (Some((near, ..)), _) => error.help(format!("did you mean `{near}`?")),
        (None, "labels" | "externalLabels") => error.help(format!("did you mean `${name}`?")),
        (None, _) => error,
    })
}

/// Calls a function.
pub(super) fn call(run: &mut Run<'_>, name: &str, given: &[Value]) -> Result<Value, RunError> {
    check_count(name, given.len())?;
    match name {
        "query" => run.query(text_at(given, 0)?),
        "externalURL" => Ok(Value::text(run.scene.external_url)),
        "pathPrefix" => Ok(Value::text(text::path_of(run.scene.external_url))),
        "now" => Ok(Value::Float(run.scene.now.seconds())),
        "first" | "label" | "value" | "strvalue" | "sortByLabel" => vectors(name, given),
        "eq" => compare::equal_any(given).map(Value::Bool),
        "ne" => compare::equal(&given[0], &given[1]).map(|same| Value::Bool(!same)),
        "lt" => order(given, &[Ordering::Less]),
        "le" => order(given, &[Ordering::Less, Ordering::Equal]),
        "gt" => order(given, &[Ordering::Greater]),
        "ge" => order(given, &[Ordering::Greater, Ordering::Equal]),
        "not" => Ok(Value::Bool(!given[0].is_true())),
        "and" | "or" => {
            let and = name == "and";
            let deciding = given.iter().find(|value| value.is_true() != and);
            Ok(deciding.or_else(|| given.last()).cloned().unwrap_or(Value::Nil))
        }
        "len" => length(&given[0]),
        "index" => index(given),
        "slice" => slice(given),
        "args" => {
            let named =
                given.iter().enumerate().map(|(at, value)| (format!("arg{at}"), value.clone()));
            Ok(Value::Map(Rc::new(named.collect::<BTreeMap<_, _>>())))
        }
        "call" => fail("error calling call: there are no functions to call"),
        _ if name.starts_with("humanize") || matches!(name, "toTime" | "toDuration") => {
            figures(name, &given[0])
        }
        _ => texts(name, given),
    }
}

fn check_count(name: &str, count: usize) -> Result<(), RunError> {
    let Some((_, fewest, most)) = FUNCTIONS.iter().find(|(own, ..)| *own == name) else {
        return fail(format!("function \"{name}\" not defined"));
    };
    if (*fewest..=*most).contains(&count) {
        return Ok(());
    }
    let want = match (fewest, most) {
        (fewest, &usize::MAX) => format!("at least {fewest}"),
        (fewest, most) if fewest == most => fewest.to_string(),
        (fewest, most) => format!("{fewest} to {most}"),
    };
    fail(format!("wrong number of args for {name}: want {want} got {count}"))
}

fn order(given: &[Value], wanted: &[Ordering]) -> Result<Value, RunError> {
    compare::ordered(given, wanted).map(Value::Bool)
}

fn text_at(given: &[Value], at: usize) -> Result<&str, RunError> {
    match given.get(at) {
        Some(Value::Text(text)) => Ok(text),
        Some(other) => fail(format!("wrong type for value; expected string; got {}", other.kind())),
        None => fail("invalid value; expected string"),
    }
}

/// A number, also one written in a text.
fn number_of(value: &Value) -> Result<f64, RunError> {
    match value {
        Value::Float(value) => Ok(*value),
        Value::Int(value) => Ok(*value as f64),
        Value::Lapse(nanos) => Ok(*nanos as f64 / 1e9),
        Value::Text(text) => {
            text.trim_start_matches('+').parse().map_err(|_why: std::num::ParseFloatError| {
                RunError(format!("strconv.ParseFloat: parsing \"{text}\": invalid syntax"))
            })
        }
        other => fail(format!("can't convert {} to float", other.kind())),
    }
}

fn element_of(value: &Value) -> Result<&Element, RunError> {
    match value {
        Value::Element(element) => Ok(element),
        other => {
            fail(format!("wrong type for value; expected *template.sample; got {}", other.kind()))
        }
    }
}

fn vector_of(value: &Value) -> Result<&Rc<[Rc<Element>]>, RunError> {
    match value {
        Value::Vector(vector) => Ok(vector),
        other => fail(format!(
            "wrong type for value; expected template.queryResult; got {}",
            other.kind()
        )),
    }
}

/// Functions of a query's answer and its elements.
fn vectors(name: &str, given: &[Value]) -> Result<Value, RunError> {
    match name {
        "first" => match vector_of(&given[0])?.first() {
            Some(element) => Ok(Value::Element(Rc::clone(element))),
            None => fail("error calling first: first() called on vector with no elements"),
        },
        "label" => {
            let element = element_of(&given[1])?;
            Ok(Value::text(element.labels.get(text_at(given, 0)?).unwrap_or_default()))
        }
        "value" => Ok(Value::Float(element_of(&given[0])?.value)),
        "strvalue" => {
            let element = element_of(&given[0])?;
            Ok(Value::text(element.labels.get("__value__").unwrap_or_default()))
        }
        _ => {
            let label = text_at(given, 0)?;
            let mut sorted = vector_of(&given[1])?.to_vec();
            let key =
                |element: &Rc<Element>| element.labels.get(label).unwrap_or_default().to_owned();
            sorted.sort_by_cached_key(key);
            Ok(Value::Vector(sorted.into()))
        }
    }
}

/// Functions that make a number easy to read.
fn figures(name: &str, given: &Value) -> Result<Value, RunError> {
    let value =
        number_of(given).map_err(|error| RunError(format!("error calling {name}: {error}")))?;
    Ok(Value::text(match name {
        "humanize" => number::humanize(value),
        "humanize1024" => number::humanize_1024(value),
        "humanizeDuration" => number::humanize_duration(value),
        "humanizePercentage" => number::humanize_percentage(value),
        "toDuration" => return moment::lapse(value),
        "toTime" => return moment::from_seconds(value).map(Value::Moment),
        _ if !value.is_finite() => number::significant(value, 4),
        _ => moment::print(moment::from_seconds(value)?),
    }))
}

/// Functions from texts to texts.
fn texts(name: &str, given: &[Value]) -> Result<Value, RunError> {
    let joined = || printf::print(given);
    Ok(Value::text(match name {
        "title" => text::title(text_at(given, 0)?),
        "toUpper" => text_at(given, 0)?.to_uppercase(),
        "toLower" => text_at(given, 0)?.to_lowercase(),
        "stripPort" => text::strip_port(text_at(given, 0)?).to_owned(),
        "stripDomain" => text::strip_domain(text_at(given, 0)?),
        "reReplaceAll" => {
            text::replace(text_at(given, 0)?, text_at(given, 1)?, text_at(given, 2)?)?
        }
        "match" => {
            return text::matches(text_at(given, 0)?, text_at(given, 1)?).map(Value::Bool);
        }
        "parseDuration" => {
            let text = text_at(given, 0)?;
            return match settings::parse_duration(text) {
                Some(span) => Ok(Value::Float(span.as_secs())),
                None => fail(format!(
                    "error calling parseDuration: not a valid duration string: \"{text}\""
                )),
            };
        }
        "graphLink" => text::graph_link(text_at(given, 0)?, 0),
        "tableLink" => text::graph_link(text_at(given, 0)?, 1),
        "urlQueryEscape" => text::escape_query(text_at(given, 0)?),
        "urlquery" => text::escape_query(&joined()),
        "html" => text::escape_html(&joined()),
        "js" => text::escape_script(&joined()),
        "safeHtml" => text_at(given, 0)?.to_owned(),
        "print" => joined(),
        "println" => printf::print_line(given),
        "printf" => printf::printf(text_at(given, 0)?, &given[1..]),
        // Console templates are another matter; a rule that uses them gets an empty text.
        _ => String::new(),
    }))
}

fn length(value: &Value) -> Result<Value, RunError> {
    let count = match value {
        Value::Text(text) => text.len(),
        Value::Labels(labels) => labels.len(),
        Value::Map(map) => map.len(),
        Value::Vector(vector) => vector.len(),
        other => return fail(format!("error calling len: len of type {}", other.kind())),
    };
    Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn index(given: &[Value]) -> Result<Value, RunError> {
    let mut value = given[0].clone();
    for key in &given[1..] {
        value = match (&value, key) {
            (Value::Labels(labels), Value::Text(name)) => {
                Value::text(labels.get(name).unwrap_or_default())
            }
            (Value::Map(map), Value::Text(name)) => {
                map.get(&**name).cloned().unwrap_or(Value::Missing)
            }
            (Value::Vector(vector), Value::Int(at)) => {
                match usize::try_from(*at).ok().and_then(|at| vector.get(at)) {
                    Some(element) => Value::Element(Rc::clone(element)),
                    None => return fail(format!("error calling index: index out of range: {at}")),
                }
            }
            (Value::Text(text), Value::Int(at)) => {
                match usize::try_from(*at).ok().and_then(|at| text.as_bytes().get(at)) {
                    Some(byte) => Value::Int(i64::from(*byte)),
                    None => return fail(format!("error calling index: index out of range: {at}")),
                }
            }
            (value, key) => {
                return fail(format!(
                    "error calling index: cannot index {} with {}",
                    value.kind(),
                    key.kind()
                ));
            }
        };
    }
    Ok(value)
}

fn slice(given: &[Value]) -> Result<Value, RunError> {
    let bound = |at: usize, otherwise: usize| match given.get(at) {
        Some(Value::Int(bound)) => usize::try_from(*bound).unwrap_or(usize::MAX),
        _ => otherwise,
    };
    let (from, to) = match &given[0] {
        Value::Text(text) => (bound(1, 0), bound(2, text.len())),
        Value::Vector(vector) => (bound(1, 0), bound(2, vector.len())),
        other => {
            return fail(format!("error calling slice: can't slice item of type {}", other.kind()));
        }
    };
    let cut = match &given[0] {
        Value::Text(text) => text.get(from..to).map(Value::text),
        Value::Vector(vector) => vector.get(from..to).map(|part| Value::Vector(part.into())),
        _ => None,
    };
    cut.map_or_else(|| fail(format!("error calling slice: index out of range: {from}:{to}")), Ok)
}
