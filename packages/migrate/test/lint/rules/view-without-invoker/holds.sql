CREATE VIEW titles WITH (security_invoker) AS SELECT title FROM notes;
CREATE VIEW bodies AS SELECT body FROM notes;
ALTER VIEW bodies SET (security_invoker = true);
