-- The functions as they were: without bounds, and downloads counted by people too.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

GRANT EXECUTE ON FUNCTION public.increment_downloads(text) TO miyabi_user;

CREATE OR REPLACE FUNCTION public.increment_usage(
  p_user_id uuid, p_plugin_id text, p_period text, p_metric text, p_amount bigint DEFAULT 1
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  total bigint;
BEGIN
  IF p_metric IS NULL OR p_metric NOT IN ('issues', 'tokens') THEN
    RAISE EXCEPTION 'Unknown usage metric %: expected issues or tokens.', coalesce(quote_literal(p_metric), 'NULL')
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF p_amount IS NULL OR p_amount < 0 THEN
    RAISE EXCEPTION 'Usage cannot be incremented by %: expected 0 or more.', coalesce(p_amount::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value';
  END IF;

  INSERT INTO public.usage_aggregates AS a (user_id, plugin_id, period, issues, tokens)
  VALUES (
    p_user_id, p_plugin_id, p_period,
    CASE p_metric WHEN 'issues' THEN p_amount ELSE 0 END,
    CASE p_metric WHEN 'tokens' THEN p_amount ELSE 0 END
  )
  ON CONFLICT (user_id, plugin_id, period)
    DO UPDATE SET issues = a.issues + excluded.issues, tokens = a.tokens + excluded.tokens
  RETURNING CASE p_metric WHEN 'issues' THEN a.issues ELSE a.tokens END INTO total;

  RETURN total;
END
$$;
COMMENT ON FUNCTION public.increment_usage(uuid, text, text, text, bigint) IS
  'Adds to the issues or the tokens of a person, plugin and month, and returns the new total.';

CREATE OR REPLACE FUNCTION public.increment_agent_execution(p_user_id uuid, p_plugin_id text, p_period text, p_agent text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  total bigint;
BEGIN
  IF p_agent IS NULL OR btrim(p_agent) = '' THEN
    RAISE EXCEPTION 'An agent execution needs the name of its agent: it is %.',
      CASE WHEN p_agent IS NULL THEN 'NULL' ELSE 'blank' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;

  INSERT INTO public.usage_aggregates AS a (user_id, plugin_id, period, agent_executions)
  VALUES (p_user_id, p_plugin_id, p_period, jsonb_build_object(p_agent, 1))
  ON CONFLICT (user_id, plugin_id, period)
    DO UPDATE SET agent_executions =
      a.agent_executions || jsonb_build_object(p_agent, coalesce((a.agent_executions ->> p_agent)::bigint, 0) + 1)
  RETURNING (a.agent_executions ->> p_agent)::bigint INTO total;

  RETURN total;
END
$$;
COMMENT ON FUNCTION public.increment_agent_execution(uuid, text, text, text) IS
  'Counts one execution of an agent for a person, plugin and month, and returns that agent''s new total.';
