//! Texts as people get them.

use insta::assert_snapshot;

use super::super::digest::{Reason, write};
use super::super::settings::Maintenance;
use super::*;

pub(crate) fn notice(rule: &str, state: AlarmState, at_us: i64) -> Notice {
    Notice {
        site: "LST-1".to_owned(),
        time_zone: "Atlantic/Canary".to_owned(),
        rule: rule.to_owned(),
        title: "PACTA temperature too high".to_owned(),
        system: vec!["Camera".to_owned(), "Pixels".to_owned()],
        owner: "Camera shift".to_owned(),
        state,
        before: AlarmState::Ok,
        at_us,
        value: Some(24.9),
        unit: "°C".to_owned(),
        detail: "limit 24.0".to_owned(),
        channel: "pixel 1203".to_owned(),
        channels: 4,
        guidance: "Close the shutter.\n- Ring the expert".to_owned(),
        link: "https://wiki.example.org/pacta".to_owned(),
        page: "https://wall.example.org/?from=2026-11-21T02:42:48Z&to=2026-11-21T03:42:48Z".to_owned(),
    }
}

fn night() -> i64 {
    let time: Timestamp = "2026-07-21T03:12:48Z".parse().unwrap();
    time.as_micros()
}

fn told(notice: &Notice) -> String {
    format!("{}\n\n{}", notice.subject(), notice.body())
}

#[test]
fn an_alarm_says_what_is_wrong_where_and_what_to_do() {
    assert_snapshot!(told(&notice("pacta-hot", AlarmState::Alarm, night())), @r"
    [LST-1] ALARM PACTA temperature too high: 24.9 °C

    ALARM  PACTA temperature too high

    Value     24.9 °C, channel pixel 1203, 4 channels in all
    Detail    limit 24.0
    Before    OK
    Since     2026-07-21 03:12:48 UTC (04:12:48 Atlantic/Canary)
    System    Camera / Pixels
    Owner     Camera shift
    Rule      pacta-hot

    What to do
      Close the shutter.
      - Ring the expert

    More: https://wiki.example.org/pacta
    Page: https://wall.example.org/?from=2026-11-21T02:42:48Z&to=2026-11-21T03:42:48Z
    ");
}

#[test]
fn the_end_of_an_alarm_says_what_it_was() {
    let over = Notice {
        before: AlarmState::Alarm,
        value: Some(23.100_000_1),
        ..notice("pacta-hot", AlarmState::Ok, night())
    };
    assert_snapshot!(told(&over), @r"
    [LST-1] OK PACTA temperature too high: 23.1 °C (was ALARM)

    OK  PACTA temperature too high

    Value     23.1 °C, channel pixel 1203, 4 channels in all
    Detail    limit 24.0
    Before    ALARM
    Since     2026-07-21 03:12:48 UTC (04:12:48 Atlantic/Canary)
    System    Camera / Pixels
    Owner     Camera shift
    Rule      pacta-hot

    More: https://wiki.example.org/pacta
    Page: https://wall.example.org/?from=2026-11-21T02:42:48Z&to=2026-11-21T03:42:48Z
    ");
}

#[test]
fn what_is_not_known_is_left_out() {
    let bare = Notice {
        site: String::new(),
        time_zone: "UTC".to_owned(),
        title: "No data\nfrom the drive\r\nBcc: all@example.org".to_owned(),
        system: Vec::new(),
        owner: String::new(),
        value: None,
        unit: String::new(),
        detail: "silent for 9 min".to_owned(),
        channel: String::new(),
        channels: 0,
        guidance: String::new(),
        link: String::new(),
        page: String::new(),
        ..notice("drive", AlarmState::NoData, night())
    };
    assert_snapshot!(told(&bare), @r"
    NO DATA No data from the drive  Bcc: all@example.org

    NO DATA  No data from the drive  Bcc: all@example.org

    Detail    silent for 9 min
    Before    OK
    Since     2026-07-21 03:12:48 UTC
    Rule      drive
    ");
}

#[test]
fn a_digest_counts_lists_all_and_says_what_is_still_wrong() {
    let end = Notice {
        before: AlarmState::Alarm,
        value: Some(23.0),
        ..notice("pacta-hot", AlarmState::Ok, night() + 180_000_000)
    };
    let notices = [
        notice("pacta-hot", AlarmState::Alarm, night()),
        notice("other-hot", AlarmState::Warning, night() + 60_000_000),
        end,
    ];
    let reason = Reason::TooMany {
        after: 5,
        window_micros: 600_000_000,
    };
    let (subject, body) = write(&notices, &reason);
    assert_snapshot!(format!("{subject}\n\n{body}"), @r"
    [LST-1] 3 alarm messages: 1 ALARM, 1 WARNING, 1 OK

    More than 5 messages in 10 min are told together.

    03:12:48  ALARM PACTA temperature too high: 24.9 °C  (Camera / Pixels)
    03:13:48  WARNING PACTA temperature too high: 24.9 °C  (Camera / Pixels)
    03:15:48  OK PACTA temperature too high: 23 °C (was ALARM)  (Camera / Pixels)

    Of these, not OK at the end:
      WARNING PACTA temperature too high: 24.9 °C  (Camera / Pixels), since 2026-07-21 03:13:48 UTC (04:13:48 Atlantic/Canary)

    Page: https://wall.example.org/?from=2026-11-21T02:42:48Z&to=2026-11-21T03:42:48Z
    ");
    let maintenance = Maintenance {
        name: "Mirror washing".to_owned(),
        from: "2026-07-21T03:00:00Z".parse().unwrap(),
        to: "2026-07-21T05:00:00Z".parse().unwrap(),
        systems: Vec::new(),
    };
    let (subject, body) = write(
        &[notices[0].clone(), notices[2].clone()],
        &Reason::Maintenance(maintenance),
    );
    assert_snapshot!(format!("{subject}\n\n{body}"), @r#"
    [LST-1] after Mirror washing: 2 alarm messages: 1 ALARM, 1 OK

    During the maintenance "Mirror washing", 2026-07-21 03:00:00 UTC to 2026-07-21 05:00:00 UTC, nothing was sent. This happened meanwhile.

    03:12:48  ALARM PACTA temperature too high: 24.9 °C  (Camera / Pixels)
    03:15:48  OK PACTA temperature too high: 23 °C (was ALARM)  (Camera / Pixels)

    All of them are OK again.

    Page: https://wall.example.org/?from=2026-11-21T02:42:48Z&to=2026-11-21T03:42:48Z
    "#);
}

#[test]
fn numbers_are_as_people_say_them() {
    let numbers = [
        24.9,
        24.900_000_000_000_002,
        0.0,
        -0.5,
        1000.0,
        123_456_789.0,
        0.000_12,
        1.0 / 3.0,
        1e-9,
        6.02e23,
        99.999_999_9,
    ];
    let told: Vec<String> = numbers.into_iter().map(number_text).collect();
    assert_snapshot!(told.join(" "), @"24.9 24.9 0 -0.5 1000 123456789 0.00012 0.33333 1.000e-9 6.020e23 100");
}
