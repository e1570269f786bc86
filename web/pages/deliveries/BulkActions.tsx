import { Button, Modal, Progress } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { paths } from "../../api/schema.gen.ts";
import type { OperationName } from "../../api/session.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { showDone } from "../../ui/notices.tsx";
import { PreviewNote } from "./PreviewNote.tsx";

type Query = NonNullable<paths["/api/v1/deliveries"]["get"]["parameters"]["query"]>;
type Deed = "replay" | "discard";
type Body = paths["/api/v1/deliveries/replay"]["post"]["requestBody"]["content"]["application/json"];

const RIGHTS: Record<Deed, OperationName> = {
  replay: "POST /api/v1/deliveries/replay",
  discard: "POST /api/v1/deliveries/discard",
};
/** What each may be done to; the rest is on its way, over, or would be done twice. */
const POSSIBLE: Record<Deed, readonly string[]> = { replay: ["dead", "discarded"], discard: ["dead", "pending"] };

interface BulkActionsProps {
  query: Query;
  /** Only these of them: what a search found. */
  ids?: readonly string[];
}

/** Replays or discards everything the filter names, after saying how many that are. */
export function BulkActions({ query, ids }: BulkActionsProps) {
  const { t } = useText();
  const may = useMay();
  const [deed, setDeed] = useState<Deed | null>(null);
  const body = toBody(query, ids);
  const deeds = (["replay", "discard"] as const).filter(
    (one) => may(RIGHTS[one]) && POSSIBLE[one].includes(query.state ?? ""),
  );
  if (!body || deeds.length === 0) return null;
  return (
    <div className="row bulk">
      {deeds.map((one) => (
        <Button key={one} size="xs" variant="default" aria-haspopup="dialog" onClick={() => setDeed(one)}>
          {t(`bulk.${one}`)}
        </Button>
      ))}
      <Modal
        opened={deed !== null}
        onClose={() => setDeed(null)}
        size="lg"
        title={deed && t(`bulk.${deed}`)}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {deed && <Confirmation deed={deed} body={body} onClose={() => setDeed(null)} />}
      </Modal>
    </div>
  );
}

interface ConfirmationProps {
  deed: Deed;
  body: Body;
  onClose(): void;
}

function Confirmation({ deed, body, onClose }: ConfirmationProps) {
  const { t } = useText();
  const queries = useQueryClient();
  const { ids, ...filter } = body;
  const preview = useQuery({
    queryKey: ["bulk", deed, body],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v1/deliveries/preview", {
          signal,
          params: { query: { ...filter, ...(ids && { ids: ids.join(",") }), deed } },
        }),
      ),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false, // what was asked about is what is done
  });
  const [done, setDone] = useState(0);
  const isLeft = useRef(false);
  useEffect(() => {
    isLeft.current = false;
    return () => {
      isLeft.current = true;
    };
  }, []);
  const act = useMutation({
    mutationFn: (total: number) => doAll({ deed, body, total, onDone: setDone, isStopped: () => isLeft.current }),
    onSuccess: async (changed) => {
      showDone(t(`bulk.${deed}Done`, { count: changed }));
      onClose();
      await queries.invalidateQueries();
    },
  });
  if (preview.error) return <ErrorNote error={preview.error} onRetry={() => void preview.refetch()} />;
  if (!preview.data) return <Loading />;
  const { matched, at_once } = preview.data;
  return (
    <div className="stack">
      <p>{t(`bulk.${deed}Count`, { count: matched })}</p>
      <PreviewNote deed={deed} preview={preview.data} />
      {act.isPending && matched > at_once && (
        <>
          <p role="status">{t("bulk.course", { done, total: act.variables })}</p>
          <Progress value={(done / act.variables) * 100} aria-label={t(`bulk.${deed}`)} />
        </>
      )}
      {act.error && <ErrorNote error={act.error} />}
      <div className="row">
        <Button
          color={deed === "discard" ? "red" : "teal"}
          disabled={matched === 0}
          loading={act.isPending}
          onClick={() => act.mutate(matched)}
        >
          {t(`bulk.${deed}Yes`, { count: matched })}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t(act.isPending ? "bulk.stop" : "action.cancel")}
        </Button>
      </div>
    </div>
  );
}

interface WholeDeed {
  deed: Deed;
  body: Body;
  /** As many as were told of: what comes meanwhile is another deed's. */
  total: number;
  onDone(done: number): void;
  /** Whether the person has left: what is not done by then stays as it is. */
  isStopped(): boolean;
}

/** The server changes some thousands at once: it is asked until all are, one request after the other. Gives how many were. */
async function doAll({ deed, body, total, onDone, isStopped }: WholeDeed): Promise<number> {
  let done = 0;
  while (done < total && !isStopped()) {
    const { changed } = await ask(api.POST(`/api/v1/deliveries/${deed}`, { body: { ...body, dry_run: false } }));
    if (changed === 0) break;
    done += changed;
    onDone(done);
  }
  return done;
}

function toBody({ state, connection_id, kind, since, until }: Query, ids?: readonly string[]): Body | null {
  if (state !== "dead" && state !== "discarded" && state !== "pending") return null;
  return {
    state,
    ...(ids && { ids: [...ids] }),
    ...(connection_id && { connection_id }),
    ...(kind && { kind }),
    ...(since && { since }),
    ...(until && { until }),
  };
}
