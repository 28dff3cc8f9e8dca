//! Builds the tree of a template out of its tokens.

use std::collections::BTreeMap;

use super::{
    TemplateError, functions,
    lexer::{Piece, Token, What, pieces},
    scope::{ALERT_VARIABLES, Scope},
    value::Value,
};

/// How deep blocks and brackets may nest.
const DEPTH_MAX: usize = 50;

/// A template that has been read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parsed {
    pub(super) body: Vec<Step>,
    pub(super) defined: BTreeMap<String, Vec<Step>>,
}

/// One step of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Text(String),
    /// `{{ pipeline }}`
    Show(Pipeline),
    If(Pipeline, Vec<Step>, Vec<Step>),
    With(Pipeline, Vec<Step>, Vec<Step>),
    Range(Pipeline, Vec<Step>, Vec<Step>),
    Template(String, Option<Pipeline>),
    Break,
    Continue,
}

/// Commands, each given the value of the one before.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pipeline {
    /// Variables that get the value: one, or two in a `range`.
    pub(super) variables: Vec<String>,
    /// Whether they are new (`:=`) or there already (`=`).
    pub(super) declares: bool,
    pub(super) commands: Vec<Vec<Operand>>,
}

/// A thing and the fields asked of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operand {
    pub(super) base: Base,
    pub(super) fields: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Base {
    Dot,
    Variable(String),
    Function(String),
    Literal(Value),
    Pipeline(Box<Pipeline>),
}

/// How a list of steps ended.
#[derive(Clone, Debug, PartialEq)]
enum End {
    Text,
    Closed,
    Else(Vec<Token>, usize),
}

/// Reads a template.
pub(super) fn parse(text: &str) -> Result<Parsed, TemplateError> {
    let mut parser = Parser {
        pieces: pieces(text)?.into_iter(),
        scope: Scope::new(ALERT_VARIABLES),
        defined: BTreeMap::new(),
        depth: 0,
        loops: 0,
        end: text.len(),
    };
    let (body, end) = parser.steps()?;
    match end {
        End::Text => Ok(Parsed { body, defined: parser.defined }),
        End::Closed => Err(TemplateError::new(0, "unexpected {{end}}")),
        End::Else(_, at) => Err(TemplateError::new(at, "unexpected {{else}}")),
    }
}

struct Parser {
    pieces: std::vec::IntoIter<Piece>,
    scope: Scope<()>,
    defined: BTreeMap<String, Vec<Step>>,
    depth: usize,
    loops: usize,
    end: usize,
}

