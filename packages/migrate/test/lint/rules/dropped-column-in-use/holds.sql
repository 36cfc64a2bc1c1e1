SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE OR REPLACE VIEW open_notes WITH (security_invoker = true) AS SELECT n.id FROM notes n WHERE NOT n.done;
-- @ignore ban-drop-column: the code no longer reads it
ALTER TABLE notes DROP COLUMN title;
CREATE OR REPLACE FUNCTION public.rename_note(p_id uuid, p_title text) RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$ BEGIN UPDATE public.notes SET body = p_title WHERE id = p_id; END $$;
-- @ignore ban-drop-column: the code no longer reads it
ALTER TABLE users DROP COLUMN nickname;
