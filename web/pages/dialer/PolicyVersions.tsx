import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { DialogButton } from "../../ui/DialogButton.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Time } from "../../ui/Time.tsx";
import { PolicyRules } from "./PolicyRules.tsx";

type Policy = Schemas["Policy"];

/** Versions never change and never go: the ledger cites them. */
export function PolicyVersions({ policy }: { policy: Policy }) {
  const { t } = useText();
  const { name } = policy;
  return (
    <DialogButton size="xl" label={t("dialer.versions")} about={name} title={t("dialer.versionsOf", { name })}>
      {() => <Versions policy={policy} />}
    </DialogButton>
  );
}

function Versions({ policy: { id, version: newest } }: { policy: Policy }) {
  const { t } = useText();
  const [version, setVersion] = useState(newest);
  const shown = useQuery({
    queryKey: ["policy-version", id, version],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v1/dialer/policies/{id}/versions/{version}", {
          signal,
          params: { path: { id, version } },
        }),
      ),
  });
  return (
    <div className="stack">
      <NativeSelect
        label={t("dialer.versionLabel")}
        value={String(version)}
        onChange={(event) => setVersion(Number(event.currentTarget.value))}
        data={Array.from({ length: newest }, (_, at) => {
          const value = newest - at;
          return { value: String(value), label: t("dialer.version", { version: value }) };
        })}
      />
      {shown.error && <ErrorNote error={shown.error} onRetry={() => void shown.refetch()} />}
      {shown.isLoading && <Loading />}
      {shown.data && (
        <>
          <p className="small">
            {shown.data.acknowledged_at === null ? (
              t("dialer.neverTakenOver")
            ) : (
              <>
                {t("dialer.acknowledgedBy", { name: shown.data.acknowledged_name ?? "–" })}{" "}
                <Time at={shown.data.acknowledged_at} />
              </>
            )}
          </p>
          <PolicyRules pack={shown.data.pack} isOpen />
        </>
      )}
    </div>
  );
}
