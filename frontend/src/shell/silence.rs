//! How many expected streams are silent: a count in the top bar that leads to their list.

use leptos::prelude::*;

use crate::components::link::follow;
use crate::dom::view;
use crate::reactive::Derived;
use crate::shell::bell::address_of;
use crate::state::address::Page;
use crate::state::navigation::{History, Navigation, use_navigation};
use crate::state::streams::{is_silent, use_streams};

/// The count; nothing while all speak. That it is not known is said, too.
pub fn silence() -> AnyView {
    let (streams, navigation) = (use_streams(), use_navigation());
    // How many, and the words that a small screen leaves out; nothing while all speak.
    let told = Derived::new(move || {
        streams.with(|streams| match (&streams.answer, &streams.failure) {
            (_, Some(_)) => Some(("?".to_owned(), "streams not known")),
            (Some(streams), None) => {
                let silent = streams.streams.iter().filter(|stream| is_silent(stream)).count();
                (silent > 0).then(|| (silent.to_string(), "silent"))
            }
            (None, None) => None,
        })
    });
    let there = move || address_of(Page::Streams, navigation);
    let link = move || {
        told.get().map(|(count, words)| {
            view! {
                <a
                    class="pill silence"
                    href=navigation.link(&there())
                    title="Silent streams and source clocks"
                    on:click=follow(navigation, there)
                >
                    {count}
                    <span class="silence__word">{words}</span>
                </a>
            }
            .into_any()
        })
    };
    crate::dom::any(link)
}

/// Goes to the list.
pub fn open(navigation: Navigation) {
    navigation.go(&untrack(|| address_of(Page::Streams, navigation)), History::Push);
}
