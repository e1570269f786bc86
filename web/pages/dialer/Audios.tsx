import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ConfirmButton } from "../../ui/ConfirmButton.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { toClock } from "../../ui/instants.ts";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { Time } from "../../ui/Time.tsx";
import { AudioDrop } from "./AudioDrop.tsx";
import { Player } from "./Player.tsx";
import { SpokenText } from "./SpokenText.tsx";

/** What callees hear: uploads, the built-in prompts, and how a text sounds. */
export function Audios() {
  const { t } = useText();
  const may = useMay();
  const list = useInfiniteQuery({
    queryKey: ["audio-list"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(api.GET("/api/v1/audios", { signal, params: { query: pageParam ? { cursor: pageParam } : {} } })),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const audios = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <div className="stack">
      {may("POST /api/v1/audios") && <AudioDrop />}
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <div className="card card-flush">
          {audios.length === 0 && <EmptyState title={t("dialer.noAudios")}>{t("dialer.noAudiosText")}</EmptyState>}
          {audios.length > 0 && <AudioTable audios={audios} />}
          <MoreButton list={list} />
        </div>
      )}
      {may("POST /api/v1/speech") && <SpokenText />}
      <Prompts />
    </div>
  );
}

function AudioTable({ audios }: { audios: readonly Schemas["Audio"][] }) {
  const { t } = useText();
  return (
    <table className="grid-table folds">
      <thead>
        <tr>
          <th scope="col">{t("dialer.name")}</th>
          <th scope="col">{t("dialer.duration")}</th>
          <th scope="col">{t("dialer.uploaded")}</th>
          <th scope="col">{t("deliveries.actions")}</th>
        </tr>
      </thead>
      <tbody>
        {audios.map((audio) => (
          <AudioRow key={audio.id} audio={audio} />
        ))}
      </tbody>
    </table>
  );
}

function AudioRow({ audio }: { audio: Schemas["Audio"] }) {
  const { t } = useText();
  const may = useMay();
  const { id, name, original_name, duration_seconds, updated_at } = audio;
  const params = { params: { path: { id } } };
  return (
    <tr>
      <td data-label={t("dialer.name")} className="break">
        {name}
        <div className="quiet small">{original_name}</div>
      </td>
      <td data-label={t("dialer.duration")} className="number">
        {toClock(Math.round(duration_seconds))}
      </td>
      <td data-label={t("dialer.uploaded")}>
        <Time at={updated_at} />
      </td>
      <td data-label={t("deliveries.actions")}>
        <div className="row">
          <Player about={name} load={() => ask(api.GET("/api/v1/audios/{id}/link", params))} />
          {may("DELETE /api/v1/audios/{id}") && (
            <ConfirmButton
              label={t("action.remove")}
              about={name}
              question={t("dialer.removeAudioQuestion", { name })}
              done={t("dialer.audioRemoved")}
              run={() => ask(api.DELETE("/api/v1/audios/{id}", params))}
            />
          )}
        </div>
      </td>
    </tr>
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
        <table className="grid-table folds">
          <thead>
            <tr>
              <th scope="col">{t("dialer.promptUse")}</th>
              <th scope="col">{t("dialer.language")}</th>
              <th scope="col">{t("dialer.promptText")}</th>
              <th scope="col">{t("deliveries.actions")}</th>
            </tr>
          </thead>
          <tbody>
            {list.data.items.map(({ name, language, text, url }) => (
              <tr key={`${language} ${name}`}>
                <td data-label={t("dialer.promptUse")}>{t(`dialer.prompt.${name}`)}</td>
                <td data-label={t("dialer.language")}>{t(`dialer.in.${language}`)}</td>
                <td data-label={t("dialer.promptText")} lang={language}>
                  {text}
                </td>
                <td data-label={t("deliveries.actions")}>
                  <Player about={text} load={async () => ({ url })} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}
