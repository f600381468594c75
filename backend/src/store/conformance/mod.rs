//! One suite for every store: each test is a sentence of the contract in [`super`].
//!
//! A store joins by `store_conformance!(Harness)` in its own tests, where `Harness` opens an empty store of its kind.

pub(super) mod closed;
pub(super) mod metrics;
pub(super) mod model;
pub(super) mod reads;
pub(super) mod tiles;
pub(super) mod writes;

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;

use super::{ChannelFilter, Channels, Frame, FrameRead, MetricId, Store};

/// Opens stores of one kind for tests.
pub(super) trait Harness {
    /// An empty store, and what must live as long as it.
    async fn empty() -> (Arc<dyn Store>, Box<dyn Send>);
}

/// Stamps every test of the suite onto a store.
macro_rules! store_conformance {
    ($harness:ty) => {
        store_conformance!(@each $harness:
            metrics {
                a_metric_is_made_once
                metrics_are_listed_by_rising_id
                labels_become_channels_in_order_and_each_once
                metrics_made_side_by_side_are_one
                properties_are_replaced
            }
            writes {
                what_is_written_is_read
                a_sample_written_again_is_replaced
                channels_of_one_time_are_merged
                arrival_is_kept_per_channel
                later_frames_of_a_batch_win
                many_times_are_merged_at_once
                null_nan_and_infinities_are_kept_bit_by_bit
                a_frame_without_values_leaves_nothing
                a_batch_is_stored_whole_or_not_at_all
                batches_written_side_by_side_are_all_kept
            }
            reads {
                ranges_are_half_open
                times_reach_from_end_to_end_of_the_calendar
                a_scan_yields_only_channels_asked_for
                a_scan_of_nothing_yields_nothing
                long_scans_come_in_bounded_chunks
                latest_is_per_channel
                latest_stays_right_through_late_data_and_rewrites
                span_and_newest_before_are_exact
                frames_are_counted_once_per_time
                metrics_do_not_see_each_other
            }
            model {
                any_writes_read_back_as_a_plain_map_says
            }
            tiles {
                sealing_only_ever_moves_forward
                tiles_are_read_by_level_block_and_start
                a_late_write_removes_the_tiles_over_its_times_and_no_others
                a_write_after_the_sealed_moment_leaves_tiles_alone
                a_tile_that_did_not_see_a_write_is_refused
                other_spans_and_dropping_remove_all_tiles
                tiles_of_metrics_are_apart
                sizes_are_told
            }
            closed {
                a_closed_store_refuses
            }
        );
    };
    (@each $harness:ty: $($room:ident { $($test:ident)* })*) => {
        $($(
            #[tokio::test]
            async fn $test() {
                use $crate::store::conformance::Harness as _;
                let (store, _guard) = <$harness>::empty().await;
                $crate::store::conformance::$room::$test(&*store).await;
                store.close().await;
            }
        )*)*
    };
}
pub(super) use store_conformance;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn range(start: i64, end: i64) -> TimeRange {
    TimeRange::new(at(start), at(end)).unwrap()
}

fn labels(n_channels: usize) -> Vec<String> {
    (0..n_channels).map(|channel| channel.to_string()).collect()
}

async fn metric(store: &dyn Store, name: &str, n_channels: usize) -> MetricId {
    store.ensure_metric(name, &labels(n_channels)).await.unwrap().id
}

fn dense(metric_id: MetricId, time: i64, values: &[f64]) -> Frame {
    Frame {
        metric_id,
        time: at(time),
        arrival: at(time + 1),
        channels: Channels::Dense,
        values: values.iter().map(|value| Value::number(*value)).collect(),
    }
}

fn sparse(metric_id: MetricId, time: i64, samples: &[(u32, f64)]) -> Frame {
    Frame {
        channels: Channels::Sparse(samples.iter().map(|(channel, _)| *channel).collect()),
        ..dense(
            metric_id,
            time,
            &samples.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
        )
    }
}

async fn read(store: &dyn Store, metric_id: MetricId, range: TimeRange, filter: ChannelFilter) -> Vec<FrameRead> {
    let chunks: Vec<Vec<FrameRead>> = store.scan(metric_id, range, filter).try_collect().await.unwrap();
    chunks.concat()
}

/// Everything of a metric as time, channel and value.
async fn all(store: &dyn Store, metric_id: MetricId) -> Vec<(i64, u32, Value)> {
    let frames = read(store, metric_id, TimeRange::ALL, ChannelFilter::All).await;
    let flat = frames.iter().flat_map(|frame| {
        let samples = frame.samples.iter();
        samples.map(|sample| (frame.time.as_micros(), sample.channel, sample.value))
    });
    flat.collect()
}
