-- The 18 tables, and the functions and triggers that keep them right. The same on PostgreSQL 15 to 18. One long file, since a
-- migration is applied whole or not at all.
--
-- Runs as the owner of the database, who need not be a superuser. What Prisma's schema can say is said there too
-- (prisma/schema); checks, partial indexes, functions, triggers and comments are only here.
--
-- Conventions
--   * Names of primary keys, unique keys, foreign keys and indexes are those that Prisma gives. Checks are named for
--     the rule that a row breaks, since that name is all that an error shows.
--   * timestamptz(3): a JavaScript Date holds milliseconds. With microseconds in the table, a cursor read from a row and
--     compared with that row would miss it, or skip its neighbours. Defaults are the server's: one clock for all.
--   * States are text with a check (docs/decisions/0003-text-states-or-enums.md).
--   * Foreign keys: what belongs to a person goes with them (cascade); what proves a purchase or its use stops the
--     deletion (restrict). Ids never change (on update restrict). Each foreign key has an index that begins with it.
--   * Functions qualify every name and have an empty search_path: nobody can put an object of theirs in the way.


-- =====================================================================================================================
-- Schema and extension
-- =====================================================================================================================

-- `prisma migrate reset` drops the schema and creates it anew without the default that everybody may use it.
GRANT USAGE ON SCHEMA public TO PUBLIC;

-- Text compared without regard to case, for e-mail addresses (docs/decisions/0004-case-insensitive-email.md). A trusted
-- extension: the owner of the database may create it.
CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;


-- =====================================================================================================================
-- Functions that the tables need
-- =====================================================================================================================

-- UUID version 7 of RFC 9562, section 5.7: 48 bits of Unix milliseconds, the version, 12 bits of the millisecond's
-- fraction (section 6.2, method 3), the variant, 62 random bits. Ids of one session come out in order, as long as the
-- clock does not go back. Not called uuidv7: PostgreSQL 18 has a function of that name, older ones have none.
CREATE FUNCTION public.time_ordered_id() RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL SAFE SET search_path = ''
AS $$
DECLARE
  -- clock_timestamp, not now: the rows of one transaction have an order too.
  microseconds CONSTANT bigint := extract(epoch FROM clock_timestamp()) * 1000000;
  milliseconds CONSTANT bigint := microseconds / 1000;
  version      CONSTANT bigint := 7 << 12;
  fraction     CONSTANT bigint := (microseconds % 1000) * 4096 / 1000;
BEGIN
  -- A random UUID (version 4) brings the variant and the random half; its first half is replaced.
  RETURN encode(
    overlay(uuid_send(gen_random_uuid()) PLACING int8send(milliseconds << 16 | version | fraction) FROM 1 FOR 8),
    'hex'
  )::uuid;
END
$$;
COMMENT ON FUNCTION public.time_ordered_id() IS
  'A new id in the layout of UUID version 7: ids made later sort later, so that new rows land at the end of an index.';

-- now() has microseconds, and a column of milliseconds rounds: every other row would be from up to half a millisecond
-- ahead, and later than a `new Date()` taken after it. The body is parsed once, here, which fixes its names as an empty
-- search_path would, and lets the server put it in place of the call.
CREATE FUNCTION public.current_instant() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN date_trunc('milliseconds', now());
COMMENT ON FUNCTION public.current_instant() IS
  'The time of the transaction in whole milliseconds, cut and not rounded: never in the future.';

CREATE FUNCTION public.set_updated_at() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
  NEW.updated_at := public.current_instant();
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION public.set_updated_at() IS
  'Trigger: puts the time of the transaction into updated_at. Its triggers do not fire for an update that changes nothing.';


-- =====================================================================================================================
-- Marketplace
-- =====================================================================================================================

