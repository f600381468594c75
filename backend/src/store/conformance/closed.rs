//! A store that is closed.

use futures_util::TryStreamExt as _;
use shared::time::TimeRange;

use super::tiles::{SPANS, tile};
use super::{at, dense, labels, metric};
use crate::store::{ChannelFilter, Error, MetricProperties, Store};

pub(in crate::store) async fn a_closed_store_refuses(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    store.ping().await.unwrap();
    store.close().await;
    store.close().await;
    let refused = [
        store.ping().await.map(drop),
        store.metrics().await.map(drop),
        store.ensure_metric("m", &labels(1)).await.map(drop),
        store.ensure_metric("n", &[]).await.map(drop),
        store.set_properties(id, &MetricProperties::default()).await,
        store.write(&[dense(id, 10, &[1.0])]).await,
        store
            .scan(id, TimeRange::ALL, ChannelFilter::All)
            .try_collect::<Vec<_>>()
            .await
            .map(drop),
        store.latest(id).await.map(drop),
        store.span(id).await.map(drop),
        store.newest_before(id, at(0)).await.map(drop),
        store.tiles().tile_state(id).await.map(drop),
        store.tiles().seal_tiles(id, &SPANS, at(0)).await.map(drop),
        store.tiles().read_tiles(id, 0, 0, 0, 0).await.map(drop),
        store.tiles().put_tiles(id, 1, vec![tile(0, 0, 0)]).await.map(drop),
        store.tiles().drop_tiles(id).await,
        store.tiles().list_tiles(id).await.map(drop),
        store.tiles().stored_sizes(id).await.map(drop),
        store.count_frames(id, &[TimeRange::ALL]).await.map(drop),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    }
}
