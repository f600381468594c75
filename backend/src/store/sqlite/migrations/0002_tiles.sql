-- Derived from frames: what store/tiles.rs promises, and pyramid/ puts into it. May be emptied at any time.
CREATE TABLE tile_states (
    metric_id  INTEGER PRIMARY KEY REFERENCES metrics (id),
    -- Levels and their spans: per level its number in one byte and its span in microseconds in eight, little-endian.
    spans      BLOB    NOT NULL,
    -- No tile reaches beyond this moment.
    sealed_us  INTEGER NOT NULL,
    -- Raised by each write before it.
    generation INTEGER NOT NULL
) STRICT;

CREATE TABLE tiles (
    metric_id INTEGER NOT NULL REFERENCES metrics (id),
    level     INTEGER NOT NULL,
    block     INTEGER NOT NULL,
    start_us  INTEGER NOT NULL,
    bytes     BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX tiles_by_start ON tiles (metric_id, level, start_us, block);
