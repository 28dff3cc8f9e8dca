//! The resources of a scenario file.

use model::{Relation, Share, Span, Unit};
use settings::{Field, Fields, Mistake, Node, Place, Reader};

use super::{
    super::{Portion, ScenarioResource, Triangle},
    GROWTH_MAX, Stage,
    amounts::{amount, amount_or_nought, part},
    known_driver, measured,
};

const STILL: Triangle = Triangle { low: 0.0, mode: 0.0, high: 0.0 };

/// Less of a resource is not meant to be used.
const TARGET_MIN: f64 = 0.001;

pub(super) fn resource(
    stage: &Stage<'_, '_>,
    node: Node<'_>,
) -> Option<(ScenarioResource, String, Place)> {
    let reader = stage.reader;
    let fields = reader.fields(node, "a resource")?;
    let name = fields.need("name").and_then(|field| reader.placed(field.node));
    let title = fields.take("title").and_then(|field| reader.text(field.node));
    let unit =
        fields.take("unit").map_or(Some(Unit::Count), |own| reader.word(own.node, &Unit::WORDS));
    let follows = fields.take("follows").map(|field| known_driver(stage, field.node));
    let relation = relation(reader, &fields);
    let growth = fields.take("growth").map(|own| part(reader, own.node, -0.99, GROWTH_MAX));
    let now = fields.need("now").and_then(|field| amount(reader, field.node));
    let limit = fields.need("limit").and_then(|field| amount(reader, field.node));
    let target = target(reader, &fields, node);
    let lead_time = fields
        .take("lead_time")
        .map_or(Some(Span::ZERO), |own| reader.duration(own.node, Span::ZERO..=Span::days(3_650)));
    let (cost_month, over_month_cost) =
        (money(reader, &fields, "cost_month"), money(reader, &fields, "over_month_cost"));
    let step = fields.take("step").map(|field| portion(reader, field));
    let measured = measured(reader, &fields);
    if follows.is_none() && growth.is_none() {
        let message = "it follows nothing and does not grow by itself";
        reader.report(
            Mistake::at(node.place(), message)
                .help("write `follows: DRIVER` or `growth: 3%` a month"),
        );
    }
    fields.finish();
    let name = name?;
    let resource = ScenarioResource {
        title: title.unwrap_or(&name.value).to_owned(),
        name: name.value.clone(),
        unit: unit?,
        follows: match follows {
            Some(follows) => Some(follows?),
            None => None,
        },
        relation: relation?,
        growth: growth.unwrap_or(Some(STILL))?,
        now: now?,
        limit: limit?,
        target: target?,
        lead_time: lead_time?,
        cost_month: cost_month?,
        over_month_cost: over_month_cost?,
        step: match step {
            Some(step) => Some(step?),
            None => None,
        },
        measured,
    };
    Some((resource, name.value, name.place))
}

fn relation<'d>(reader: &Reader<'d>, fields: &Fields<'_, 'd>) -> Option<Relation> {
    let written = fields.take("relation");
    let relation =
        written.map_or(Some(Relation::Work), |own| reader.word(own.node, &Relation::WORDS));
    if let (Some(own), Some(Relation::Latency | Relation::Together)) = (written, relation) {
        reader.wrong(
            own.node,
            "a scenario cannot speak of this relation",
            "write work, held, cached or piled",
        );
    }
    relation
}

fn target<'d>(reader: &Reader<'d>, fields: &Fields<'_, 'd>, node: Node<'d>) -> Option<Share> {
    let target =
        fields.take("target").map_or_else(|| Share::new(0.8), |own| reader.share(own.node));
    if target.is_some_and(|target| target.value() < TARGET_MIN) {
        reader.report(Mistake::at(node.place(), "a target of nought leaves nothing to use"));
    }
    target
}

fn money<'d>(reader: &Reader<'d>, fields: &Fields<'_, 'd>, key: &'static str) -> Option<f64> {
    fields.take(key).map_or(Some(0.0), |own| amount_or_nought(reader, own.node))
}

fn portion<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Portion> {
    let fields = reader.fields(field.node, "a step")?;
    let add = fields.need("add").and_then(|own| amount(reader, own.node));
    let (cost_month, cost_once) =
        (money(reader, &fields, "cost_month"), money(reader, &fields, "cost_once"));
    fields.finish();
    Some(Portion { add: add?, cost_month: cost_month?, cost_once: cost_once? })
}
