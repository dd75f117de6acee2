-- occupied --
-- Whether there is a ledger here already.
SELECT to_regnamespace('ledger') IS NOT NULL OR to_regnamespace('ledger_meta') IS NOT NULL
