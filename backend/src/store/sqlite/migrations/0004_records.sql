-- What is kept besides samples: store/records.rs. A body is JSON.
CREATE TABLE records (
    collection TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (0 < version),
    body       TEXT    NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (collection, key)
) STRICT;

-- The number keeps the order of events of one time.
CREATE TABLE events (
    id      INTEGER PRIMARY KEY,
    log     TEXT    NOT NULL,
    time_us INTEGER NOT NULL,
    key     TEXT    NOT NULL,
    body    TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE INDEX events_by_time ON events (log, time_us);
CREATE INDEX events_by_key ON events (log, key, time_us);
