//! `print`, `println` and `printf` as Go has them: <https://pkg.go.dev/fmt>.

use super::{
    number::{fixed, scientific, shortest, significant},
    value::Value,
};

/// Widest field and highest precision; more is no text for people.
const WIDTH_MAX: usize = 1000;

/// `print`: a blank between two values if neither is a text.
pub(super) fn print(values: &[Value]) -> String {
    let mut out = String::new();
    let mut before: Option<&Value> = None;
    for value in values {
        let texts = [before, Some(value)].iter().any(|one| matches!(one, Some(Value::Text(_))));
        if before.is_some() && !texts {
            out.push(' ');
        }
        out.push_str(&value.print());
        before = Some(value);
    }
    out
}

/// `println`: a blank between any two, a new line at the end.
pub(super) fn print_line(values: &[Value]) -> String {
    let all: Vec<String> = values.iter().map(Value::print).collect();
    format!("{}\n", all.join(" "))
}

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
struct Form {
    flags: Flags,
    width: Option<usize>,
    precision: Option<usize>,
}

/// The signs `-`, `+`, `#`, blank and `0` after `%`.
#[derive(Clone, Copy, Debug, Default)]
struct Flags(u8);

impl Flags {
    const LEFT: u8 = 1;
    const PLUS: u8 = 2;
    const SHARP: u8 = 4;
    const BLANK: u8 = 8;
    const ZERO: u8 = 16;

    fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

/// `printf`: verbs replaced by values. Wrong verbs show in the text, as in Go.
pub(super) fn printf(format: &str, values: &[Value]) -> String {
    let mut out = String::new();
    let mut values = values.iter();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let form = read_form(&mut letters, &mut values);
        match letters.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match values.next() {
                Some(value) => out.push_str(&verb_text(form, verb, value)),
                None => out.extend(["%!", &verb.to_string(), "(MISSING)"]),
            },
        }
    }
    let extra: Vec<String> =
        values.map(|value| format!("{}={}", value.kind(), value.print())).collect();
    if !extra.is_empty() {
        out.extend(["%!(EXTRA ", &extra.join(", "), ")"]);
    }
    out
}

fn read_form<'v>(
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    values: &mut impl Iterator<Item = &'v Value>,
) -> Form {
    let mut form = Form::default();
    while let Some(letter) = letters.peek() {
        form.flags.0 |= match letter {
            '-' => Flags::LEFT,
            '+' => Flags::PLUS,
            '#' => Flags::SHARP,
            ' ' => Flags::BLANK,
            '0' => Flags::ZERO,
            _ => break,
        };
        letters.next();
    }
    form.width = read_number(letters, values);
    if letters.next_if_eq(&'.').is_some() {
        form.precision = Some(read_number(letters, values).unwrap_or(0));
    }
    form
}

fn read_number<'v>(
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    values: &mut impl Iterator<Item = &'v Value>,
) -> Option<usize> {
    if letters.next_if_eq(&'*').is_some() {
        return match values.next() {
            Some(Value::Int(value)) => {
                usize::try_from(*value).ok().map(|value| value.min(WIDTH_MAX))
            }
            _ => None,
        };
    }
    let mut number = None;
    while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
        let digit = usize::try_from(digit).unwrap_or(0);
        number = Some((number.unwrap_or(0) * 10 + digit).min(WIDTH_MAX));
        letters.next();
    }
    number
}

fn verb_text(form: Form, verb: char, value: &Value) -> String {
    if verb == 'T' {
        return pad(form, value.kind().to_owned());
    }
    let text = match (verb, value) {
        ('v', Value::Float(number)) => signed(form, float_v(form, *number)),
        ('t', Value::Bool(truth)) => truth.to_string(),
        ('v' | 'd', Value::Int(number)) | ('d', Value::Lapse(number)) => {
            signed(form, number.to_string())
        }
        ('v', value) => cut(form, value.print()),
        ('b' | 'o' | 'x' | 'X' | 'c' | 'U' | 'q', Value::Int(number)) => whole(form, verb, *number),
        ('e' | 'E' | 'f' | 'F' | 'g' | 'G', Value::Float(number)) => {
            signed(form, float(form, verb, *number))
        }
        ('s', Value::Text(_) | Value::Moment(_) | Value::Lapse(_)) => cut(form, value.print()),
        ('s', Value::Labels(_)) => value.print(),
        ('q', Value::Text(text)) => format!("{text:?}"),
        ('x', Value::Text(text)) => hexadecimal(text),
        ('X', Value::Text(text)) => hexadecimal(text).to_uppercase(),
        (verb, Value::Nil | Value::Missing) => return format!("%!{verb}(<nil>)"),
        (verb, value) => return format!("%!{verb}({}={})", value.kind(), value.print()),
    };
    pad(form, text)
}

fn hexadecimal(text: &str) -> String {
    let pairs: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    pairs.concat()
}

