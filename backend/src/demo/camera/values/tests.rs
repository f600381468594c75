use super::*;
use crate::demo::simulation::MICROS_PER_MINUTE;

/// The minute of noon UTC at which the night of 2026-11-20 starts.
const NOON: i64 = 29_919_600;

fn camera() -> Camera {
    Camera::new(Geometry::bundled().unwrap())
}

fn number(camera: &Camera, quantity: Quantity, channel: usize, minute: i64) -> f64 {
    camera.value(quantity, channel, minute).unwrap().as_number().unwrap()
}

/// A minute of the night at `hour` hours after noon, beside the gaps.
fn minute_at(hour: i64) -> i64 {
    let is_whole = |minute: &i64| {
        Quantity::ALL
            .iter()
            .all(|quantity| !Moment::new(*minute).is_gap(*quantity))
    };
    (NOON + hour * 60..NOON + 1440).find(is_whole).unwrap()
}

#[test]
fn the_night_starts_at_noon() {
    let moment = Moment::new(NOON);
    assert_eq!(moment.time().to_string(), "2026-11-20T12:00:00Z");
    assert_eq!(moment.minute_of_night, 0);
    assert_eq!(moment.time().as_micros() % MICROS_PER_MINUTE, 0);
}

#[test]
fn a_frame_holds_the_same_values_as_each_channel_asked_alone() {
    let camera = camera();
    for minute in (NOON..NOON + 1440).step_by(37) {
        let moment = Moment::new(minute);
        for quantity in Quantity::ALL {
            let Some((channels, values)) = camera.frame(quantity, &moment) else {
                assert_eq!(camera.value(quantity, 0, minute), None);
                continue;
            };
            let channels: Vec<usize> = match channels {
                Channels::Dense => (0..quantity.n_channels()).collect(),
                Channels::Sparse(channels) => channels.iter().map(|channel| *channel as usize).collect(),
            };
            assert_eq!(channels.len(), values.len());
            for (channel, value) in channels.into_iter().zip(values).step_by(101) {
                assert_eq!(
                    camera.value(quantity, channel, minute),
                    Some(value),
                    "{quantity:?} {channel} {minute}"
                );
            }
        }
    }
}

#[test]
fn every_value_is_a_whole_number_of_steps_that_32_bits_hold() {
    let camera = camera();
    for minute in (NOON..NOON + 1440).step_by(61) {
        for quantity in Quantity::ALL {
            let Some((_, values)) = camera.frame(quantity, &Moment::new(minute)) else {
                continue;
            };
            for number in values.iter().filter_map(|value| value.finite()) {
                assert!(
                    (number / quantity.step()).fract().abs() < f64::MIN_POSITIVE,
                    "{quantity:?}"
                );
                #[expect(clippy::cast_possible_truncation, reason = "that it loses nothing is what is tested")]
                let narrow = number as f32;
                assert_eq!(f64::from(narrow).to_bits(), number.to_bits(), "{quantity:?}");
            }
        }
    }
}

#[test]
fn values_lie_where_a_real_camera_has_them() {
    let camera = camera();
    let range = |quantity: Quantity, minute: i64| {
        let (_, values) = camera.frame(quantity, &Moment::new(minute)).unwrap();
        let finite = values.iter().filter_map(|value| value.finite());
        finite.fold((f64::MAX, f64::MIN), |(min, max), value| {
            (min.min(value), max.max(value))
        })
    };
    let (afternoon, midnight) = (minute_at(2), minute_at(12));
    let check = |quantity: Quantity, minute: i64, low: f64, high: f64| {
        let (min, max) = range(quantity, minute);
        assert!(low <= min && max <= high, "{quantity:?}: {min} to {max}");
    };
    for minute in [afternoon, midnight] {
        check(Quantity::PixelTemperature, minute, 0.0, 40.0);
        check(Quantity::BoardTemperature, minute, 5.0, 35.0);
        check(Quantity::BackplaneTemperature, minute, 10.0, 45.0);
        check(Quantity::BoardHumidity, minute, 4.0, 96.0);
        check(Quantity::Busy, minute, 0.0, 3.0);
    }
    check(Quantity::HighVoltage, afternoon, 0.0, 5.0);
    check(Quantity::HighVoltage, midnight, 250.0, 1_150.0);
    check(Quantity::AnodeCurrent, afternoon, 0.0, 1.0);
    check(Quantity::AnodeCurrent, midnight, 2.0, 110.0);
    check(Quantity::PixelRate, midnight, 20.0, 3_000.0);
    check(Quantity::ModuleRate, afternoon, 0.0, 5.0);
    check(Quantity::ModuleRate, midnight, 100.0, 800.0);
}

#[test]
fn the_hot_pixel_stands_out_and_the_broken_one_is_nan() {
    let camera = camera();
    let minute = minute_at(9);
    let (_, values) = camera.frame(Quantity::PixelTemperature, &Moment::new(minute)).unwrap();
    let hottest = (0..values.len()).max_by(|a, b| {
        let (a, b) = (
            values[*a].finite().unwrap_or(f64::MIN),
            values[*b].finite().unwrap_or(f64::MIN),
        );
        a.total_cmp(&b)
    });
    assert_eq!(hottest, Some(HOT_PIXEL));
    assert_eq!(values[BROKEN_PIXEL], Value::NAN);
    assert!(number(&camera, Quantity::AnodeCurrent, BROKEN_PIXEL, minute) > 1.0);
}

#[test]
fn every_night_has_its_faults() {
    let camera = camera();
    for night in 0..3 {
        let moments: Vec<Moment> = (0..1440)
            .map(|minute| Moment::new(NOON - night * 1440 + minute))
            .collect();
        let gap = moments
            .iter()
            .filter(|moment| moment.is_gap(Quantity::HighVoltage))
            .count();
        assert!((10..30).contains(&gap), "{gap} minutes of gaps");
        let lost: Vec<_> = moments.iter().filter(|moment| moment.lost_module().is_some()).collect();
        assert!(
            (40..70).contains(&lost.len()),
            "{} minutes without a module",
            lost.len()
        );
        let trips = moments.iter().filter(|moment| moment.tripped_pixel().is_some()).count();
        assert!((2..20).contains(&trips), "{trips} trips");
        let module = lost[0].lost_module().unwrap();
        let pixel = camera.pixels.iter().position(|pixel| pixel.module == module).unwrap();
        let moment = lost
            .iter()
            .find(|moment| !moment.is_gap(Quantity::HighVoltage))
            .unwrap();
        assert_eq!(
            camera.value(Quantity::HighVoltage, pixel, moment.minute),
            Some(Value::NULL)
        );
        assert_eq!(camera.value(Quantity::BoardTemperature, module, moment.minute), None);
        let (channels, values) = camera.frame(Quantity::BoardTemperature, moment).unwrap();
        assert!(matches!(channels, Channels::Sparse(channels) if channels.len() == 264 && values.len() == 264));
    }
}

#[test]
fn a_trip_lasts_one_sample() {
    let camera = camera();
    let trips = (NOON..NOON + 1440).filter_map(|minute| Some((minute, Moment::new(minute).tripped_pixel()?)));
    let (minute, pixel) = trips.into_iter().next().unwrap();
    let voltage = |minute: i64| number(&camera, Quantity::HighVoltage, pixel, minute);
    assert!(voltage(minute) < 400.0);
    assert!(voltage(minute - 1) > 900.0 && voltage(minute + 1) > 900.0);
}
