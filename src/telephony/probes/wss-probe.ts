import type { Finding } from "../../connectors/connector.ts";
import { toErrorMessage } from "../../core/errors.ts";
import { HttpFailure } from "../../kit/http-client.ts";
import { loadEndpoints } from "./codec-probe.ts";
import { error, ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { WSS_SNIPPET } from "./snippets.ts";

const WSS_PORT = 8089;
const TIMEOUT_MS = 5_000;

/** Can browsers be phones of this PBX? A PBX without browser phones is fine. */
export const probeWss: Probe = async (pbx) => {
  const settings = await pbx.send({ name: "CoreSettings" });
  const hasHttp = /^yes$/i.test(settings.get("CoreHTTPenabled") ?? "");
  const { phones, trunks } = await loadEndpoints(pbx);
  const isWebrtc = [...phones, ...trunks].some((each) => each.isWebrtc || each.protocols.includes("wss"));
  if (!isWebrtc) return [ok("wss", "no phone is a browser; deploy/asterisk shows how one becomes it")];
  if (!hasHttp) return [error("wss", "there are browser phones, but Asterisk's web server is off", WSS_SNIPPET)];
  return [await ask(pbx)];
};

/** A WebSocket server that is asked without an upgrade says so. */
async function ask({ settings, http, signal }: ProbedPbx): Promise<Finding> {
  const { host } = settings.address;
  const url = `https://${host.includes(":") ? `[${host}]` : host}:${WSS_PORT}/ws`;
  try {
    const { status } = await http({ method: "GET", url, timeoutMs: TIMEOUT_MS, signal, cutLargeAnswer: true });
    return toWssFinding(url, status);
  } catch (failure) {
    if (!(failure instanceof HttpFailure)) throw failure;
    if (failure.reason === "refused_address") return ok("wss", `${url} was not asked: ${failure.message}`);
    if (failure.reason === "tls")
      return warning(
        "wss",
        `browsers will not trust ${url}: ${failure.message}`,
        `Give it a certificate that browsers know (Let's Encrypt).\n${WSS_SNIPPET}`,
      );
    return warning(
      "wss",
      `${url} cannot be reached from here: ${toErrorMessage(failure)}`,
      `Open port ${WSS_PORT} in the firewall.\n${WSS_SNIPPET}`,
    );
  }
}

/** Pure. */
export function toWssFinding(url: string, status: number): Finding {
  if ([400, 426, 101].includes(status)) return ok("wss", `${url} takes WebSockets`);
  const mend =
    'Load what serves it: `asterisk -rx "module load res_http_websocket.so"` and `asterisk -rx "module load res_pjsip_transport_websocket.so"`.';
  return warning("wss", `${url} answers ${status} in place of a WebSocket`, `${mend}\n${WSS_SNIPPET}`);
}
