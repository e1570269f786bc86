import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { PbxBadge } from "../admin/PbxBadge.tsx";

const REFRESH_MS = 5_000;

/** The PBXs and whether Enlace hears them. */
export function PbxList() {
  const { t } = useText();
  const { data, error, refetch } = useQuery({
    queryKey: ["pbxs"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/pbxs", { signal })),
    refetchInterval: REFRESH_MS,
  });
  return (
    <section className="card">
      <h2>{t("live.pbxs")}</h2>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {data?.items.length === 0 && <p className="quiet">{t("live.noPbxs")}</p>}
      <ul className="plain">
        {data?.items.map((pbx) => (
          <li key={pbx.id}>
            <div className="row spread">
              <span>{pbx.name}</span>
              <PbxBadge pbx={pbx} />
            </div>
            {pbx.status.calls !== null && (
              <div className="small quiet">{t("live.count", { count: pbx.status.calls })}</div>
            )}
            {pbx.status.problem && <div className="small break">{pbx.status.problem}</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}
