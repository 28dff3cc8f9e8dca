//! The `planning` section: what is reviewed for its size, by which price list, and what money is at stake.

use std::path::PathBuf;

use model::Share;

use crate::{
    reader::{Field, Reader},
    table::{Key, Otherwise, Table, set},
};

/// In how many of the weeks that follow a size must do.
const SURE: f64 = 0.9;
/// What money of a year ahead is worth less.
const DISCOUNT: f64 = 0.08;
/// More money is a slip of the pen.
const MONEY_MAX: f64 = 1e12;

/// What is reviewed for its size.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanningSettings {
    /// The resources, by name; if there are none, CPU, memory and disks of hosts, containers, pools, caches and every resource of the
    /// settings' own that comes and goes and is counted in cores, bytes or things, or that fills and is counted in bytes.
    pub resources: Vec<String>,
    /// The price list; without one no money is spoken of.
    pub prices: Option<PathBuf>,
    /// A file of drivers, instead of the reference that ships with Plimsoll.
    pub drivers: Option<PathBuf>,
    /// In how many of the weeks that follow a size must do.
    pub sure: Share,
    /// What one change of a size costs, once.
    pub change_cost: f64,
    /// What an hour costs in which use lies above its size.
    pub over_hour_cost: f64,
    /// By what part money of a year ahead is worth less.
    pub discount: Share,
}

impl Default for PlanningSettings {
    fn default() -> Self {
        let share = |value| Share::new(value).unwrap_or_else(nought);
        Self {
            resources: Vec::new(),
            prices: None,
            drivers: None,
            sure: share(SURE),
            change_cost: 0.0,
            over_hour_cost: 0.0,
            discount: share(DISCOUNT),
        }
    }
}

fn nought() -> Share {
    #[expect(clippy::expect_used, reason = "nought is a share")]
    Share::new(0.0).expect("bug: nought is no share")
}

pub(in crate::settings) static TABLE: Table<PlanningSettings> = Table {
    what: "the `planning` section",
    keys: &[
        Key {
            name: "resources",
            form: "list of names",
            otherwise: Otherwise::Said(
                "CPU, memory and disks of hosts, containers, pools, caches, and your own resources",
            ),
            about: "Which resources are reviewed, by name. If not given: `cpu`, `memory`, `disk`, `cgroup_cpu`, `cgroup_memory`, those of `policy/containers.yaml` and `policy/pools.yaml`, and every resource under `resources` that is no `quota`: flows counted in cores, bytes or things, and stocks counted in bytes.",
            read: |reader, field, into| into.resources = reader.texts(field.node),
        },
        Key {
            name: "prices",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A price list in FOCUS' shape (CSV), read anew at each review. Without one sizes are told, and no money.",
            read: |reader, field, into| {
                into.prices = reader.text(field.node).map(PathBuf::from);
            },
        },
        Key {
            name: "drivers",
            form: "file",
            otherwise: Otherwise::Said("`policy/drivers.yaml`"),
            about: "A file of drivers, by which it is told what so many tenants need.",
            read: |reader, field, into| {
                into.drivers = reader.text(field.node).map(PathBuf::from);
            },
        },
        Key {
            name: "sure",
            form: "share",
            otherwise: Otherwise::Is("90 %"),
            about: "In how many of the weeks that follow a size must do: use stays within the resource's alert line 99 % of the time, and within it always where it is counted in bytes.",
            read: |reader, field, into| {
                let sure = reader.share(field.node);
                if sure.is_some_and(|sure| sure.value() <= 0.0) {
                    reader.wrong(field.node, "it must do in some weeks at least", "write 90 %");
                    return;
                }
                set(&mut into.sure, sure);
            },
        },
        Key {
            name: "change_cost",
            form: "number",
            otherwise: Otherwise::Is("0"),
            about: "What it costs once to change a size: somebody's hours, in the money of the price list.",
            read: |reader, field, into| set(&mut into.change_cost, money(reader, field)),
        },
        Key {
            name: "over_hour_cost",
            form: "number",
            otherwise: Otherwise::Is("0"),
            about: "What an hour costs in which use lies above its size. What a change brings is told after the risk it adds.",
            read: |reader, field, into| set(&mut into.over_hour_cost, money(reader, field)),
        },
        Key {
            name: "discount",
            form: "share",
            otherwise: Otherwise::Is("8 %"),
            about: "By what part money of a year ahead is worth less.",
            read: |reader, field, into| set(&mut into.discount, reader.share(field.node)),
        },
    ],
    refused: &[],
};

fn money(reader: &Reader<'_>, field: Field<'_>) -> Option<f64> {
    let text = reader.text(field.node)?;
    let number = text.parse::<f64>().ok().filter(|own| (0.0..=MONEY_MAX).contains(own));
    if number.is_none() {
        reader.wrong(field.node, &format!("`{text}` is no amount of money"), "write a number");
    }
    number
}

#[cfg(test)]
mod tests {
    use crate::Settings;

    #[test]
    fn a_sizing_section_is_read_and_slips_are_marked() {
        let parse = |text: &str| Settings::parse("a.yaml", text, &|_| Ok(()));
        let text = "resources: [{name: pool, used: a, limit: b, unit: count}]\n\
            planning: {resources: [pool], prices: p.csv, sure: 95 %, over_hour_cost: 40}\n";
        let own = parse(text).unwrap().planning;
        assert_eq!((own.resources.len(), own.sure.percent(), own.over_hour_cost), (1, 95.0, 40.0));
        let wrong = |text: &str| parse(text).unwrap_err().to_string();
        assert!(wrong("planning: {sure: 0}").contains("some weeks at least"));
        assert!(wrong("planning: {change_cost: -4}").contains("no amount of money"));
        assert!(
            wrong("planning: {resources: [nowhere]}").contains("there is no resource `nowhere`")
        );
    }
}
