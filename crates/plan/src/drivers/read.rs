//! Files of drivers: what load follows and what it needs, as people write it.

use std::collections::BTreeMap;

use model::{Anchor, Driver, Relation, Unit};
use settings::{Document, Field, Mistake, Mistakes, Node, Placed, Reader, parse_size};

/// What ships with Plimsoll.
const REFERENCE: &str = include_str!("../../../../policy/drivers.yaml");
/// More drivers than this nobody keeps in mind.
const DRIVERS_MAX: usize = 200;
/// More anchors say nothing new.
const ANCHORS_MAX: usize = 50;

/// The drivers that ship with Plimsoll: a system of 100 to 5,000 tenants.
pub fn reference() -> Vec<Driver> {
    #[expect(clippy::expect_used, reason = "the file is part of this crate and tested")]
    read_drivers("policy/drivers.yaml", REFERENCE).expect("bug: the reference cannot be read")
}

/// Reads a file of drivers; `name` stands in messages. Each driver comes after the one it follows.
pub fn read_drivers(name: &str, text: &str) -> Result<Vec<Driver>, Mistakes> {
    let document = Document::parse(name, text)?;
    let reader = Reader::new(&document);
    let mut drivers = Vec::new();
    if let Some(fields) = reader.fields(reader.root(), "a file of drivers") {
        if let Some(field) = fields.need("drivers") {
            let items = reader.items(field.node);
            if items.len() > DRIVERS_MAX {
                reader.wrong(field.node, &format!("there are more than {DRIVERS_MAX} drivers"), "");
            }
            drivers.extend(
                items.into_iter().take(DRIVERS_MAX).filter_map(|item| driver(&reader, item)),
            );
        }
        fields.finish();
    }
    let sorted = in_order(&reader, drivers);
    reader.finish()?;
    Ok(sorted)
}

/// A driver with where its name and the one it follows are written.
struct Written {
    driver: Driver,
    name: Placed<String>,
    follows: Option<Placed<String>>,
}

fn driver<'d>(reader: &Reader<'d>, node: Node<'d>) -> Option<Written> {
    let fields = reader.fields(node, "a driver")?;
    let name = fields.need("name").and_then(|field| reader.placed(field.node));
    let title = fields.take("title").and_then(|field| reader.text(field.node));
    let unit = fields.take("unit").and_then(|field| reader.word(field.node, &Unit::WORDS));
    let measured = fields.take("measured").and_then(|field| reader.text(field.node));
    let follows = fields.take("follows").and_then(|field| reader.placed(field.node));
    let relation =
        fields.take("relation").and_then(|field| reader.word(field.node, &Relation::WORDS));
    let at = fields.take("at");
    if let (Some(field), None) = (at, &follows) {
        reader.wrong(field.node, "`at` needs `follows`", "say of which figure the keys are values");
    }
    let anchors = at.map_or_else(Vec::new, |field| anchors(reader, field));
    fields.finish();
    let name = name?;
    let driver = Driver {
        name: name.value.clone(),
        title: title.unwrap_or(&name.value).to_owned(),
        unit: unit.unwrap_or(Unit::Count),
        measured: measured.map(str::to_owned),
        follows: follows.as_ref().map(|own| own.value.clone()),
        relation: relation.unwrap_or(Relation::Unknown),
        anchors,
    };
    Some(Written { driver, name, follows })
}

fn anchors<'d>(reader: &Reader<'d>, field: Field<'d>) -> Vec<Anchor> {
    let mut anchors: Vec<Anchor> = Vec::new();
    for entry in reader.entries(field.node).into_iter().take(ANCHORS_MAX) {
        let at = number(entry.key);
        if at.is_none() {
            let message = format!("`{}` is no number above nought", entry.key);
            reader.report(Mistake::at(entry.place, message));
        }
        let value = range(reader, entry.node);
        let (Some(at), Some((low, high))) = (at, value) else { continue };
        let before = anchors.last();
        if before.is_some_and(|before| before.at >= at) {
            reader.report(Mistake::at(entry.place, "the keys of `at` rise"));
        } else if before.is_some_and(|before| before.high > high || before.low > low) {
            reader.wrong(entry.node, "it falls as the figure it follows rises", "");
        }
        anchors.push(Anchor { at, low, high });
    }
    if anchors.len() == 1 {
        reader.wrong(field.node, "one point makes no curve", "write two at least");
    }
    anchors
}

