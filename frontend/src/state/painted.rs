//! Which panels of the visible tab have been painted, for the marks `panel:<id>:drawn` and `page:complete`.

use std::cell::RefCell;

use crate::browser::performance::{clear_mark, mark};

const PAGE_COMPLETE: &str = "page:complete";

#[derive(Default, Debug)]
struct Painting {
    missing: Vec<String>,
    complete: bool,
}

impl Painting {
    /// Notes a painted panel; whether the page became complete by it.
    fn paint(&mut self, panel_id: &str) -> bool {
        let n_before = self.missing.len();
        self.missing.retain(|missing| missing != panel_id);
        let completes = self.missing.len() < n_before && self.missing.is_empty() && !self.complete;
        self.complete |= completes;
        completes
    }
}

thread_local! {
    static PAINTING: RefCell<Painting> = RefCell::default();
}

/// Starts over: these panels are to be painted.
pub fn begin(panel_ids: impl Iterator<Item = String>) {
    clear_mark(PAGE_COMPLETE);
    let missing: Vec<String> = panel_ids.inspect(|id| clear_mark(&name(id))).collect();
    let complete = missing.is_empty();
    PAINTING.with(|painting| *painting.borrow_mut() = Painting { missing, complete });
    if complete {
        mark(PAGE_COMPLETE);
    }
}

/// Whether a panel has not been painted since [`begin`].
pub fn is_missing(panel_id: &str) -> bool {
    PAINTING.with_borrow(|painting| painting.missing.iter().any(|missing| missing == panel_id))
}

/// Says that a panel shows what it was asked for: sets `panel:<id>:drawn`, and `page:complete` with the last panel.
pub fn note(panel_id: &str) {
    mark(&name(panel_id));
    if PAINTING.with(|painting| painting.borrow_mut().paint(panel_id)) {
        mark(PAGE_COMPLETE);
    }
}

fn name(panel_id: &str) -> String {
    format!("panel:{panel_id}:drawn")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_complete_once_with_its_last_panel() {
        let mut painting = Painting {
            missing: vec!["a".to_owned(), "b".to_owned()],
            complete: false,
        };
        assert!(!painting.paint("a"));
        assert!(!painting.paint("a"));
        assert!(!painting.paint("of another tab"));
        assert!(painting.paint("b"));
        assert!(!painting.paint("b"));
    }
}
