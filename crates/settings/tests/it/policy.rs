//! The policy that ships draws the lines that the requirements state.

use std::collections::BTreeSet;

use model::{Nature, Resource, Span};
use settings::Settings;

fn resource(name: &str) -> Resource {
    let resources = Settings::default_for_host().resources;
    resources.into_iter().find(|resource| resource.name == name).unwrap()
}

fn percents(resource: &Resource) -> String {
    let lines = resource.thresholds;
    [lines.notice(), lines.warning(), lines.alert(), lines.critical()]
        .map(|line| format!("{:.1}", line.percent()).replace(".0", ""))
        .join(" ")
}

#[test]
fn the_lines_are_those_of_requirement_a1() {
    assert_eq!(percents(&resource("cpu")), "75 75 80 90");
    assert_eq!(percents(&resource("memory")), "75 80 85 95");
    assert_eq!(percents(&resource("cgroup_memory")), "75 80 85 95");
    assert_eq!(percents(&resource("disk")), "75 80 85 95");
    for other in ["swap", "inodes", "disk_time", "network_in", "network_out", "open_files"] {
        assert_eq!(percents(&resource(other)), "75 75 80 90", "{other}");
    }
}

#[test]
fn every_resource_has_an_owner_advice_and_a_title_that_tells_its_readings_apart() {
    let resources = Settings::default_for_host().resources;
    assert!(resources.len() >= 12);
    let names: BTreeSet<_> = resources.iter().map(|resource| &resource.name).collect();
    assert_eq!(names.len(), resources.len());
    for resource in &resources {
        assert_eq!(resource.owner, "infrastructure", "{}", resource.name);
        assert!(resource.advice.len() > 40 && resource.advice.ends_with('.'), "{}", resource.name);
        assert!(resource.title.contains("{{"), "{}", resource.name);
        assert!(resource.used.contains(" by ("), "{}", resource.name);
        assert!(!resource.used.contains("job="), "{}", resource.name);
    }
}

#[test]
fn a_request_and_a_full_cache_alert_nobody_and_a_limit_does() {
    for name in ["container_cpu", "container_memory_request", "redis"] {
        assert!(!resource(name).alerts, "{name}");
    }
    for name in
        ["cpu", "container_memory", "cadvisor_memory", "postgres_connections", "redis_memory"]
    {
        assert!(resource(name).alerts, "{name}");
    }
    assert!(resource("redis").cache.is_some());
}

#[test]
fn what_fills_up_is_told_two_weeks_ahead() {
    for name in ["disk", "inodes"] {
        let resource = resource(name);
        assert_eq!((resource.nature, resource.lead_time), (Nature::Stock, Span::days(14)));
    }
}
