-- caller --
-- The credential of a token, with its family, what that was granted and what it is denied.
SELECT row_to_json(found) AS caller
  FROM (SELECT c.id, c.agent, c.family, c.scope, c.narrowing, c.issued_at, c.expires_at, c.revoked_at, c.version,
               f.maker, ARRAY(SELECT feature FROM projection.feature g WHERE g.family = c.family) AS grants,
               (SELECT json_object_agg(d.feature, json_build_array(d.since, d.until, d.keeps))
                  FROM projection.denial d WHERE d.family = c.family) AS denials
          FROM projection.credential c LEFT JOIN projection.family f ON f.key = c.family
         WHERE c.token_sha256 = %(token_sha256)s) AS found
