//! The decisions that the five classes of Overwatch made when they were run (`data/overwatch_alarm_vectors.json`).

use serde::Deserialize;
use shared::alarm::AlarmState;
use shared::value::Value;

use super::run::Run;

#[derive(Deserialize)]
struct Vector {
    alarm: String,
    trend: Vec<f64>,
    #[serde(rename = "isAlarm")]
    is_alarm: bool,
}

/// The same rule here. The bounds of Overwatch's `between` belong to it, those of the other two ranges do not.
fn rule(alarm: &str) -> &'static str {
    match alarm {
        "absolute maxDelta=1" => "kind = \"step\"\nmost = 1",
        "relative ratio=2" => "kind = \"relative_step\"\nfactor = 2",
        "meanInRange 0..100 N=5" => "kind = \"mean\"\nlast = 5\nlow = 0\nhigh = 100",
        // Fewer than 0.6 * 5 inside is as many as three outside.
        "checkLastN 0..100 r=.6 N=5" => "kind = \"of_last\"\nlast = 5\noutside = 3\nlow = 0\nhigh = 100",
        "between 0..100" => "kind = \"threshold\"\nbelow = 0\nabove = 100",
        unknown => panic!("there is no rule like {unknown}"),
    }
}

fn fires(rule: &str, trend: &[f64]) -> bool {
    let text = format!("[alarms.a]\ntitle = \"A\"\nmetric = \"trend\"\nno_data = \"never\"\n{rule}\n");
    let mut run = Run::new(&text, &[("trend".to_owned(), 1)], 0);
    for value in trend {
        run.advance(1_000_000);
        run.take(&[("trend".to_owned(), run.now(), 0, Value::number(*value))]);
    }
    run.status("a").state == AlarmState::Alarm
}

#[test]
fn the_recorded_decisions_hold() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../../data/overwatch_alarm_vectors.json")).unwrap();
    assert_eq!(vectors.len(), 13);
    for vector in vectors {
        let fires = fires(rule(&vector.alarm), &vector.trend);
        assert_eq!(fires, vector.is_alarm, "{} {:?}", vector.alarm, vector.trend);
    }
}

#[test]
fn bounds_belong_to_what_they_belonged_to() {
    let between = rule("between 0..100");
    assert!(!fires(between, &[0.0]) && !fires(between, &[100.0]));
    let mean = rule("meanInRange 0..100 N=5");
    assert!(fires(mean, &[0.0; 5]) && fires(mean, &[100.0; 5]) && !fires(mean, &[0.1; 5]));
    let last = rule("checkLastN 0..100 r=.6 N=5");
    assert!(fires(last, &[0.0, 0.0, 100.0, 50.0, 50.0]) && !fires(last, &[0.0, 100.0, 50.0, 50.0, 50.0]));
    let relative = rule("relative ratio=2");
    assert!(!fires(relative, &[1.0, 2.0]) && fires(relative, &[1.0, 2.1]) && fires(relative, &[2.0, 0.9]));
    assert!(!fires(relative, &[-2.0, -4.0]) && fires(relative, &[-2.0, -4.1]) && fires(relative, &[-2.0, -0.9]));
    let step = rule("absolute maxDelta=1");
    assert!(!fires(step, &[1.0, 2.0]) && fires(step, &[1.0, 2.1]) && fires(step, &[2.1, 1.0]));
}
