-- The story inside a call: rings, talks, holds, queues, transfers and so on; see core/call-details.ts. Null where nobody told it.
alter table calls add details jsonb;
