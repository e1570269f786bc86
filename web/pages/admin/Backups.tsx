import { Button, Progress } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { saveFile } from "../../api/files.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { ListCard } from "../../ui/ListCard.tsx";
import { showProblem } from "../../ui/notices.tsx";
import { RemoveButton, useRemovals } from "../../ui/removals.tsx";
import { Said } from "../../ui/Said.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { useBytes } from "./use-bytes.ts";

type List = Omit<Schemas["Backups"], "next_cursor">;
type Backup = List["items"][number];

const REFRESH_MS = 15_000;
const WATCH_MS = 1_000;

/** The backups on the server's disk: make one and watch it, take one away, how to put one back. */
export function Backups() {
  const { t } = useText();
  const toBytes = useBytes();
  const { isRemoved } = useRemovals();
  const query = useQuery({
    queryKey: ["backups"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/backups", { signal })),
    refetchInterval: ({ state }) => (state.data?.running ? WATCH_MS : REFRESH_MS),
  });
  const items = (query.data?.items ?? []).flatMap((backup) =>
    isRemoved(`backup:${backup.name}`) ? [] : [{ ...backup, id: backup.name }],
  );
  return (
    <div className="stack">
      <Making list={query.data} />
      <ListCard
        list={{ query, items }}
        empty={{ title: t("backup.none"), text: t("backup.noneText") }}
        columns={[
          { label: t("backup.name"), className: "mono break", show: ({ name }) => name },
          { label: t("backup.madeAt"), show: ({ made_at }) => <Time at={made_at} /> },
          { label: t("backup.size"), className: "number", show: ({ size_bytes }) => toBytes(size_bytes) },
          { label: t("deliveries.actions"), show: (backup) => <Actions backup={backup} /> },
        ]}
      />
      {query.data && <Restore list={query.data} />}
    </div>
  );
}

function Making({ list }: { list: List | undefined }) {
  const { t } = useText();
  const begin = useAction({ run: () => ask(api.POST("/api/v1/backups")), done: t("backup.begun") });
  const running = list?.running;
  const percent = running && running.total > 0 ? Math.floor((running.done / running.total) * 100) : 0;
  return (
    <section className="card stack" aria-label={t("backup.make")}>
      <p className="quiet">{t("backup.lead")}</p>
      {begin.error && <ErrorNote error={begin.error} />}
      {list?.failure && (
        <p className="note note-bad small" role="alert">
          {t("backup.failed", { name: list.failure.name })}{" "}
          <Said text={list.failure.reason} code={list.failure.reason_code} values={list.failure.reason_values} />
        </p>
      )}
      {running ? (
        <div role="status">
          {t("backup.running", { name: running.name, percent })}
          <Progress value={percent} aria-label={running.name} />
        </div>
      ) : (
        <div>
          <Button loading={begin.isPending} onClick={() => begin.mutate()}>
            {t("backup.make")}
          </Button>
        </div>
      )}
    </section>
  );
}

function Actions({ backup: { name } }: { backup: Backup }) {
  const { t } = useText();
  const download = useAction({
    run: () => saveFile(`/api/v1/backups/${encodeURIComponent(name)}`, name),
    onError: showProblem,
  });
  return (
    <span className="row">
      <Button size="xs" variant="default" loading={download.isPending} onClick={() => download.mutate()}>
        {t("backup.download")}
        <span className="visually-hidden"> {name}</span>
      </Button>
      <RemoveButton
        label={t("action.remove")}
        about={name}
        removal={{
          name: `backup:${name}`,
          sentence: t("backup.removed", { name }),
          run: () => ask(api.DELETE("/api/v1/backups/{name}", { params: { path: { name } }, keepalive: true })),
        }}
      />
    </span>
  );
}

/** It replaces everything, so it is done at the machine, with Enlace stopped. */
function Restore({ list: { folder, host, items } }: { list: List }) {
  const { t } = useText();
  const name = items[0]?.name ?? "….backup";
  return (
    <section className="card stack" aria-label={t("backup.restore")}>
      <h2>{t("backup.restore")}</h2>
      <p>{t("backup.restoreText", { host })}</p>
      <pre className="body">{`npm run enlace -- restore --check ${folder}/${name}\nnpm run enlace -- restore ${folder}/${name}`}</pre>
      <p className="quiet small">{t("backup.secretText")}</p>
    </section>
  );
}
