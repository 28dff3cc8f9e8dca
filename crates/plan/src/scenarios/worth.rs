//! What it is worth to buy more of a resource in time, draw by draw.

use super::{Scenario, ScenarioResource};
use crate::benefit::{Worth, month_worth};

/// Money for buying, if there is anything to compare it with.
pub(super) fn begun(resource: &ScenarioResource) -> Option<Worth> {
    (resource.step.is_some() && resource.over_month_cost > 0.0).then(Worth::default)
}

/// One draw's demand by the month, with and without buying.
pub(super) fn take(
    worth: &mut Worth,
    scenario: &Scenario,
    resource: &ScenarioResource,
    demand: &[f64],
) {
    let Some(step) = resource.step else { return };
    let factor = month_worth(scenario.discount);
    let (mut nothing, mut instead, mut bought, mut now) = (0.0, 0.0, 0.0_f64, 1.0);
    let mut back = f64::INFINITY;
    for (month, demand) in demand.iter().enumerate() {
        now *= factor;
        let over = if *demand > resource.limit { resource.over_month_cost } else { 0.0 };
        nothing += now * (resource.cost_month + over);
        // What was bought stays, though demand may fall again.
        let wanted =
            ((demand / resource.target.value() - resource.limit) / step.add).ceil().max(0.0);
        let more = (wanted - bought).max(0.0);
        bought += more;
        instead += now * (resource.cost_month + bought * step.cost_month + more * step.cost_once);
        if instead > nothing {
            back = f64::INFINITY;
        } else if bought > 0.0 && back.is_infinite() {
            back = (month + 1) as f64;
        }
    }
    worth.nothing.push(nothing);
    worth.instead.push(instead);
    worth.gain.push(nothing - instead);
    worth.back.push(back);
}
