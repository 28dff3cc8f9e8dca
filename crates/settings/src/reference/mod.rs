//! The reference page of the settings, made from the tables that read them.

use crate::{
    settings::{Section, sections},
    table::{Otherwise, Row},
};

/// What stands before the tables.
const HEAD: &str = include_str!("head.md");

/// Markdown of every key: its form, default and meaning.
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    for section in sections() {
        write_section(&mut page, &section);
    }
    page
}

fn write_section(page: &mut String, section: &Section) {
    page.extend(["\n## ", section.title, "\n\n"]);
    if !section.stands.is_empty() {
        page.extend(["Stands in ", section.stands, ". "]);
    }
    page.push_str(section.about);
    page.push_str("\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    page.extend(section.rows.iter().map(line));
    if section.refused.is_empty() {
        return;
    }
    page.push_str(
        "\nKnown from elsewhere and not read here; each is reported with what to do instead:\n\n",
    );
    let mut refused = section.refused.iter().peekable();
    while let Some((name, help)) = refused.next() {
        page.extend(["- `", name, "`"]);
        // Keys with the same way out share a line.
        while let Some((next, _)) = refused.next_if(|(_, other)| other == help) {
            page.extend([", `", next, "`"]);
        }
        page.extend([": ", help, "\n"]);
    }
}

fn line(row: &Row) -> String {
    let otherwise = match row.otherwise {
        Otherwise::Needed => "**must be written**".to_owned(),
        Otherwise::Nothing => "–".to_owned(),
        Otherwise::Is(value) => format!("`{value}`"),
        Otherwise::Said(words) => words.to_owned(),
    };
    let cells = [format!("`{}`", row.name), row.form.to_owned(), otherwise, row.about.to_owned()];
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    format!("| {} |\n", cells.join(" | "))
}
