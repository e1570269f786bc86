import { useEffect, useState } from "react";

interface WaveformProps {
  sound: Blob;
  /** 0 to 1: how far it has played. */
  part: number;
  onSeek(part: number): void;
}

const BARS = 160;
/** Decoded, a minute takes some ten megabytes: of longer ones no picture is made. */
const BYTES_MAX = 30 * 1024 * 1024;
const HEIGHT = 40;

/** How loud it is, over time; a click goes there. Everything it does the player's own slider does too, so it is not read out. */
export function Waveform({ sound, part, onSeek }: WaveformProps) {
  const [peaks, setPeaks] = useState<readonly number[]>([]);
  useEffect(() => {
    let isWanted = true;
    if (sound.size <= BYTES_MAX)
      void toPeaks(sound).then(
        (found) => isWanted && setPeaks(found),
        () => undefined, // what the browser cannot decode may still play; there is only no picture
      );
    return () => {
      isWanted = false;
    };
  }, [sound]);
  if (peaks.length === 0) return null;
  return (
    <svg
      className="waveform"
      viewBox={`0 0 ${BARS} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      onClick={(event) => {
        const { left, width } = event.currentTarget.getBoundingClientRect();
        onSeek((event.clientX - left) / width);
      }}
    >
      {peaks.map((peak, bar) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
          key={bar}
          className={bar / BARS < part ? "played" : undefined}
          x={bar}
          width={0.7}
          y={(HEIGHT * (1 - peak)) / 2}
          height={Math.max(1, HEIGHT * peak)}
        />
      ))}
    </svg>
  );
}

/** The loudest of each bar, 0 to 1. */
async function toPeaks(sound: Blob): Promise<number[]> {
  const context = new OfflineAudioContext(1, 1, 8_000);
  const samples = (await context.decodeAudioData(await sound.arrayBuffer())).getChannelData(0);
  const perBar = Math.max(1, Math.floor(samples.length / BARS));
  const loudest = Array.from({ length: BARS }, (_, bar) => {
    let most = 0;
    for (let at = bar * perBar; at < (bar + 1) * perBar && at < samples.length; at += 1)
      most = Math.max(most, Math.abs(samples[at] ?? 0));
    return most;
  });
  const top = Math.max(...loudest, 0.01);
  return loudest.map((one) => one / top);
}
