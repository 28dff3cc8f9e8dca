//! Standard output carries the answer, standard error the talk.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::{
    args::{Common, Format},
    fault::Fault,
};

/// Where answers and talk go.
#[derive(Debug)]
pub(crate) struct Output {
    format: Format,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(common: &Common) -> Self {
        Self { format: common.output, quiet: common.quiet }
    }

    /// Whether a program reads the answer.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether a person watches who wants to see progress.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// The answer as text. Whoever closed the pipe has seen enough.
    #[expect(clippy::unused_self, reason = "answers go through the output one was handed")]
    pub(crate) fn text(&self, text: &str) -> Result<(), Fault> {
        let mut stdout = anstream::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Fault::from_error(model::Kind::Internal, &error)),
            Ok(()) => Ok(()),
        }
    }

    /// The answer as one JSON document.
    pub(crate) fn json(&self, document: &impl Serialize) -> Result<(), Fault> {
        let mut text = serde_json::to_string_pretty(document)
            .map_err(|error| Fault::from_error(model::Kind::Internal, &error))?;
        text.push('\n');
        self.text(&text)
    }

    /// A table without lines, its columns as wide as they need.
    pub(crate) fn table(&self, head: &[&str], rows: Vec<Vec<String>>) -> Result<(), Fault> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(head.iter().map(|cell| cell.to_uppercase()));
        table.add_rows(rows);
        // Each cell has a blank on either side; a first column may be empty.
        let trimmed = |line: String| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned();
        let lines: Vec<String> = table.lines().map(trimmed).collect();
        self.text(&(lines.join("\n") + "\n"))
    }

    /// Something to know that is not the answer.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            talk(text);
        }
    }

    /// What went wrong, and how to go on.
    pub(crate) fn fault(&self, fault: &Fault) {
        if self.is_json() {
            let document = serde_json::json!({
                "error": { "kind": fault.kind.word(), "message": fault.text, "help": fault.help }
            });
            talk(&document.to_string());
            return;
        }
        // Marked mistakes bring their own heading.
        if fault.text.starts_with("error:") || fault.text.starts_with('\u{1b}') {
            talk(&fault.text);
        } else {
            let style = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
            talk(&format!("{style}error{style:#}: {}", fault.text));
        }
        if let Some(help) = &fault.help {
            talk(&format!("  help: {help}"));
        }
    }
}

/// Whether marked mistakes may use colour.
pub(crate) fn errors_in_colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Help, the version, or what is wrong with the arguments.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Nowhere to say that it cannot be said.
    drop(error.print());
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}

fn talk(text: &str) {
    // Nobody listens any more when standard error is closed.
    drop(writeln!(anstream::stderr().lock(), "{text}"));
}
