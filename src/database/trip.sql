-- begin --
-- One transaction, in which every statement sees what the lock before it waited for: whatever the database or
-- the role would have otherwise.
BEGIN ISOLATION LEVEL READ COMMITTED
