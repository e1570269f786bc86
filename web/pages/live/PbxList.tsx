import { useText } from "../../locales/text.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Said } from "../../ui/Said.tsx";
import { PbxBadge } from "../admin/PbxBadge.tsx";
import { useLive } from "./use-live.ts";

/** The PBXs and whether Enlace hears them. */
export function PbxList() {
  const { t } = useText();
  const pbxs = useLive((picture) => picture.pbxs);
  return (
    <section className="card">
      <h2>{t("live.pbxs")}</h2>
      {pbxs === null && <Loading />}
      {pbxs?.length === 0 && <p className="quiet">{t("live.noPbxs")}</p>}
      <ul className="plain">
        {pbxs?.map((pbx) => (
          <li key={pbx.id}>
            <div className="row spread">
              <span>{pbx.name}</span>
              <PbxBadge pbx={pbx} />
            </div>
            {pbx.status.calls !== null && (
              <div className="small quiet">{t("live.count", { count: pbx.status.calls })}</div>
            )}
            {pbx.status.problem && (
              <div className="small break">
                <Said text={pbx.status.problem} code={pbx.status.problem_code} values={pbx.status.problem_values} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
