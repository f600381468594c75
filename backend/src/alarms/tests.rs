//! Histories of alarms as texts, one file per feature in `scripts/`, and a second model of what rules say.

mod model;
mod overwatch;
mod run;
mod script;

use script::check;

macro_rules! scripts {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                check(concat!(stringify!($name), ".txt"), include_str!(concat!("tests/scripts/", stringify!($name), ".txt")));
            }
        )*
    };
}

scripts! {
    a_limit_with_hysteresis_and_two_levels
    a_delay_counts_by_the_times_of_samples
    a_block_that_comes_late_says_what_it_would_have_said
    silence_is_never_health
    null_and_nan_are_no_numbers
    some_of_many_channels
    windows_take_late_samples_in_their_place
    steps_and_changes
    a_heartbeat_is_missed_and_comes_back
    a_heartbeat_may_be_patient
    too_few_samples
    a_state_by_its_label
    expressions_over_other_rules
    what_is_latched_stays_until_it_is_seen
    an_acknowledgement_ends_when_it_becomes_worse
    a_shelf_and_a_known_issue_end_by_themselves
    flapping_is_told_once
    a_rule_that_is_not_watched
    a_clock_of_a_source_that_is_wrong
}
