-- What is kept besides samples: store/records.rs. Small; in a cluster both tables stay on the coordinator.
CREATE TABLE kept_record (
    collection text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL,
    version    bigint NOT NULL CHECK (0 < version),
    body       jsonb  NOT NULL,
    PRIMARY KEY (collection, key)
);

-- The number keeps the order of events of one time.
CREATE TABLE kept_event (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    log      text COLLATE "C" NOT NULL,
    time     timestamptz NOT NULL,
    key      text COLLATE "C" NOT NULL,
    body     jsonb NOT NULL
);
CREATE INDEX kept_event_by_time ON kept_event (log, time, event_id);
CREATE INDEX kept_event_by_key ON kept_event (log, key, time, event_id);
