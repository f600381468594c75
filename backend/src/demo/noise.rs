//! Noise without state: the same key always gives the same value, in any order and on any machine.

/// The seed of the whole simulation.
const SEED: u64 = 0x4c53_542d_310a;

/// A hash of two numbers (by the mixing steps of the generator `SplitMix64`).
pub(crate) fn hash(key: u64, index: i64) -> u64 {
    mix(mix(key.wrapping_add(SEED)).wrapping_add(index.cast_unsigned()))
}

fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A hash as a number, 0 up to 1.
pub(crate) fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// A hash as a number from 0 to `n`, without `n`. Takes other bits of the hash than [`unit`].
pub(super) fn pick(hash: u64, n: i64) -> i64 {
    i64::try_from((hash & u64::from(u32::MAX)) % n.unsigned_abs()).unwrap_or(0)
}

/// A hash as an index below `n`.
pub(super) fn index(hash: u64, n: usize) -> usize {
    usize::try_from(hash % n as u64).unwrap_or(0)
}

/// A hash as a number, -1 up to 1.
pub(crate) fn signed(hash: u64) -> f64 {
    unit(hash) * 2.0 - 1.0
}

/// A hash as a number between -1 and 1, most often near 0: the two halves of the hash added up.
pub(crate) fn bell(hash: u64) -> f64 {
    let half = f64::from(u32::MAX);
    (hash >> 32) as f64 / half + (hash & u64::from(u32::MAX)) as f64 / half - 1.0
}

/// A smooth curve between -1 and 1 that bends about once per period.
pub(crate) fn wander(key: u64, minute: i64, period_minutes: i64) -> f64 {
    let block = minute.div_euclid(period_minutes);
    let fraction = minute.rem_euclid(period_minutes) as f64 / period_minutes as f64;
    let (before, after) = (signed(hash(key, block)), signed(hash(key, block + 1)));
    before + (after - before) * smooth(fraction)
}

/// From 0 to 1 without a corner: 0 below 0, 1 above 1.
pub(super) fn smooth(fraction: f64) -> f64 {
    let fraction = fraction.clamp(0.0, 1.0);
    fraction * fraction * (3.0 - 2.0 * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_never_changes() {
        let expected = [
            16_586_610_581_741_330_341,
            15_081_615_365_147_029_567,
            8_584_686_459_883_313_543,
        ];
        assert_eq!([hash(1, 2), hash(2, 1), hash(0, -1)], expected);
    }

    #[test]
    fn all_kinds_stay_in_their_range_and_reach_through_it() {
        let hashes: Vec<u64> = (0..10_000).map(|index| hash(7, index)).collect();
        let spread = |kind: fn(u64) -> f64| {
            let values = hashes.iter().map(|hash| kind(*hash));
            values.fold((f64::MAX, f64::MIN), |(min, max), value| {
                (min.min(value), max.max(value))
            })
        };
        for (kind, low) in [(unit as fn(u64) -> f64, 0.0), (signed, -1.0), (bell, -1.0)] {
            let (min, max) = spread(kind);
            assert!(
                low <= min && min < low + 0.05 && 0.95 < max && max <= 1.0,
                "{min} {max}"
            );
        }
    }

    #[test]
    fn wandering_is_smooth() {
        for minute in -2_000..2_000 {
            let step = wander(3, minute + 1, 90) - wander(3, minute, 90);
            assert!(step.abs() < 0.04, "{minute}: {step}");
        }
    }
}
