//! The address bar: read as a signal, written in one place.

use std::fmt;
use std::rc::Rc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::browser::location::base_path;
use crate::state::address::{Address, Problem};

/// What the back button returns to after a change of the address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum History {
    /// The state before the change.
    Push,
    /// What it would have returned to before: the change only writes down what is shown, or goes on with a gesture.
    Replace,
}

type Go = Rc<dyn Fn(&str, NavigateOptions)>;

/// Reads and writes the address bar.
#[derive(Clone, Copy)]
pub struct Navigation {
    parsed: Memo<(Address, Vec<Problem>)>,
    address: Memo<Address>,
    go: StoredValue<Go, LocalStorage>,
    /// What could not be read in an address that has been written anew since.
    reported: RwSignal<Vec<Problem>>,
}

impl fmt::Debug for Navigation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Navigation").finish_non_exhaustive()
    }
}

impl Navigation {
    /// What the address bar says.
    pub fn address(&self) -> Memo<Address> {
        self.address
    }

    /// The parts of the address that could not be read, until they are dismissed; tracks.
    pub fn problems(&self) -> Vec<Problem> {
        let current = self.parsed.with(|(_, problems)| problems.clone());
        if current.is_empty() {
            self.reported.get()
        } else {
            current
        }
    }

    /// Forgets what could not be read.
    pub fn dismiss_problems(&self) {
        self.reported.set(Vec::new());
        self.write(&self.address.get_untracked(), History::Replace);
    }

    /// Shows another address. One that is shown already makes no entry in the history.
    pub fn go(&self, address: &Address, history: History) {
        let (is_shown, problems) = self
            .parsed
            .with_untracked(|(current, problems)| (*current == *address, problems.clone()));
        if is_shown && problems.is_empty() {
            return;
        }
        if !problems.is_empty() {
            self.reported.set(problems);
        }
        self.write(address, history);
    }

    fn write(&self, address: &Address, history: History) {
        let options = NavigateOptions {
            resolve: false,
            replace: history == History::Replace,
            scroll: false,
            ..NavigateOptions::default()
        };
        let go = self.go.get_value();
        go(&self.link(address), options);
    }

    /// The link to an address, from the root of the host.
    pub fn link(&self, address: &Address) -> String {
        format!("{}{address}", base_path())
    }
}

/// The address bar.
pub fn use_navigation() -> Navigation {
    expect_context()
}

/// Makes the address bar known to the page; inside the router.
pub fn provide_navigation() -> Navigation {
    let location = use_location();
    let base = base_path();
    let parsed = Memo::new(move |_| {
        let path = location.pathname.get();
        let path = path.strip_prefix(base.as_str()).unwrap_or(&path);
        location.search.with(|search| Address::parse(path, search))
    });
    let address = Memo::new(move |_| parsed.with(|(address, _)| address.clone()));
    let navigate = use_navigate();
    let go: Go = Rc::new(move |link, options| navigate(link, options));
    let navigation = Navigation {
        parsed,
        address,
        go: StoredValue::new_local(go),
        reported: RwSignal::new(Vec::new()),
    };
    provide_context(navigation);
    navigation
}
