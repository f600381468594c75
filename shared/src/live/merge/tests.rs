use proptest::prelude::*;

use super::*;
use crate::query::raster::{DensityOf, RasterQuery, Statistic};
use crate::time::Timestamp;
use crate::value::Value;

const ALL: Range<i64> = i64::MIN..i64::MAX;

fn samples(time_us: &[i64]) -> Envelope {
    Envelope::Samples {
        metric: "hv".to_owned(),
        unit: "V".to_owned(),
        series: vec![SampleSeries {
            channel: 0,
            label: "0".to_owned(),
            time_us: time_us.to_vec(),
            value: time_us.iter().map(|time_us| Value::number(*time_us as f64)).collect(),
        }],
    }
}

fn band(columns: &[(i64, f64)]) -> Envelope {
    let numbers: Vec<f64> = columns.iter().map(|(_, value)| *value).collect();
    let start_us: Vec<i64> = columns.iter().map(|(start_us, _)| *start_us).collect();
    Envelope::Columns {
        metric: "hv".to_owned(),
        unit: "V".to_owned(),
        series: vec![ColumnSeries {
            end_us: start_us.iter().map(|start_us| start_us + 10).collect(),
            count: vec![1; columns.len()],
            min: numbers.clone(),
            max: numbers.clone(),
            mean: numbers,
            min_us: start_us.clone(),
            max_us: start_us.clone(),
            min_channel: vec![3; columns.len()],
            max_channel: vec![4; columns.len()],
            start_us,
            ..ColumnSeries::default()
        }],
    }
}

#[test]
fn samples_and_columns_are_appended_and_replaced() {
    let mut held = samples(&[10, 20, 30]);
    held.replace(&(20..50), samples(&[21, 30, 40])).unwrap();
    assert_eq!(held, samples(&[10, 21, 30, 40]));
    held.replace(&(10..11), samples(&[])).unwrap();
    assert_eq!(held, samples(&[21, 30, 40]));

    let mut held = band(&[(0, 1.0), (10, 2.0), (30, 3.0)]);
    held.replace(&(10..30), band(&[(10, 5.0), (20, 6.0)])).unwrap();
    assert_eq!(held, band(&[(0, 1.0), (10, 5.0), (20, 6.0), (30, 3.0)]));
}

#[test]
fn another_form_fits_only_as_a_whole() {
    let mut held = samples(&[10, 20]);
    assert_eq!(held.replace(&(20..30), band(&[(20, 1.0)])), Err(Misfit));
    assert_eq!(held, samples(&[10, 20]));
    held.replace(&ALL, band(&[(0, 1.0)])).unwrap();
    assert_eq!(held, band(&[(0, 1.0)]));

    let mut other = raster(&[0, 10], &[1.0, 2.0], 10);
    assert_eq!(other.replace(&(10..20), raster(&[10], &[1.0], 40)), Err(Misfit));
    let mut rows = raster(&[10], &[1.0], 10);
    rows.row_last = vec![9];
    assert_eq!(other.replace(&(10..20), rows), Err(Misfit));
    let mut held = Part::Raster(other);
    let question = Question::Raster(RasterQuery {
        metric: "hv".to_owned(),
        from: Timestamp::EPOCH,
        to: Timestamp::EPOCH.saturating_add_micros(20),
        columns: 2,
        rows: 1,
        stat: Statistic::Mean,
        value_min: None,
        value_max: None,
        log: false,
    });
    let increment = Increment {
        id: 1,
        position: super::super::Position { epoch: 0, sequence: 1 },
        from_us: 0,
        to_us: 10,
        part: Part::Envelope(samples(&[])),
    };
    assert_eq!(increment.clone().apply_to(&question, &mut held), Err(Misfit));
    let whole = Increment {
        to_us: 20,
        part: Part::Raster(raster(&[0, 10], &[3.0, 4.0], 10)),
        ..increment
    };
    assert_eq!(whole.clone().apply_to(&question, &mut held), Ok(()));
    assert_eq!(held, whole.part);
}

#[test]
fn frames_that_all_lie_in_a_part_of_another_form_do_not_make_it_the_whole() {
    let mut frames = raster(&[3, 5], &[1.0, 2.0], 10);
    frames.bucket_us = None;
    assert_eq!(frames.replace(&(0..10), raster(&[0], &[2.0], 10)), Err(Misfit));
}

