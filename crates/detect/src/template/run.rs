//! Carries a template out, within bounds.

use std::rc::Rc;

use super::{
    Scene, functions, moment,
    parser::{Base, Operand, Parsed, Pipeline, Step},
    scope::Scope as Variables,
    value::{Element, Value},
};

/// Longest text a template may make; a page of a notification holds less.
const OUTPUT_BYTES_MAX: usize = 64 << 10;
/// Steps and calls in all; enough for a table of a thousand rows.
const STEPS_MAX: usize = 100_000;
/// Queries of one template.
const QUERIES_MAX: usize = 20;
/// Elements of one query's answer.
const ELEMENTS_MAX: usize = 10_000;
/// How deep named templates may call each other.
const CALLS_DEEP_MAX: usize = 20;

/// Why a template could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct RunError(pub(super) String);

/// Makes an error of a text.
pub(super) fn fail<T>(what: impl Into<String>) -> Result<T, RunError> {
    Err(RunError(what.into()))
}

/// How steps went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// The state of one expansion.
pub(super) struct Run<'a> {
    parsed: &'a Parsed,
    pub(super) scene: &'a Scene<'a>,
    variables: Variables<Value>,
    root: Value,
    out: String,
    steps: usize,
    queries: usize,
    deep: usize,
}

/// Carries a template out.
pub(super) fn run(parsed: &Parsed, scene: &Scene<'_>) -> Result<String, RunError> {
    let variables = vec![
        ("labels".to_owned(), Value::Labels(scene.labels.clone())),
        ("externalLabels".to_owned(), Value::Labels(scene.external_labels.clone())),
        ("externalURL".to_owned(), Value::text(scene.external_url)),
        ("value".to_owned(), Value::Float(scene.value)),
    ];
    let mut run = Run {
        parsed,
        scene,
        variables: Variables::of(variables),
        root: Value::Scene,
        out: String::new(),
        steps: 0,
        queries: 0,
        deep: 0,
    };
    run.steps(&parsed.body, &Value::Scene)?;
    Ok(run.out)
}

