//! How the resources of a scenario follow their drivers, from what is recorded here.

use std::{collections::BTreeMap, sync::Arc};

use model::{Budget, Driver, Span};
use plan::{
    LimitOf, LoadLine, Outcome, Scenario, ScenarioBasis, ScenarioPast, run_scenario_knowing,
};
use query::{QueryError, Question};

use super::super::{
    line_of,
    past::{Moments, on_grid},
    table::drivers,
};
use crate::{http::error::ApiError, state::App};

/// A figure that was sent stands for this long, or until the next one.
const FIGURE_FOR: &str = "35d";
/// Why nothing was looked for.
const NOT_ASKED: &str = "no past was asked for";

/// Runs a scenario by what is recorded here of so long a past; by general knowledge alone if that is nought.
pub(in super::super) async fn run_here(
    app: &Arc<App>,
    scenario: &Scenario,
    past: Span,
) -> Result<Outcome, ApiError> {
    let lines = if past > Span::ZERO { lines(app, scenario).await? } else { Vec::new() };
    let (now, declared) = (app.clock.now(), drivers(app)?);
    let scenario = scenario.clone();
    // In the line with those who ask: many at once would take all threads.
    let outcome = app.ask(None, move |app, meter| {
        if past <= Span::ZERO {
            let basis = ScenarioBasis::general(&scenario, NOT_ASKED);
            return Ok(run_scenario_knowing(&scenario, &basis));
        }
        let moments = Moments::between(app.oldest(now).max(now - past), now);
        let mut recorded = recorded(app, &scenario, (&declared, &moments), meter)?;
        recorded.lines = limits(&scenario, &lines);
        Ok(run_scenario_knowing(&scenario, &ScenarioBasis::learn(&scenario, &recorded)))
    });
    Ok(outcome.await?)
}

/// A service with its load line, and the expressions of its limits by their names.
struct Told {
    service: String,
    line: Arc<LoadLine>,
    used: BTreeMap<String, String>,
}

/// The load line of the service that the scenario names; else of those with a limit whose use a resource is measured by.
async fn lines(app: &Arc<App>, scenario: &Scenario) -> Result<Vec<Told>, ApiError> {
    let mut found = Vec::new();
    let services = &app.settings.services;
    if let Some(name) =
        scenario.service.as_ref().filter(|name| !services.iter().any(|own| own.name == **name))
    {
        let names: Vec<&str> = services.iter().map(|own| own.name.as_str()).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(ApiError::invalid(format!(
            "the scenario speaks of a service `{name}`, which is not declared here"
        ))
        .help(format!("services of this server are {known}")));
    }
    for service in services {
        let measures = |used: &String| {
            scenario.resources.iter().any(|own| own.measured.as_ref() == Some(used))
        };
        let wanted = match &scenario.service {
            Some(name) => service.name == *name,
            None => service.limits.iter().any(|limit| measures(&limit.used)),
        };
        if wanted {
            let told = line_of(app, service).await?;
            let used = service.limits.iter().map(|own| (own.name.clone(), own.used.clone()));
            found.push(Told {
                service: service.name.clone(),
                line: told.line,
                used: used.collect(),
            });
        }
    }
    Ok(found)
}

/// The limit that each resource is: by its expression, else by its name within the service that was named.
fn limits<'a>(scenario: &Scenario, lines: &'a [Told]) -> BTreeMap<String, LimitOf<'a>> {
    let mut found = BTreeMap::new();
    for resource in &scenario.resources {
        let alike = |own: &Told, name: &str| {
            let measured =
                resource.measured.is_some() && own.used.get(name) == resource.measured.as_ref();
            let named = scenario.service.is_some() && name.eq_ignore_ascii_case(&resource.name);
            measured || named
        };
        let all =
            lines.iter().flat_map(|own| own.line.limits.iter().map(move |limit| (own, limit)));
        if let Some((own, limit)) = all.into_iter().find(|(own, limit)| alike(own, &limit.name)) {
            let of = LimitOf { service: &own.service, load_now: own.line.load_now, limit };
            found.insert(resource.name.clone(), of);
        }
    }
    found
}

/// Drivers and resources at the same moments: by their expressions, and drivers by what was sent as well.
fn recorded<'a>(
    app: &App,
    scenario: &Scenario,
    (declared, moments): (&[Driver], &'a Moments),
    budget: &dyn Budget,
) -> Result<ScenarioPast<'a>, QueryError> {
    let asked = |expression: &str| -> Result<Option<Vec<f64>>, QueryError> {
        let answer = app.queries.range(Question::new(expression, budget), moments.steps)?;
        let values = on_grid(&answer.value, &moments.times, moments.steps.step.as_millis());
        Ok(values.iter().any(|own| own.is_finite()).then_some(values))
    };
    let mut past = ScenarioPast { times: &moments.times, ..ScenarioPast::default() };
    for own in &scenario.drivers {
        let known = declared.iter().find(|driver| driver.name == own.name);
        let measured =
            own.measured.clone().or_else(|| known.and_then(|driver| driver.measured.clone()));
        let sent = format!(
            "last_over_time(plimsoll_driver{{driver=\"{}\"}}[{FIGURE_FOR}])",
            quoted(&own.name)
        );
        for expression in measured.iter().chain([&sent]) {
            if let Some(values) = asked(expression)? {
                past.drivers.insert(own.name.clone(), values);
                break;
            }
        }
    }
    for own in &scenario.resources {
        if let Some(values) = own.measured.as_deref().map(asked).transpose()?.flatten() {
            past.resources.insert(own.name.clone(), values);
        }
    }
    Ok(past)
}

/// A name between quotes of PromQL.
fn quoted(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(quoted("a\"} or vector(1) #\\"), "a\\\"} or vector(1) #\\\\");
    }
}
