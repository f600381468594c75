-- Derived from frames: what store/tiles.rs promises, and pyramid/ puts into it. May be emptied at any time.
CREATE TABLE tile_state (
    metric_id  integer     PRIMARY KEY,
    -- The levels that there may be, and per level how many microseconds its tiles span.
    levels     smallint[]  NOT NULL,
    spans_us   bigint[]    NOT NULL,
    -- No tile reaches beyond this moment.
    sealed     timestamptz NOT NULL,
    -- Raised by each write before it.
    generation bigint      NOT NULL
);

CREATE TABLE tile (
    metric_id integer  NOT NULL,
    level     smallint NOT NULL,
    -- Microseconds since 1970; may lie before the calendar begins.
    start_us  bigint   NOT NULL,
    block     bigint   NOT NULL,
    bytes     bytea    NOT NULL,
    PRIMARY KEY (metric_id, level, start_us, block)
);

-- They are packed already.
ALTER TABLE tile ALTER COLUMN bytes SET STORAGE EXTERNAL;
