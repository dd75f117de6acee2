-- agent --
-- The agent a token stands for.
SELECT agent FROM projection.credential WHERE token_sha256 = %(token_sha256)s
