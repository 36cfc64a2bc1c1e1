-- @limits lock_timeout=5s statement_timeout=1h
-- Whether a person is an admin, which every policy for admins asks: out of an index of a handful of entries.
CREATE INDEX CONCURRENTLY users_admins_idx ON users (id) WHERE role = 'admin';
