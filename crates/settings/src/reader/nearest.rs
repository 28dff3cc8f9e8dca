//! The known word that a misspelt one probably means.

/// Longest word that is compared; longer ones are no misspelt keys.
const LETTERS_MAX: usize = 64;

/// The nearest of the known words, if it is near enough to be meant.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let word = normal(word);
    if word.len() > LETTERS_MAX {
        return None;
    }
    let allowed = (word.len() / 3).clamp(1, 3);
    known
        .map(|other| (distance(&word, &normal(other)), other))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, other)| other)
}

/// Case and the kind of dash are slips, not letters.
fn normal(word: &str) -> Vec<char> {
    word.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == '-' { '_' } else { letter })
        .collect()
}

/// How many letters must be put in, left out, replaced or swapped with their neighbour
/// (optimal string alignment distance).
fn distance(left: &[char], right: &[char]) -> usize {
    let width = right.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut line = vec![row + 1; width];
        for (column, other) in right.iter().enumerate() {
            let replaced = above[column] + usize::from(letter != other);
            let mut best = replaced.min(above[column + 1] + 1).min(line[column] + 1);
            let swapped =
                row > 0 && column > 0 && *letter == right[column - 1] && left[row - 1] == *other;
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            line[column + 1] = best;
        }
        before = above;
        above = line;
    }
    above[width - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_word_that_was_meant() {
        let known = ["listen", "scrape_interval", "scrape_timeout", "job_name"];
        assert_eq!(nearest("lisetn", known.into_iter()), Some("listen"));
        assert_eq!(nearest("scrape-interval", known.into_iter()), Some("scrape_interval"));
        assert_eq!(nearest("jobname", known.into_iter()), Some("job_name"));
        assert_eq!(nearest("colour", known.into_iter()), None);
        assert_eq!(nearest("", known.into_iter()), None);
    }
}
