import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { useOutcomeName } from "../../ui/Badge.tsx";
import { useMay, useMe } from "../../ui/current-user.ts";
import { toDateText } from "../../ui/instants.ts";
import { TextFilter } from "../../ui/TextFilter.tsx";
import { type CallSearch, CONNECTION_STATES, DIRECTIONS, OUTCOMES, parseCallSearch } from "./call-search.ts";
import { DialerFilters } from "./DialerFilters.tsx";
import { SavedViews } from "./SavedViews.tsx";

/** Each change goes into the address, so that a view can be kept as a bookmark and sent to a colleague. */
export function CallFilters({ search }: { search: CallSearch }) {
  const { t } = useText();
  const toOutcomeName = useOutcomeName();
  const navigate = useNavigate({ from: "/calls" });
  const change = (changed: Record<string, string | undefined>): void => {
    // From the address as it is by then: two filters changed quickly must not lose the first of them.
    void navigate({ to: "/calls", search: (now) => parseCallSearch({ ...now, ...changed }), replace: true });
  };
  const any = { value: "", label: t("filter.any") };
  return (
    <search>
      <div className="filters">
        <Days search={search} onChange={change} />
        <NativeSelect
          label={t("call.direction")}
          value={search.direction ?? ""}
          onChange={(event) => change({ direction: event.currentTarget.value })}
          data={[any, ...DIRECTIONS.map((value) => ({ value, label: t(`direction.${value}`) }))]}
        />
        <NativeSelect
          label={t("call.outcome")}
          value={search.outcome ?? ""}
          onChange={(event) => change({ outcome: event.currentTarget.value })}
          data={[any, ...OUTCOMES.map((value) => ({ value, label: toOutcomeName(value) }))]}
        />
        <TextFilter label={t("filter.number")} value={search.number} onChange={(number) => change({ number })} />
        <TextFilter
          label={t("call.extension")}
          value={search.extension}
          onChange={(extension) => change({ extension })}
        />
        <NativeSelect
          label={t("filter.connectionState")}
          value={search.crm ?? ""}
          onChange={(event) => change({ crm: event.currentTarget.value })}
          data={[any, ...CONNECTION_STATES.map((value) => ({ value, label: t(`connectionState.${value}`) }))]}
        />
        <ConnectionFilter search={search} onChange={change} />
        <DialerFilters search={search} onChange={change} />
        <SavedViews search={search} />
        {Object.keys(search).length > 0 && (
          <Button variant="default" onClick={() => void navigate({ to: "/calls", search: {} })}>
            {t("calls.clear")}
          </Button>
        )}
      </div>
    </search>
  );
}

interface Part {
  search: CallSearch;
  onChange(changed: Record<string, string | undefined>): void;
}

function Days({ search, onChange }: Part) {
  const { t } = useText();
  const { tenant } = useMe();
  const today = toDateText(tenant.time_zone);
  return (
    <>
      <TextInput
        type="date"
        label={t("filter.from")}
        value={search.from ?? ""}
        max={search.to ?? today}
        onChange={(event) => onChange({ from: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label={t("filter.to")}
        value={search.to ?? ""}
        min={search.from ?? ""}
        onChange={(event) => onChange({ to: event.currentTarget.value })}
      />
    </>
  );
}

/** Agents may not see the connections, so they cannot choose among them. */
function ConnectionFilter({ search, onChange }: Part) {
  const { t } = useText();
  const isAllowed = useMay()("GET /api/v1/connections");
  const { data } = useQuery({
    queryKey: ["connections"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connections", { signal })),
    enabled: isAllowed,
  });
  if (!isAllowed || !data || data.items.length < 2) return null;
  return (
    <NativeSelect
      label={t("filter.connection")}
      value={search.connection ?? ""}
      onChange={(event) => onChange({ connection: event.currentTarget.value })}
      data={[{ value: "", label: t("filter.any") }, ...data.items.map(({ id, name }) => ({ value: id, label: name }))]}
    />
  );
}
