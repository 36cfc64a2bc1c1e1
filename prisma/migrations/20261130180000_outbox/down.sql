-- Takes the outbox out of this database, with the effects that no relay has carried out yet.
--
-- @loses outbox outbox_dead outbox_partitions outbox_topics commit_marks
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

DROP TABLE public.outbox, public.outbox_dead, public.outbox_partitions, public.outbox_topics, public.commit_marks;
DROP FUNCTION
  public.outbox_place(), public.outbox_bound(), public.commit_mark(uuid), public.commit_outcome(uuid), public.purge_commit_marks();
