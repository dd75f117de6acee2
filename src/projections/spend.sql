-- absorb_usage --
-- Tokens, with the stage and capability of the transition they are charged to.
INSERT INTO statistics.usage (
    position, transition, task, lane, epic, workflow, stage, capability, agent, family, model, input_tokens,
    output_tokens, cache_read_tokens, cache_creation_tokens, measures, at)
SELECT e.position, move.position, move.task, born.body ->> 'lane', born.body ->> 'epic',
       coalesce(moved.body ->> 'workflow', born.body ->> 'workflow'), move.body ->> 'from_stage', move.capability,
       e.subject_agent, coalesce(move.family, e.subject_family), e.body ->> 'model',
       (e.body ->> 'input_tokens')::bigint, (e.body ->> 'output_tokens')::bigint,
       (e.body ->> 'cache_read_tokens')::bigint, (e.body ->> 'cache_creation_tokens')::bigint,
       move.position IS NOT NULL
       AND jsonb_path_exists(e.body, '$.keyvalue() ? (@.key like_regex "_tokens$" && @.value != null)')
       AND NOT EXISTS (
           SELECT FROM ledger.event u
            WHERE u.task = move.task AND u.position > move.position AND u.position < e.position
              AND u.type = 'UsageReported' AND (u.body ->> 'transition')::bigint = move.position
              AND jsonb_path_exists(u.body, '$.keyvalue() ? (@.key like_regex "_tokens$" && @.value != null)')),
       e.recorded_at
  FROM ledger.event e
  LEFT JOIN ledger.event move ON move.position = (e.body ->> 'transition')::bigint
  LEFT JOIN ledger.event born ON born.stream = 'task-' || move.task AND born.version = 1
  LEFT JOIN LATERAL (
       SELECT x.body FROM ledger.event x
        WHERE x.task = move.task AND x.position < move.position AND x.type = 'TaskMigrated'
        ORDER BY x.position DESC LIMIT 1) AS moved ON true
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'UsageReported'

-- absorb_poll --
-- Polls that found nothing.
INSERT INTO statistics.poll (position, agent, family, lane, polls, at)
SELECT e.position, e.actor, e.family, e.body ->> 'lane', (e.body ->> 'count')::bigint, e.recorded_at
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'ClaimEmpty'

-- tokens --
-- What families spent on transitions, by capability, workflow and stage; sums of nothing measured are null.
SELECT family, capability, workflow, stage,
       sum(input_tokens)::bigint AS input, sum(output_tokens)::bigint AS output,
       sum(cache_read_tokens)::bigint AS cache_read, sum(cache_creation_tokens)::bigint AS cache_write,
       count(*) FILTER (WHERE measures) AS measured
  FROM statistics.usage
 WHERE position > %(after)s AND position <= %(upto)s AND transition IS NOT NULL
   AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
 GROUP BY family, capability, workflow, stage

-- idle --
-- Polls that found nothing and tokens that moved nothing, by family. Tokens without a transition belong to no lane.
SELECT family, sum(polls)::bigint AS empty_claims, sum(tokens)::bigint AS tokens_moved_nothing, sum(reports) AS reports
  FROM (SELECT family, polls, NULL::bigint AS tokens, 0 AS reports FROM statistics.poll
         WHERE position > %(after)s AND position <= %(upto)s AND (%(lane)s::text IS NULL OR lane = %(lane)s)
         UNION ALL
        SELECT family, 0,
               CASE WHEN num_nonnulls(input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens) > 0
                    THEN coalesce(input_tokens, 0) + coalesce(output_tokens, 0) + coalesce(cache_read_tokens, 0)
                         + coalesce(cache_creation_tokens, 0) END, 1
          FROM statistics.usage
         WHERE position > %(after)s AND position <= %(upto)s AND transition IS NULL) AS parts
 WHERE family IS NOT NULL
 GROUP BY family ORDER BY family
