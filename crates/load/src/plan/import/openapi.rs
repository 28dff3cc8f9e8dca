//! Descriptions (`OpenAPI` 3.0 and 3.1): one journey for each operation, with its examples, or values made from its schema.

use serde_json::{Map, Value, json};

use super::{
    Import, ImportError, STEPS_MAX,
    draft::{Draft, DraftJourney, DraftStep, plain},
};

/// Deepest reference and schema that are followed.
const DEPTH_MAX: usize = 12;
/// Methods of a description; the first two change nothing.
const METHODS: [&str; 7] = ["get", "head", "options", "post", "put", "patch", "delete"];
const READING: usize = 3;

pub(super) fn import(document: &Value, how: &Import) -> Result<Draft, ImportError> {
    let server = document["servers"][0]["url"].as_str();
    let target = how.target.as_deref().or(server).ok_or(ImportError::NoTarget)?;
    let name = document["info"]["title"].as_str().unwrap_or("description");
    let mut draft = Draft::new(name, target)?;
    let base = url::Url::parse(target)
        .map_or_else(|_| String::new(), |url| url.path().trim_end_matches('/').to_owned());
    let mut writes = 0;
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (place, method) in METHODS.into_iter().enumerate() {
            let operation = &operations[method];
            if !operation.is_object() || draft.journeys.len() >= STEPS_MAX {
                continue;
            }
            if place >= READING && !how.writes {
                writes += 1;
                continue;
            }
            let step = Operation { document, shared: operations, own: operation }
                .step(&format!("{base}{path}"), method);
            draft.journeys.push(DraftJourney {
                name: step.name.clone(),
                weight: 1,
                steps: vec![step],
            });
        }
    }
    if writes > 0 {
        draft.notes.push(format!(
            "left out: {writes} operations that may change something; --writes takes them over"
        ));
    }
    Ok(draft)
}

struct Operation<'d> {
    document: &'d Value,
    shared: &'d Value,
    own: &'d Value,
}

impl Operation<'_> {
    fn step(&self, path: &str, method: &str) -> DraftStep {
        let mut step = DraftStep { method: method.to_ascii_uppercase(), ..DraftStep::default() };
        let (mut path, mut query) = (plain(path), Vec::new());
        let shared = self.shared["parameters"].as_array().into_iter().flatten();
        for parameter in shared.chain(self.own["parameters"].as_array().into_iter().flatten()) {
            let parameter = self.resolved(parameter);
            let name = parameter["name"].as_str().unwrap_or_default();
            let is_needed = parameter["required"] == true || parameter["in"] == "path";
            if !is_needed {
                continue;
            }
            let value = text_of(&self.example(parameter));
            match parameter["in"].as_str() {
                Some("path") => path = path.replace(&format!("{{{name}}}"), &encoded(&value)),
                Some("query") => query.push(format!("{}={}", encoded(name), encoded(&value))),
                Some("header") => step.headers.push((name.to_owned(), plain(&value))),
                _ => step.to_do.push(format!("the parameter `{name}` is not taken over")),
            }
        }
        let request = self.resolved(&self.own["requestBody"]);
        if let Some((kind, content)) =
            request["content"].as_object().and_then(|kinds| kinds.iter().next())
        {
            if kind.contains("json") {
                step.headers.push(("Content-Type".to_owned(), kind.clone()));
                step.body = Some(plain(&self.example(content).to_string()));
            } else {
                step.to_do.push(format!("a body of kind `{kind}` is not taken over"));
            }
        }
        if !self.own["security"].is_null() || !self.document["security"].is_null() {
            step.to_do.push("it wants authorisation: add the header".to_owned());
        }
        let label = self.own["operationId"].as_str();
        step.name = label.map_or_else(|| format!("{} {path}", step.method), str::to_owned);
        step.path = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
        step
    }

    /// What a reference within the document stands for.
    fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        let mut value = value;
        for _ in 0..DEPTH_MAX {
            let Some(pointer) = value["$ref"].as_str().and_then(|name| name.strip_prefix('#'))
            else {
                break;
            };
            value = self.document.pointer(pointer).unwrap_or(&Value::Null);
        }
        value
    }

    /// The example of a parameter or a body, or one that its schema allows.
    fn example(&self, of: &Value) -> Value {
        if !of["example"].is_null() {
            return of["example"].clone();
        }
        let named = of["examples"].as_object().and_then(|examples| examples.values().next());
        if let Some(named) = named {
            return self.resolved(named)["value"].clone();
        }
        self.made(&of["schema"], 0)
    }

    fn made(&self, schema: &Value, depth: usize) -> Value {
        let schema = self.resolved(schema);
        for key in ["example", "default", "const"] {
            if !schema[key].is_null() {
                return schema[key].clone();
            }
        }
        for key in ["examples", "enum"] {
            if let Some(first) = schema[key].as_array().and_then(|all| all.first()) {
                return first.clone();
            }
        }
        if depth >= DEPTH_MAX {
            return Value::Null;
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(first) = schema[key].as_array().and_then(|all| all.first()) {
                return self.made(first, depth + 1);
            }
        }
        let parts = schema["allOf"].as_array().into_iter().flatten();
        let mut fields = Map::new();
        for part in parts {
            if let Value::Object(more) = self.made(part, depth + 1) {
                fields.extend(more);
            }
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            fields.insert(name.clone(), self.made(field, depth + 1));
        }
        if !fields.is_empty() {
            return Value::Object(fields);
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
        match kind {
            Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(1)),
            Some("number") => json!(schema["minimum"].as_f64().unwrap_or(1.0)),
            Some("boolean") => json!(true),
            Some("array") => json!([self.made(&schema["items"], depth + 1)]),
            Some("object") => json!({}),
            _ => match schema["format"].as_str() {
                Some("date") => json!("2026-01-01"),
                Some("date-time") => json!("2026-01-01T00:00:00Z"),
                Some("uuid") => json!("00000000-0000-4000-8000-000000000000"),
                Some("email") => json!("someone@example.org"),
                _ => json!("text"),
            },
        }
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
