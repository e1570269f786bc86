-- Calls of a project or a campaign are found as quickly as those of an extension. What the dialer told stands in `details`;
-- these two columns repeat it, so that an index on them is not touched by whatever else changes there. Both are null for most
-- calls, and then cost nothing. The table is written anew once, some ten seconds for each million calls.
alter table calls
  add project_id text generated always as (details -> 'dialer' ->> 'projectId') stored,
  add campaign_id text generated always as (details -> 'dialer' ->> 'campaignId') stored;
create index calls_project on calls (tenant_id, project_id, started_at desc, id desc) where project_id is not null;
create index calls_campaign on calls (tenant_id, campaign_id, started_at desc, id desc) where campaign_id is not null;

-- What was given up is rare and looked for by its state, like dead letters.
create index deliveries_discarded on deliveries (tenant_id, id) where state = 'discarded';
