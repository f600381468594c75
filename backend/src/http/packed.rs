//! Answers packed as a whole, for those that are kept as they were sent; all others are packed while they are sent.

use std::io::Write as _;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::page::negotiation::{Encoding, accepts};
use crate::answers::Packing;

/// Answers shorter than this go as they are.
const MIN_BYTES: usize = 512;

/// How hard brotli and gzip try, 0 to 11 and 0 to 9, here and where answers are packed while they are sent.
///
/// A raster of 600 x 400 means is packed and on its way over 100 Mbit/s in 68 ms at 2, in 82 at 4 and in 112 at 6; over 10
/// Mbit/s in 583, 590 and 563. By gzip at 2 in 108 and at 6 in 243.
pub(super) const QUALITY: u32 = 2;

/// How hard zstd tries where an answer is packed as a whole.
///
/// A raster of 2160 x 574 extremes, 4.8 MB, becomes 848 KB in 20 ms and is unpacked in 4; brotli at [`QUALITY`] makes as
/// much of it in 60 ms, unpacked in 40. Level 1 takes 14 ms, and makes means and densities longer by an eighth.
const ZSTD_LEVEL: i32 = 3;

/// The packing that a client can read and that lets it have answers soonest.
pub(super) fn packing_for(asked: &HeaderMap) -> Packing {
    if accepts(asked, Encoding::Zstd) {
        Packing::Zstd
    } else if accepts(asked, Encoding::Brotli) {
        Packing::Brotli
    } else if accepts(asked, Encoding::Gzip) {
        Packing::Gzip
    } else {
        Packing::Plain
    }
}

/// Whether an answer goes as it is to everybody.
pub(super) fn is_short(n_bytes: usize) -> bool {
    n_bytes < MIN_BYTES
}

/// Packs an answer, apart from the threads that answer others.
pub(super) async fn pack(bytes: Vec<u8>, packing: Packing) -> (Arc<[u8]>, Packing) {
    let bytes: Arc<[u8]> = bytes.into();
    if packing == Packing::Plain || is_short(bytes.len()) {
        return (bytes, Packing::Plain);
    }
    let packed = tokio::task::spawn_blocking({
        let bytes = Arc::clone(&bytes);
        move || pack_now(&bytes, packing)
    });
    match packed.await {
        Ok(Ok(packed)) => (packed.into(), packing),
        // Not packed is slower, but right.
        Ok(Err(_)) | Err(_) => (bytes, Packing::Plain),
    }
}

fn pack_now(bytes: &[u8], packing: Packing) -> std::io::Result<Vec<u8>> {
    let mut packed = Vec::with_capacity(if packing == Packing::Zstd { 0 } else { bytes.len() / 4 });
    match packing {
        Packing::Plain => packed.extend_from_slice(bytes),
        Packing::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(&mut packed, flate2::Compression::new(QUALITY));
            writer.write_all(bytes)?;
            writer.finish()?;
        }
        Packing::Brotli => {
            let parameters = brotli::enc::BrotliEncoderParams {
                quality: QUALITY.cast_signed(),
                size_hint: bytes.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut &*bytes, &mut packed, &parameters)?;
        }
        Packing::Zstd => packed = zstd::bulk::compress(bytes, ZSTD_LEVEL)?,
    }
    Ok(packed)
}

/// A response with a body that is packed already.
pub(super) fn respond(body: Arc<[u8]>, packing: Packing, media_type: &'static str) -> Response {
    let mut response = axum::body::Bytes::from_owner(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let encoding = match packing {
        Packing::Plain => None,
        Packing::Gzip => Some(Encoding::Gzip),
        Packing::Brotli => Some(Encoding::Brotli),
        Packing::Zstd => Some(Encoding::Zstd),
    };
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}
