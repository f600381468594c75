//! Backups from and into other stores.

use super::*;

#[tokio::test]
async fn archives_move_everything_between_stores_of_all_kinds() {
    use crate::store::{memory::MemoryStore, sqlite::SqliteStore};
    let folder = tempfile::TempDir::new().unwrap();
    let all = async |store: &dyn Store| {
        let mut all = Vec::new();
        for metric in store.metrics().await.unwrap() {
            let frames = store.scan(metric.id, TimeRange::ALL, ChannelFilter::All);
            let frames: Vec<Vec<FrameRead>> = frames.try_collect().await.unwrap();
            all.push((metric, frames.concat()));
        }
        all
    };
    let copy = async |from: &dyn Store, to: &dyn Store| {
        let mut snapshot = from.snapshots().snapshot().await.unwrap();
        let (bytes, counts) = crate::backup::backup(&mut *snapshot, Vec::new(), |_| {}).await.unwrap();
        assert_eq!(crate::backup::restore(bytes.as_slice(), to).await.unwrap(), counts);
    };
    let sqlite = SqliteStore::open(&folder.path().join("a.db")).await.unwrap();
    crate::backup::tests::fill(&sqlite).await;
    let (store, _database) = empty().await;
    copy(&sqlite, &store).await;
    assert_eq!(all(&store).await, all(&sqlite).await);
    let memory = MemoryStore::new();
    copy(&store, &memory).await;
    assert_eq!(all(&memory).await, all(&sqlite).await);
    sqlite.close().await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_while_another_server_writes_is_of_one_moment() {
    let (writing, database) = empty().await;
    let reading = PostgresStore::open(&database.url).await.unwrap();
    let writing = Arc::new(writing);
    crate::backup::tests::check_prefixes(Arc::clone(&writing) as Arc<dyn Store>, &reading).await;
    reading.close().await;
    writing.close().await;
}