/// A number above nought, or two of them with `..` between: `20`, `64GiB`, `0.5..2`.
pub(crate) fn range<'d>(reader: &Reader<'d>, node: Node<'d>) -> Option<(f64, f64)> {
    let text = reader.text(node)?;
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let (Some(low), Some(high)) = (number(low), number(high)) else {
        let help = "write a number such as 20 or 64GiB, or a range such as 20..30";
        reader.wrong(node, &format!("`{text}` is no number above nought"), help);
        return None;
    };
    if low > high {
        reader.wrong(node, &format!("the range `{text}` is written the wrong way round"), "");
        return None;
    }
    Some((low, high))
}

/// A number above nought, perhaps with a unit of bytes.
fn number(text: &str) -> Option<f64> {
    let text = text.trim().replace('_', "");
    let plain = text.parse::<f64>().ok();
    let value = plain.or_else(|| parse_size(&text).map(|bytes| bytes as f64));
    value.filter(|value| value.is_finite() && *value > 0.0)
}

/// Each after the one it follows; what follows nothing known, itself or in a ring is a mistake.
fn in_order(reader: &Reader<'_>, mut written: Vec<Written>) -> Vec<Driver> {
    let mut places = BTreeMap::new();
    for own in &written {
        if let Some(first) = places.insert(own.name.value.clone(), own.name.place) {
            let message = format!("there are two drivers `{}`", own.name.value);
            reader.report(Mistake::at(own.name.place, message).also(first, "first here"));
        }
    }
    let mut sorted: Vec<Driver> = Vec::new();
    loop {
        let known = |own: &Written| {
            own.follows
                .as_ref()
                .is_none_or(|follows| sorted.iter().any(|driver| driver.name == follows.value))
        };
        let (ready, rest): (Vec<_>, Vec<_>) = written.into_iter().partition(known);
        written = rest;
        if ready.is_empty() {
            break;
        }
        sorted.extend(ready.into_iter().map(|own| own.driver));
    }
    for own in written {
        let Some(follows) = own.follows else { continue };
        let message = if places.contains_key(&follows.value) {
            format!("`{}` follows itself, by way of `{}`", own.name.value, follows.value)
        } else {
            format!("there is no driver `{}`", follows.value)
        };
        reader.report(Mistake::at(follows.place, message));
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_can_be_read() {
        let drivers = reference();
        assert_eq!(drivers[0].name, "tenants");
        assert_eq!(drivers.len(), 7);
        assert!(drivers.iter().skip(1).all(|driver| driver.anchors.len() >= 2));
    }

    #[test]
    fn contradictions_are_refused_with_their_place() {
        let wrong = |text: &str| read_drivers("d.yaml", text).unwrap_err().render(false);
        let ring = "drivers:\n- {name: a, follows: b}\n- {name: b, follows: a}\n";
        assert!(wrong(ring).contains("`a` follows itself, by way of `b`"));
        assert!(wrong("drivers:\n- {name: a, follows: c}\n").contains("there is no driver `c`"));
        let falls = "drivers:\n- {name: a}\n- {name: b, follows: a, at: {1: 9, 2: 8}}\n";
        let told = wrong(falls);
        assert!(
            told.contains("it falls as the figure it follows rises") && told.contains("d.yaml:3")
        );
        let round = "drivers:\n- {name: a}\n- {name: b, follows: a, at: {1: 9..3, 2: 8..10}}\n";
        assert!(wrong(round).contains("the wrong way round"));
        assert!(
            wrong("drivers:\n- {name: a, at: {1: 1, 2: 2}}\n").contains("`at` needs `follows`")
        );
    }
}
