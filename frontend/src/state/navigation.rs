//! The address bar: read as a signal, written in one place.

use leptos::prelude::*;

use crate::browser::listen::on_window;
use crate::browser::location::{self, base_path};
use crate::reactive::{Derived, Kept, State};
use crate::state::address::{Address, Problem};

/// What the back button returns to after a change of the address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum History {
    /// The state before the change.
    Push,
    /// What it would have returned to before: the change only writes down what is shown, or goes on with a gesture.
    Replace,
}

/// Reads and writes the address bar.
#[derive(Clone, Copy, Debug)]
pub struct Navigation(Kept<Parts>);

/// What it is made of. Behind one place, as every link captures it.
#[derive(Clone, Copy)]
struct Parts {
    /// Path and query, as the address bar has them.
    bar: State<(String, String)>,
    parsed: Derived<(Address, Vec<Problem>)>,
    address: Derived<Address>,
    /// What could not be read in an address that has been written anew since.
    reported: State<Vec<Problem>>,
}

impl Navigation {
    #[inline(never)]
    fn parts(self) -> Parts {
        self.0.get_value()
    }

    /// What the address bar says.
    pub fn address(self) -> Derived<Address> {
        self.parts().address
    }

    /// The parts of the address that could not be read, until they are dismissed; tracks.
    pub fn problems(self) -> Vec<Problem> {
        let current = self.parts().parsed.with(|(_, problems)| problems.clone());
        if current.is_empty() {
            self.parts().reported.get()
        } else {
            current
        }
    }

    /// Forgets what could not be read.
    pub fn dismiss_problems(self) {
        self.parts().reported.set(Vec::new());
        self.write(&self.parts().address.get_untracked(), History::Replace);
    }

    /// Shows another address. One that is shown already makes no entry in the history.
    pub fn go(self, address: &Address, history: History) {
        let (is_shown, problems) = self
            .parts()
            .parsed
            .with_untracked(|(current, problems)| (*current == *address, problems.clone()));
        if is_shown && problems.is_empty() {
            return;
        }
        if !problems.is_empty() {
            self.parts().reported.set(problems);
        }
        self.write(address, history);
    }

    fn write(self, address: &Address, history: History) {
        let link = self.link(address);
        match history {
            History::Push => location::push(&link),
            History::Replace => location::replace(&link),
        }
        // Path and query come back as the browser spells them.
        self.parts().bar.set(location::path_and_query());
    }

    /// The link to an address, from the root of the host.
    pub fn link(self, address: &Address) -> String {
        format!("{}{address}", base_path())
    }
}

/// The address bar.
pub fn use_navigation() -> Navigation {
    expect_context()
}

/// Makes the address bar known to the page, back and forward included.
///
/// Not by a router: which tab is in sight is one of many things that the address holds, and a change of tab must not
/// build the bars anew, so that there are no routes to choose between.
pub fn provide_navigation() -> Navigation {
    let bar = State::new(location::path_and_query());
    on_window("popstate", move |_| bar.set(location::path_and_query()));
    let base = base_path();
    let parsed = Derived::new(move || {
        bar.with(|(path, query)| {
            let path = path.strip_prefix(base.as_str()).unwrap_or(path);
            Address::parse(path, query)
        })
    });
    let address = Derived::new(move || parsed.with(|(address, _)| address.clone()));
    let navigation = Navigation(Kept::new(Parts {
        bar,
        parsed,
        address,
        reported: State::new(Vec::new()),
    }));
    provide_context(navigation);
    navigation
}
