//! The worst that the rules say about a panel's metrics, in its header.

use leptos::prelude::*;
use shared::alarm::{AlarmState, AlarmStatus};
use shared::dashboard::Panel;

use crate::components::alarm_state::{sign, word, worst, worst_of};
use crate::components::link::follow;
use crate::dom::view;
use crate::reactive::{Derived, Kept};
use crate::shell::bell::address_of;
use crate::state::address::{Page, Show};
use crate::state::alarms::use_alarms;
use crate::state::navigation::use_navigation;

/// What a panel's rules say.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Said {
    worst: AlarmState,
    /// How many rules say that, and how many there are.
    count: usize,
    rules: usize,
    /// The first that says it: its name and its title.
    rule: String,
    title: String,
}

fn said(rules: &[AlarmStatus]) -> Option<Said> {
    let state = worst_of(rules.iter());
    let counts = |alarm: &&AlarmStatus| alarm.disabled.is_none() && alarm.shelved.is_none() && worst(alarm) == state;
    let first = rules.iter().find(counts).or(rules.first())?;
    Some(Said {
        worst: state,
        count: rules.iter().filter(counts).count(),
        rules: rules.len(),
        rule: first.rule.clone(),
        title: first.title.clone(),
    })
}

/// A link to the worst of the rules that watch a panel; nothing where no rule does, or nothing is known.
pub fn panel_watch(panel: Kept<Panel>) -> AnyView {
    let (alarms, navigation) = (use_alarms(), use_navigation());
    let metrics: Vec<String> = panel.with_value(|panel| panel.show.metrics().into_iter().map(str::to_owned).collect());
    let said = Derived::new(move || {
        // Of a list that is not the newest any more the bell says so; a panel claims nothing.
        let is_known = alarms.list.with(|list| list.failure.is_none());
        said(&alarms.watching(&metrics)).filter(|_| is_known)
    });
    crate::dom::any(move || {
        let Said {
            worst,
            count,
            rules,
            rule,
            title,
        } = said.get()?;
        let there = move || {
            let mut there = address_of(Page::Alarms, navigation);
            there.alarms.show = Show::All;
            there.alarms.rule.clone_from(&rule);
            there
        };
        let is_calm = worst == AlarmState::Ok;
        let text = if is_calm {
            String::new()
        } else {
            format!(" {}", word(worst))
        };
        let spoken = if is_calm {
            format!("Alarms: all of {rules} OK")
        } else {
            format!("Alarms: {count} of {rules} {}, first {title}", word(worst))
        };
        Some(
            view! {
                <a
                    class="watch state"
                    data-alarm=worst.as_str()
                    href=navigation.link(&untrack(&there))
                    title=spoken.clone()
                    on:click=follow(navigation, there)
                >
                    <span aria-hidden="true">{sign(worst)} {text}</span>
                    <span class="visually-hidden">{spoken}</span>
                </a>
            }
            .into_any(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::alarm_state::tests::{alarm, note};

    #[test]
    fn the_worst_in_sight_is_told() {
        assert_eq!(said(&[]), None);
        let mut rules = vec![
            alarm("a", AlarmState::Ok),
            alarm("b", AlarmState::Warning),
            alarm("c", AlarmState::Alarm),
        ];
        let told = said(&rules).unwrap();
        assert_eq!(
            (told.worst, told.count, told.rule.as_str()),
            (AlarmState::Alarm, 1, "c")
        );
        rules[2].shelved = note("Ada");
        let told = said(&rules).unwrap();
        assert_eq!(
            (told.worst, told.rules, told.rule.as_str()),
            (AlarmState::Warning, 3, "b")
        );
        rules[1].state = AlarmState::Ok;
        assert_eq!(said(&rules).unwrap().worst, AlarmState::Ok);
    }
}
