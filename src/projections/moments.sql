-- before_time --
-- The largest position up to which every event was recorded no later than a time.
SELECT coalesce(max(position), 0) FROM ledger.event
 WHERE position <= %(upto)s
   AND position < coalesce((SELECT min(position) FROM ledger.event WHERE position <= %(upto)s AND recorded_at > %(time)s),
                           %(upto)s + 1)

-- time_of --
-- The time of the last event up to a position.
SELECT position, recorded_at FROM ledger.event WHERE position <= %(position)s ORDER BY position DESC LIMIT 1

-- settled --
-- Rows that were then as they are now. What somebody holds may have been renewed since without a mark on its row.
INSERT INTO pg_temp.board ({columns})
SELECT {columns} FROM projection.board
 WHERE created_position <= %(position)s AND updated_position <= %(position)s AND holder IS NULL

-- unsettled --
-- Tasks there were then, and that may have changed since.
SELECT task FROM projection.board
 WHERE created_position <= %(position)s AND (updated_position > %(position)s OR holder IS NOT NULL)

-- forget_waits --
-- What waited then is worked out from the prerequisites as they were then.
UPDATE pg_temp.board SET waits = 0 WHERE waits > 0

-- evidence_then --
-- Evidence is only ever added.
CREATE TEMPORARY VIEW evidence AS SELECT * FROM projection.evidence WHERE position <= {position}

-- routes_then --
-- Routes say nothing of when; none is missing.
INSERT INTO pg_temp.route SELECT * FROM projection.route ON CONFLICT (id) DO NOTHING

-- events_then --
-- The ledger as it ended at a moment.
CREATE TEMPORARY VIEW event AS SELECT * FROM ledger.event WHERE position <= {position}

-- board --
-- Every task as it stands.
SELECT * FROM projection.board ORDER BY created_position
