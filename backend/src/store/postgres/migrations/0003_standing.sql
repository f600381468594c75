-- The time whose samples are deleted, and whose tiles of the first of the levels stand for them: store/retention.rs.
ALTER TABLE tile_state
    ADD COLUMN standing_from  timestamptz,
    ADD COLUMN standing_until timestamptz;
