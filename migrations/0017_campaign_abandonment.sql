-- Persons who answered and found nobody, by campaign: where the law counts by campaign, so does Enlace, beside the project.
create table agent_campaign_days (
  tenant_id   integer not null,
  project_id  bigint not null,
  campaign_id bigint not null,
  day         date not null,
  live        integer not null default 0,
  abandoned   integer not null default 0,
  primary key (tenant_id, project_id, campaign_id, day),
  foreign key (tenant_id, campaign_id) references campaigns (tenant_id, id) on delete cascade
);
-- The days that still count.
insert into agent_campaign_days (tenant_id, project_id, campaign_id, day, live, abandoned)
select a.tenant_id, a.project_id, a.campaign_id, (a.settled_at at time zone 'UTC')::date,
       count(*) filter (where a.disposition in ('answered', 'transferred', 'no_input', 'opted_out', 'abandoned')),
       count(*) filter (where a.disposition = 'abandoned')
  from number_attempts a
  join projects p on p.tenant_id = a.tenant_id and p.id = a.project_id and p.mode = 'agents'
  join campaigns c on c.tenant_id = a.tenant_id and c.id = a.campaign_id
 where a.counted and a.settled_at > now() - interval '31 days'
 group by 1, 2, 3, 4;
