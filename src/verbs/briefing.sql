-- card --
-- One version of a role card.
SELECT body FROM projection.card WHERE role = %(role)s AND version = %(version)s
