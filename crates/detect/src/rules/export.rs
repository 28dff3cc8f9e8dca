//! Writes rule groups as YAML that Prometheus and its checker read.

use model::Span;

use super::{Rule, RuleGroup};

/// Words that YAML takes for something else than a text if they are not quoted.
const YAML_WORDS: [&str; 8] = ["true", "false", "null", "yes", "no", "on", "off", "nan"];

/// The groups as one rule file. Groups of the same name, which only several files may have, get
/// the name of their file added.
pub fn export(groups: &[RuleGroup]) -> String {
    let mut out = String::from("groups:");
    if groups.is_empty() {
        out.push_str(" []");
    }
    out.push('\n');
    for (at, group) in groups.iter().enumerate() {
        let twice =
            groups.iter().enumerate().any(|(other, one)| other != at && one.name == group.name);
        let name =
            if twice { format!("{} ({})", group.name, group.file) } else { group.name.clone() };
        line(&mut out, "  - ", "name", &name);
        if let Some(interval) = group.interval {
            duration(&mut out, "    ", "interval", interval);
        }
        if let Some(offset) = group.query_offset {
            duration(&mut out, "    ", "query_offset", offset);
        }
        if group.limit > 0 {
            put(&mut out, format_args!("    limit: {}\n", group.limit));
        }
        out.push_str(if group.rules.is_empty() { "    rules: []\n" } else { "    rules:\n" });
        for rule in &group.rules {
            write_rule(&mut out, rule);
        }
    }
    out
}

/// Labels of the group are written at each rule, where every version of Prometheus reads them.
fn write_rule(out: &mut String, rule: &Rule) {
    let key = match rule {
        Rule::Record(_) => "record",
        Rule::Alert(_) => "alert",
    };
    line(out, "      - ", key, rule.name());
    line(out, "        ", "expr", rule.expr());
    match rule {
        Rule::Record(record) => map(out, "labels", &record.labels),
        Rule::Alert(alert) => {
            if alert.hold > Span::ZERO {
                duration(out, "        ", "for", alert.hold);
            }
            if alert.keep_firing_for > Span::ZERO {
                duration(out, "        ", "keep_firing_for", alert.keep_firing_for);
            }
            map(out, "labels", &alert.labels);
            map(out, "annotations", &alert.annotations);
        }
    }
}

fn map(out: &mut String, key: &str, pairs: &[(String, String)]) {
    if pairs.is_empty() {
        return;
    }
    put(out, format_args!("        {key}:\n"));
    for (name, value) in pairs {
        line(out, "          ", &scalar(name), value);
    }
}

fn duration(out: &mut String, indent: &str, key: &str, span: Span) {
    put(out, format_args!("{indent}{key}: {span}\n"));
}

/// One key with a text: in a block of its own if it has several lines.
fn line(out: &mut String, indent: &str, key: &str, value: &str) {
    if !fits_block(value) {
        put(out, format_args!("{indent}{key}: {}\n", scalar(value)));
        return;
    }
    let body = value.strip_suffix('\n');
    put(out, format_args!("{indent}{key}: {}\n", if body.is_some() { "|" } else { "|-" }));
    let deeper = " ".repeat(indent.len() + 2);
    for text in body.unwrap_or(value).split('\n') {
        put(out, format_args!("{}{text}\n", if text.is_empty() { "" } else { &deeper }));
    }
}

/// Whether a text reads back the same from a literal block: several lines of printable letters,
/// the first not indented, the last not empty, no blanks at the end of the whole.
fn fits_block(value: &str) -> bool {
    let body = value.strip_suffix('\n').unwrap_or(value);
    body.contains('\n')
        && !body.starts_with([' ', '\n', '\t'])
        && !body.ends_with([' ', '\n', '\t'])
        && body.chars().all(|letter| letter == '\n' || (' '..='~').contains(&letter))
        && !body.split('\n').any(|text| !text.is_empty() && text.trim().is_empty())
}

/// A text on one line, with quotes unless it is a plain word.
fn scalar(value: &str) -> String {
    let mut letters = value.chars();
    let word = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && value.len() > 1
        && !YAML_WORDS.contains(&value.to_ascii_lowercase().as_str());
    if word {
        return value.to_owned();
    }
    let mut out = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // Control letters, and those that YAML takes for line breaks or marks.
            '\0'..='\x1f' | '\x7f'..='\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                put(&mut out, format_args!("\\u{:04x}", u32::from(letter)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.push_str(&text.to_string());
}
