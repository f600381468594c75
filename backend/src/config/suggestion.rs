//! "Did you mean …": the known word that is most like an unknown one.

use crate::nearest::nearest;

/// What to say behind an unknown word: the word that was probably meant, or all of them where they are few.
pub(super) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const FEW: usize = 16;
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(candidate) => format!("; did you mean {candidate:?}?"),
        None if !known.is_empty() && known.len() <= FEW => format!("; known are {}", known.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_recognized_and_a_strange_one_gets_the_list() {
        let known = ["listen", "base_path", "page_dir"];
        assert_eq!(hint("listn", known), "; did you mean \"listen\"?");
        assert_eq!(hint("Basepath", known), "; did you mean \"base_path\"?");
        assert_eq!(hint("color", known), "; known are listen, base_path, page_dir");
        assert_eq!(hint("color", []), "");
    }
}
