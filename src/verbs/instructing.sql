-- act --
-- What an operator's credential did at a position, and whether somebody said on whose word.
SELECT e.actor, e.task, e.project,
       EXISTS (SELECT FROM ledger.event i
                WHERE i.stream = 'agent-' || e.actor AND i.type = 'InstructionGiven' AND i.causation = e.position)
       AS instructed
  FROM ledger.event e JOIN projection.credential c ON c.id = e.credential AND c.scope = 'operator'
 WHERE e.position = %(position)s