CREATE TABLE users (
  id                 uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  email              citext         NOT NULL UNIQUE,
  name               text,
  stripe_customer_id text           UNIQUE,
  role               text           NOT NULL DEFAULT 'user',
  created_at         timestamptz(3) NOT NULL DEFAULT current_instant(),
  updated_at         timestamptz(3) NOT NULL DEFAULT current_instant(),

  CONSTRAINT users_email_is_address CHECK (email::text ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
  CONSTRAINT users_role_known       CHECK (role IN ('user', 'admin'))
);
COMMENT ON TABLE users IS 'People of the marketplace. Those with purchases or usage cannot be deleted, only made anonymous.';

CREATE TRIGGER users_set_updated_at BEFORE UPDATE ON users
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();


CREATE TABLE plugins (
  id                 text           NOT NULL PRIMARY KEY,
  name               text           NOT NULL,
  display_name       text           NOT NULL,
  source             text           NOT NULL,
  version            text           NOT NULL,
  tier               text           NOT NULL,
  price              integer        NOT NULL DEFAULT 0,
  currency           text           NOT NULL DEFAULT 'USD',
  billing_period     text,
  -- An author who leaves does not take along what others bought.
  author_id          uuid           REFERENCES users (id) ON DELETE SET NULL ON UPDATE RESTRICT,
  description        text,
  features           jsonb          NOT NULL DEFAULT '[]',
  limitations        jsonb          NOT NULL DEFAULT '{}',
  categories         text[]         NOT NULL DEFAULT '{}',
  verified           boolean        NOT NULL DEFAULT false,
  featured           boolean        NOT NULL DEFAULT false,
  downloads          integer        NOT NULL DEFAULT 0,
  rating             numeric(3, 2)  NOT NULL DEFAULT 0,
  requires_plugin_id text           REFERENCES plugins (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  trial_period       integer,
  created_at         timestamptz(3) NOT NULL DEFAULT current_instant(),
  updated_at         timestamptz(3) NOT NULL DEFAULT current_instant(),

  CONSTRAINT plugins_id_is_slug               CHECK (id ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'),
  CONSTRAINT plugins_tier_known               CHECK (tier IN ('free', 'pro', 'enterprise', 'addon')),
  CONSTRAINT plugins_price_not_negative       CHECK (price >= 0),
  CONSTRAINT plugins_currency_is_iso_4217     CHECK (currency ~ '^[A-Z]{3}$'),
  CONSTRAINT plugins_billing_period_known     CHECK (billing_period IN ('monthly', 'yearly', 'one-time')),
  CONSTRAINT plugins_downloads_not_negative   CHECK (downloads >= 0),
  CONSTRAINT plugins_rating_between_0_and_5   CHECK (rating BETWEEN 0 AND 5),
  CONSTRAINT plugins_trial_period_not_negative CHECK (trial_period >= 0),
  CONSTRAINT plugins_does_not_require_itself  CHECK (requires_plugin_id <> id)
);
COMMENT ON TABLE plugins IS 'The catalog of the marketplace.';
COMMENT ON COLUMN plugins.price IS 'In cents of the currency.';
COMMENT ON COLUMN plugins.rating IS 'Average of its reviews, kept by a trigger on plugin_reviews; 0 while there is none.';
COMMENT ON COLUMN plugins.trial_period IS 'In days.';

CREATE INDEX plugins_categories_idx         ON plugins USING gin (categories);
CREATE INDEX plugins_features_idx           ON plugins USING gin (features);
CREATE INDEX plugins_tier_idx               ON plugins (tier);
CREATE INDEX plugins_downloads_idx          ON plugins (downloads DESC);
CREATE INDEX plugins_rating_idx             ON plugins (rating DESC);
CREATE INDEX plugins_author_id_idx          ON plugins (author_id);
CREATE INDEX plugins_requires_plugin_id_idx ON plugins (requires_plugin_id);
-- The two lists that the front page shows, most downloaded first.
CREATE INDEX plugins_verified_idx           ON plugins (downloads DESC) WHERE verified;
CREATE INDEX plugins_featured_idx           ON plugins (downloads DESC) WHERE featured;

CREATE TRIGGER plugins_set_updated_at BEFORE UPDATE ON plugins
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();


CREATE TABLE plugin_submissions (
  id            uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  user_id       uuid           NOT NULL REFERENCES users (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  plugin_data   jsonb          NOT NULL,
  quality_score integer,
  security_scan jsonb,
  status        text           NOT NULL DEFAULT 'pending_review',
  review_notes  text,
  submitted_at  timestamptz(3) NOT NULL DEFAULT current_instant(),
  reviewed_at   timestamptz(3),
  created_at    timestamptz(3) NOT NULL DEFAULT current_instant(),

  CONSTRAINT plugin_submissions_quality_score_between_0_and_100 CHECK (quality_score BETWEEN 0 AND 100),
  CONSTRAINT plugin_submissions_status_known CHECK (status IN ('pending_review', 'approved', 'rejected'))
);
COMMENT ON TABLE plugin_submissions IS 'Plugins that people offer to the marketplace, and what became of them.';

CREATE INDEX plugin_submissions_user_id_idx ON plugin_submissions (user_id);
CREATE INDEX plugin_submissions_status_idx  ON plugin_submissions (status);


CREATE TABLE plugin_reviews (
  id         uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  plugin_id  text           NOT NULL REFERENCES plugins (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  user_id    uuid           NOT NULL REFERENCES users (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  rating     integer        NOT NULL,
  comment    text,
  created_at timestamptz(3) NOT NULL DEFAULT current_instant(),

  UNIQUE (plugin_id, user_id),
  CONSTRAINT plugin_reviews_rating_between_1_and_5 CHECK (rating BETWEEN 1 AND 5)
);
COMMENT ON TABLE plugin_reviews IS 'One review a person and plugin. Triggers keep plugins.rating.';

CREATE INDEX plugin_reviews_user_id_idx ON plugin_reviews (user_id);
CREATE INDEX plugin_reviews_rating_idx  ON plugin_reviews (rating);


-- =====================================================================================================================
-- Licensing: what people bought. Neither the person nor the plugin can be deleted while one of these rows is there.
-- =====================================================================================================================

CREATE TABLE subscriptions (
  id                     uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  user_id                uuid           NOT NULL REFERENCES users (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  plugin_id              text           NOT NULL REFERENCES plugins (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  stripe_subscription_id text           UNIQUE,
  stripe_customer_id     text,
  tier                   text           NOT NULL,
  license_key            text           NOT NULL,
  -- No default: access that nobody decided on must not come about.
  status                 text           NOT NULL,
  current_period_start   timestamptz(3),
  current_period_end     timestamptz(3),
  trial_ends_at          timestamptz(3),
  cancel_at_period_end   boolean        NOT NULL DEFAULT false,
  created_at             timestamptz(3) NOT NULL DEFAULT current_instant(),
  updated_at             timestamptz(3) NOT NULL DEFAULT current_instant(),

  UNIQUE (user_id, plugin_id),
  CONSTRAINT subscriptions_tier_known   CHECK (tier IN ('free', 'pro', 'enterprise', 'addon')),
  CONSTRAINT subscriptions_status_known CHECK (status IN ('active', 'canceled', 'past_due', 'trial'))
);
COMMENT ON TABLE subscriptions IS 'Paid or trial access of a person to a plugin, as Stripe bills it.';

CREATE INDEX subscriptions_plugin_id_idx ON subscriptions (plugin_id);
CREATE INDEX subscriptions_status_idx    ON subscriptions (status);

CREATE TRIGGER subscriptions_set_updated_at BEFORE UPDATE ON subscriptions
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();


CREATE TABLE licenses (
  id          uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  user_id     uuid           NOT NULL REFERENCES users (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  plugin_id   text           NOT NULL REFERENCES plugins (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  license_key text           NOT NULL UNIQUE,
  tier        text           NOT NULL,
  features    jsonb          NOT NULL DEFAULT '[]',
  limitations jsonb          NOT NULL DEFAULT '{}',
  issued_at   timestamptz(3) NOT NULL DEFAULT current_instant(),
  expires_at  timestamptz(3),
  revoked     boolean        NOT NULL DEFAULT false,
  revoked_at  timestamptz(3),
  created_at  timestamptz(3) NOT NULL DEFAULT current_instant(),

  CONSTRAINT licenses_tier_known CHECK (tier IN ('free', 'pro', 'enterprise', 'addon')),
  CONSTRAINT licenses_revoked_agrees_with_revoked_at CHECK (revoked = (revoked_at IS NOT NULL))
);
COMMENT ON TABLE licenses IS 'Licenses that were issued. Never deleted, only revoked.';
COMMENT ON COLUMN licenses.license_key IS 'A JWT. Whoever holds it can use the plugin: a secret.';

CREATE INDEX licenses_user_id_plugin_id_idx ON licenses (user_id, plugin_id);
CREATE INDEX licenses_plugin_id_idx         ON licenses (plugin_id);


CREATE TABLE trials (
  id          uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  user_id     uuid           NOT NULL REFERENCES users (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  plugin_id   text           NOT NULL REFERENCES plugins (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  license_key text           NOT NULL,
  started_at  timestamptz(3) NOT NULL DEFAULT current_instant(),
  expires_at  timestamptz(3) NOT NULL,
  created_at  timestamptz(3) NOT NULL DEFAULT current_instant(),

  UNIQUE (user_id, plugin_id),
  CONSTRAINT trials_expires_after_start CHECK (expires_at > started_at)
);
COMMENT ON TABLE trials IS 'Trials of plugins: one a person and plugin, ever.';

CREATE INDEX trials_plugin_id_idx  ON trials (plugin_id);
CREATE INDEX trials_expires_at_idx ON trials (expires_at);


-- No foreign key: a key may be revoked that this database never issued.
CREATE TABLE revoked_licenses (
  id          uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  license_key text           NOT NULL UNIQUE,
  reason      text,
  revoked_at  timestamptz(3) NOT NULL DEFAULT current_instant(),
  created_at  timestamptz(3) NOT NULL DEFAULT current_instant()
);
COMMENT ON TABLE revoked_licenses IS 'License keys that no longer count.';
COMMENT ON COLUMN revoked_licenses.license_key IS 'Revoked or not, a whole key: a secret.';


-- =====================================================================================================================
-- Usage: what people are billed for. Restricts deletions too.
-- =====================================================================================================================

CREATE TABLE usage_events (
  id         uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  user_id    uuid           NOT NULL REFERENCES users (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  plugin_id  text           NOT NULL REFERENCES plugins (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  event_type text           NOT NULL,
  event_data jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT current_instant(),

  CONSTRAINT usage_events_event_type_known CHECK (event_type IN ('issue_processed', 'agent_executed', 'command_used'))
);
COMMENT ON TABLE usage_events IS 'Single uses of plugins.';

CREATE INDEX usage_events_user_id_plugin_id_created_at_idx ON usage_events (user_id, plugin_id, created_at DESC);
CREATE INDEX usage_events_plugin_id_idx                    ON usage_events (plugin_id);
CREATE INDEX usage_events_event_type_idx                   ON usage_events (event_type);


CREATE TABLE usage_aggregates (
  id               uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  user_id          uuid           NOT NULL REFERENCES users (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  plugin_id        text           NOT NULL REFERENCES plugins (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  period           text           NOT NULL,
  issues           integer        NOT NULL DEFAULT 0,
  -- A busy month has more tokens than fit an integer.
  tokens           bigint         NOT NULL DEFAULT 0,
  agent_executions jsonb          NOT NULL DEFAULT '{}',
  created_at       timestamptz(3) NOT NULL DEFAULT current_instant(),
  updated_at       timestamptz(3) NOT NULL DEFAULT current_instant(),

  UNIQUE (user_id, plugin_id, period),
  CONSTRAINT usage_aggregates_period_is_month           CHECK (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  CONSTRAINT usage_aggregates_issues_not_negative       CHECK (issues >= 0),
  CONSTRAINT usage_aggregates_tokens_not_negative       CHECK (tokens >= 0),
  CONSTRAINT usage_aggregates_agent_executions_is_object CHECK (jsonb_typeof(agent_executions) = 'object')
);
COMMENT ON TABLE usage_aggregates IS 'Uses of plugins by month. Counted by increment_usage and increment_agent_execution.';
COMMENT ON COLUMN usage_aggregates.period IS 'YYYY-MM, in UTC.';
COMMENT ON COLUMN usage_aggregates.agent_executions IS 'Number of executions by the name of the agent.';

CREATE INDEX usage_aggregates_plugin_id_idx ON usage_aggregates (plugin_id);

CREATE TRIGGER usage_aggregates_set_updated_at BEFORE UPDATE ON usage_aggregates
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();


-- =====================================================================================================================
-- Web UI. All that belongs to a web user goes when the web user goes.
-- =====================================================================================================================

CREATE TABLE web_users (
  id              uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  -- GitHub's ids no longer fit an integer.
  github_id       bigint         NOT NULL UNIQUE,
  github_username text           NOT NULL,
  email           citext,
  avatar_url      text,
  line_user_id    text           UNIQUE,
  created_at      timestamptz(3) NOT NULL DEFAULT current_instant(),
  updated_at      timestamptz(3) NOT NULL DEFAULT current_instant()
);
COMMENT ON TABLE web_users IS 'People of the web UI, who signed in through GitHub.';

CREATE INDEX web_users_github_username_idx ON web_users (github_username);

CREATE TRIGGER web_users_set_updated_at BEFORE UPDATE ON web_users
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();


CREATE TABLE repositories (
  id             uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  user_id        uuid           NOT NULL REFERENCES web_users (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  github_repo_id bigint         NOT NULL UNIQUE,
  owner          text           NOT NULL,
  name           text           NOT NULL,
  full_name      text           NOT NULL,
  default_branch text           NOT NULL DEFAULT 'main',
  is_active      boolean        NOT NULL DEFAULT true,
  created_at     timestamptz(3) NOT NULL DEFAULT current_instant(),
  updated_at     timestamptz(3) NOT NULL DEFAULT current_instant()
);
COMMENT ON TABLE repositories IS 'GitHub repositories that web users connected.';

CREATE INDEX repositories_user_id_idx   ON repositories (user_id);
CREATE INDEX repositories_full_name_idx ON repositories (full_name);

CREATE TRIGGER repositories_set_updated_at BEFORE UPDATE ON repositories
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();


CREATE TABLE workflows (
  id            uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  user_id       uuid           NOT NULL REFERENCES web_users (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  repository_id uuid           NOT NULL REFERENCES repositories (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  name          text           NOT NULL,
  description   text,
  definition    jsonb          NOT NULL,
  is_template   boolean        NOT NULL DEFAULT false,
  is_public     boolean        NOT NULL DEFAULT false,
  created_at    timestamptz(3) NOT NULL DEFAULT current_instant(),
  updated_at    timestamptz(3) NOT NULL DEFAULT current_instant()
);
COMMENT ON TABLE workflows IS 'Workflows drawn in the web UI.';
COMMENT ON COLUMN workflows.definition IS 'Nodes and edges, as React Flow saves them.';

CREATE INDEX workflows_user_id_idx       ON workflows (user_id);
CREATE INDEX workflows_repository_id_idx ON workflows (repository_id);
-- The two galleries, newest first. Few workflows are in them.
CREATE INDEX workflows_is_template_idx   ON workflows (created_at DESC) WHERE is_template;
CREATE INDEX workflows_is_public_idx     ON workflows (created_at DESC) WHERE is_public;

CREATE TRIGGER workflows_set_updated_at BEFORE UPDATE ON workflows
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();


CREATE TABLE line_messages (
  id            uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  -- Absent while the LINE account is not linked to a web user.
  user_id       uuid           REFERENCES web_users (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  line_user_id  text           NOT NULL,
  message_type  text           NOT NULL,
  message_text  text,
  parsed_intent text,
  issue_number  integer,
  created_at    timestamptz(3) NOT NULL DEFAULT current_instant(),

  CONSTRAINT line_messages_message_type_known
    CHECK (message_type IN ('text', 'postback', 'image', 'video', 'audio', 'file', 'location', 'sticker'))
);
COMMENT ON TABLE line_messages IS 'Messages to the LINE bot, and what was understood of them.';

CREATE INDEX line_messages_user_id_idx                 ON line_messages (user_id);
CREATE INDEX line_messages_line_user_id_created_at_idx ON line_messages (line_user_id, created_at DESC);
CREATE INDEX line_messages_issue_number_idx            ON line_messages (issue_number);


CREATE TABLE websocket_connections (
  id            uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  user_id       uuid           NOT NULL REFERENCES web_users (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  connection_id text           NOT NULL UNIQUE,
  connected_at  timestamptz(3) NOT NULL DEFAULT current_instant(),
  last_ping_at  timestamptz(3) NOT NULL DEFAULT current_instant(),
  created_at    timestamptz(3) NOT NULL DEFAULT current_instant()
);
COMMENT ON TABLE websocket_connections IS 'Web sockets that are open now. Those whose last ping is old are swept.';

CREATE INDEX websocket_connections_user_id_idx      ON websocket_connections (user_id);
CREATE INDEX websocket_connections_last_ping_at_idx ON websocket_connections (last_ping_at);


-- =====================================================================================================================
-- Agents
-- =====================================================================================================================

CREATE TABLE agent_executions (
  id            uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  user_id       uuid           NOT NULL REFERENCES web_users (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  repository_id uuid           NOT NULL REFERENCES repositories (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  agent_type    text           NOT NULL,
  issue_number  integer,
  status        text           NOT NULL DEFAULT 'pending',
  started_at    timestamptz(3),
  completed_at  timestamptz(3),
  error_message text,
  result        jsonb,
  options       jsonb          NOT NULL DEFAULT '{}',
  created_at    timestamptz(3) NOT NULL DEFAULT current_instant(),
  updated_at    timestamptz(3) NOT NULL DEFAULT current_instant(),

  CONSTRAINT agent_executions_agent_type_known
    CHECK (agent_type IN ('Coordinator', 'CodeGen', 'Review', 'Deployment', 'PR', 'Issue')),
  CONSTRAINT agent_executions_status_known CHECK (status IN ('pending', 'running', 'completed', 'failed')),
  CONSTRAINT agent_executions_completed_not_before_start CHECK (completed_at >= started_at)
);
COMMENT ON TABLE agent_executions IS 'Runs of agents on repositories.';

CREATE INDEX agent_executions_user_id_repository_id_status_idx ON agent_executions (user_id, repository_id, status);
CREATE INDEX agent_executions_user_id_status_created_at_idx    ON agent_executions (user_id, status, created_at DESC);
CREATE INDEX agent_executions_repository_id_idx                ON agent_executions (repository_id);
CREATE INDEX agent_executions_created_at_idx                   ON agent_executions (created_at DESC);

CREATE TRIGGER agent_executions_set_updated_at BEFORE UPDATE ON agent_executions
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();


CREATE TABLE execution_logs (
  id           uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  execution_id uuid           NOT NULL REFERENCES agent_executions (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  log_level    text           NOT NULL,
  message      text           NOT NULL,
  timestamp    timestamptz(3) NOT NULL DEFAULT current_instant(),
  metadata     jsonb,
  created_at   timestamptz(3) NOT NULL DEFAULT current_instant(),

  CONSTRAINT execution_logs_log_level_known CHECK (log_level IN ('DEBUG', 'INFO', 'WARN', 'ERROR'))
);
COMMENT ON TABLE execution_logs IS 'What agents said while they ran, line by line.';
COMMENT ON COLUMN execution_logs.timestamp IS 'When the agent said it; created_at is when it was stored.';

CREATE INDEX execution_logs_execution_id_timestamp_idx ON execution_logs (execution_id, timestamp DESC);


-- =====================================================================================================================
-- Application log
-- =====================================================================================================================

CREATE TABLE logs (
  id         uuid           NOT NULL DEFAULT time_ordered_id() PRIMARY KEY,
  level      text           NOT NULL,
  message    text           NOT NULL,
  data       jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT current_instant(),

  CONSTRAINT logs_level_known CHECK (level IN ('info', 'warn', 'error'))
);
COMMENT ON TABLE logs IS 'Lines of the application''s own log.';

CREATE INDEX logs_level_idx      ON logs (level);
CREATE INDEX logs_created_at_idx ON logs (created_at DESC);


-- =====================================================================================================================
-- Counters. One statement each: two callers at once never lose a count.
-- =====================================================================================================================

CREATE FUNCTION public.increment_usage(
  p_user_id uuid, p_plugin_id text, p_period text, p_metric text, p_amount bigint DEFAULT 1
) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
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

CREATE FUNCTION public.increment_agent_execution(p_user_id uuid, p_plugin_id text, p_period text, p_agent text)
RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
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

CREATE FUNCTION public.increment_downloads(p_plugin_id text) RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
  total integer;
BEGIN
  UPDATE public.plugins SET downloads = downloads + 1 WHERE id = p_plugin_id RETURNING downloads INTO total;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'There is no plugin %.', coalesce(quote_literal(p_plugin_id), 'NULL') USING ERRCODE = 'no_data_found';
  END IF;
  RETURN total;
END
$$;
COMMENT ON FUNCTION public.increment_downloads(text) IS 'Counts one download of a plugin, and returns its new total.';


-- =====================================================================================================================
-- Ratings
-- =====================================================================================================================

CREATE FUNCTION public.update_plugin_rating(p_plugin_id text) RETURNS numeric
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
  average numeric(3, 2);
BEGIN
  -- First the plugin's lock, then, in a statement of its own, a look at the reviews: it sees those of whoever held the
  -- lock before. In one statement, two reviews at once would each compute an average without the other. The lock is the
  -- one that inserting a review does not wait for, so that two reviewers never wait for each other.
  PERFORM FROM public.plugins WHERE id = p_plugin_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'There is no plugin %.', coalesce(quote_literal(p_plugin_id), 'NULL') USING ERRCODE = 'no_data_found';
  END IF;

  SELECT coalesce(avg(rating), 0) INTO average FROM public.plugin_reviews WHERE plugin_id = p_plugin_id;
  UPDATE public.plugins SET rating = average WHERE id = p_plugin_id AND rating <> average;
  RETURN average;
END
$$;
COMMENT ON FUNCTION public.update_plugin_rating(text) IS
  'Sets a plugin''s rating to the average of its reviews (0 without any), and returns it.';

CREATE FUNCTION public.update_reviewed_plugins() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
  plugin_ids text[];
BEGIN
  -- A branch names only the transition tables that its trigger has. A review moved to another plugin touches both.
  CASE TG_OP
    WHEN 'INSERT' THEN
      plugin_ids := ARRAY(SELECT plugin_id FROM new_reviews);
    WHEN 'DELETE' THEN
      plugin_ids := ARRAY(SELECT plugin_id FROM old_reviews);
    WHEN 'UPDATE' THEN
      plugin_ids := ARRAY(SELECT plugin_id FROM old_reviews UNION SELECT plugin_id FROM new_reviews);
  END CASE;

  -- Always in the same order, so that two statements over the same plugins never wait for each other. A plugin that is
  -- gone took its reviews with it: nothing to do.
  PERFORM public.update_plugin_rating(touched.id)
  FROM (SELECT id FROM public.plugins WHERE id = ANY (plugin_ids) ORDER BY id) AS touched;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION public.update_reviewed_plugins() IS
  'Trigger: recomputes the rating of each plugin whose reviews a statement changed, once.';

-- Once a statement, not once a row: removing a person with a thousand reviews does not average a thousand times.
CREATE TRIGGER plugin_reviews_rate_on_insert AFTER INSERT ON plugin_reviews
  REFERENCING NEW TABLE AS new_reviews
  FOR EACH STATEMENT EXECUTE FUNCTION update_reviewed_plugins();
CREATE TRIGGER plugin_reviews_rate_on_update AFTER UPDATE ON plugin_reviews
  REFERENCING OLD TABLE AS old_reviews NEW TABLE AS new_reviews
  FOR EACH STATEMENT EXECUTE FUNCTION update_reviewed_plugins();
CREATE TRIGGER plugin_reviews_rate_on_delete AFTER DELETE ON plugin_reviews
  REFERENCING OLD TABLE AS old_reviews
  FOR EACH STATEMENT EXECUTE FUNCTION update_reviewed_plugins();
