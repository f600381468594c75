//! Any range, typed in. Plain text fields: the browser's own would show local time, or twelve hours.

use leptos::ev;
use leptos::prelude::*;
use shared::time::{TimeRange, Timestamp};

use crate::dom::view;
use crate::format;
use crate::reactive::{Callback, State};
use crate::state::address::Period;
use crate::state::time_view::use_time_view;

/// Two times in UTC and a button; `on_close` puts the calendar away.
pub fn range_form(on_close: Callback<()>) -> AnyView {
    let view = use_time_view();
    let text_of = |time: Option<Timestamp>| State::new(time.map(format::date_and_minute).unwrap_or_default());
    let visible = view.visible().get_untracked();
    let (from, to) = (
        text_of(visible.map(TimeRange::start)),
        text_of(visible.map(TimeRange::end)),
    );
    let error = State::new(String::new());
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        match from.with_untracked(|from| to.with_untracked(|to| parse_range(from, to))) {
            Ok(range) => {
                view.open(Period::Range(range));
                on_close.run(());
            }
            Err(message) => error.set(message),
        }
    };
    let field = |label: &'static str, text: State<String>| {
        view! {
            <label class="rangeform__field">
                {label}
                <input
                    class="input"
                    type="text"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="2026-11-20 18:00"
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                />
            </label>
        }
    };
    view! {
        <form class="rangeform" on:submit=submit>
            {field("From, UTC", from)} {field("To, UTC", to)}
            <button type="submit" class="button">
                "Show range"
            </button>
            <p class="rangeform__error" role="alert">
                {move || error.get()}
            </p>
        </form>
    }
    .into_any()
}

fn parse_range(from: &str, to: &str) -> Result<TimeRange, String> {
    let time = |name: &str, text: &str| {
        parse_time(text).ok_or_else(|| format!("{name}: write a time like 2026-11-20 18:00 or 2026-11-20 18:00:30"))
    };
    TimeRange::new(time("From", from)?, time("To", to)?).map_err(|_reversed| "To must be later than From".to_owned())
}

/// A date, perhaps with a time of day, in UTC; or RFC 3339 with any offset.
fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        _ => format!("{text}Z"),
    };
    full.replacen(' ', "T", 1).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let check = |text: &str, expected: &str| assert_eq!(parse_time(text).unwrap().to_string(), expected);
        check("2026-11-20", "2026-11-20T00:00:00Z");
        check(" 2026-11-20 18:00 ", "2026-11-20T18:00:00Z");
        check("2026-11-20T18:00:30", "2026-11-20T18:00:30Z");
        check("2026-11-20T18:00:30+01:00", "2026-11-20T17:00:30Z");
        for text in ["", "now", "2026-13-01", "18:00", "2026-11-20 25:00"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn a_wrong_range_says_which_end_is_wrong() {
        assert_eq!(
            parse_range("2026-11-20", "2026-11-19").unwrap_err(),
            "To must be later than From"
        );
        assert!(parse_range("x", "2026-11-19").unwrap_err().starts_with("From:"));
    }
}