impl Parser {
    fn steps(&mut self) -> Result<(Vec<Step>, End), TemplateError> {
        let mut steps = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (tokens, at) = match piece {
                Piece::Text(text) => {
                    steps.push(Step::Text(text));
                    continue;
                }
                Piece::Action(tokens, at) => (tokens, at),
            };
            let word = match tokens.first().map(|token| &token.what) {
                Some(What::Word(word)) => word.as_str(),
                _ => "",
            };
            let rest = || tokens.iter().skip(1).cloned().collect::<Vec<_>>();
            match word {
                "end" => return Ok((steps, End::Closed)),
                "else" => return Ok((steps, End::Else(rest(), at))),
                "if" | "with" | "range" => {
                    let word = word.to_owned();
                    steps.push(self.block(&word, rest(), at)?);
                }
                "define" | "block" => {
                    let opens = word == "block";
                    steps.extend(self.define(rest(), at, opens)?);
                }
                "template" => steps.push(self.template(rest(), at)?),
                "break" | "continue" if self.loops == 0 => {
                    return Err(TemplateError::new(at, format!("`{word}` outside of `range`")));
                }
                "break" => steps.push(Step::Break),
                "continue" => steps.push(Step::Continue),
                _ => steps.push(Step::Show(self.pipeline(tokens, at, false)?)),
            }
        }
        Ok((steps, End::Text))
    }

    /// `if`, `with` or `range` up to its `end`.
    fn block(&mut self, word: &str, tokens: Vec<Token>, at: usize) -> Result<Step, TemplateError> {
        self.deeper(at)?;
        let outer = self.scope.mark();
        let pipeline = self.pipeline(tokens, at, word == "range")?;
        let inner = self.scope.mark();
        self.loops += usize::from(word == "range");
        let (body, end) = self.steps()?;
        self.loops -= usize::from(word == "range");
        self.scope.back_to(inner);
        let otherwise = match end {
            End::Text => return Err(self.unclosed(word, at)),
            End::Closed => Vec::new(),
            End::Else(tokens, at) => self.otherwise(word, tokens, at)?,
        };
        self.scope.back_to(outer);
        self.depth -= 1;
        Ok(match word {
            "if" => Step::If(pipeline, body, otherwise),
            "with" => Step::With(pipeline, body, otherwise),
            _ => Step::Range(pipeline, body, otherwise),
        })
    }

    /// What follows an `else`: steps up to `end`, or another block as in `else if`.
    fn otherwise(
        &mut self,
        word: &str,
        mut tokens: Vec<Token>,
        at: usize,
    ) -> Result<Vec<Step>, TemplateError> {
        if tokens.is_empty() {
            let (steps, end) = self.steps()?;
            return match end {
                End::Closed => Ok(steps),
                End::Else(_, at) => Err(TemplateError::new(at, "expected end; found {{else}}")),
                End::Text => Err(self.unclosed(word, at)),
            };
        }
        let first = tokens.remove(0);
        match first.what {
            What::Word(next) if next == word && word != "range" => {
                Ok(vec![self.block(word, tokens, at)?])
            }
            _ => Err(TemplateError::new(
                first.at,
                format!("what follows `else` cannot be read in a block of `{word}`"),
            )),
        }
    }

    /// `define` and `block`: steps with a name. They see no variables but `$`.
    fn define(
        &mut self,
        tokens: Vec<Token>,
        at: usize,
        opens: bool,
    ) -> Result<Option<Step>, TemplateError> {
        self.deeper(at)?;
        let mut tokens = tokens.into_iter();
        let Some(What::Literal(Value::Text(name))) = tokens.next().map(|token| token.what) else {
            return Err(TemplateError::new(at, "a definition needs a name in quotes"));
        };
        let data = if opens { Some(self.pipeline(tokens.collect(), at, false)?) } else { None };
        let outside = std::mem::replace(&mut self.scope, Scope::new(&[]));
        let loops = std::mem::take(&mut self.loops);
        let (body, end) = self.steps()?;
        (self.scope, self.loops) = (outside, loops);
        if end != End::Closed {
            return Err(self.unclosed("define", at));
        }
        self.depth -= 1;
        self.defined.insert(name.to_string(), body);
        Ok(opens.then(|| Step::Template(name.to_string(), data)))
    }

    fn template(&mut self, tokens: Vec<Token>, at: usize) -> Result<Step, TemplateError> {
        let mut tokens = tokens.into_iter();
        let Some(What::Literal(Value::Text(name))) = tokens.next().map(|token| token.what) else {
            return Err(TemplateError::new(at, "{{template}} needs a name in quotes"));
        };
        let rest: Vec<Token> = tokens.collect();
        let data = if rest.is_empty() { None } else { Some(self.pipeline(rest, at, false)?) };
        Ok(Step::Template(name.to_string(), data))
    }

    fn pipeline(
        &mut self,
        tokens: Vec<Token>,
        at: usize,
        range: bool,
    ) -> Result<Pipeline, TemplateError> {
        let mut reader = Tokens { tokens: tokens.into_iter().peekable(), end: at };
        let (variables, declares) = reader.variables(range)?;
        for (name, at) in variables.iter().filter(|_| !declares) {
            self.known_variable(name, *at)?;
        }
        let commands = self.commands(&mut reader)?;
        if let Some(token) = reader.tokens.next() {
            return Err(TemplateError::new(token.at, "unexpected \")\" in action"));
        }
        if commands.is_empty() {
            return Err(TemplateError::new(at, "missing value for action"));
        }
        let variables: Vec<String> = variables.into_iter().map(|(name, _)| name).collect();
        for name in variables.iter().filter(|_| declares) {
            self.scope.declare(name, ());
        }
        Ok(Pipeline { variables, declares, commands })
    }

    /// Commands up to a closing bracket or the end.
    fn commands(&mut self, reader: &mut Tokens) -> Result<Vec<Vec<Operand>>, TemplateError> {
        let mut commands = Vec::new();
        let mut command: Vec<Operand> = Vec::new();
        loop {
            let piped = match reader.tokens.peek().map(|token| &token.what) {
                None | Some(What::Close) => {
                    if command.is_empty() && !commands.is_empty() {
                        return Err(TemplateError::new(reader.end, "missing value for command"));
                    }
                    if !command.is_empty() {
                        commands.push(command);
                    }
                    return Ok(commands);
                }
                Some(What::Pipe) => true,
                Some(_) => false,
            };
            if !piped {
                command.push(self.operand(reader)?);
                continue;
            }
            let at = reader.tokens.next().map_or(reader.end, |token| token.at);
            if command.is_empty() {
                return Err(TemplateError::new(at, "missing value for command"));
            }
            commands.push(std::mem::take(&mut command));
            reader.end = at;
        }
    }

    fn operand(&mut self, reader: &mut Tokens) -> Result<Operand, TemplateError> {
        let Some(token) = reader.tokens.next() else {
            return Err(TemplateError::new(reader.end, "missing value for command"));
        };
        let mut fields = Vec::new();
        let base = match token.what {
            What::Dot => Base::Dot,
            What::Field(name) => {
                fields.push(name);
                Base::Dot
            }
            What::Variable(name) => {
                self.known_variable(&name, token.at)?;
                Base::Variable(name)
            }
            What::Literal(value) => Base::Literal(value),
            What::Word(name) => {
                functions::known(&name, token.at)?;
                Base::Function(name)
            }
            What::Open => {
                self.deeper(token.at)?;
                let commands = self.commands(reader)?;
                self.depth -= 1;
                if reader.tokens.next().is_none() {
                    return Err(TemplateError::new(token.at, "unclosed left paren"));
                }
                if commands.is_empty() {
                    return Err(TemplateError::new(
                        token.at,
                        "missing value for parenthesized pipeline",
                    ));
                }
                let pipeline = Pipeline { variables: Vec::new(), declares: false, commands };
                Base::Pipeline(Box::new(pipeline))
            }
            What::Pipe | What::Declare | What::Assign | What::Comma | What::Close => {
                return Err(TemplateError::new(token.at, "unexpected sign in operand"));
            }
        };
        while let Some(next) =
            reader.tokens.next_if(|next| !next.spaced && matches!(next.what, What::Field(_)))
        {
            if let What::Field(name) = next.what {
                fields.push(name);
            }
        }
        match base {
            Base::Literal(_) if !fields.is_empty() => {
                Err(TemplateError::new(token.at, "a literal has no fields"))
            }
            base => Ok(Operand { base, fields }),
        }
    }

    fn known_variable(&self, name: &str, at: usize) -> Result<(), TemplateError> {
        if name.is_empty() || self.scope.get(name).is_some() {
            return Ok(());
        }
        let error = TemplateError::new(at, format!("undefined variable \"${name}\""));
        let near = ["labels", "value", "externalLabels", "externalURL"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(name) || known.trim_end_matches('s') == name);
        Err(match near {
            Some(known) => error.help(format!("did you mean `${known}`?")),
            None => error.help("known are `$labels`, `$value`, `$externalLabels`, `$externalURL`"),
        })
    }

    fn deeper(&mut self, at: usize) -> Result<(), TemplateError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(TemplateError::new(at, format!("nested deeper than {DEPTH_MAX}")));
        }
        Ok(())
    }

    fn unclosed(&self, word: &str, at: usize) -> TemplateError {
        let at = at.min(self.end);
        TemplateError::new(at, format!("`{word}` is never ended")).help("add `{{ end }}`")
    }
}

/// The tokens of one action.
struct Tokens {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    end: usize,
}

impl Tokens {
    /// `$x :=`, `$x =`, or in a `range` also `$i, $x :=`; nothing is taken if neither stands here.
    fn variables(&mut self, range: bool) -> Result<(Vec<(String, usize)>, bool), TemplateError> {
        let ahead: Vec<Token> = self.tokens.clone().take(4).collect();
        let what: Vec<&What> = ahead.iter().map(|token| &token.what).collect();
        let (names, sign) = match what.as_slice() {
            [What::Variable(name), sign @ (What::Declare | What::Assign), ..] => {
                (vec![(name.clone(), ahead[0].at)], (*sign).clone())
            }
            [
                What::Variable(key),
                What::Comma,
                What::Variable(name),
                sign @ (What::Declare | What::Assign),
            ] => {
                if !range {
                    return Err(TemplateError::new(ahead[1].at, "too many declarations"));
                }
                (vec![(key.clone(), ahead[0].at), (name.clone(), ahead[2].at)], (*sign).clone())
            }
            _ => return Ok((Vec::new(), false)),
        };
        for _ in 0..names.len() * 2 {
            self.tokens.next();
        }
        Ok((names, sign == What::Declare))
    }
}
