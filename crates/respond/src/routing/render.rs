//! Routes as Alertmanager's configuration has them, without secrets: for `amtool` and for people.

use super::{Alertmanager, Route, Timing};
use crate::Receiver;

/// The configuration that a file amounts to: routes, inhibition and the names of receivers.
pub fn render(file: &Alertmanager) -> String {
    let mut text = format!("global:\n  resolve_timeout: {}\nroute:\n", file.resolve_timeout);
    route(&file.route, 1, &mut text);
    if !file.inhibit.is_empty() {
        text.push_str("inhibit_rules:\n");
    }
    for rule in &file.inhibit {
        let list = |own: &[_]| quoted(own.iter().map(ToString::to_string));
        let (source, target) = (list(&rule.source), list(&rule.target));
        put(&mut text, format_args!("- source_matchers: {source}\n  target_matchers: {target}\n"));
        put(&mut text, format_args!("  equal: {}\n", quoted(rule.equal.iter().cloned())));
    }
    text.push_str("receivers:\n");
    for receiver in &file.receivers {
        put(&mut text, format_args!("- name: {:?}\n", receiver.name));
    }
    text
}

/// The configuration that stands for receivers which are all told of everything.
pub fn render_all<'a>(receivers: impl IntoIterator<Item = &'a (Receiver, Timing)>) -> String {
    let mut text = "route:\n  receiver: nobody\n".to_owned();
    let mut names = "receivers:\n- name: nobody\n".to_owned();
    let mut first = true;
    for (receiver, timing) in receivers {
        if std::mem::take(&mut first) {
            text.push_str("  routes:\n");
        }
        put(&mut text, format_args!("  - receiver: {:?}\n    continue: true\n", receiver.name));
        times(timing, "    ", &mut text);
        put(&mut names, format_args!("- name: {:?}\n", receiver.name));
    }
    text + &names
}

fn route(own: &Route, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    put(text, format_args!("{indent}receiver: {:?}\n", own.receiver));
    if !own.matchers.is_empty() {
        let matchers = quoted(own.matchers.iter().map(ToString::to_string));
        put(text, format_args!("{indent}matchers: {matchers}\n"));
    }
    if own.goes_on {
        put(text, format_args!("{indent}continue: true\n"));
    }
    times(&own.timing, &indent, text);
    if !own.routes.is_empty() {
        put(text, format_args!("{indent}routes:\n"));
    }
    for below in &own.routes {
        let mut inner = String::new();
        route(below, depth + 1, &mut inner);
        // The first line of an item begins with its mark.
        let marked = inner.replacen("  ".repeat(depth + 1).as_str(), &format!("{indent}- "), 1);
        text.push_str(&marked);
    }
}

fn times(timing: &Timing, indent: &str, text: &mut String) {
    put(text, format_args!("{indent}group_by: {}\n", quoted(timing.group_by.iter().cloned())));
    put(text, format_args!("{indent}group_wait: {}\n", timing.group_wait));
    if let Some(interval) = timing.group_interval {
        put(text, format_args!("{indent}group_interval: {interval}\n"));
    }
    put(text, format_args!("{indent}repeat_interval: {}\n", timing.repeat_interval));
}

/// Texts as a list in YAML's short form.
fn quoted(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.map(|text| serde_json::Value::from(text).to_string()).collect();
    format!("[{}]", texts.join(", "))
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.push_str(&what.to_string());
}
