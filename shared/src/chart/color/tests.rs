use proptest::prelude::*;

use super::*;

fn scale(map: ColorMap, low: Option<f64>, high: Option<f64>) -> ColorScale {
    ColorScale {
        map,
        low,
        high,
        ..ColorScale::default()
    }
}

fn rgb(color: Rgba) -> [u8; 3] {
    [color.red, color.green, color.blue]
}

/// The colour bar of a temperature as Clusco has it: 0 blue, 18 green, 25 orange, 26 and up red.
fn temperature() -> ColorScale {
    let stop = |value, rgb| ColorStop { value, rgb };
    ColorScale {
        map: ColorMap::Stops,
        stops: vec![
            stop(0.0, [0, 0, 255]),
            stop(18.0, [0, 128, 0]),
            stop(25.0, [255, 165, 0]),
            stop(26.0, [255, 0, 0]),
            stop(30.0, [255, 0, 0]),
        ],
        ..ColorScale::default()
    }
}

#[test]
fn named_maps_are_the_published_ones() {
    let published = [
        (ColorMap::Viridis, colorous::VIRIDIS),
        (ColorMap::Cividis, colorous::CIVIDIS),
        (ColorMap::Inferno, colorous::INFERNO),
    ];
    for (map, gradient) in published {
        let table = ColorTable::new(&scale(map, Some(0.0), Some(255.0)), None, false);
        for entry in 0..=255_u8 {
            let theirs = gradient.eval_rational(usize::from(entry), 256);
            let ours = table.color(f64::from(entry));
            for (ours, theirs) in rgb(ours).into_iter().zip([theirs.r, theirs.g, theirs.b]) {
                assert!(ours.abs_diff(theirs) <= 7, "{map:?} at {entry}: {ours} for {theirs}");
            }
        }
    }
}

#[test]
fn stops_are_where_their_values_are() {
    let table = ColorTable::new(&temperature(), None, false);
    assert_eq!(table.ends(), (0.0, 30.0));
    // Each colour stands for a 255th of the scale.
    let close = |value, expected: [u8; 3]| {
        let told = rgb(table.color(value));
        let off = told.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max().unwrap();
        assert!(off <= 20, "{value}: {told:?} for {expected:?}");
    };
    close(0.0, [0, 0, 255]);
    close(9.0, [0, 64, 128]);
    close(18.0, [0, 128, 0]);
    close(25.0, [255, 165, 0]);
    close(26.1, [255, 0, 0]);
    close(30.0, [255, 0, 0]);
}

#[test]
fn values_beyond_the_scale_have_the_color_of_its_end_and_are_told() {
    let table = ColorTable::new(&temperature(), Some((-5.0, 99.0)), false);
    assert_eq!(table.color(-5.0), table.color(0.0));
    assert_eq!(table.color(99.0), table.color(30.0));
    assert_eq!(table.color(f64::INFINITY), table.color(30.0));
    assert_eq!(table.color(f64::NEG_INFINITY), table.color(0.0));
    let places = [-0.1, 0.0, 30.0, 30.000_001].map(|value| table.place(value));
    assert_eq!(places, [Place::Below, Place::Within, Place::Within, Place::Above]);
}

#[test]
fn open_ends_are_those_of_the_visible_values() {
    let ends = |low, high, visible| ColorTable::new(&scale(ColorMap::Viridis, low, high), visible, false).ends();
    assert_eq!(ends(None, None, Some((3.0, 9.0))), (3.0, 9.0));
    assert_eq!(ends(Some(0.0), None, Some((3.0, 9.0))), (0.0, 9.0));
    assert_eq!(ends(None, Some(5.0), Some((3.0, 9.0))), (3.0, 5.0));
    assert_eq!(ends(None, None, None), (0.0, 1.0));
    assert_eq!(ends(None, None, Some((20.0, 20.0))), (19.0, 21.0));
    assert_eq!(ends(None, None, Some((0.0, 0.0))), (-1.0, 1.0));
    // All values lie beyond the fixed end, which stays where it is.
    assert_eq!(ends(Some(20.0), None, Some((3.0, 9.0))), (20.0, 21.0));
}

#[test]
fn a_logarithmic_scale_has_equal_ratios_equally_far_apart() {
    let log = ColorScale {
        log: true,
        ..scale(ColorMap::Gray, Some(1.0), Some(10_000.0))
    };
    let table = ColorTable::new(&log, None, false);
    assert!((table.part_of(100.0) - 0.5).abs() < 1e-9);
    assert!((table.value_at(0.25) - 10.0).abs() < 1e-9);
    assert_eq!(table.place(0.0), Place::Below);
    assert_eq!(table.color(-3.0), table.color(1.0));
    // Zero is no end of such a scale.
    let open = ColorScale { low: Some(0.0), ..log };
    assert_eq!(ColorTable::new(&open, None, false).ends(), (10.0, 10_000.0));
}

#[test]
fn in_the_red_theme_every_map_rises_in_red_alone() {
    let scales = [ColorMap::Viridis, ColorMap::Cividis, ColorMap::Inferno, ColorMap::Gray]
        .map(|map| scale(map, Some(0.0), Some(1.0)));
    for scale in scales.iter().chain([&temperature()]) {
        let table = ColorTable::new(scale, None, true);
        let colors: Vec<[u8; 3]> = (0..=300)
            .map(|at| rgb(table.color(table.value_at(f64::from(at) / 300.0))))
            .collect();
        assert!(colors.iter().all(|[_, green, blue]| (*green, *blue) == (0, 0)));
        assert!(colors.windows(2).all(|pair| pair[0][0] <= pair[1][0]), "{scale:?}");
        assert!(colors[0][0] + 100 < colors[300][0]);
    }
}

#[test]
fn too_few_stops_are_no_scale_but_no_failure_either() {
    let broken = ColorScale {
        map: ColorMap::Stops,
        ..ColorScale::default()
    };
    let table = ColorTable::new(&broken, Some((0.0, 1.0)), false);
    assert_eq!(rgb(table.color(0.0)), VIRIDIS[0]);
}

proptest! {
    #[test]
    fn any_scale_and_any_value_have_a_color(
        low in prop::option::of(prop::num::f64::ANY), high in prop::option::of(prop::num::f64::ANY),
        least in prop::num::f64::ANY, greatest in prop::num::f64::ANY, value in prop::num::f64::ANY,
        log: bool,
    ) {
        let scale = ColorScale { log, ..scale(ColorMap::Viridis, low.filter(|low| low.is_finite()), high.filter(|high| high.is_finite())) };
        let table = ColorTable::new(&scale, Some((least, greatest)), false);
        let (low, high) = table.ends();
        prop_assert!(low < high, "{} {}", low, high);
        let _ = table.color(value);
        let part = table.part_of(value);
        prop_assert!(value.is_nan() || (0.0..=1.0).contains(&part), "{}", part);
    }
}
