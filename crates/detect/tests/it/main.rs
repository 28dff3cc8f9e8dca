//! The room as a whole: case files, rule files in use, the checker of Prometheus itself.

#[cfg(test)]
mod alert_cases;
#[cfg(test)]
mod baseline_cases;
#[cfg(test)]
mod beside_promtool;
#[cfg(test)]
mod case_language;
#[cfg(test)]
mod objective_cases;
#[cfg(test)]
mod objective_figures;
#[cfg(test)]
mod promtool;
#[cfg(test)]
mod rule_files;
#[cfg(test)]
mod unit_tests;
