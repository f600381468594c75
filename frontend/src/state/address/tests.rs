use proptest::prelude::*;
use shared::dashboard::{MAX_DELAY_SECS, MAX_LOOKBACK_SECS};

use super::*;

fn parse(link: &str) -> (Address, Vec<String>) {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let (address, problems) = Address::parse(path, query);
    (address, problems.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn check(link: &str) {
    let (address, problems) = parse(link);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(address.to_string(), link);
}

#[test]
fn links_read_as_they_are_written() {
    check("/");
    check("/d/camera");
    check("/d/camera/pixels");
    check("/d/camera/pixels?night=2026-11-20");
    check("/d/camera/pixels?night=2026-11-20&zoom=2026-11-20T20:00:00Z..2026-11-20T21:00:00.5Z");
    check("/d/camera/pixels?last=6h");
    check("/d/camera/pixels?last=90s&delay=5s");
    check("/d/camera/pixels?night=2026-11-20&wall=20");
    check("/d/camera/pixels?from=2026-11-20T20:00:00Z&to=2026-11-20T21:00:00Z");
    check("/d/camera/pixels?night=2026-11-20&hide=hv/max&hide=hv/ch%204&channel=412&theme=red&clock=gps");
    check("/d/camera/modules?channel=m58");
    check("/alarms");
    check("/alarms?night=2026-11-20&show=known-issues&system=Camera/Pixels&rule=pacta-high&theme=red");
    check("/streams");
    check(
        "/d/camera/pixels?night=2026-11-20&pin=hv/camera.hv:412@2026-11-20T20:14:00.25Z&pin=hv/camera.hv:band@2026-11-20T20:14:00Z..2026-11-20T20:15:00Z&channel=412",
    );
}

#[test]
fn a_range_may_have_an_offset_that_is_not_escaped() {
    let (address, problems) = parse("/?from=2026-11-20T20:00:00+01:00&to=2026-11-20T20:00:00Z");
    assert!(problems.is_empty());
    assert_eq!(
        address.to_string(),
        "/?from=2026-11-20T19:00:00Z&to=2026-11-20T20:00:00Z"
    );
}

#[test]
fn a_damaged_link_shows_what_it_can_and_says_what_it_cannot() {
    let (address, problems) = parse(
        "/d/a/b?night=20&zoom=now&show=some&theme=blue&clock=moon&wall=1&last=6&hide=x&pin=hv/t:0@noon&channel=m+5&from=2026-11-20T20:00:00Z",
    );
    assert_eq!(address.place.tab.as_deref(), Some("b"));
    assert_eq!(address.time, None);
    insta::assert_snapshot!(problems.join("\n"), @r#"
    night: "20" is not a date; write it like 2026-11-20
    zoom: "now" is not written like 2026-11-20T20:00:00Z..2026-11-20T21:00:00Z
    show: "some" is none of active, acknowledged, shelved, known-issues, all and history
    theme: "blue" is none of dark, light and red
    clock: "moon" is none of utc, site and gps
    wall: "1" is no number of seconds from 5 to 3600
    last: "6" is not written like 90s, 15m or 6h, up to 744h
    hide: "x" is not written like panel/line
    pin: "hv/t:0@noon" is not written like panel/metric:channel@time
    channel: "m+5" is no channel; write it like 412, or like m58 for a module
    to: a range needs both from and to, here is only from
    "#);
}

#[test]
fn a_reversed_range_is_reported_and_not_turned_round() {
    let (address, problems) = parse("/?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z");
    assert_eq!(address.time, None);
    assert_eq!(
        problems,
        ["to: the range must end after it starts, but it goes from 2026-11-21T00:00:00Z to 2026-11-20T00:00:00Z"]
    );
}

#[test]
fn other_paths_are_unknown() {
    assert!(parse("/e/camera").0.place.unknown);
    assert!(parse("/d/camera/pixels/deeper").0.place.unknown);
}

prop_compose! {
    fn any_address()(
        dashboard in "[a-z]{1,4}", tab in ".{1,6}",
        time in proptest::option::of(prop_oneof![
            (0_i64..30_000).prop_map(|days| Period::Night(Date::from_days(days))),
            (1..=MAX_LOOKBACK_SECS, 0..=MAX_DELAY_SECS).prop_map(|(secs, delay_secs)| Period::Last(Lookback { secs, delay_secs })),
        ]),
        wall in proptest::option::of(WALL_SECS),
        alarms in (0..Show::ALL.len(), ".{0,6}", ".{0,6}"),
        zoom in proptest::option::of((0_i64..1_000_000_000_000_000, 1_i64..1_000_000_000)),
        hidden in proptest::collection::vec(("[^/]{0,5}", ".{0,5}"), 0..3),
        pins in proptest::collection::vec(("[^/]{0,5}", ".{0,5}", 0_i64..1_000_000_000_000_000, 1_i64..1_000_000_000), 0..3),
        channel in proptest::option::of((any::<bool>(), any::<u32>())),
        theme in proptest::option::of(prop_oneof![Just(ThemeName::Dark), Just(ThemeName::Light), Just(ThemeName::Red)]),
        clock in prop_oneof![Just(ClockName::Utc), Just(ClockName::Site), Just(ClockName::Gps)],
    ) -> Address {
        Address {
            place: Place::of(&dashboard, &tab),
            time,
            zoom: zoom.map(|(start, length)| {
                let time = Timestamp::saturating_from_micros;
                TimeRange::new(time(start), time(start + length)).unwrap()
            }),
            hidden: hidden.into_iter().map(|(panel, line)| HiddenLine { panel, line }).collect(),
            pins: pins.into_iter().map(|(panel, what, start, length)| {
                let time = Timestamp::saturating_from_micros;
                Pinned { panel, what, range: TimeRange::new(time(start), time(start + length)).unwrap() }
            }).collect(),
            channel: channel.map(|(is_module, number)| Chosen {
                part: if is_module { CameraPart::Module } else { CameraPart::Pixel },
                number,
            }),
            theme,
            clock,
            wall,
            alarms: AlarmView { show: Show::ALL[alarms.0], system: alarms.1, rule: alarms.2 },
        }
    }
}

proptest! {
    #[test]
    fn every_screen_survives_its_link(address in any_address()) {
        let (read, problems) = parse(&address.to_string());
        prop_assert_eq!(problems, Vec::<String>::new());
        prop_assert_eq!(read, address);
    }

    #[test]
    fn no_text_is_too_odd_to_be_read(path in ".{0,20}", query in ".{0,60}") {
        let (address, _) = Address::parse(&path, &query);
        let (again, _) = parse(&address.to_string());
        // What was understood is kept; an unknown path leads to the start.
        prop_assert_eq!(again.time, address.time);
        prop_assert_eq!(again.hidden, address.hidden);
    }
}
