//! Words of which one is chosen, such as the types of panels.

use super::suggestion;

/// Finds the meaning of a word, or says which words there are.
pub(super) fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, String> {
    known
        .iter()
        .find_map(|(word, meaning)| (*word == text).then_some(*meaning))
        .ok_or_else(|| {
            let hint = suggestion::hint(text, known.iter().map(|(word, _)| *word));
            format!("{text:?} is not known here{hint}")
        })
}

/// The words, for texts such as "expected …".
pub(super) fn listed<T>(known: &[(&str, T)]) -> String {
    let words: Vec<_> = known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    words.join(", ")
}
