//! What no bytes may do to the reading of tiles.

use super::codec::{Place, decode, encode};
use super::grid::BUCKETS;
use super::tile::{BAND, BLOCK_CHANNELS, Decoded, MAX_FRAMES};

/// The most memory that a tile takes: its samples with their positions, and its times.
const MAX_BYTES: usize = MAX_FRAMES * (BLOCK_CHANNELS as usize * 12 + 400);

/// Any bytes as a tile: an error, or a tile of bounded size that survives being packed again.
pub(crate) fn decode_tile(bytes: &[u8]) {
    // Kinds 2 and 4 are of the band.
    let is_band = bytes.get(1).is_some_and(|kind| kind % 2 == 0);
    let place = Place {
        block: if is_band { BAND } else { 1 },
        start_us: -4096,
        bucket_micros: 16,
    };
    let Ok(tile) = decode(bytes, place) else { return };
    assert!(tile.bytes() <= MAX_BYTES, "{} bytes", tile.bytes());
    if let Decoded::Buckets(tile) = &tile {
        assert!(tile.buckets.len() <= (BLOCK_CHANNELS * u32::from(BUCKETS)) as usize);
    }
    let packed = encode(&tile, place).expect("what was unpacked can be packed");
    let packed = packed.expect("what was unpacked is not nothing");
    assert_eq!(decode(&packed, place).as_ref(), Ok(&tile), "it does not survive");
}
