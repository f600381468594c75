//! What a panel's header says about age, and when a panel counts as stale.

use shared::query::latest::{Ages, Freshness};
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::format;
use crate::state::connection::Link;

/// What is known when an age is judged.
#[derive(Clone, Copy, Debug)]
pub struct Witness {
    /// The newest sample in the panel.
    pub newest: Option<Timestamp>,
    /// Whether the panel shows the present.
    pub shows_now: bool,
    /// By which the age is judged; `None` where no rhythm is known.
    pub ages: Option<Ages>,
    /// How long ago the panel may have asked last, in microseconds: what is younger cannot be expected in it.
    pub poll_micros: i64,
    /// The server's clock.
    pub now: Timestamp,
    /// The way to the server.
    pub link: Link,
    /// Since when everything stands still because somebody wished so.
    pub paused: Option<Timestamp>,
}

/// What the colour and the dot of an age mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// A closed past: it cannot age.
    Calm,
    /// As young as it should be.
    Fresh,
    /// Overdue.
    Late,
    /// Says nothing about now.
    Stale,
    /// Of the present, but no rhythm is known by which it could be judged.
    Unjudged,
}

impl Tone {
    /// The word in the style sheets.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Fresh => "fresh",
            Self::Late => "late",
            Self::Stale => "stale",
            Self::Unjudged => "unjudged",
        }
    }
}

/// What a panel's header says about age.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// `12 s`, `stale since 02:31`, `last 2016-01-01 23:59`; empty without a sample.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
    /// Since when the panel is stale.
    pub stale_since: Option<Timestamp>,
}

/// Judges the age of what a panel shows.
///
/// Only a panel whose range includes now can age: it is late and stale at the ages that are configured or follow from the interval of its samples,
/// and it is stale as soon as nothing can come any more, for then nobody knows: while it is paused, and while server, store
/// or live line are gone. A panel over a closed past says
/// calmly when its last sample was.
pub fn judge(witness: &Witness) -> Verdict {
    let Witness {
        newest,
        shows_now,
        ages,
        poll_micros,
        now,
        link,
        paused,
    } = *witness;
    let verdict = |text: String, tone, stale_since| Verdict {
        text,
        tone,
        stale_since,
    };
    if !shows_now {
        let text = newest.map_or_else(String::new, |newest| {
            format!("last {}", format::date_and_minute(newest))
        });
        return verdict(text, Tone::Calm, None);
    }
    if let Some((word, since)) = standstill(link, paused) {
        let text = format!("{word} since {}", format::time_of_day(since));
        return verdict(text, Tone::Stale, Some(since));
    }
    let Some(newest) = newest else {
        return verdict(String::new(), Tone::Unjudged, None);
    };
    let age_micros = now.micros_since(newest);
    let text = format::age(age_micros);
    if ages.is_none() {
        return verdict(text, Tone::Unjudged, None);
    }
    let age_when_asked_s = (age_micros - poll_micros) as f64 / MICROS_PER_SEC as f64;
    match Freshness::from_age(age_when_asked_s, ages) {
        Freshness::Fresh => verdict(text, Tone::Fresh, None),
        Freshness::Late => verdict(format!("late, {text}"), Tone::Late, None),
        Freshness::Stale | Freshness::Never => {
            let since = format!("stale since {}", format::moment_near(newest, now));
            verdict(since, Tone::Stale, Some(newest))
        }
    }
}

/// Why nothing comes, and since when.
fn standstill(link: Link, paused: Option<Timestamp>) -> Option<(&'static str, Timestamp)> {
    let word = match link {
        Link::CutOff { .. } => "not received",
        Link::StoreDown { .. } => "store down",
        _ => "not updated",
    };
    let cut = link.cut_since().map(|since| (word, since));
    paused.map(|since| ("paused", since)).or(cut)
}

