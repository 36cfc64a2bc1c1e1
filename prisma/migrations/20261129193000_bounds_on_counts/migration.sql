-- What a person may count is bounded by the functions, so that no parameter of theirs stops a later count or fills a row: an amount is that of
-- one report, a total stays at what its column holds, a month has begun and is no older than two years, and a month names at most a hundred
-- agents. Downloads are counted by the service, which knows that there was one.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE OR REPLACE FUNCTION public.increment_usage(
  p_user_id uuid, p_plugin_id text, p_period text, p_metric text, p_amount bigint DEFAULT 1
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  total bigint;
  most CONSTANT bigint := CASE p_metric WHEN 'issues' THEN 1000000 ELSE 1000000000000 END;
BEGIN
  IF p_metric IS NULL OR p_metric NOT IN ('issues', 'tokens') THEN
    RAISE EXCEPTION 'Unknown usage metric %: expected issues or tokens.', coalesce(quote_literal(p_metric), 'NULL')
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF p_amount IS NULL OR p_amount NOT BETWEEN 0 AND most THEN
    RAISE EXCEPTION 'Usage cannot be incremented by %: expected 0 to % %.', coalesce(p_amount::text, 'NULL'), most, p_metric
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- A day ahead of UTC is a month that has begun for somebody.
  IF p_period COLLATE "C" > to_char(now() AT TIME ZONE 'UTC' + interval '1 day', 'YYYY-MM')
    OR (p_period COLLATE "C" < to_char(now() AT TIME ZONE 'UTC' - interval '2 years', 'YYYY-MM') AND NOT public.acts_for_service())
  THEN
    RAISE EXCEPTION 'Usage of % cannot be counted: expected a month of the last two years.', quote_literal(p_period)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;

  -- A total that has reached what its column holds stays there, and hinders no other count.
  INSERT INTO public.usage_aggregates AS a (user_id, plugin_id, period, issues, tokens)
  VALUES (
    p_user_id, p_plugin_id, p_period,
    CASE p_metric WHEN 'issues' THEN p_amount ELSE 0 END,
    CASE p_metric WHEN 'tokens' THEN p_amount ELSE 0 END
  )
  ON CONFLICT (user_id, plugin_id, period)
    DO UPDATE SET
      issues = least(a.issues::bigint + excluded.issues, 2147483647),
      tokens = least(a.tokens::numeric + excluded.tokens, 9223372036854775807)
  RETURNING CASE p_metric WHEN 'issues' THEN a.issues ELSE a.tokens END INTO total;

  RETURN total;
END
$$;
COMMENT ON FUNCTION public.increment_usage(uuid, text, text, text, bigint) IS
  'Adds to the issues (at most 1,000,000 at once) or the tokens (10^12) of a person, plugin and month, and returns the new total.';

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
  IF char_length(p_agent) > 100 THEN
    RAISE EXCEPTION 'The name of an agent has at most 100 characters: this one has %.', char_length(p_agent)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF p_period COLLATE "C" > to_char(now() AT TIME ZONE 'UTC' + interval '1 day', 'YYYY-MM')
    OR (p_period COLLATE "C" < to_char(now() AT TIME ZONE 'UTC' - interval '2 years', 'YYYY-MM') AND NOT public.acts_for_service())
  THEN
    RAISE EXCEPTION 'Usage of % cannot be counted: expected a month of the last two years.', quote_literal(p_period)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;

  INSERT INTO public.usage_aggregates AS a (user_id, plugin_id, period, agent_executions)
  VALUES (p_user_id, p_plugin_id, p_period, jsonb_build_object(p_agent, 1))
  ON CONFLICT (user_id, plugin_id, period)
    DO UPDATE SET agent_executions =
      a.agent_executions || jsonb_build_object(p_agent, coalesce((a.agent_executions ->> p_agent)::bigint, 0) + 1)
    WHERE a.agent_executions ? p_agent OR (SELECT count(*) FROM jsonb_object_keys(a.agent_executions)) < 100
  RETURNING (a.agent_executions ->> p_agent)::bigint INTO total;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'A month counts at most 100 agents of one person and plugin.' USING ERRCODE = 'program_limit_exceeded';
  END IF;

  RETURN total;
END
$$;
COMMENT ON FUNCTION public.increment_agent_execution(uuid, text, text, text) IS
  'Counts one execution of an agent (at most 100 of them) for a person, plugin and month, and returns that agent''s new total.';

REVOKE EXECUTE ON FUNCTION public.increment_downloads(text) FROM miyabi_user;
