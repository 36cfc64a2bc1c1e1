-- What is there before the migration that is linted: nothing is wrong with it.
CREATE FUNCTION public.current_user_id() RETURNS uuid
LANGUAGE sql STABLE RETURN nullif(current_setting('app.user_id', true), '')::uuid;

CREATE TABLE users (
  id       uuid PRIMARY KEY,
  email    text NOT NULL UNIQUE,
  nickname text,
  role     text NOT NULL DEFAULT 'user'
);
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON users TO CURRENT_USER USING (true);
CREATE POLICY own ON users USING (id = (SELECT current_user_id()));

CREATE TABLE notes (
  id      uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id),
  title   text,
  body    text,
  done    boolean NOT NULL DEFAULT false
);
CREATE INDEX notes_user_id_idx ON notes (user_id);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON notes TO CURRENT_USER USING (true);
CREATE POLICY own ON notes USING (user_id = (SELECT current_user_id()));

CREATE VIEW open_notes WITH (security_invoker = true) AS SELECT n.id, n.title FROM notes n WHERE NOT n.done;

CREATE FUNCTION public.rename_note(p_id uuid, p_title text) RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
  UPDATE public.notes SET title = p_title WHERE id = p_id;
END
$$;