#[cfg(test)]
mod tests {
    use shared::time::TimeRange;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn night() -> TimeRange {
        TimeRange::new(at("2026-11-20T12:00:00Z"), at("2026-11-21T12:00:00Z")).unwrap()
    }

    fn witness(newest: &str, now: &str) -> Witness {
        Witness {
            newest: Some(at(newest)),
            shows_now: night().contains(at(now)),
            ages: Some(Ages::of_interval(60.0)),
            poll_micros: 0,
            now: at(now),
            link: Link::Connected,
            paused: None,
        }
    }

    #[track_caller]
    fn check(witness: &Witness, text: &str, tone: Tone, is_stale: bool) {
        let verdict = judge(witness);
        assert_eq!((verdict.text.as_str(), verdict.tone), (text, tone));
        assert_eq!(verdict.stale_since.is_some(), is_stale);
    }

    #[test]
    fn the_present_ages_by_its_interval() {
        let newest = "2026-11-21T02:31:00Z";
        check(&witness(newest, "2026-11-21T02:31:12Z"), "12 s", Tone::Fresh, false);
        check(
            &witness(newest, "2026-11-21T02:33:10Z"),
            "late, 2 min",
            Tone::Late,
            false,
        );
        check(
            &witness(newest, "2026-11-21T02:34:00Z"),
            "stale since 02:31",
            Tone::Stale,
            true,
        );
    }

    #[test]
    fn a_panel_that_asks_seldom_does_not_call_a_quick_source_stale() {
        let quick = |now| Witness {
            ages: Some(Ages::of_interval(1.0)),
            poll_micros: 10 * MICROS_PER_SEC,
            ..witness("2026-11-21T02:31:00Z", now)
        };
        check(&quick("2026-11-21T02:31:11Z"), "11 s", Tone::Fresh, false);
        check(&quick("2026-11-21T02:31:13Z"), "stale since 02:31", Tone::Stale, true);
    }

    #[test]
    fn a_closed_past_is_calm_however_old() {
        let witness = witness("2026-11-21T02:31:00Z", "2036-11-21T02:31:12Z");
        check(&witness, "last 2026-11-21 02:31", Tone::Calm, false);
    }

    #[test]
    fn without_the_server_the_present_is_stale_at_once_and_the_past_is_not() {
        let since = at("2026-11-21T02:31:12Z");
        let lost = |now| Witness {
            link: Link::Lost { since },
            ..witness("2026-11-21T02:31:00Z", now)
        };
        check(
            &lost("2026-11-21T02:31:15Z"),
            "not updated since 02:31:12",
            Tone::Stale,
            true,
        );
        check(
            &lost("2026-11-22T02:31:15Z"),
            "last 2026-11-21 02:31",
            Tone::Calm,
            false,
        );
    }

    #[test]
    fn whatever_keeps_news_away_is_named() {
        let since = at("2026-11-21T02:31:12Z");
        let now = "2026-11-21T02:31:15Z";
        let cut = |link| Witness {
            link,
            ..witness("2026-11-21T02:31:12Z", now)
        };
        for (link, text) in [
            (Link::CutOff { since }, "not received since 02:31:12"),
            (Link::StoreDown { since }, "store down since 02:31:12"),
            (Link::Unproven { since }, "not updated since 02:31:12"),
        ] {
            check(&cut(link), text, Tone::Stale, true);
        }
        check(&cut(Link::Polled), "3 s", Tone::Fresh, false);
        let paused = Witness {
            paused: Some(at("2026-11-21T02:31:14Z")),
            ..cut(Link::Lost { since })
        };
        check(&paused, "paused since 02:31:14", Tone::Stale, true);
    }

    #[test]
    fn without_a_rhythm_an_age_is_told_and_not_judged() {
        let witness = Witness {
            ages: None,
            ..witness("2026-11-21T02:31:00Z", "2026-11-21T03:31:00Z")
        };
        check(&witness, "1 h", Tone::Unjudged, false);
    }
}
