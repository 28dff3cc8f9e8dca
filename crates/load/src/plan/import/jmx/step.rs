//! A request of JMeter as a step, with what stands around it.

use std::collections::BTreeMap;

use super::{
    super::draft::{DraftStep, Much, identifier, is_method, is_own_header},
    Gaps, Node, Reader, Scope, filled,
};
use crate::target::Origin;

/// Properties that a request takes from the defaults where it does not have them.
const DEFAULTS: [&str; 4] =
    ["HTTPSampler.domain", "HTTPSampler.port", "HTTPSampler.protocol", "HTTPSampler.path"];
/// Redirects that JMeter follows are more than any site needs.
const REDIRECTS: u8 = 5;
/// Longest pause that is taken over, in seconds.
const THINK_MAX: f64 = 3_600.0;

/// Whether an element holds for the requests around it, so that [`Reader::hold`] has seen it.
pub(super) fn holds(tag: &str) -> bool {
    tag.ends_with("Timer")
        || [
            "HeaderManager",
            "ConfigTestElement",
            "ResponseAssertion",
            "JSONPostProcessor",
            "RegexExtractor",
            "DurationAssertion",
            "CSVDataSet",
        ]
        .contains(&tag)
}

impl Reader<'_> {
    /// Takes in an element that holds for the requests around it.
    pub(super) fn hold(&mut self, node: &Node, scope: &mut Scope) {
        match node.tag.as_str() {
            "HeaderManager" => {
                for item in node.items("HeaderManager.headers") {
                    let name = item.value("Header.name").to_owned();
                    scope.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(&name));
                    scope.headers.push((name, item.value("Header.value").to_owned()));
                }
            }
            "ConfigTestElement" => {
                for name in DEFAULTS {
                    let value = node.value(name);
                    if !value.is_empty() {
                        scope.defaults.insert(name, value.to_owned());
                    }
                }
            }
            "ResponseAssertion" => assertion(node, scope),
            "JSONPostProcessor" => {
                let names = node.value("JSONPostProcessor.referenceNames").split(';');
                let paths = node.value("JSONPostProcessor.jsonPathExprs").split(';');
                let pairs = names.zip(paths).map(|(name, path)| (name.trim(), path.trim()));
                for (name, path) in pairs.filter(|(name, _)| !name.is_empty()) {
                    match crate::journey::JsonPath::parse(path) {
                        Ok(_) => scope.extract.push((identifier(name), path.to_owned())),
                        Err(error) => {
                            scope.to_do.push(format!("take `{name}` from `{path}`: {error}"));
                        }
                    }
                }
            }
            "RegexExtractor" => {
                let name = node.value("RegexExtractor.refname");
                let pattern = node.value("RegexExtractor.regex");
                let of_body = matches!(node.value("RegexExtractor.useHeaders"), "" | "false");
                if of_body && !pattern.is_empty() && regex::bytes::Regex::new(pattern).is_ok() {
                    scope.matches.push((identifier(name), pattern.to_owned()));
                } else {
                    scope.to_do.push(format!("take `{name}` by the expression `{pattern}`"));
                }
            }
            "DurationAssertion" => {
                let most = node.value("DurationAssertion.duration");
                scope.to_do.push(format!("a threshold such as `response p99 < {most}ms`"));
            }
            "CSVDataSet" => {
                let (file, names) = (node.value("filename"), node.value("variableNames"));
                scope.to_do.push(format!(
                    "a feed of `{file}` with the columns `{names}`, in place of the variables of these names"
                ));
            }
            tag if tag.ends_with("Timer") => self.timer(node, scope),
            _ => {}
        }
    }

    fn timer(&mut self, node: &Node, scope: &mut Scope) {
        let number =
            |name: &str| filled(node.value(name), &self.draft.variables).parse::<f64>().ok();
        match node.tag.as_str() {
            "ConstantTimer" | "GaussianRandomTimer" | "PoissonRandomTimer" => {
                scope.think += number("ConstantTimer.delay").unwrap_or(0.0) / 1e3;
            }
            "UniformRandomTimer" => {
                let range = number("RandomTimer.range").unwrap_or(0.0);
                scope.think += (number("ConstantTimer.delay").unwrap_or(0.0) + range / 2.0) / 1e3;
            }
            "ConstantThroughputTimer" => {
                // The number stands as a text, or as the child of a property with a type of its own.
                let written = node.property("throughput");
                let inside =
                    written.and_then(|own| own.property("value")).map_or("", |own| &own.text);
                let a_minute = inside.parse().ok().or_else(|| number("throughput"));
                if let Some(a_minute) =
                    a_minute.filter(|rate: &f64| *rate > 0.0 && rate.is_finite())
                {
                    self.draft.much = Much::Rate(a_minute / 60.0, 60.0);
                }
            }
            _ => scope.to_do.push(format!("the pause `{}` ({})", node.name(), node.tag)),
        }
        scope.think = scope.think.clamp(0.0, THINK_MAX);
    }
}

