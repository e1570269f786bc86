import { NativeSelect } from "@mantine/core";
import { useText } from "../../locales/text.tsx";
import { useCampaigns, useProjects } from "./lists.ts";

/** How widely it holds that somebody is not to be called. The field `scope`; `toScope` reads it. */
export function ScopeChoice() {
  const { t } = useText();
  const projects = useProjects().data?.items ?? [];
  const campaigns = useCampaigns().data?.items ?? [];
  const group = (kind: "project" | "campaign", items: readonly { id: string; name: string }[]) =>
    items.length === 0
      ? []
      : [
          {
            group: t(`dialer.scopeIs.${kind}`),
            items: items.map(({ id, name }) => ({ value: `${kind} ${id}`, label: name })),
          },
        ];
  return (
    <NativeSelect
      name="scope"
      label={t("dialer.scope")}
      data={[
        { value: "global", label: t("dialer.scopeIs.global") },
        ...group("project", projects),
        ...group("campaign", campaigns),
      ]}
    />
  );
}

/** As the API takes it. */
export function toScope(
  choice: string,
): { scope: "global" } | { scope: "project"; project_id: string } | { scope: "campaign"; campaign_id: string } {
  const [kind, id = ""] = choice.split(" ");
  if (kind === "project") return { scope: kind, project_id: id };
  if (kind === "campaign") return { scope: kind, campaign_id: id };
  return { scope: "global" };
}
