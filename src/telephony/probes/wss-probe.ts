import type { Finding } from "../../connectors/connector.ts";
import { toErrorMessage } from "../../core/errors.ts";
import { HttpFailure } from "../../kit/http-client.ts";
import { loadEndpoints } from "./codec-probe.ts";
import { mend } from "./mend-words.ts";
import { error, ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { toCommand, WSS_SNIPPET } from "./snippets.ts";
import { say } from "./words.ts";

const WSS_PORT = 8089;
const TIMEOUT_MS = 5_000;

/** Can browsers be phones of this PBX? A PBX without browser phones is fine. */
export const probeWss: Probe = async (pbx) => {
  const settings = await pbx.send({ name: "CoreSettings" });
  const hasHttp = /^yes$/i.test(settings.get("CoreHTTPenabled") ?? "");
  const { phones, trunks } = await loadEndpoints(pbx);
  const isWebrtc = [...phones, ...trunks].some((each) => each.isWebrtc || each.protocols.includes("wss"));
  if (!isWebrtc) return [ok("wss", say("noBrowserPhones"))];
  if (!hasHttp) return [error("wss", say("webServerOff"), WSS_SNIPPET)];
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
    if (failure.reason === "refused_address") return ok("wss", say("wssUnasked", { url, error: failure.message }));
    if (failure.reason === "tls")
      return warning(
        "wss",
        say("wssUntrusted", { url, error: failure.message }),
        mend("certificate", { snippet: WSS_SNIPPET }),
      );
    return warning(
      "wss",
      say("wssUnreachable", { url, error: toErrorMessage(failure) }),
      mend("port", { port: String(WSS_PORT), snippet: WSS_SNIPPET }),
    );
  }
}

/** Pure. */
export function toWssFinding(url: string, status: number): Finding {
  if ([400, 426, 101].includes(status)) return ok("wss", say("wssWorks", { url }));
  const commands = ["res_http_websocket", "res_pjsip_transport_websocket"].map((name) =>
    toCommand(`module load ${name}.so`),
  );
  return warning(
    "wss",
    say("wssAnswers", { url, status: String(status) }),
    mend("webSocket", { commands, snippet: WSS_SNIPPET }),
  );
}