fn assertion(node: &Node, scope: &mut Scope) {
    // Bits: 1 matches, 2 contains, 4 not, 8 equals, 16 substring, 32 or.
    let kind: u32 = node.value("Assertion.test_type").parse().unwrap_or(0);
    let texts = node.items("Asserion.test_strings").iter().map(|item| item.text.trim());
    for text in texts {
        let status = text.parse().ok().filter(|status: &u16| (100..600).contains(status));
        match node.value("Assertion.test_field") {
            "Assertion.response_code" if status.is_some() && kind & 4 == 0 => scope.status = status,
            "Assertion.response_data" | ""
                if kind & (4 | 32) == 0 && scope.contains.is_none() && kind & 16 != 0 =>
            {
                scope.contains = Some(text.to_owned());
            }
            field => scope.to_do.push(format!("`{}`: `{text}` in {field}", node.name())),
        }
    }
}

/// The step; nothing if it goes to another host or has no usable method.
pub(super) fn made(
    node: &Node,
    scope: Scope,
    origin: &Origin,
    gaps: &mut Gaps<'_>,
) -> Option<DraftStep> {
    let said = |name: &str| {
        let own = node.value(name);
        if own.is_empty() { scope.defaults.get(name).map_or("", String::as_str) } else { own }
    };
    let method = node.value("HTTPSampler.method").to_ascii_uppercase();
    let method = if method.is_empty() { "GET".to_owned() } else { method };
    if !is_method(&method) || !is_same(&said, origin, gaps.variables) {
        return None;
    }
    let mut path = without_spaces(said("HTTPSampler.path"));
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    let is_body = ["POST", "PUT", "PATCH"].contains(&method.as_str());
    let arguments = node.property("HTTPsampler.Arguments");
    let arguments = arguments.map_or(&[][..], |all| all.items("Arguments.arguments"));
    let is_raw = node.value("HTTPSampler.postBodyRaw") == "true";
    let mut step = DraftStep { method, ..DraftStep::default() };
    for (name, value) in scope.headers.iter().filter(|(name, _)| !is_own_header(name)) {
        step.headers.push((name.clone(), gaps.template(value)));
    }
    if is_body && is_raw {
        let body: String = arguments.iter().map(|item| item.value("Argument.value")).collect();
        step.body = Some(gaps.template(&body)).filter(|body| !body.is_empty());
    } else if !arguments.is_empty() {
        let pairs: Vec<String> = arguments.iter().map(|item| pair(item, gaps)).collect();
        let pairs = pairs.join("&");
        if is_body {
            let kind = "Content-Type".to_owned();
            step.headers.push((kind, "application/x-www-form-urlencoded".to_owned()));
            step.body = Some(pairs);
            path = gaps.template(&path);
        } else {
            let sign = if path.contains('?') { '&' } else { '?' };
            path = format!("{}{sign}{pairs}", gaps.template(&path));
        }
    }
    let has_pairs = !(arguments.is_empty() || is_body && is_raw);
    step.path = if has_pairs { path } else { gaps.template(&path) };
    step.name = match node.name() {
        "" => format!("{} {}", step.method, said("HTTPSampler.path")),
        name => name.to_owned(),
    };
    step.status = scope.status;
    step.contains = scope.contains;
    (step.extract, step.matches) = (scope.extract, scope.matches);
    (step.think, step.to_do) = (scope.think, scope.to_do);
    step.redirects =
        if node.value("HTTPSampler.follow_redirects") == "true" { REDIRECTS } else { 0 };
    Some(step)
}

/// Whether a request goes to the origin of the plan, or does not say where.
fn is_same<'v>(
    said: &impl Fn(&str) -> &'v str,
    origin: &Origin,
    variables: &BTreeMap<String, String>,
) -> bool {
    let host = filled(said("HTTPSampler.domain"), variables);
    host.is_empty() || host.contains('$') || host.eq_ignore_ascii_case(&origin.host)
}

/// A path whose spaces are written as such, but for those in its gaps.
fn without_spaces(text: &str) -> String {
    let mut is_gap = false;
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        is_gap = (is_gap || out.ends_with('$') && letter == '{') && letter != '}';
        match letter {
            ' ' if !is_gap => out.push_str("%20"),
            _ => out.push(letter),
        }
    }
    out
}

/// A parameter as it stands in a query or a form.
fn pair(item: &Node, gaps: &mut Gaps<'_>) -> String {
    let (name, value) = (item.value("Argument.name"), item.value("Argument.value"));
    let is_plain = item.value("HTTPArgument.always_encode") != "true";
    let mut escaped = String::new();
    // Gaps are left as they are; their values are escaped when they are filled in.
    for (index, part) in value.split("${").enumerate() {
        let (gap, text) = match part.split_once('}') {
            Some((gap, text)) if index > 0 => (Some(gap), text),
            _ => (None, part),
        };
        if let Some(gap) = gap {
            escaped.push_str(&gaps.template(&format!("${{{gap}}}")).replace(" }}", " | url }}"));
        }
        if is_plain {
            escaped.push_str(&text.replace(' ', "%20"));
        } else {
            escaped.extend(url::form_urlencoded::byte_serialize(text.as_bytes()));
        }
    }
    format!("{name}={escaped}")
}
