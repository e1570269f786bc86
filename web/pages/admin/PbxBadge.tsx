import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";

/** Whether Enlace hears a PBX: as far as the answering process knows, since another one may own it. */
export function PbxBadge({ pbx }: { pbx: Pick<Schemas["Pbx"], "enabled" | "host" | "status"> }) {
  const { t } = useText();
  const { owned_here, state } = pbx.status;
  if (!pbx.enabled) return <Badge tone="still">{t("pbx.disabled")}</Badge>;
  if (pbx.host === null) return <Badge tone="still">{t("pbx.postsOnly")}</Badge>;
  if (!owned_here) return <Badge tone="still">{t("pbx.elsewhere")}</Badge>;
  if (state === "ready") return <Badge tone="good">{t("pbx.ready")}</Badge>;
  return <Badge tone="bad">{t("pbx.down")}</Badge>;
}
