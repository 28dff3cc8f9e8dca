//! What each request of one run took, beside what it took in the baseline run.

use serde_json::{Value, json};
use stats::{mean, variance};

use super::{
    ALARMS, Cut, Impact, Kept, Points, Rules, Seen, between, impact_json, impact_text, student,
    tell::{number, say},
};

/// The shape of the document; a change that breaks readers gets another number.
const SCHEMA: &str = "plimsoll.load-taken/1";
/// Resources and points that are read of a report: more than any of ours has.
const RESOURCES_MAX: usize = 200;
const POINTS_MAX: usize = 1_000;

/// What each request of a run took.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// Why nothing can be said; nothing if it can.
    pub refused: Option<String>,
    /// Every resource that was seen with load.
    pub resources: Vec<TakenOf>,
    /// The same beside the baseline run, where its report has it.
    pub compared: Option<Impact>,
}

/// What each request took of one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct TakenOf {
    /// Its name.
    pub name: String,
    /// In the resource's own unit times a second.
    pub each: f64,
    /// Between these it lies, 19 times of 20; nothing where there are too few stretches to tell.
    pub between: Option<(f64, f64)>,
    /// Load (requests a second) and use, stretch by stretch.
    pub points: Vec<(f64, f64)>,
}

/// What each request took of each resource that was seen meanwhile; beside the baseline where that has it.
pub fn taken(run: &Seen, before: Option<&Kept>, rules: Rules) -> Taken {
    let cut = Cut::of(run, rules);
    let seen = cut.resources.iter().filter(|own| !own.1.is_empty());
    let resources: Vec<TakenOf> = seen.map(|(name, points)| of_points(name, points)).collect();
    let refused = resources.is_empty().then(|| {
        format!(
            "no resource was seen for {:.0} s with load: let it run longer, or name what is to be looked at",
            rules.stretch
        )
    });
    let before = before.filter(|before| !before.taken.is_empty() && refused.is_none());
    let compared = before.map(|before| {
        let left = Cut { run: before.clone(), resources: before.taken.clone() };
        between(&[left], &[cut], &[], rules)
    });
    Taken { refused, resources, compared }
}

fn of_points(name: &str, points: &[(f64, f64)]) -> TakenOf {
    let logarithms: Vec<f64> = points.iter().map(|(load, used)| (used / load).ln()).collect();
    let middle = mean(&logarithms);
    let freedom = logarithms.len() as f64 - 1.0;
    let between = (freedom >= 1.0).then(|| {
        let spread = (variance(&logarithms) / logarithms.len() as f64).sqrt();
        let half = student::distance(ALARMS, freedom) * spread;
        ((middle - half).exp(), (middle + half).exp())
    });
    TakenOf { name: name.to_owned(), each: middle.exp(), between, points: points.to_vec() }
}

/// What a report says of it, for later runs to be compared with.
pub(in crate::compare) fn read(report: &Value) -> Vec<(String, Points)> {
    let resources = report["taken"]["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let point = |point: &Value| Some((point[0].as_f64()?, point[1].as_f64()?));
    let is_sound = |(load, used): &(f64, f64)| {
        load.is_finite() && used.is_finite() && *load > 0.0 && *used > 0.0
    };
    let of = |own: &Value| {
        let points = own["points"].as_array()?.iter().take(POINTS_MAX);
        let points = points.filter_map(point).filter(is_sound).collect();
        Some((own["name"].as_str()?.to_owned(), points))
    };
    resources.iter().take(RESOURCES_MAX).filter_map(of).collect()
}

/// Each resource with what a request took of it, and what is different from the baseline.
pub fn taken_text(taken: &Taken) -> String {
    let mut lines = Vec::new();
    lines.extend(
        taken.refused.iter().map(|why| format!("each request took: cannot be said: {why}")),
    );
    for own in &taken.resources {
        let sure = match own.between {
            Some((low, high)) => {
                format!(" (19 times of 20 between {} and {})", say(low), say(high))
            }
            None => " (one stretch: how it varies was not seen)".to_owned(),
        };
        lines.push(format!("each took   {}: {}{sure}", own.name, say(own.each)));
    }
    let mut text = lines.join("\n") + "\n";
    if let Some(impact) = &taken.compared {
        text.push('\n');
        text.push_str(&impact_text(impact));
    }
    text
}

/// Each resource as a row: name, what each took, between.
pub(crate) fn taken_rows(taken: &Taken) -> Vec<Vec<String>> {
    let row = |own: &TakenOf| {
        let between = own.between.map(|(low, high)| format!("{} … {}", say(low), say(high)));
        vec![own.name.clone(), say(own.each), between.unwrap_or_else(|| "–".to_owned())]
    };
    taken.resources.iter().map(row).collect()
}

/// The document, described in `docs/reference/load-json.md`.
pub fn taken_json(taken: &Taken) -> Value {
    let resources = taken.resources.iter().map(|own| {
        let points = own.points.iter().map(|(load, used)| [number(*load), number(*used)]);
        json!({
            "name": own.name,
            "each": number(own.each),
            "between": own.between.map(|(low, high)| [number(low), number(high)]),
            "points": points.collect::<Vec<_>>(),
        })
    });
    json!({
        "schema": SCHEMA,
        "refused": taken.refused,
        "resources": resources.collect::<Vec<_>>(),
        "impact": taken.compared.as_ref().map(impact_json),
    })
}
