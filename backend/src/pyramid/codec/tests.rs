//! Tiles survive their bytes, foreign bytes are refused, and old bytes stay readable.

use proptest::prelude::*;
use shared::time::Timestamp;

use super::*;
use crate::pyramid::tile::BAND;
use crate::store::{ChannelSample, FrameRead};

const WIDTH: i64 = 16;

fn place(block: u32) -> Place {
    Place {
        block,
        start_us: -4096,
        bucket_micros: WIDTH,
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (-800_i32..800).prop_map(|number| Value::number(f64::from(number) / 8.0)),
        2 => (-800_i32..800).prop_map(|number| Value::number(f64::from(number) / 10.0)),
        2 => any::<f64>().prop_map(Value::number),
        1 => prop::sample::select(NOT_FINITE.to_vec()),
        1 => Just(Value::number(-0.0)),
    ]
}

/// Frames of a tile by rising time: all channels or some, f32 or f64.
fn any_frames() -> impl Strategy<Value = Vec<FrameRead>> {
    let samples = prop_oneof![
        prop::collection::btree_map(0_u32..130, any_value(), 1..8),
        prop::collection::vec(any_value(), 1..70).prop_map(|values| (0..).zip(values).collect()),
    ];
    let frames = prop::collection::btree_map(-4096_i64..0, samples, 0..40);
    frames.prop_map(|frames| frames.into_iter().map(|(time, samples)| frame(time, samples)).collect())
}

fn frame(time: i64, samples: impl IntoIterator<Item = (u32, Value)>) -> FrameRead {
    let sample = |(channel, value)| ChannelSample {
        channel,
        value,
        arrival: Timestamp::EPOCH,
    };
    FrameRead {
        time: Timestamp::from_micros(time).unwrap(),
        samples: samples.into_iter().map(sample).collect(),
    }
}

/// One tile of each kind, with its block.
fn tiles(frames: &[FrameRead]) -> [(u32, Decoded); 4] {
    let samples = Decoded::Samples(SampleTile::of_frames(frames, 1).into());
    let bands = Decoded::Frames(FrameTile::of_frames(frames).into());
    let buckets = BucketTile::of_finer(&[(-4096, samples.clone())], 1, -4096, WIDTH, 1);
    let band = BandTile::of_finer(&[(-4096, bands.clone())], -4096, WIDTH, 1);
    [
        (1, samples),
        (BAND, bands),
        (1, Decoded::Buckets(buckets.into())),
        (BAND, Decoded::Band(band.into())),
    ]
}

type NumberOf = fn(&Summary) -> f64;

proptest! {
    #[test]
    fn tiles_survive_their_bytes(frames in any_frames()) {
        for (block, tile) in tiles(&frames) {
            let bytes = encode(&tile, place(block)).unwrap().unwrap();
            prop_assert_eq!(decode(&bytes, place(block)).unwrap(), tile);
        }
    }

    #[test]
    fn a_part_of_a_tile_is_what_the_whole_says(frames in any_frames()) {
        let [_, _, (block, whole), _] = tiles(&frames);
        let bytes = encode(&whole, place(block)).unwrap().unwrap();
        let Decoded::Buckets(whole) = whole else {
            return Err(TestCaseError::fail("the third is one of buckets"));
        };
        let is_scaled = whole.buckets.iter().filter_map(|bucket| bucket.summary).any(|summary| summary.sum.scaled);
        let parts: [(Part, NumberOf); 4] = [
            (Part::Sum, |summary| summary.sum.value),
            (Part::Min, |summary| summary.min.value),
            (Part::Max, |summary| summary.max.value),
            (Part::Last, |summary| summary.last),
        ];
        for (part, number_of) in parts {
            match decode_part(&bytes, place(block), part).unwrap() {
                Decoded::Numbers(tile) => {
                    prop_assert!(!is_scaled);
                    prop_assert_eq!((&tile.offsets, &tile.positions), (&whole.offsets, &whole.positions));
                    prop_assert_eq!(tile.counts.len(), whole.buckets.len());
                    for (index, bucket) in whole.buckets.iter().enumerate() {
                        let count = bucket.summary.map_or(0, |summary| summary.count);
                        prop_assert_eq!(u64::from(tile.counts[index]), count);
                        if let Some(summary) = &bucket.summary {
                            prop_assert_eq!(tile.numbers[index].to_bits(), number_of(summary).to_bits());
                        }
                    }
                }
                Decoded::Buckets(tile) => prop_assert!(is_scaled && tile == whole),
                tile => prop_assert!(false, "{:?}", tile),
            }
        }
        prop_assert_eq!(decode_part(&bytes, place(block), Part::Whole).unwrap(), Decoded::Buckets(whole));
    }

    #[test]
    fn no_bytes_make_reading_panic(
        kind in 0_u8..6, bytes in prop::collection::vec(prop_oneof![0_u8..5, any::<u8>()], 0..80)
    ) {
        let bytes = [&[VERSION, kind], bytes.as_slice()].concat();
        if let Ok(tile) = decode(&bytes, place(1)) {
            // What is taken is whole.
            encode(&tile, place(1)).unwrap();
        }
        let _ = decode_part(&bytes, place(1), Part::Max);
    }

    #[test]
    fn no_damage_makes_reading_panic(
        frames in any_frames(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        for (block, tile) in tiles(&frames) {
            let mut bytes = encode(&tile, place(block)).unwrap().unwrap();
            for (index, byte) in &damage {
                let index = index.index(bytes.len());
                bytes[index] = *byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(tile) = decode(&bytes, place(block)) {
                encode(&tile, place(block)).unwrap();
            }
            let _ = decode_part(&bytes, place(block), Part::Last);
        }
    }
}

#[test]
fn bytes_of_other_versions_are_refused_by_name() {
    let refused = |bytes: &[u8]| decode(bytes, place(0)).unwrap_err().to_string();
    assert_eq!(refused(&[]), "it begins with None");
    assert_eq!(refused(&[2, 1, 0]), "it begins with Some((2, 1))");
    assert_eq!(refused(&[1, 1, 0]), "it is damaged");
}

/// Frames with all that a tile can hold.
fn frames_of_fixtures() -> Vec<FrameRead> {
    let frame_at = |index: i64| {
        let samples = (62_u32..70).filter(|channel| index % 5 != 0 || channel % 2 == 0);
        let value = |channel: u32| match (index + i64::from(channel)) % 17 {
            0 => Value::NULL,
            1 => Value::NAN,
            2 => Value::number(f64::NEG_INFINITY),
            3 => Value::number(0.1 * index as f64),
            4 => Value::number(f64::MAX),
            other => Value::number(other as f64 / 4.0 + f64::from(channel)),
        };
        frame(-4096 + 40 * index, samples.map(|channel| (channel, value(channel))))
    };
    (0..100).map(frame_at).collect()
}

/// Each version keeps its files for ever. `WATCHROOM_WRITE_FIXTURES=1` writes those of the present one.
#[test]
fn tiles_of_version_1_stay_readable() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pyramid/codec/fixtures");
    let names = ["samples", "frames", "buckets", "band"];
    for (name, (block, tile)) in names.into_iter().zip(tiles(&frames_of_fixtures())) {
        let path = folder.join(format!("v1-{name}.tile"));
        if std::env::var_os("WATCHROOM_WRITE_FIXTURES").is_some() {
            std::fs::write(&path, encode(&tile, place(block)).unwrap().unwrap()).unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(decode(&bytes, place(block)).unwrap(), tile, "{name}");
    }
}
