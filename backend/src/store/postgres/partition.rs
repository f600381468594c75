//! The monthly partitions of table `frame`, made just before the first frame of a month is written.
//!
//! Months of the years 1990 to 2099 have a partition each, `frame_2026_11` for example; what is older or newer shares
//! one partition at each end, so that the times of a broken clock do not make partitions without end.

use std::collections::BTreeSet;

use shared::time::Timestamp;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::LOCK_SPACE;

/// The years whose months have a partition each.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2099;

/// Which lock a server holds while it makes partitions, beside those of metrics.
const PARTITION_LOCK: i32 = -2;

/// The most bytes of a row that stay in its page, beside the page's own: a frame of 1855 `real` values does, and so is
/// read in one piece.
const ROW_BYTES_IN_PAGE: u32 = 8160;

/// A calendar month in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Month {
    year: i16,
    /// From 1 to 12.
    month: u8,
}

impl Month {
    /// The month that has a partition of its own for this time; `None` at the ends of the calendar.
    pub(super) fn with_partition(time: Timestamp) -> Option<Self> {
        let (date, _) = time.utc_date_and_micros();
        let (year, month) = (date.year(), date.month());
        YEARS.contains(&year).then_some(Self { year, month })
    }

    const fn next(self) -> Self {
        match self.month {
            12 => Self {
                year: self.year + 1,
                month: 1,
            },
            month => Self {
                year: self.year,
                month: month + 1,
            },
        }
    }

    fn table(self) -> String {
        format!("frame_{:04}_{:02}", self.year, self.month)
    }

    fn start(self) -> String {
        format!("{:04}-{:02}-01 00:00:00+00", self.year, self.month)
    }
}

/// Makes the partitions of these months that are not there, each in a moment and without stopping readers or writers.
pub(super) async fn make(connection: &mut PgConnection, months: &BTreeSet<Month>) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(LOCK_SPACE)
        .bind(PARTITION_LOCK)
        .execute(&mut *transaction)
        .await?;
    for month in months {
        let table = month.table();
        let exists: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(&table)
            .fetch_one(&mut *transaction)
            .await?;
        if exists {
            continue;
        }
        let (start, end) = (month.start(), month.next().start());
        // Made apart and then attached: making it in place would wait for all readers of the table, and they for it.
        let sql = format!(
            "CREATE TABLE {table} (LIKE frame INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING INDEXES) \
                 WITH (toast_tuple_target = {ROW_BYTES_IN_PAGE}); \
             ALTER TABLE frame ATTACH PARTITION {table} FOR VALUES FROM ('{start}') TO ('{end}')"
        );
        // Safe: only the digits of a month vary.
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(time: &str) -> Option<(String, String)> {
        let month = Month::with_partition(time.parse().unwrap())?;
        Some((month.table(), month.next().start()))
    }

    #[test]
    fn months_begin_and_end_in_utc() {
        let november = Some(("frame_2026_11".to_owned(), "2026-12-01 00:00:00+00".to_owned()));
        assert_eq!(month("2026-11-01T00:00:00Z"), november);
        assert_eq!(month("2026-11-30T23:59:59.999999Z"), november);
        let december = Some(("frame_2026_12".to_owned(), "2027-01-01 00:00:00+00".to_owned()));
        assert_eq!(month("2026-12-01T00:00:00Z"), december);
    }

    #[test]
    fn the_ends_of_the_calendar_share_partitions() {
        assert_eq!(Month::with_partition(Timestamp::MIN), None);
        assert_eq!(month("1989-12-31T23:59:59.999999Z"), None);
        assert!(month("1990-01-01T00:00:00Z").is_some());
        assert!(month("2099-12-31T23:59:59.999999Z").is_some());
        assert_eq!(month("2100-01-01T00:00:00Z"), None);
        assert_eq!(Month::with_partition(Timestamp::MAX), None);
    }
}
