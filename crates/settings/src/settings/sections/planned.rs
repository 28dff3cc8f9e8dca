//! Sections about what is planned with.

use super::{Section, section};
use crate::settings::resource;

/// What capacity is planned for.
pub(super) fn planned() -> Vec<Section> {
    vec![
        section(
            [
                "calendar",
                "each of `calendar:`",
                "Days that are not like others. They do not become a habit, and those ahead are told for themselves: see [forecasts](../concepts/forecasts.md).",
                "calendar: [{name: a, date: 2026-12-25, {}}]",
            ],
            &resource::calendar::TABLE,
        ),
        section(
            [
                "services",
                "each of `services:`",
                "What users depend on. From the load it carries and from what can limit that follows its load line: see [plan for growth](../guides/plan-for-growth.md).",
                "services: [{name: a, load: up, limits: [{name: b, used: up, limit: up}], {}}]",
            ],
            &resource::service::TABLE,
        ),
        section(
            [
                "data",
                "a service's `data:`",
                "How its data are read, written and kept: each an expression that gives one series. What is not known is left out, and so are the rules that need it.",
                "services: [{name: a, load: up, limits: [{name: b, used: up, limit: up}], data: {{}}}]",
            ],
            &resource::service::DATA_TABLE,
        ),
        section(
            [
                "limits",
                "each of a service's `limits:`",
                "Something whose use follows the load: a resource that is declared, or two expressions. A latency has its promise as `limit`, `target: 100 %` and `relation: latency`.",
                "services: [{name: a, load: up, limits: [{name: b, used: up, limit: up, {}}]}]",
            ],
            &resource::service::LIMIT_TABLE,
        ),
        section(
            [
                "steps",
                "each of a limit's `steps:`",
                "How to get more of it; the cheapest that moves the line is told.",
                "services: [{name: a, load: up, limits: [{name: b, used: up, limit: up, steps: [{title: c, times: 2, {}}]}]}]",
            ],
            &resource::service::STEP_TABLE,
        ),
        section(
            [
                "launches",
                "each of a service's `launches:`",
                "What may raise its load from some day on.",
                "services: [{name: a, load: up, limits: [{name: b, used: up, limit: up}], launches: [{name: c, date: 2026-12-15, raises: 0.2, {}}]}]",
            ],
            &resource::service::LAUNCH_TABLE,
        ),
        section(
            [
                "planning",
                "`planning:`",
                "What is planned with: prices, what is reviewed for its size every month, what money is at stake, drivers. See [plan for growth](../guides/plan-for-growth.md).",
                "planning: {{}}",
            ],
            &resource::planning::TABLE,
        ),
    ]
}
