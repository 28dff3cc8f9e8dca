//! A run told to pipelines: JUnit XML for test reports, Markdown for comments on a change.

use super::{
    PERCENTILES, ending_text, html::escape, profile_text, recovery_text, say_count, say_load,
    say_quantile, trend_text,
};
use crate::{
    engine::{Ending, Run},
    verdict::{Verdict, Word},
};

/// One test case for whether the run can be believed, and one for each rule.
pub fn junit(run: &Run, verdict: &Verdict) -> String {
    let mut cases = Vec::new();
    let word = verdict.word();
    let mut doubts: Vec<String> = verdict.doubts.iter().map(ToString::to_string).collect();
    if word == Word::Unanswered {
        doubts.push("the target answered nothing".to_owned());
    }
    cases.push(case("the run can be believed", &doubts.join("; ")));
    for judged in &verdict.rules {
        let why = if judged.kept {
            String::new()
        } else {
            format!("was {}", judged.rule.say(judged.value))
        };
        cases.push(case(&judged.rule.text, &why));
    }
    for rule in &run.plan.aborts {
        let ended = matches!(&run.ending, Ending::Aborted { rule: broken } if *broken == rule.text);
        let why = if ended { "the run was ended by it" } else { "" };
        cases.push(case(&format!("not ended by: {}", rule.text), why));
    }
    for watching in &verdict.trends {
        let why = if watching.grows() { trend_text(watching) } else { String::new() };
        cases.push(case(&format!("{} does not grow", watching.name), &why));
    }
    let failures = cases.iter().filter(|case| case.contains("<failure")).count();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" time=\"{:.3}\">\n{}</testsuite>\n</testsuites>\n",
        escape(&run.plan.name),
        cases.len(),
        run.took.as_secs_f64(),
        cases.concat()
    )
}

fn case(name: &str, why: &str) -> String {
    let name = escape(name);
    if why.is_empty() {
        return format!("<testcase classname=\"load\" name=\"{name}\"/>\n");
    }
    let why = escape(why);
    format!(
        "<testcase classname=\"load\" name=\"{name}\"><failure message=\"{why}\"/></testcase>\n"
    )
}

/// The verdict with its figures, short enough for a comment.
pub fn markdown(run: &Run, verdict: &Verdict) -> String {
    let together = run.recording.together();
    let mut lines =
        vec![format!("### Load test {}: {}", verdict.word().as_str(), inline(&run.plan.name))];
    lines.push(String::new());
    lines.extend(ending_text(run).map(|text| format!("- {}", inline(&text))));
    lines.extend(profile_text(run).map(|text| format!("- profile: {text}")));
    lines.extend(recovery_text(run).map(|text| format!("- {text}")));
    for watching in verdict.trends.iter().filter(|watching| watching.grows()) {
        lines.push(format!("- {}: {}", inline(&watching.name), trend_text(watching)));
    }
    for doubt in &verdict.doubts {
        lines.push(format!("- cannot be believed: {}", inline(&doubt.to_string())));
    }
    for judged in &verdict.rules {
        let mark = if judged.kept { "✓ kept" } else { "✗ broken" };
        let value = judged.rule.say(judged.value);
        lines.push(format!("- {mark}: `{}` (was {value})", judged.rule.text.replace('`', "'")));
    }
    for scenario in &run.plan.scenarios {
        lines.push(format!("- {}: {}", inline(&scenario.name), say_load(&scenario.load)));
    }
    lines.push(format!(
        "- {} good answers, {} failed",
        say_count(together.good.count()),
        say_count(together.failed.count())
    ));
    lines.push(String::new());
    let all = together.all();
    lines.push(format!("| | {} |", PERCENTILES.map(|(name, _)| name).join(" | ")));
    lines.push(format!("|---|{}", "---:|".repeat(PERCENTILES.len())));
    for (name, histogram) in
        [("response", &all.response), ("service", &all.service), ("send lag", &all.lag)]
    {
        let cells = PERCENTILES.map(|(_, q)| say_quantile(histogram, q));
        lines.push(format!("| {name} | {} |", cells.join(" | ")));
    }
    lines.join("\n") + "\n"
}

/// A text in which nothing is markup.
fn inline(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if "\\`*_[]<>#|".contains(letter) {
            plain.push('\\');
        }
        plain.push(if letter.is_control() { ' ' } else { letter });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(inline("a|b <c>\n"), "a\\|b \\<c\\> ");
        assert!(
            case("a \"b\"", "x < y")
                .contains("name=\"a &quot;b&quot;\"><failure message=\"x &lt; y\"/>")
        );
    }
}
