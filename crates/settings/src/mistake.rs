//! Mistakes in a file, each with its place and a way out, shown the way compilers show them.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
};

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
    renderer::DecorStyle,
};
use model::Kind;

use crate::yaml::blot;

/// Mistakes kept of one file; a file with more is broken as a whole, and nobody reads further.
const MISTAKES_KEPT_MAX: usize = 100;

/// Longest message, label or hint, in letters; a value quoted in one may be a whole file.
const WORDS_LETTERS_MAX: usize = 800;

/// Where something stands in a file: a range of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Place {
    /// From the first byte up to, but without, the end.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }
}

/// A file's name and text, for showing lines of it.
#[derive(Debug)]
pub(crate) struct Source {
    name: String,
    pub(crate) text: String,
    /// The text without its secrets, once it is shown.
    shown: OnceLock<String>,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

impl Eq for Source {}

impl Source {
    /// A file of this name with this text.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), shown: OnceLock::new() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What people may see of it; places are the same.
    fn shown(&self) -> &str {
        self.shown.get_or_init(|| blot::text(&self.text))
    }

    /// The place's range, moved to where the text can be cut.
    fn range(&self, place: Place) -> Range<usize> {
        let start = self.text.floor_char_boundary(place.start.min(self.text.len()));
        let end = self.text.ceil_char_boundary(place.end.min(self.text.len()));
        start..end.max(start)
    }

    fn line(&self, at: usize) -> usize {
        let before = self.text.get(..self.text.floor_char_boundary(at)).unwrap_or_default();
        1 + before.matches('\n').count()
    }
}

/// One mistake: what is wrong, where, and what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    source: Option<Arc<Source>>,
    message: Box<str>,
    place: Option<Place>,
    label: Box<str>,
    also: Vec<(Place, String)>,
    help: Vec<String>,
}

impl Mistake {
    /// A mistake at a place; the message is a lower-case fragment.
    pub fn at(place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), ..Self::somewhere(message) }
    }

    /// A mistake of the file as a whole.
    pub fn somewhere(message: impl Into<String>) -> Self {
        Self {
            source: None,
            message: cut(message.into()).into(),
            place: None,
            label: "".into(),
            also: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Says a few words under the marked text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = cut(label.into()).into();
        self
    }

    /// Marks a second place of the same file that has to do with it.
    #[must_use]
    pub fn also(mut self, place: Place, label: impl Into<String>) -> Self {
        self.also.push((place, cut(label.into())));
        self
    }

    /// Adds a way out; may be called more than once.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(cut(help.into()));
        self
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The words under the marked text; possibly empty.
    pub fn label_text(&self) -> &str {
        &self.label
    }

    /// The ways out; possibly none.
    pub fn help_texts(&self) -> &[String] {
        &self.help
    }

    /// The file's name, once the mistake has been collected.
    pub fn file(&self) -> Option<&str> {
        self.source.as_ref().map(|source| source.name.as_str())
    }

    /// The marked range of bytes.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// The line it stands on, counted from 1.
    pub fn line(&self) -> Option<usize> {
        Some(self.source.as_ref()?.line(self.place?.start))
    }

    /// The letter of the line it begins at, counted from 1.
    pub fn column(&self) -> Option<usize> {
        let (source, place) = (self.source.as_ref()?, self.place?);
        let before = source.text.get(..source.range(place).start)?;
        let line = before.rsplit('\n').next()?;
        Some(line.chars().count() + 1)
    }

    pub(crate) fn in_source(mut self, source: &Arc<Source>) -> Self {
        self.source.get_or_insert_with(|| Arc::clone(source));
        self
    }

    fn group(&self) -> Group<'_> {
        let title = Level::ERROR.primary_title(normalize_untrusted_str(&self.message));
        let mut group = match (&self.source, self.place) {
            (Some(source), Some(place)) => title.element(self.snippet(source, place)),
            (Some(source), None) => Group::with_title(title)
                .element(Origin::path(normalize_untrusted_str(&source.name))),
            (None, _) => Group::with_title(title),
        };
        for help in &self.help {
            group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
        }
        group
    }

    /// The lines from the first mark to the last, so that a long file is not walked for each.
    fn snippet<'s>(&'s self, source: &'s Source, place: Place) -> Snippet<'s, Annotation<'s>> {
        let mut marks = vec![(AnnotationKind::Primary, source.range(place), &*self.label)];
        for (also, label) in &self.also {
            marks.push((AnnotationKind::Context, source.range(*also), label.as_str()));
        }
        let first = marks.iter().map(|(_, range, _)| range.start).min().unwrap_or(0);
        let last = marks.iter().map(|(_, range, _)| range.end).max().unwrap_or(0);
        let text = source.shown();
        let from = text.get(..first).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
        let to =
            text.get(last..).and_then(|tail| tail.find('\n')).map_or(text.len(), |at| last + at);
        Snippet::source(text.get(from..to).unwrap_or_default())
            .line_start(source.line(from))
            .path(normalize_untrusted_str(&source.name))
            .annotations(marks.into_iter().map(|(kind, range, label)| {
                let mark = kind.span(range.start - from..range.end - from);
                if label.is_empty() { mark } else { mark.label(normalize_untrusted_str(label)) }
            }))
    }
}

/// Words as they are shown: not too long, and without the secrets of a value that is quoted in them.
fn cut(words: String) -> String {
    let words = blot::words(words);
    match words.char_indices().nth(WORDS_LETTERS_MAX) {
        Some((at, _)) => format!("{}…", words.get(..at).unwrap_or_default()),
        None => words,
    }
}

/// All mistakes of one or more files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes {
    kept: Vec<Mistake>,
    left_out: usize,
}

impl Mistakes {
    /// How many there are, those left out included.
    pub fn len(&self) -> usize {
        self.kept.len() + self.left_out
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The mistakes in the order of their files and places; of very many, the first hundred.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.kept.iter()
    }

    /// Adds one.
    pub fn push(&mut self, mistake: Mistake) {
        if self.is_full() {
            self.left_out += 1;
        } else {
            self.kept.push(mistake);
        }
    }

    /// Adds those of another file behind these.
    pub fn append(&mut self, others: Self) {
        self.left_out += others.left_out;
        for mistake in others.kept {
            self.push(mistake);
        }
    }

    /// What you sent is wrong.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }

    /// The whole text for people: each mistake with its lines marked, then how many there are.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut text = String::new();
        for mistake in &self.kept {
            text.push_str(&renderer.render(&[mistake.group()]));
            text.push_str("\n\n");
        }
        let count = match self.len() {
            1 => "1 mistake".to_owned(),
            count if self.left_out > 0 => {
                format!("{count} mistakes, of which {MISTAKES_KEPT_MAX} are shown")
            }
            count => format!("{count} mistakes"),
        };
        text + &count
    }

    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= MISTAKES_KEPT_MAX
    }

    pub(crate) fn sort(&mut self) {
        self.kept.sort_by_key(|mistake| mistake.place);
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self { kept: vec![mistake], left_out: 0 }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl std::error::Error for Mistakes {}
