-- What is measured. Few rows, read whole by every server.
CREATE TABLE metric (
    metric_id   integer PRIMARY KEY CHECK (0 < metric_id),
    name        text COLLATE "C" NOT NULL UNIQUE,
    title       text NOT NULL,
    unit        text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('gauge', 'counter', 'state')),
    -- Microseconds between expected samples of a channel; null where no rhythm is known.
    interval_us bigint CHECK (0 < interval_us),
    -- Rises over the whole table with each change of a metric or its channels, so that servers see what is new.
    version     bigint NOT NULL
);
CREATE INDEX metric_by_version ON metric (version, metric_id);

-- On what it is measured.
CREATE TABLE channel (
    metric_id integer NOT NULL REFERENCES metric,
    channel   integer NOT NULL CHECK (0 <= channel),
    label     text COLLATE "C" NOT NULL,
    PRIMARY KEY (metric_id, channel),
    UNIQUE (metric_id, label)
);

-- The samples, one row for all channels of a metric at one time. The columns are described in store/postgres/mod.rs.
-- No reference to metric: it would cost a lookup for each row, and metrics are never deleted.
CREATE TABLE frame (
    metric_id   integer     NOT NULL,
    time        timestamptz NOT NULL,
    arrival     timestamptz NOT NULL,
    channels    integer[],
    values      double precision[],
    values_real real[],
    arrivals    timestamptz[],
    PRIMARY KEY (metric_id, time),
    CONSTRAINT frame_has_values_once CHECK (num_nonnulls(values, values_real) = 1)
) PARTITION BY RANGE (time);

-- Measured values hardly shrink, and trying to would cost most of the time of a write.
ALTER TABLE frame
    ALTER COLUMN channels    SET STORAGE EXTERNAL,
    ALTER COLUMN values      SET STORAGE EXTERNAL,
    ALTER COLUMN values_real SET STORAGE EXTERNAL,
    ALTER COLUMN arrivals    SET STORAGE EXTERNAL;

-- Months between these get a partition each when the first frame comes. No default partition: rows of several months in
-- one partition would stand in the way of making those months, and of reading partitions in order.
CREATE TABLE frame_before_1990 PARTITION OF frame FOR VALUES FROM (MINVALUE) TO ('1990-01-01 00:00:00+00');
CREATE TABLE frame_after_2099 PARTITION OF frame FOR VALUES FROM ('2100-01-01 00:00:00+00') TO (MAXVALUE);

-- Derived: the time of the newest sample of each channel, one row for neighboring channels with the same time.
CREATE TABLE newest (
    metric_id     integer     NOT NULL,
    first_channel integer     NOT NULL,
    n_channels    integer     NOT NULL CHECK (0 < n_channels),
    time          timestamptz NOT NULL,
    PRIMARY KEY (metric_id, first_channel)
) WITH (fillfactor = 50);

-- Derived: the time of the oldest frame of each metric.
CREATE TABLE oldest (
    metric_id integer     PRIMARY KEY,
    time      timestamptz NOT NULL
);

-- For people and their tools: one row per sample.
CREATE VIEW sample AS
SELECT
    metric.name                                                    AS metric,
    frame.time,
    coalesce(frame.channels[item.position], item.position::integer - 1) AS channel,
    item.value,
    coalesce(frame.arrivals[item.position], frame.arrival)         AS arrival,
    frame.metric_id
FROM frame
JOIN metric USING (metric_id)
CROSS JOIN LATERAL unnest(coalesce(frame.values, frame.values_real::double precision[]))
    WITH ORDINALITY AS item (value, position);
