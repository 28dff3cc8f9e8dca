//! The room as a whole: case files, rule files in use, the checker of Prometheus itself.

mod alert_cases;
mod case_language;
mod promtool;
mod rule_files;
