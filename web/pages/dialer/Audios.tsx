import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { toClock } from "../../ui/instants.ts";
import { ListCard, usePagedList } from "../../ui/ListCard.tsx";
import { RemoveButton } from "../../ui/removals.tsx";
import { Table } from "../../ui/Table.tsx";
import { Time } from "../../ui/Time.tsx";
import { AudioDrop } from "./AudioDrop.tsx";
import { Player } from "./Player.tsx";
import { SpokenText } from "./SpokenText.tsx";

/** What callees hear: uploads, the built-in prompts, and how a text sounds. */
export function Audios() {
  const { t } = useText();
  const may = useMay();
  const list = usePagedList({
    key: ["audio-list"],
    load: (query, signal) => ask(api.GET("/api/v1/audios", { signal, params: { query } })),
  });
  return (
    <div className="stack">
      {may("POST /api/v1/audios") && <AudioDrop />}
      <ListCard
        kind="audio"
        list={list}
        empty={{ title: t("dialer.noAudios"), text: t("dialer.noAudiosText") }}
        columns={[
          {
            label: t("dialer.name"),
            className: "break",
            show: ({ name, original_name }) => (
              <div>
                {name}
                <div className="quiet small">{original_name}</div>
              </div>
            ),
          },
          {
            label: t("dialer.duration"),
            className: "number",
            show: ({ duration_seconds }) => toClock(Math.round(duration_seconds)),
          },
          { label: t("dialer.uploaded"), show: ({ updated_at }) => <Time at={updated_at} /> },
          { label: t("deliveries.actions"), show: (audio) => <AudioActions audio={audio} /> },
        ]}
      />
      {may("POST /api/v1/speech") && <SpokenText />}
      <Prompts />
    </div>
  );
}

function AudioActions({ audio: { id, name } }: { audio: Schemas["Audio"] }) {
  const { t } = useText();
  const may = useMay();
  const params = { params: { path: { id } } };
  return (
    <div className="row">
      <Player about={name} load={() => ask(api.GET("/api/v1/audios/{id}/link", params))} />
      {may("DELETE /api/v1/audios/{id}") && (
        <RemoveButton
          label={t("action.remove")}
          about={name}
          removal={{
            name: `audio:${id}`,
            sentence: t("dialer.removed", { name }),
            run: () => ask(api.DELETE("/api/v1/audios/{id}", { ...params, keepalive: true })),
          }}
        />
      )}
    </div>
  );
}

/** What is said where a project has nothing of its own. */
function Prompts() {
  const { t } = useText();
  const list = useQuery({
    queryKey: ["audio-prompts"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/audio-prompts", { signal })),
  });
  return (
    <details className="card settings-group">
      <summary>{t("dialer.prompts")}</summary>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && (
        <Table
          items={list.data.items}
          keyOf={({ language, name }) => `${language} ${name}`}
          columns={[
            { label: t("dialer.promptUse"), show: ({ name }) => t(`dialer.prompt.${name}`) },
            { label: t("dialer.language"), show: ({ language }) => t(`dialer.in.${language}`) },
            { label: t("dialer.promptText"), show: ({ language, text }) => <span lang={language}>{text}</span> },
            {
              label: t("deliveries.actions"),
              show: ({ name, language, url }) => (
                <Player
                  about={`${t(`dialer.prompt.${name}`)}, ${t(`dialer.in.${language}`)}`}
                  load={async () => ({ url })}
                />
              ),
            },
          ]}
        />
      )}
    </details>
  );
}
