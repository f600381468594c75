//! Moments as PostgreSQL has them: `timestamptz`, microseconds since 2000-01-01T00:00:00Z in 64 bits.

use shared::time::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef, Postgres};
use sqlx::{Decode, Encode, Type};

/// 2000-01-01T00:00:00Z in microseconds since 1970.
const PG_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// The type `timestamptz`, and the type of its arrays: fixed for all times, `pg_type.dat` has them.
const OID: u32 = 1184;
const ARRAY_OID: u32 = 1185;

/// A [`Timestamp`] as an argument or a result of a statement. Exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct PgTime(pub(super) Timestamp);

/// Microseconds since 2000; never outside the range of `timestamptz`, which is wider than the calendar's.
pub(super) const fn pg_micros_from_time(time: Timestamp) -> i64 {
    time.as_micros() - PG_EPOCH_MICROS
}

/// The moment, or `None` outside the years 0000 to 9999, infinities included.
pub(super) const fn time_from_pg_micros(micros: i64) -> Option<Timestamp> {
    Timestamp::from_micros(micros.saturating_add(PG_EPOCH_MICROS))
}

impl Type<Postgres> for PgTime {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(OID))
    }
}

impl PgHasArrayType for PgTime {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(ARRAY_OID))
    }
}

impl Encode<'_, Postgres> for PgTime {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&pg_micros_from_time(self.0).to_be_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for PgTime {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        if value.format() != PgValueFormat::Binary {
            return Err("a time came as text".into());
        }
        let micros = i64::from_be_bytes(value.as_bytes()?.try_into()?);
        let time = time_from_pg_micros(micros).ok_or("a time lies outside the years 0000 to 9999")?;
        Ok(Self(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_calendar_are_exact_and_nothing_lies_beyond() {
        for time in [Timestamp::MIN, Timestamp::EPOCH, Timestamp::MAX] {
            assert_eq!(time_from_pg_micros(pg_micros_from_time(time)), Some(time));
        }
        assert_eq!(time_from_pg_micros(i64::MAX), None, "infinity");
        assert_eq!(time_from_pg_micros(i64::MIN), None, "-infinity");
        assert_eq!(pg_micros_from_time("2000-01-01T00:00:00.000001Z".parse().unwrap()), 1);
    }
}
