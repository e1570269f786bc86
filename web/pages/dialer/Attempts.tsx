import { NativeSelect } from "@mantine/core";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { DIAL_ATTEMPT_DISPOSITION } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ListCard, usePagedList } from "../../ui/ListCard.tsx";
import { Phone } from "../../ui/Phone.tsx";
import { TextFilter } from "../../ui/TextFilter.tsx";
import { useAttemptColumns } from "./attempt-columns.tsx";
import { toNames, useProjects } from "./lists.ts";
import { ProjectChoice } from "./ProjectChoice.tsx";

type Disposition = (typeof DIAL_ATTEMPT_DISPOSITION)[number];

/** Every try at a number, newest first. */
export function Attempts() {
  const { t } = useText();
  const [number, setNumber] = useState("");
  const [projectId, setProjectId] = useState("");
  const [disposition, setDisposition] = useState<Disposition>();
  const projectOf = toNames(useProjects().data?.items);
  const { when, outcome } = useAttemptColumns();
  const query = {
    ...(number && { number }),
    ...(projectId && { project_id: projectId }),
    ...(disposition && { disposition }),
  };
  const list = usePagedList({
    key: ["attempts", query],
    load: (page, signal) => ask(api.GET("/api/v1/attempts", { signal, params: { query: { ...query, ...page } } })),
  });
  return (
    <section aria-label={t("dialer.attempts")}>
      <h2 className="section-title">{t("dialer.attempts")}</h2>
      <div className="filters">
        <TextFilter label={t("dialer.findNumber")} value={number} onChange={setNumber} />
        <ProjectChoice
          none={t("dialer.allProjects")}
          value={projectId}
          onChange={(event) => setProjectId(event.currentTarget.value)}
        />
        <NativeSelect
          label={t("dialer.outcome")}
          value={disposition ?? ""}
          onChange={(event) =>
            setDisposition(DIAL_ATTEMPT_DISPOSITION.find((one) => one === event.currentTarget.value))
          }
          data={[
            { value: "", label: t("dialer.everyOutcome") },
            ...DIAL_ATTEMPT_DISPOSITION.map((value) => ({ value, label: t(`dialer.disposition.${value}`) })),
          ]}
        />
      </div>
      <ListCard
        list={list}
        empty={{ title: t("dialer.noAttempts"), text: t("dialer.noAttemptsText") }}
        isFiltered={Object.keys(query).length > 0}
        columns={[
          when,
          { label: t("dialer.number"), className: "number nowrap", show: ({ number }) => <Phone number={number} /> },
          { label: t("dialer.project"), show: ({ project_id }) => projectOf(project_id) },
          ...outcome,
        ]}
      />
    </section>
  );
}
