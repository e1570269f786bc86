import { NativeSelect } from "@mantine/core";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { useCampaigns, useProjects } from "../dialer/lists.ts";

interface DialerFiltersProps {
  search: { project?: string; campaign?: string };
  onChange(changed: Record<string, string>): void;
}

/** Of calls that the dialer made; for those who may see its projects. */
export function DialerFilters({ search, onChange }: DialerFiltersProps) {
  const may = useMay();
  return may("GET /api/v1/projects") && may("GET /api/v1/campaigns") ? (
    <DialerChoices search={search} onChange={onChange} />
  ) : null;
}

function DialerChoices({ search, onChange }: DialerFiltersProps) {
  const { t } = useText();
  const projects = useProjects().data?.items ?? [];
  const campaigns = useCampaigns().data?.items ?? [];
  if (projects.length === 0) return null;
  const ofProject = campaigns.filter(({ project_id }) => !search.project || project_id === search.project);
  return (
    <>
      <Choice
        label={t("filter.project")}
        value={search.project}
        items={projects}
        onChange={(project) => onChange({ project, campaign: "" })}
      />
      {campaigns.length > 0 && (
        <Choice
          label={t("filter.campaign")}
          value={search.campaign}
          items={ofProject}
          onChange={(campaign) => onChange({ campaign })}
        />
      )}
    </>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  items: readonly { id: string; name: string }[];
  onChange(id: string): void;
}

/** What is asked for stays choosable though it is not among them, or not any more. */
function Choice({ label, value = "", items, onChange }: ChoiceProps) {
  const { t } = useText();
  const known = items.map(({ id, name }) => ({ value: id, label: name }));
  const isStranger = value !== "" && !items.some(({ id }) => id === value);
  return (
    <NativeSelect
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[{ value: "", label: t("filter.any") }, ...known, ...(isStranger ? [{ value, label: `#${value}` }] : [])]}
    />
  );
}
