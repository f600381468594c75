//! How SQLite holds the newest times of a metric: one blob of runs.

use super::super::newest::{Newest, Run};
use super::super::packed::moment;
use super::super::{Error, Result};

/// Bytes of a run: time `i64`, first channel `u32`, number of channels `u32`; little-endian.
const RUN_BYTES: usize = 16;

/// Runs of neighboring channels with the same time.
pub(super) fn bytes_from_newest(newest: &Newest) -> Vec<u8> {
    let runs = newest.runs();
    let mut bytes = Vec::with_capacity(runs.len() * RUN_BYTES);
    for run in runs {
        bytes.extend_from_slice(&run.time.as_micros().to_le_bytes());
        bytes.extend_from_slice(&run.first.to_le_bytes());
        bytes.extend_from_slice(&run.count.to_le_bytes());
    }
    bytes
}

/// The inverse of [`bytes_from_newest`].
pub(super) fn newest_from_bytes(bytes: &[u8]) -> Result<Newest> {
    let corrupt = || Error::Corrupt("the newest times of a metric are damaged".to_owned());
    let (runs, []) = bytes.as_chunks::<RUN_BYTES>() else {
        return Err(corrupt());
    };
    let mut newest = Newest::default();
    for run in runs {
        let [t0, t1, t2, t3, t4, t5, t6, t7, f0, f1, f2, f3, c0, c1, c2, c3] = *run;
        let run = Run {
            time: moment(i64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]))?,
            first: u32::from_le_bytes([f0, f1, f2, f3]),
            count: u32::from_le_bytes([c0, c1, c2, c3]),
        };
        newest.push_run(run).ok_or_else(corrupt)?;
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn newest_times_survive_their_bytes(times in prop::collection::vec(prop::option::of(0_i64..3), 0..30)) {
            let newest = Newest::from_times(&times);
            let read = newest_from_bytes(&bytes_from_newest(&newest)).unwrap();
            prop_assert!(read.iter().eq(newest.iter()));
        }

        #[test]
        fn no_blob_makes_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let read = newest_from_bytes(&bytes);
            prop_assert!(bytes.len().is_multiple_of(RUN_BYTES) || matches!(read, Err(Error::Corrupt(_))));
        }
    }

    #[test]
    fn a_thousand_channels_of_one_frame_are_one_run() {
        assert_eq!(
            bytes_from_newest(&Newest::from_times(&vec![Some(0); 1855])).len(),
            RUN_BYTES
        );
    }
}
