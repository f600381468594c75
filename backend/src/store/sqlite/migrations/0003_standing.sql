-- The time whose samples are deleted, and whose tiles of the first of the levels stand for them: store/retention.rs.
ALTER TABLE tile_states ADD COLUMN standing_from_us INTEGER;
ALTER TABLE tile_states ADD COLUMN standing_until_us INTEGER;
