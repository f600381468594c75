//! "Did you mean …": the word that a misspelt one may have been meant to be.

/// How alike two words must be, from 0 (nothing in common) to 1 (equal).
const ALIKE: f64 = 0.6;

/// The one of `known` that is most like `word`, if any is alike enough.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = |candidate: &'a str| (strsim::normalized_damerau_levenshtein(word, candidate), candidate);
    let scored = known.into_iter().map(alike).filter(|(score, _)| ALIKE <= *score);
    scored
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_misspelt_word_finds_its_neighbor() {
        let known = ["listen", "base_path", "page_dir"];
        assert_eq!(nearest("lisen", known), Some("listen"));
        assert_eq!(nearest("basepath", known), Some("base_path"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }
}
