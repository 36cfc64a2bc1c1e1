-- @limits lock_timeout=5s statement_timeout=1h
CREATE INDEX CONCURRENTLY notes_title_idx ON notes (title);
