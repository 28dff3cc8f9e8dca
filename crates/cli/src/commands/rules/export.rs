//! `plimsoll rules export`

use std::process::ExitCode;

use detect::{AlertRule, Rule, RuleGroup, rules};
use model::{Nature, Resource, Span};

use super::super::read_settings;
use super::files;
use crate::{args::Settings, fault::Fault, output::Output};

/// Writes every rule as one rule file.
pub(super) fn run(from: &Settings, output: &Output) -> Result<ExitCode, Fault> {
    let (settings, _) = read_settings(from)?;
    let mut groups = vec![vec![of_resources(&settings.resources)]];
    for pattern in &settings.rule_files {
        for path in server::files_matching(&settings.base, pattern) {
            groups.push(files::groups(&path)?);
        }
    }
    output.text(&rules::export(&rules::join(groups)))?;
    Ok(ExitCode::SUCCESS)
}

/// The lines of resources as alerting rules: the same conditions, for a Prometheus beside us. Where lines are for a size only
/// there is none.
fn of_resources(resources: &[Resource]) -> RuleGroup {
    let mut group = RuleGroup {
        name: "plimsoll resources".to_owned(),
        file: String::new(),
        interval: None,
        limit: 0,
        query_offset: None,
        labels: Vec::new(),
        rules: Vec::new(),
    };
    for resource in resources.iter().filter(|own| own.alerts) {
        let lines = &resource.thresholds;
        for (severity, line) in [("warning", lines.alert()), ("critical", lines.critical())] {
            let line = line.value();
            group.rules.push(Rule::Alert(AlertRule {
                source: String::new(),
                name: "ResourceAboveLine".to_owned(),
                expr: share(resource) + &format!(" >= {line}"),
                hold: resource.hold,
                keep_firing_for: Span::ZERO,
                labels: vec![
                    ("severity".to_owned(), severity.to_owned()),
                    ("resource".to_owned(), resource.name.clone()),
                    ("owner".to_owned(), resource.owner.clone()),
                ],
                annotations: vec![
                    (
                        "summary".to_owned(),
                        format!(
                            "{} is {{{{ $value | humanizePercentage }}}} {}",
                            plain_title(&resource.title),
                            if resource.nature == Nature::Stock { "full" } else { "in use" },
                        ),
                    ),
                    ("description".to_owned(), resource.advice.clone()),
                ],
                care: rules::Care::default(),
            }));
        }
    }
    group
}

/// Used over limit. A limit that is a number serves every series; other limits must have the labels
/// of what they limit, since PromQL cannot be told to join by whatever both sides have.
fn share(resource: &Resource) -> String {
    let (used, limit) = (resource.used.trim(), resource.limit.trim());
    let number = limit.strip_prefix("vector(").and_then(|rest| rest.strip_suffix(')'));
    match number.unwrap_or(limit).parse::<f64>() {
        Ok(number) => format!("({used}) / {number}"),
        Err(_) => format!("({used}) / ({limit})"),
    }
}

/// A resource's title with its places in the templates' own words.
fn plain_title(title: &str) -> String {
    title.replace("{{", "{{ $labels.").replace("}}", " }}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_for_a_size_only_become_no_rule() {
        let rules = of_resources(&settings::Settings::default_for_host().resources).rules;
        let of = |name: &str| {
            let own = ("resource".to_owned(), name.to_owned());
            rules.iter().any(|rule| matches!(rule, Rule::Alert(rule) if rule.labels.contains(&own)))
        };
        assert!(of("redis_memory") && of("container_memory"));
        assert!(!of("redis") && !of("container_cpu"));
    }
}
