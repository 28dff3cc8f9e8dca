//! What should be beside what is, line by line.

/// More lines than this on one side are shown one side after the other.
const LINES_MAX: usize = 1_000;

/// What is said of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It should be and is.
    Same,
    /// It should be and is not.
    Missing,
    /// It is and should not be.
    Surplus,
}

impl Mark {
    /// The sign before the line.
    pub fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Missing => '-',
            Self::Surplus => '+',
        }
    }

    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Missing => "missing",
            Self::Surplus => "surplus",
        }
    }
}

/// A line and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is said of it.
    pub mark: Mark,
    /// The line.
    pub text: String,
}

impl Line {
    pub(super) fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self { mark, text: text.into() }
    }
}

/// The fewest lines to take out of and put into what should be, to get what is (longest common
/// subsequence).
pub(super) fn difference(wanted: &[String], found: &[String]) -> Vec<Line> {
    let all = |lines: &[String], mark: Mark| -> Vec<Line> {
        lines.iter().map(|text| Line::new(mark, text)).collect()
    };
    if wanted.len() > LINES_MAX || found.len() > LINES_MAX {
        return [all(wanted, Mark::Missing), all(found, Mark::Surplus)].concat();
    }
    // How many lines the two have in common from here on.
    let width = found.len() + 1;
    let mut common = vec![0_u32; (wanted.len() + 1) * width];
    for row in (0..wanted.len()).rev() {
        for column in (0..found.len()).rev() {
            common[row * width + column] = if wanted[row] == found[column] {
                common[(row + 1) * width + column + 1] + 1
            } else {
                common[(row + 1) * width + column].max(common[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut lines = Vec::new();
    while row < wanted.len() && column < found.len() {
        if wanted[row] == found[column] {
            lines.push(Line::new(Mark::Same, &wanted[row]));
            (row, column) = (row + 1, column + 1);
        } else if common[(row + 1) * width + column] >= common[row * width + column + 1] {
            lines.push(Line::new(Mark::Missing, &wanted[row]));
            row += 1;
        } else {
            lines.push(Line::new(Mark::Surplus, &found[column]));
            column += 1;
        }
    }
    lines.extend(all(&wanted[row..], Mark::Missing));
    lines.extend(all(&found[column..], Mark::Surplus));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(wanted: &str, found: &str) -> String {
        let lines = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        let told = difference(&lines(wanted), &lines(found));
        let lines: Vec<String> =
            told.iter().map(|line| format!("{}{}", line.mark.sign(), line.text)).collect();
        lines.concat()
    }

    #[test]
    fn lines_that_both_have_stay_and_the_others_are_marked() {
        assert_eq!(shown("abc", "abc"), " a b c");
        assert_eq!(shown("abd", "acd"), " a-b+c d");
        assert_eq!(shown("", "ab"), "+a+b");
        assert_eq!(shown("ab", ""), "-a-b");
    }

    #[test]
    fn very_many_lines_are_shown_one_side_after_the_other() {
        let many: Vec<String> = (0..=LINES_MAX).map(|number| number.to_string()).collect();
        let told = difference(&many, &many);
        assert_eq!(told.len(), 2 * many.len());
    }
}
