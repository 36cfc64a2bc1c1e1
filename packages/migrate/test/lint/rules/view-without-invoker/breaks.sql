-- BREAKS
CREATE VIEW titles AS SELECT title FROM notes;
-- BREAKS
CREATE VIEW bodies WITH (security_invoker = false) AS SELECT body FROM notes;
