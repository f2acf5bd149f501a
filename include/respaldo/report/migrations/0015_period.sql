-- Which period a run belongs to: a copy that others made may be older than the run that reports it, whose row
-- must not slip into a month that was archived before there was a row.

CREATE INDEX fm007_period ON respaldo.fm007 (greatest(started_at, programmed_for));
DROP INDEX respaldo.fm007_began;