impl Run<'_> {
    fn steps(&mut self, steps: &[Step], dot: &Value) -> Result<Flow, RunError> {
        for step in steps {
            self.count()?;
            let flow = match step {
                Step::Text(text) => self.write(text)?,
                Step::Show(pipeline) => {
                    let value = self.pipeline(pipeline, dot)?;
                    if pipeline.variables.is_empty() {
                        self.write(&value.print())?
                    } else {
                        Flow::On
                    }
                }
                Step::If(pipeline, body, otherwise) => {
                    let mark = self.variables.mark();
                    let truth = self.pipeline(pipeline, dot)?.is_true();
                    let flow = self.steps(if truth { body } else { otherwise }, dot)?;
                    self.variables.back_to(mark);
                    flow
                }
                Step::With(pipeline, body, otherwise) => {
                    let mark = self.variables.mark();
                    let value = self.pipeline(pipeline, dot)?;
                    let truth = value.is_true();
                    let (steps, dot) = if truth { (body, &value) } else { (otherwise, dot) };
                    let flow = self.steps(steps, dot)?;
                    self.variables.back_to(mark);
                    flow
                }
                Step::Range(pipeline, body, otherwise) => {
                    self.range(pipeline, body, otherwise, dot)?
                }
                Step::Template(name, data) => self.named(name, data.as_ref(), dot)?,
                Step::Break => Flow::Break,
                Step::Continue => Flow::Continue,
            };
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn range(
        &mut self,
        pipeline: &Pipeline,
        body: &[Step],
        otherwise: &[Step],
        dot: &Value,
    ) -> Result<Flow, RunError> {
        let outer = self.variables.mark();
        let items = items(self.value_of(pipeline, dot)?)?;
        if items.is_empty() {
            let flow = self.steps(otherwise, dot);
            self.variables.back_to(outer);
            return flow;
        }
        for (key, item) in items {
            self.count()?;
            let named = match pipeline.variables.as_slice() {
                [] => Vec::new(),
                [name] => vec![(name, item.clone())],
                [first, second, ..] => vec![(first, key), (second, item.clone())],
            };
            for (name, value) in named {
                if pipeline.declares {
                    self.variables.declare(name, value);
                } else {
                    self.variables.assign(name, value);
                }
            }
            let flow = self.steps(body, &item)?;
            self.variables.back_to(outer);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn named(
        &mut self,
        name: &str,
        data: Option<&Pipeline>,
        dot: &Value,
    ) -> Result<Flow, RunError> {
        let Some(body) = self.parsed.defined.get(name) else {
            return fail(format!("template \"{name}\" not defined"));
        };
        if self.deep >= CALLS_DEEP_MAX {
            return fail(format!("templates call each other deeper than {CALLS_DEEP_MAX}"));
        }
        let data = data.map_or(Ok(Value::Nil), |data| self.value_of(data, dot))?;
        let outside = std::mem::replace(&mut self.variables, Variables::of(Vec::new()));
        let root = std::mem::replace(&mut self.root, data.clone());
        self.deep += 1;
        let flow = self.steps(body, &data);
        self.deep -= 1;
        (self.variables, self.root) = (outside, root);
        flow.map(|_| Flow::On)
    }

    /// A pipeline's value, kept in its variable if it has one.
    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, RunError> {
        let value = self.value_of(pipeline, dot)?;
        if let Some(name) = pipeline.variables.first() {
            if pipeline.declares {
                self.variables.declare(name, value.clone());
            } else {
                self.variables.assign(name, value.clone());
            }
        }
        Ok(value)
    }

    fn value_of(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, RunError> {
        let mut last = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or(Value::Nil))
    }

    fn command(
        &mut self,
        operands: &[Operand],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, RunError> {
        self.count()?;
        let Some((first, rest)) = operands.split_first() else { return Ok(Value::Nil) };
        if let Base::Function(name) = &first.base {
            let value = match name.as_str() {
                "and" | "or" => self.lazy(name == "and", rest, piped, dot)?,
                _ => {
                    let arguments = self.arguments(rest, piped, dot)?;
                    functions::call(self, name, &arguments)?
                }
            };
            return bounded(self.fields(value, &first.fields, &[])?);
        }
        let arguments = self.arguments(rest, piped, dot)?;
        let value = self.base(&first.base, dot)?;
        if first.fields.is_empty() && !arguments.is_empty() {
            return fail(format!("can't give argument to non-function {}", value.print()));
        }
        bounded(self.fields(value, &first.fields, &arguments)?)
    }

    fn arguments(
        &mut self,
        operands: &[Operand],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Vec<Value>, RunError> {
        let mut arguments = Vec::with_capacity(operands.len() + 1);
        for operand in operands {
            arguments.push(self.operand(operand, dot)?);
        }
        arguments.extend(piped);
        Ok(arguments)
    }

    /// `and` and `or` look at an argument only if those before have not decided.
    fn lazy(
        &mut self,
        and: bool,
        operands: &[Operand],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, RunError> {
        let mut last = None;
        for operand in operands {
            let value = self.operand(operand, dot)?;
            if value.is_true() != and {
                return Ok(value);
            }
            last = Some(value);
        }
        match piped.or(last) {
            Some(value) => Ok(value),
            None => fail(format!(
                "wrong number of args for {}: want at least 1 got 0",
                if and { "and" } else { "or" }
            )),
        }
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, RunError> {
        self.count()?;
        let value = match &operand.base {
            Base::Function(name) => functions::call(self, name, &[])?,
            base => self.base(base, dot)?,
        };
        self.fields(value, &operand.fields, &[])
    }

    fn base(&mut self, base: &Base, dot: &Value) -> Result<Value, RunError> {
        match base {
            Base::Dot => Ok(dot.clone()),
            Base::Variable(name) if name.is_empty() => Ok(self.root.clone()),
            Base::Variable(name) => match self.variables.get(name) {
                Some(value) => Ok(value.clone()),
                None => fail(format!("undefined variable \"${name}\"")),
            },
            Base::Literal(value) => Ok(value.clone()),
            Base::Pipeline(pipeline) => self.value_of(pipeline, dot),
            Base::Function(name) => functions::call(self, name, &[]),
        }
    }

    /// The fields of a value, one after the other; the last may be a method with arguments.
    fn fields(
        &self,
        mut value: Value,
        fields: &[String],
        arguments: &[Value],
    ) -> Result<Value, RunError> {
        for (at, name) in fields.iter().enumerate() {
            let given = if at + 1 == fields.len() { arguments } else { &[] };
            value = self.field(&value, name, given)?;
        }
        Ok(value)
    }

    fn field(&self, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, RunError> {
        if let Value::Moment(_) | Value::Lapse(_) = value {
            return moment::method(value, name, arguments);
        }
        if !arguments.is_empty() {
            return fail(format!("{name} is not a method but has arguments"));
        }
        let scene = self.scene;
        match (value, name) {
            (Value::Scene, "Labels") => Ok(Value::Labels(scene.labels.clone())),
            (Value::Scene, "ExternalLabels") => Ok(Value::Labels(scene.external_labels.clone())),
            (Value::Scene, "ExternalURL") => Ok(Value::text(scene.external_url)),
            (Value::Scene, "Value") => Ok(Value::Float(scene.value)),
            (Value::Element(element), "Labels") => Ok(Value::Labels(element.labels.clone())),
            (Value::Element(element), "Value") => Ok(Value::Float(element.value)),
            (Value::Labels(labels), name) => Ok(Value::text(labels.get(name).unwrap_or_default())),
            (Value::Map(map), name) => Ok(map.get(name).cloned().unwrap_or(Value::Missing)),
            (Value::Nil | Value::Missing, name) => {
                fail(format!("nil data; no entry for key \"{name}\""))
            }
            (other, name) => fail(format!("can't evaluate field {name} in type {}", other.kind())),
        }
    }

    /// Asks a query of the template.
    pub(super) fn query(&mut self, text: &str) -> Result<Value, RunError> {
        self.queries += 1;
        if self.queries > QUERIES_MAX {
            return fail(format!("a template may ask {QUERIES_MAX} queries"));
        }
        let answer = (self.scene.query)(text)
            .map_err(|error| RunError(format!("error calling query: {error}")))?;
        if answer.len() > ELEMENTS_MAX {
            return fail(format!(
                "query answers {} elements, at most {ELEMENTS_MAX} are read",
                answer.len()
            ));
        }
        let elements = answer
            .into_iter()
            .map(|element| Rc::new(Element { labels: element.labels, value: element.value }));
        Ok(Value::Vector(elements.collect()))
    }

    fn write(&mut self, text: &str) -> Result<Flow, RunError> {
        if self.out.len() + text.len() > OUTPUT_BYTES_MAX {
            return fail(format!("the text is longer than {OUTPUT_BYTES_MAX} bytes"));
        }
        self.out.push_str(text);
        Ok(Flow::On)
    }

    fn count(&mut self) -> Result<(), RunError> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return fail(format!("the template takes more than {STEPS_MAX} steps"));
        }
        Ok(())
    }
}

/// No value in between may be longer than the text in the end.
fn bounded(value: Value) -> Result<Value, RunError> {
    match &value {
        Value::Text(text) if text.len() > OUTPUT_BYTES_MAX => {
            fail(format!("a text is longer than {OUTPUT_BYTES_MAX} bytes"))
        }
        _ => Ok(value),
    }
}

/// What `range` goes through: keys and values.
fn items(value: Value) -> Result<Vec<(Value, Value)>, RunError> {
    let index = |at: usize| Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
    match value {
        Value::Vector(vector) => {
            let all = vector.iter().enumerate();
            Ok(all.map(|(at, element)| (index(at), Value::Element(Rc::clone(element)))).collect())
        }
        Value::Labels(labels) => {
            Ok(labels.iter().map(|(name, value)| (Value::text(name), Value::text(value))).collect())
        }
        Value::Map(map) => Ok(map
            .iter()
            .map(|(name, value)| (Value::text(name.as_str()), value.clone()))
            .collect()),
        Value::Int(count) => {
            let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX).min(STEPS_MAX + 1);
            Ok((0..count).map(|at| (index(at), index(at))).collect())
        }
        Value::Nil | Value::Missing => Ok(Vec::new()),
        other => fail(format!("range can't iterate over {}", other.print())),
    }
}
