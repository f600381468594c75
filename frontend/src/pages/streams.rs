//! Which deliveries are silent and since when, and how far the clocks of their sources can be trusted.

use leptos::prelude::*;
use shared::query::latest::Freshness;
use shared::query::streams::{SourceClock, StreamStatus, Streams};
use shared::time::MICROS_PER_SEC;

use crate::browser::number::text_of;
use crate::dom::view;
use crate::format;
use crate::pages::alarms::times::{Times, use_times};
use crate::reactive::{Derived, State};
use crate::state::server_clock::ServerClock;
use crate::state::streams::{is_silent, use_streams};

/// How far a clock may be off before it is pointed out, in seconds.
const CLOCK_OFF_S: f64 = 1.0;

/// Beyond this a source sends what was recorded long ago, which says nothing of its clock; a day.
const PAST_S: f64 = 86_400.0;

/// The page.
pub fn streams_page() -> AnyView {
    let (streams, times) = (use_streams(), use_times());
    let shows_all = State::new(false);
    let state = move || {
        streams.with(|streams| match (&streams.answer, &streams.failure) {
            (None, None) => "loading",
            (None, Some(_)) => "error",
            (Some(_), Some(_)) => "stale",
            (Some(_), None) => "ready",
        })
    };
    let problem = move || {
        let text = streams.with(|streams| {
            let failure = streams.failure.clone()?;
            Some(match streams.lost_since() {
                Some(since) => format!(
                    "Not known since {}: {failure}. What is shown was true then",
                    times.second(since.as_micros())
                ),
                None => format!("The streams cannot be had: {failure}. Asked again every 2 s"),
            })
        });
        text.map(|text| view! { <p class="notice alarms__problem" role="alert">{text}</p> }.into_any())
    };
    let answer = Derived::new(move || streams.with(|streams| streams.answer.clone()));
    let tables = move || {
        answer.with(|answer| {
            let answer = answer.as_ref()?;
            Some(
                view! {
                    {silent_table(answer, shows_all, times)}
                    {clock_table(&answer.sources, times)}
                }
                .into_any(),
            )
        })
    };
    view! {
        <div class="alarms streams" data-state=state>
            <header class="alarms__header">
                <h1>"Streams and clocks"</h1>
                <button
                    type="button"
                    class="chip"
                    class:chip--active=move || shows_all.get()
                    aria-pressed=move || shows_all.get().to_string()
                    on:click=move |_| shows_all.set(!shows_all.get_untracked())
                >
                    "Show all streams"
                </button>
            </header>
            {problem}
            {tables}
        </div>
    }
    .into_any()
}

/// The order in which streams are listed: those that somebody has to know of first, the worst of each first.
fn order(streams: &[StreamStatus]) -> Vec<usize> {
    let rank = |stream: &StreamStatus| (!is_silent(stream), !stream.expected, std::cmp::Reverse(stream.state));
    shared::order::positions(streams.len(), &mut |one, other| {
        rank(&streams[one]).cmp(&rank(&streams[other]))
    })
}

fn silent_table(answer: &Streams, shows_all: State<bool>, times: Times) -> AnyView {
    let silent = answer.streams.iter().filter(|stream| is_silent(stream)).count();
    let expected = answer.streams.iter().filter(|stream| stream.expected).count();
    let is_listed = |stream: &&StreamStatus| shows_all.get() || is_silent(stream);
    let sorted = order(&answer.streams)
        .into_iter()
        .filter_map(|at| answer.streams.get(at));
    let rows: Vec<AnyView> = sorted.filter(is_listed).map(|stream| row(stream, times)).collect();
    let summary = match silent {
        0 => format!("All {expected} expected streams speak"),
        silent => format!("{silent} of {expected} expected streams are silent"),
    };
    let table = (!rows.is_empty()).then(|| {
        view! {
            <table class="alarms__table">
                <thead>
                    <tr>
                        <th scope="col">"State"</th>
                        <th scope="col">"Stream"</th>
                        <th scope="col">"Source"</th>
                        <th scope="col">{format!("Since ({})", times.zone(times.now_us()))}</th>
                        <th scope="col">"Last sample"</th>
                        <th scope="col">"Expected every"</th>
                        <th scope="col">"Channels silent"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    });
    view! {
        <section class="streams__part">
            <h2 class="streams__summary" role="status">{summary}</h2>
            {table}
        </section>
    }
    .into_any()
}

fn row(stream: &StreamStatus, times: Times) -> AnyView {
    let moment = |time_us: Option<i64>| time_us.map_or_else(|| format::NO_VALUE.to_owned(), |us| times.second(us));
    let age = |time_us: Option<i64>| time_us.map(|us| format!("{} ago", format::age(times.now_us() - us)));
    let silent = stream.stale + stream.never;
    let of_all = stream.fresh + stream.late + silent;
    let every = match stream.interval_s {
        Some(secs) => format!("{} s", format::number(secs)),
        None => "not known".to_owned(),
    };
    let sign = match stream.state {
        Freshness::Fresh => "✓",
        Freshness::Late => "●",
        Freshness::Stale | Freshness::Never => "◌",
    };
    view! {
        <tr data-stream=stream.metric.clone() data-freshness=stream.state.as_str() data-expected=stream.expected>
            <td>
                <span class="streams__state" data-freshness=stream.state.as_str()>
                    <span aria-hidden="true">{sign}</span>
                    " "
                    {stream.state.as_str()}
                </span>
                <small>{(!stream.expected).then_some("not expected")}</small>
            </td>
            <th scope="row">
                {stream.title.clone()}
                <small>{stream.metric.clone()}</small>
            </th>
            <td>{stream.source.clone()}</td>
            <td>
                {moment(stream.since_us)}
                <small>{age(stream.since_us)}</small>
            </td>
            <td>{moment(stream.last_us)}</td>
            <td>
                {every}
                <small>{stream.learned.then_some("learned")}</small>
            </td>
            <td>{format!("{} of {}", format::count(u64::from(silent)), format::count(u64::from(of_all)))}</td>
        </tr>
    }
    .into_any()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "what is beyond all time becomes the end of it"
)]
fn micros(secs: f64) -> i64 {
    (secs * MICROS_PER_SEC as f64) as i64
}

