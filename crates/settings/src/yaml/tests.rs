//! What a tree keeps of a text, and what a text must not be.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Document {
    Document::parse("a.yaml", text).unwrap()
}

fn marked(document: &Document, place: Place) -> &str {
    document.source.text.get(place.start..place.end).unwrap()
}

fn refused(text: &str) -> String {
    let mistakes = Document::parse("a.yaml", text).unwrap_err();
    let mistake = mistakes.iter().next().unwrap();
    let at = mistake.line().map_or(String::new(), |line| format!("{line}: "));
    format!("{at}{}", mistake.message())
}

#[test]
fn everything_knows_its_place() {
    let document = parse("# ä comment\nöne: 'twö' # x\nlist:\n  - three\n  - {a: b}  # y\n");
    let root = document.root();
    let entries: Vec<_> = root.entries().unwrap().collect();
    assert_eq!(marked(&document, entries[0].place), "öne");
    assert_eq!(marked(&document, entries[0].node.place()), "'twö'");
    let items: Vec<_> = entries[1].node.items().unwrap().collect();
    assert_eq!(marked(&document, items[0].place()), "three");
    assert_eq!(marked(&document, items[1].place()), "{a: b}");
    assert_eq!(items[1].get("a").and_then(Node::scalar), Some("b"));
}

#[test]
fn an_empty_file_is_nothing() {
    for text in ["", "# only a comment\n", "---\n"] {
        assert!(parse(text).root().is_null(), "{text:?}");
    }
}

#[test]
fn a_quoted_scalar_is_a_text_whatever_it_looks_like() {
    let document = parse("a: '12'\nb: 12\nc: !!str 12\nd: ~\n");
    let what = |key| document.root().get(key).unwrap().what();
    assert_eq!([what("a"), what("b"), what("c")], ["a text", "a number", "a text"]);
    assert_eq!(what("d"), "nothing");
}

#[test]
fn aliases_and_merge_keys_unfold_and_own_keys_win() {
    let document = parse(
        "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\nown:\n  b: 5\n  <<: [*base, *more]\nalso: *base\n",
    );
    let own = document.root().get("own").unwrap();
    let pairs: Vec<_> =
        own.entries().unwrap().map(|entry| (entry.key, entry.node.scalar().unwrap())).collect();
    assert_eq!(pairs, [("b", "5"), ("a", "1"), ("c", "4")]);
    assert_eq!(document.root().get("also").unwrap().get("a").unwrap().scalar(), Some("1"));
}

#[test]
fn a_key_that_is_written_twice_is_found_and_the_first_one_read() {
    let document = parse("a: 1\nb: 2\na: 3\n");
    assert_eq!(document.root().get("a").unwrap().scalar(), Some("1"));
    assert_eq!(document.found().len(), 1);
    assert_eq!(document.found()[0].message(), "`a` is written twice");
}

#[test]
fn texts_that_are_no_yaml_are_refused_at_their_line() {
    assert_eq!(refused("a:\n\tb: 1\n"), "2: a tab is used as indentation");
    assert_eq!(refused("a:\n  b: 1\n\tc: 2\n"), "3: a tab is used as indentation");
    assert_eq!(refused("a:\n  - b: 1\n  \tc: 2\n"), "3: a tab is used as indentation");
    assert_eq!(refused("a: 1\nb: \"two\nc: 3\n"), "2: a quote is opened and never closed");
    assert_eq!(refused("a: [1, 2\n"), "1: a bracket is opened and never closed");
    assert_eq!(refused("a: *b\n"), "1: an alias refers to nothing");
    assert_eq!(refused("a: &x [*x]\n"), "1: an alias stands inside what it stands for");
    assert_eq!(refused("a: b: c\n"), "1: a `:` stands where no key can be");
    assert_eq!(refused("a: 1\n b: 2\n"), "2: a `:` stands where no key can be");
    assert_eq!(refused("a: @b\n"), "1: a text cannot begin with this letter");
    assert_eq!(refused("a: 1\n---\nb: 2\n"), "2: the file holds more than one document");
    assert_eq!(refused("? [a]\n: 1\n"), "1: a key must be a single text");
}

#[test]
fn aliases_of_aliases_are_refused_before_they_multiply() {
    let bomb =
        |level| format!("a{}: &a{} [{}]", level + 1, level + 1, format!("*a{level}, ").repeat(10));
    let mut lines = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x, x]".to_owned()];
    lines.extend((0..12).map(bomb));
    assert!(refused(&lines.join("\n")).contains("the file unfolds to too many values"));
}

#[test]
fn deep_and_large_files_are_refused() {
    assert!(refused(&"[".repeat(10_000)).contains("nest too deep"));
    assert!(refused(&"- ".repeat(10_000)).contains("nest too deep"));
    let large = "#".repeat(FILE_BYTES_MAX + 1);
    assert_eq!(refused(&large), "the file has 4194305 bytes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_the_reading_panic(text in "[a-c:\\-\\[\\]{}&*<>|'\"#!%@,? \t\n\u{e4}]{0,60}") {
        match Document::parse("a.yaml", &text) {
            Ok(document) => {
                let reader = crate::Reader::new(&document);
                if let Some(fields) = reader.fields(reader.root(), "this") {
                    fields.finish();
                }
                if let Err(mistakes) = reader.finish() {
                    prop_assert!(!mistakes.render(true).is_empty());
                }
            }
            Err(mistakes) => prop_assert!(!mistakes.render(false).is_empty()),
        }
    }
}
