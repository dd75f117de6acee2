-- before_time --
-- The largest position up to which every event was recorded no later than a time.
SELECT coalesce(max(position), 0) FROM ledger.event
 WHERE position <= %(upto)s
   AND position < coalesce((SELECT min(position) FROM ledger.event WHERE position <= %(upto)s AND recorded_at > %(time)s),
                           %(upto)s + 1)

-- time_of --
-- The time of the last event up to a position.
SELECT position, recorded_at FROM ledger.event WHERE position <= %(position)s ORDER BY position DESC LIMIT 1

-- events_then --
-- The ledger as it ended at a moment.
CREATE TEMPORARY VIEW event AS SELECT * FROM ledger.event WHERE position <= {position}

-- board --
-- Every task as it stands.
SELECT * FROM projection.board ORDER BY created_position