fn float_v(form: Form, number: f64) -> String {
    form.precision.map_or_else(|| shortest(number), |digits| significant(number, digits))
}

fn float(form: Form, verb: char, number: f64) -> String {
    let precision = form.precision;
    let text = match verb.to_ascii_lowercase() {
        'e' => scientific(number, precision.unwrap_or(6)),
        'f' => fixed(number, precision.unwrap_or(6)),
        _ => float_v(form, number),
    };
    if verb == 'E' || verb == 'G' { text.replace('e', "E") } else { text }
}

fn whole(form: Form, verb: char, number: i64) -> String {
    let (sign, size) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    let sharp = form.flags.has(Flags::SHARP);
    let letter = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    match verb {
        'b' => signed(form, format!("{sign}{}{size:b}", if sharp { "0b" } else { "" })),
        'o' => signed(form, format!("{sign}{}{size:o}", if sharp { "0" } else { "" })),
        'x' => signed(form, format!("{sign}{}{size:x}", if sharp { "0x" } else { "" })),
        'X' => signed(form, format!("{sign}{}{size:X}", if sharp { "0X" } else { "" })),
        'c' => letter.to_string(),
        'q' => format!("{letter:?}"),
        _ => format!("U+{size:04X}"),
    }
}

/// A plus or a blank before numbers that have no minus.
fn signed(form: Form, text: String) -> String {
    if text.starts_with(['-', '+']) {
        // Go shows a plus before infinity only if it is asked for one or with `%v`.
        return text;
    }
    if form.flags.has(Flags::PLUS) {
        format!("+{text}")
    } else if form.flags.has(Flags::BLANK) {
        format!(" {text}")
    } else {
        text
    }
}

/// The precision of a text is its greatest length.
fn cut(form: Form, text: String) -> String {
    match form.precision {
        Some(letters) => text.chars().take(letters).collect(),
        None => text,
    }
}

fn pad(form: Form, text: String) -> String {
    let missing = form.width.unwrap_or(0).saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    let number =
        text.trim_start_matches(['-', '+']).starts_with(|first: char| first.is_ascii_digit());
    if form.flags.has(Flags::LEFT) {
        format!("{text}{}", " ".repeat(missing))
    } else if form.flags.has(Flags::ZERO) && number {
        let signs = text.len() - text.trim_start_matches(['-', '+']).len();
        let (sign, digits) = text.split_at(signs);
        format!("{sign}{}{digits}", "0".repeat(missing))
    } else {
        format!("{}{text}", " ".repeat(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_print_as_in_go() {
        let float = Value::Float(3.25159);
        let int = Value::Int(42);
        for (format, values, wanted) in [
            ("%.2f%%", vec![float.clone()], "3.25%"),
            ("%0.1f", vec![float.clone()], "3.3"),
            (
                "%08.3f|%-6d|%6d|%+d",
                vec![float.clone(), int.clone(), int.clone(), int.clone()],
                "0003.252|42    |    42|+42",
            ),
            ("%s is %v", vec![Value::text("x"), float.clone()], "x is 3.25159"),
            ("%d", vec![float.clone()], "%!d(float64=3.25159)"),
            ("%s", vec![float.clone()], "%!s(float64=3.25159)"),
            ("%f", vec![int.clone()], "%!f(int=42)"),
            ("%d", vec![], "%!d(MISSING)"),
            ("x", vec![int.clone()], "x%!(EXTRA int=42)"),
            ("%", vec![], "%!(NOVERB)"),
            (
                "%q %x %X %c %U %t %T",
                vec![
                    Value::text("a\"b"),
                    int.clone(),
                    Value::Int(255),
                    Value::Int(65),
                    Value::Int(65),
                    Value::Bool(true),
                    float.clone(),
                ],
                "\"a\\\"b\" 2a FF A U+0041 true float64",
            ),
            (
                "%e %g %.3g",
                vec![float.clone(), Value::Float(1e9), float],
                "3.251590e+00 1e+09 3.25",
            ),
            ("%.2s|%5s", vec![Value::text("abc"), Value::text("abc")], "ab|  abc"),
            ("%*d", vec![Value::Int(4), int], "  42"),
        ] {
            assert_eq!(printf(format, &values), wanted, "{format}");
        }
    }

    #[test]
    fn a_huge_width_is_bounded() {
        assert_eq!(printf("%99999999999999d", &[Value::Int(1)]).len(), WIDTH_MAX);
        assert_eq!(printf("%.99999999999f", &[Value::Float(1.0)]).len(), WIDTH_MAX + 2);
    }

    #[test]
    fn print_sets_blanks_between_numbers_only() {
        assert_eq!(
            print(&[Value::Int(1), Value::Int(2), Value::text("a"), Value::Int(3)]),
            "1 2a3"
        );
    }
}