/// Seconds to a millisecond, with their sign where that matters.
fn secs(secs: f64) -> String {
    format!("{} s", format::number((secs * 1_000.0).round() / 1_000.0))
}

fn clock_table(sources: &[SourceClock], times: Times) -> AnyView {
    let clock = expect_context::<ServerClock>();
    let row = |source: &SourceClock| {
        let drift = source.drift_s_per_hour.map_or_else(
            || "not known yet".to_owned(),
            |drift| format!("{} per hour", secs(drift)),
        );
        let step = source.step.map_or_else(
            || "none seen".to_owned(),
            |step| format!("{} at {}", secs(step.by_s), times.second(step.at_us)),
        );
        let is_past = source.delay_s > PAST_S;
        let verdict = if source.delay_s < 0.0 {
            "● ahead of the server"
        } else if is_past {
            "samples of the past; nothing told of the clock"
        } else if source.delay_s > CLOCK_OFF_S {
            "● late, or behind the server"
        } else {
            "✓"
        };
        let delay = if is_past {
            format::age(micros(source.delay_s))
        } else {
            secs(source.delay_s)
        };
        view! {
            <tr data-source=source.source.clone() data-delay-s=text_of(source.delay_s)>
                <th scope="row">{source.source.clone()}</th>
                <td>
                    {delay}
                    <small>{verdict}</small>
                </td>
                <td>{drift}</td>
                <td>{step}</td>
            </tr>
        }
        .into_any()
    };
    let error = clock.error_us().map_or_else(
        || "This browser's clock: not compared yet".to_owned(),
        |(ahead_us, doubt_us)| {
            let per = MICROS_PER_SEC as f64;
            let (ahead, doubt) = (ahead_us as f64 / per, doubt_us as f64 / per);
            let side = if ahead_us >= 0 { "behind" } else { "ahead of" };
            format!(
                "This browser's clock is {} {side} the server's, give or take {}; ages go by the server's",
                secs(ahead.abs()),
                secs(doubt)
            )
        },
    );
    let table = if sources.is_empty() {
        view! { <p class="alarms__nothing">"No source has sent anything since the server started"</p> }.into_any()
    } else {
        view! {
            <table class="alarms__table">
                <thead>
                    <tr>
                        <th scope="col">"Source"</th>
                        <th scope="col">"Arrival after sample, least"</th>
                        <th scope="col">"Drift"</th>
                        <th scope="col">"Last step"</th>
                    </tr>
                </thead>
                <tbody>{sources.iter().map(row).collect_view()}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="streams__part">
            <h2>"Source clocks"</h2>
            {table}
            <p class="streams__browser">{error}</p>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(metric: &str, state: Freshness, expected: bool) -> StreamStatus {
        StreamStatus {
            metric: metric.to_owned(),
            title: metric.to_owned(),
            source: String::new(),
            state,
            last_us: None,
            since_us: None,
            interval_s: None,
            learned: false,
            expected,
            fresh: 0,
            late: 0,
            stale: 0,
            never: 0,
        }
    }

    #[test]
    fn silent_streams_that_are_expected_come_first() {
        let all = [
            stream("a", Freshness::Fresh, true),
            stream("b", Freshness::Stale, false),
            stream("c", Freshness::Stale, true),
            stream("d", Freshness::Late, true),
            stream("e", Freshness::Never, true),
        ];
        let names: Vec<&str> = order(&all).into_iter().map(|at| all[at].metric.as_str()).collect();
        assert_eq!(names, ["e", "c", "d", "a", "b"]);
    }
}
