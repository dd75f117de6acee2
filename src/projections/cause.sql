-- at --
-- The event of a position.
SELECT position, type FROM ledger.event WHERE position = %(position)s

-- newest_of_task --
-- The newest event that concerns a task.
SELECT position, type FROM ledger.event WHERE task = %(task)s AND position <= %(upto)s ORDER BY position DESC LIMIT 1

-- newest_of_stream --
-- The newest event of a stream, of those about a feature where one is given.
SELECT position, type FROM ledger.event
 WHERE stream = %(stream)s AND position <= %(upto)s
   AND (%(feature)s::text IS NULL OR body ->> 'feature' = %(feature)s)
 ORDER BY version DESC LIMIT 1
