//! Samples as the bytes of a tile, and back: what the kernel bench measures.

use super::codec::{self, Place};
use super::tile::{BLOCK_CHANNELS, Decoded, SampleTile};
use crate::store::FrameRead;

/// Packs the samples that these frames have of channels 0 to 63 as a tile of level 0; `None` where they have none, or too
/// many for a tile.
pub fn pack_samples(frames: &[FrameRead]) -> Option<Vec<u8>> {
    let tile = SampleTile::of_frames(frames, 0);
    codec::encode(&Decoded::Samples(tile.into()), place()).ok().flatten()
}

/// How many samples a tile that [`pack_samples`] made holds, found by unpacking it; `None` for other bytes.
pub fn unpack_samples(bytes: &[u8]) -> Option<usize> {
    match codec::decode(bytes, place()).ok()? {
        Decoded::Samples(tile) => Some((0..BLOCK_CHANNELS).map(|place| tile.channel(place).count()).sum()),
        _ => None,
    }
}

/// Tiles of samples do not depend on theirs.
const fn place() -> Place {
    Place {
        block: 0,
        start_us: 0,
        bucket_micros: 0,
    }
}
