//! Which legend entries are hidden, kept in the address bar.

use leptos::prelude::*;

use crate::reactive::Derived;
use crate::state::address::HiddenLine;
use crate::state::navigation::{History, Navigation, use_navigation};

/// The hidden legend entries of the page.
#[derive(Clone, Copy, Debug)]
pub struct Hidden {
    navigation: Navigation,
    lines: Derived<Vec<HiddenLine>>,
}

impl Hidden {
    /// Whether a line of a panel is hidden; tracks.
    pub fn contains(&self, panel: &str, line: &str) -> bool {
        self.lines
            .with(|lines| lines.iter().any(|hidden| hidden.panel == panel && hidden.line == line))
    }

    /// Hides a line, or shows it again.
    pub fn toggle(&self, panel: &str, line: &str) {
        let mut lines = self.lines.get_untracked();
        let n_before = lines.len();
        lines.retain(|hidden| hidden.panel != panel || hidden.line != line);
        if lines.len() == n_before {
            lines.push(HiddenLine {
                panel: panel.to_owned(),
                line: line.to_owned(),
            });
        }
        self.set(lines);
    }

    /// Hides all lines of a panel but one; all are shown again if that is so already.
    pub fn isolate(&self, panel: &str, line: &str, all: &[String]) {
        let mut lines = self.lines.get_untracked();
        let is_hidden = |name: &str| lines.iter().any(|hidden| hidden.panel == panel && hidden.line == name);
        let is_isolated = all.iter().all(|name| is_hidden(name) != (name == line));
        lines.retain(|hidden| hidden.panel != panel || !all.contains(&hidden.line));
        if !is_isolated {
            let others = all.iter().filter(|name| *name != line);
            lines.extend(others.map(|name| HiddenLine {
                panel: panel.to_owned(),
                line: name.clone(),
            }));
        }
        self.set(lines);
    }

    fn set(self, lines: Vec<HiddenLine>) {
        let mut address = self.navigation.address().get_untracked();
        address.hidden = lines;
        self.navigation.go(&address, History::Push);
    }
}

/// The hidden legend entries of the page.
pub fn use_hidden() -> Hidden {
    expect_context()
}

/// Makes them known to the page.
pub fn provide_hidden() {
    let navigation = use_navigation();
    let lines = Derived::new(move || navigation.address().with(|address| address.hidden.clone()));
    provide_context(Hidden { navigation, lines });
}
