//! Answers about the closed past, kept as they were sent, so that who opens the same night next waits for nothing.
//!
//! An answer is kept under its version ([`crate::query::version`]), which changes with all that it depends on, so nothing
//! need be told when late data change a past: nobody asks for the old version again.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::telemetry::CacheFigures;

/// How many bytes of answers are kept.
const KEPT_BYTES: u64 = 24 << 20;

/// The largest answer that is kept, so that one does not push out all others.
const MAX_ANSWER_BYTES: usize = 2 << 20;

/// How an answer is packed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// By gzip.
    Gzip,
    /// By brotli.
    Brotli,
    /// By zstd.
    Zstd,
}

/// The version of an answer, which tells question and form as well, and its packing.
type Key = (String, Packing);

#[derive(Clone, Copy, Debug)]
struct ByBytes;

impl Weighter<Key, Arc<[u8]>> for ByBytes {
    fn weight(&self, (version, _): &Key, answer: &Arc<[u8]>) -> u64 {
        (version.len() + answer.len() + 100) as u64
    }
}

/// The answers of a server.
#[derive(Debug)]
pub struct KeptAnswers {
    cache: Cache<Key, Arc<[u8]>, ByBytes>,
    figures: CacheFigures,
}

impl Default for KeptAnswers {
    fn default() -> Self {
        Self::counted(CacheFigures::default())
    }
}

impl KeptAnswers {
    /// None yet; how often they are found is told.
    pub fn counted(figures: CacheFigures) -> Self {
        Self {
            cache: Cache::with_weighter(256, KEPT_BYTES, ByBytes),
            figures,
        }
    }

    /// An answer of this version, packed like this.
    pub fn get(&self, version: &str, packing: Packing) -> Option<Arc<[u8]>> {
        self.cache.get(&(version.to_owned(), packing))
    }

    /// Takes note of whether a question found its answer here; whoever looks under several packings does it once.
    pub fn note(&self, found: bool) {
        self.figures.note(found);
    }

    /// Keeps an answer, unless it is too large.
    pub fn keep(&self, version: &str, packing: Packing, answer: &Arc<[u8]>) {
        if answer.len() <= MAX_ANSWER_BYTES {
            self.cache.insert((version.to_owned(), packing), Arc::clone(answer));
        }
    }

    /// About how many bytes are kept.
    pub fn bytes(&self) -> u64 {
        self.cache.weight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_under_its_version_and_packing_alone() {
        let answers = KeptAnswers::default();
        let answer: Arc<[u8]> = vec![1, 2, 3].into();
        answers.keep("a", Packing::Brotli, &answer);
        assert_eq!(answers.get("a", Packing::Brotli), Some(answer));
        assert_eq!(answers.get("a", Packing::Gzip), None);
        assert_eq!(answers.get("b", Packing::Brotli), None);
    }

    #[test]
    fn memory_is_bounded_and_one_huge_answer_pushes_out_nothing() {
        let answers = KeptAnswers::default();
        let large: Arc<[u8]> = vec![0; MAX_ANSWER_BYTES].into();
        for version in 0..100 {
            answers.keep(&version.to_string(), Packing::Plain, &large);
        }
        assert!(answers.bytes() <= KEPT_BYTES, "{}", answers.bytes());
        assert!(0 < answers.bytes());
        answers.keep("huge", Packing::Plain, &vec![0; MAX_ANSWER_BYTES + 1].into());
        assert_eq!(answers.get("huge", Packing::Plain), None);
    }
}
