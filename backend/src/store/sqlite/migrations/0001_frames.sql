-- What is measured.
CREATE TABLE metrics (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    title       TEXT    NOT NULL,
    unit        TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('gauge', 'counter', 'state')),
    -- Microseconds between expected samples of a channel; null where no rhythm is known.
    interval_us INTEGER CHECK (0 < interval_us)
) STRICT;

-- On what it is measured.
CREATE TABLE channels (
    metric_id INTEGER NOT NULL REFERENCES metrics (id),
    channel   INTEGER NOT NULL CHECK (0 <= channel),
    label     TEXT    NOT NULL,
    PRIMARY KEY (metric_id, channel),
    UNIQUE (metric_id, label)
) STRICT, WITHOUT ROWID;

-- The samples, one row for all channels of a metric at one time. The blobs are described in store/sqlite/mod.rs.
CREATE TABLE frames (
    metric_id  INTEGER NOT NULL REFERENCES metrics (id),
    time_us    INTEGER NOT NULL,
    arrival_us INTEGER NOT NULL,
    channels   BLOB,
    samples    BLOB    NOT NULL,
    arrivals   BLOB
) STRICT;

-- Identity, order and counting. The table keeps its rowid: rows of kilobytes would make a clustered index deep and
-- counting slow.
CREATE UNIQUE INDEX frames_by_time ON frames (metric_id, time_us);

-- Derived: the newest time of each channel, so that the newest samples are found without a search.
CREATE TABLE newest (
    metric_id INTEGER PRIMARY KEY REFERENCES metrics (id),
    runs      BLOB NOT NULL
) STRICT;
