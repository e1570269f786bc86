import { Button, NativeSelect } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { fetchSigned } from "../../api/client.ts";
import { toRefusal } from "../../api/problem.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { OutsideLink } from "../../ui/outside-link.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { useAction } from "../../ui/use-action.ts";
import { Waveform } from "./Waveform.tsx";

const SPEEDS = ["0.75", "1", "1.25", "1.5", "2"] as const;

/** What was recorded: heard here by those who may, by way of Enlace; else only where the PBX keeps it. */
export function Recording({ call }: { call: Schemas["CallDetail"] }) {
  const { t } = useText();
  const may = useMay();
  if (!call.recording) return t("call.noRecording");
  // An address of ours wants the access token, which a link cannot carry.
  const isElsewhere = !/\/api\/v1\/calls\/\d+\/recording$/.test(call.recording.url);
  return (
    <div className="stack">
      {may("GET /api/v1/calls/{id}/recording") && <Player key={call.id} callId={call.id} />}
      {isElsewhere && <OutsideLink url={call.recording.url}>{t("call.listen")}</OutsideLink>}
    </div>
  );
}

interface Loaded {
  url: string;
  name: string;
  sound: Blob;
}

/** Fetched whole when somebody wants to hear it, since the element that plays cannot sign its requests. */
function Player({ callId }: { callId: string }) {
  const { t } = useText();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const load = useAction({ run: () => loadRecording(callId), onDone: setLoaded });
  useEffect(() => () => (loaded ? URL.revokeObjectURL(loaded.url) : undefined), [loaded]);
  if (loaded) return <Sound loaded={loaded} />;
  return (
    <div>
      <Button size="compact-sm" variant="default" loading={load.isPending} onClick={() => load.mutate()}>
        {t("player.load")}
      </Button>
      {load.error && <ErrorNote error={load.error} />}
    </div>
  );
}

function Sound({ loaded }: { loaded: Loaded }) {
  const { t } = useText();
  const audio = useRef<HTMLAudioElement>(null);
  const [part, setPart] = useState(0);
  const onTime = (): void => {
    const { currentTime = 0, duration = 0 } = audio.current ?? {};
    setPart(duration > 0 ? currentTime / duration : 0);
  };
  const seek = (to: number): void => {
    const { current } = audio;
    if (current && Number.isFinite(current.duration)) current.currentTime = to * current.duration;
  };
  return (
    <div className="player">
      <Waveform sound={loaded.sound} part={part} onSeek={seek} />
      {/* biome-ignore lint/a11y/useMediaCaption: what two people said on the telephone has no captions */}
      <audio ref={audio} src={loaded.url} controls autoPlay aria-label={t("call.recording")} onTimeUpdate={onTime} />
      <div className="row">
        <NativeSelect
          aria-label={t("player.speed")}
          defaultValue="1"
          data={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
          onChange={(event) => {
            if (audio.current) audio.current.playbackRate = Number(event.currentTarget.value);
          }}
        />
        <Button variant="default" onClick={() => saveFile(loaded.sound, loaded.name)}>
          {t("call.download")}
        </Button>
      </div>
    </div>
  );
}

async function loadRecording(id: string): Promise<Loaded> {
  const response = await fetchSigned(new Request(`/api/v1/calls/${encodeURIComponent(id)}/recording`));
  if (!response.ok) throw toRefusal(response, await response.json().catch(() => null));
  const [, name = `call-${id}`] = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "") ?? [];
  const sound = await response.blob();
  return { url: URL.createObjectURL(sound), name, sound };
}