fn raster(start_us: &[i64], values: &[f64], bucket_us: i64) -> Raster {
    Raster {
        start_us: start_us.to_vec(),
        end_us: start_us.iter().map(|start_us| start_us + bucket_us).collect(),
        row_first: vec![0],
        row_last: vec![5],
        cells: CellValues::narrowest(values.to_vec()),
        bucket_us: Some(bucket_us),
        blanks: Vec::new(),
    }
}

#[test]
fn cells_grow_wide_where_a_part_is() {
    let mut held = raster(&[0, 10], &[1.0, f64::NAN], 10);
    held.replace(&(10..20), raster(&[10], &[0.1], 10)).unwrap();
    assert_eq!(held, raster(&[0, 10], &[1.0, 0.1], 10));
}

#[test]
fn what_lies_beyond_the_ends_is_told_for_the_whole() {
    let density = |start_us: &[i64], counts: &[u32], below: u64| Density {
        start_us: start_us.to_vec(),
        end_us: start_us.iter().map(|start_us| start_us + 10).collect(),
        value_min: Some(0.0),
        value_max: Some(1.0),
        below,
        above: 0,
        of: DensityOf::Samples,
        counts: counts.to_vec(),
        bucket_us: None,
        blanks: Vec::new(),
    };
    let mut held = density(&[0, 10], &[1, 2, 3, 4], 5);
    held.replace(&(10..30), density(&[10, 20], &[7, 8, 9, 10], 6)).unwrap();
    assert_eq!(held, density(&[0, 10, 20], &[1, 7, 8, 3, 9, 10], 6));
    let other_ends = Density {
        value_max: Some(2.0),
        ..density(&[20], &[0, 0], 0)
    };
    assert_eq!(held.replace(&(20..30), other_ends), Err(Misfit));
}

/// Columns of two rows at these times: each cell and blank is told by a time and a seed.
fn any_raster(times: &[i64], seed: i64) -> Raster {
    let mut values = Vec::new();
    let mut blanks: Vec<[u32; 3]> = Vec::new();
    for row in 0..2_u32 {
        for (column, time) in (0_u32..).zip(times) {
            let kind = (time * 7 + seed + i64::from(row)).rem_euclid(3);
            values.push(if kind == 0 { *time as f64 } else { f64::NAN });
            if kind == 1 {
                match blanks.last_mut() {
                    Some([of, _, last]) if *of == row && *last + 1 == column => *last = column,
                    _ => blanks.push([row, column, column]),
                }
            }
        }
    }
    Raster {
        start_us: times.to_vec(),
        end_us: times.iter().map(|time| time + 1).collect(),
        row_first: vec![0, 1],
        row_last: vec![0, 1],
        cells: CellValues::narrowest(values),
        bucket_us: None,
        blanks,
    }
}

/// The columns of a raster that start in a range.
fn cut(raster: &Raster, range: &Range<i64>) -> Raster {
    let mut none = raster.clone();
    for outside in [i64::MIN..range.start, range.end..i64::MAX] {
        let places = places(&none.start_us, &outside);
        let table = Table {
            n_rows: 2,
            n_columns: none.n_columns(),
            range: places.clone(),
            n_new: 0,
        };
        let mut wide = all_wide(&none.cells);
        table.replace(&mut wide, &[]);
        none.cells = CellValues::F64(wide);
        none.blanks = table.runs(&none.blanks, &[]);
        splice(&mut none.start_us, &places, Vec::new());
        splice(&mut none.end_us, &places, Vec::new());
    }
    none
}

proptest! {
    #[test]
    fn a_part_of_the_new_makes_the_new_of_the_old(
        old in prop::collection::btree_set(0_i64..40, 0..20),
        new in prop::collection::btree_set(0_i64..40, 0..20),
        start in 0_i64..40, length in 1_i64..40, seed in 0_i64..3,
    ) {
        let range = start..start + length;
        // The old times outside, the new ones inside.
        let old: Vec<i64> = old.into_iter().collect();
        let mut joined: Vec<i64> = old.iter().copied().filter(|time| !range.contains(time)).collect();
        joined.extend(new.iter().filter(|time| range.contains(time)));
        joined.sort_unstable();
        let expected = any_raster(&joined, 0);
        // What is in the range differs in the old.
        let mut held = any_raster(&old, 0);
        let stale = cut(&any_raster(&old, seed), &range);
        held.replace(&range, stale).unwrap();
        held.replace(&range, cut(&expected, &range)).unwrap();
        prop_assert_eq!(held, expected);
    }
}
