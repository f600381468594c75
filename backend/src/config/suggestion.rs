//! "Did you mean …": the known word that is most like an unknown one.

/// How alike two words must be to be taken for each other, from 0 to 1.
const ALIKE: f64 = 0.65;

/// What to say behind an unknown word: the word that was probably meant, or all of them where they are few.
pub(super) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const FEW: usize = 12;
    let known: Vec<&str> = known.into_iter().collect();
    let likeness =
        |candidate: &str| strsim::normalized_damerau_levenshtein(&candidate.to_lowercase(), &word.to_lowercase());
    let nearest = known
        .iter()
        .map(|candidate| (likeness(candidate), *candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((_, candidate)) => format!("; did you mean {candidate:?}?"),
        None if 0 < known.len() && known.len() <= FEW => format!("; known are {}", known.join(", ")),
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
