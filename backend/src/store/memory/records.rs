//! Records and events in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use shared::time::Timestamp;

use super::super::Result;
use super::super::records::{
    Applied, Batch, Event, EventOrder, EventQuery, NewEvent, Place, Record, RecordChange, RecordStore,
};
use super::MemoryStore;

/// Events of a log by time and order of arrival: their key and body.
type Log = BTreeMap<(Timestamp, u64), (String, String)>;

/// Records by place, with version and body, and the logs by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    pub(super) kept: BTreeMap<Place, (u64, String)>,
    logs: BTreeMap<String, Log>,
    n_events: u64,
}

impl Records {
    /// Every event with its log.
    pub(super) fn all_events(&self) -> Vec<(String, Event)> {
        let of_log = |(log, events): (&String, &Log)| -> Vec<(String, Event)> {
            let all = events.iter().map(event);
            all.map(|event| (log.clone(), event)).collect()
        };
        self.logs.iter().flat_map(of_log).collect()
    }
}

fn event(((time, _), (key, body)): (&(Timestamp, u64), &(String, String))) -> Event {
    Event {
        time: *time,
        key: key.clone(),
        body: body.clone(),
    }
}

#[async_trait]
impl RecordStore for MemoryStore {
    async fn apply(&self, changes: &[RecordChange]) -> Result<Applied> {
        let batch = Batch::new(changes)?;
        let mut state = self.write_lock()?;
        let records = &mut state.records;
        let version = |place: &Place| Some((place.clone(), records.kept.get(place)?.0));
        let present: BTreeMap<Place, u64> = batch.places().filter_map(version).collect();
        let plan = match batch.plan(&present) {
            Ok(plan) => plan,
            Err(conflict) => return Ok(conflict),
        };
        for (place, (version, body)) in plan.put {
            records.kept.insert(place, (version, body.to_string()));
        }
        for place in plan.delete {
            records.kept.remove(&place);
        }
        for NewEvent { log, event } in plan.append {
            let (time, key, body) = event;
            records.n_events += 1;
            let events = records.logs.entry(log).or_default();
            events.insert((time, records.n_events), (key, body.to_string()));
        }
        Ok(Applied::All)
    }

    async fn records(&self, collection: &str) -> Result<Vec<Record>> {
        let state = self.read()?;
        let first = (collection.to_owned(), String::new());
        let of_collection = state.records.kept.range(first..);
        Ok(of_collection
            .take_while(|((of, _), _)| of == collection)
            .map(|((_, key), (version, body))| Record {
                key: key.clone(),
                version: *version,
                body: body.clone(),
            })
            .collect())
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>> {
        let state = self.read()?;
        let Some(log) = state.records.logs.get(&query.log) else {
            return Ok(Vec::new());
        };
        let events = log
            .range((query.range.start(), 0)..(query.range.end(), 0))
            .filter(|(_, (key, _))| query.key.as_ref().is_none_or(|of| of == key))
            .map(event);
        Ok(match query.order {
            EventOrder::OldestFirst => events.take(query.limit).collect(),
            EventOrder::NewestFirst => events.rev().take(query.limit).collect(),
        })
    }
}
