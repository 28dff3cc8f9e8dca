//! The results of tests in the XML that most build servers read, one suite for each file.

use std::fmt::Write as _;

use detect::rules::trial::Outcome;

use super::test::{Tried, lines, title};

/// One suite for each file, one case for each test.
pub(super) fn report(tried: &[Tried]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for one in tried {
        let name = escaped(&one.name);
        match &one.outcomes {
            Ok(outcomes) => {
                let count = outcomes.len();
                let failed = outcomes.iter().filter(|own| !own.failures.is_empty()).count();
                let head = format_args!(
                    "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failed}\" errors=\"0\">\n"
                );
                add(&mut out, head);
                for outcome in outcomes {
                    case(&mut out, outcome);
                }
            }
            Err(fault) => {
                let (head, why) = (
                    format_args!(
                        "  <testsuite name=\"{name}\" tests=\"1\" failures=\"0\" errors=\"1\">\n"
                    ),
                    escaped(&fault.text),
                );
                add(&mut out, head);
                add(
                    &mut out,
                    format_args!("    <testcase name=\"{name}\"><error>{why}</error></testcase>\n"),
                );
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, outcome: &Outcome) {
    let name = escaped(&title(outcome));
    if outcome.failures.is_empty() {
        add(out, format_args!("    <testcase name=\"{name}\"/>\n"));
        return;
    }
    add(out, format_args!("    <testcase name=\"{name}\">\n"));
    for failure in &outcome.failures {
        let told: Vec<String> = lines(failure)
            .iter()
            .map(|line| format!("{} {}", line.mark.sign(), line.text))
            .collect();
        let what = escaped(&format!("{}, at {}", failure.subject, failure.at));
        let text = escaped(&told.join("\n"));
        add(out, format_args!("      <failure message=\"{what}\">{text}</failure>\n"));
    }
    out.push_str("    </testcase>\n");
}

/// Writing to a text cannot fail.
fn add(out: &mut String, words: std::fmt::Arguments<'_>) {
    let _infallible = out.write_fmt(words);
}

/// A text as XML takes it; letters that XML 1.0 does not know are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(letter),
            control if control.is_control() => {}
            '\u{fffe}' | '\u{ffff}' => {}
            other => out.push(other),
        }
    }
    out
}
