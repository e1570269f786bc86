import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot, { type AlignedData, type Options } from "uplot";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMe } from "../../ui/current-user.ts";

interface ActivityChartProps {
  activity: Schemas["CallActivity"];
  label: string;
}

const HEIGHT_PX = 110;

/** Calls by the step as bars, the missed ones in front of them. The figures beside it say the same in words. */
export function ActivityChart({ activity, label }: ActivityChartProps) {
  const { language } = useText();
  const { tenant } = useMe();
  // What is shown, also when it follows the machine.
  const colorScheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme changes what the colours read from the page are
  useEffect(() => {
    const { current } = place;
    if (!current) return;
    const drawn = new uPlot(toOptions(current, { language, timeZone: tenant.time_zone }), [[], [], []], current);
    chart.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: current.clientWidth, height: HEIGHT_PX }));
    observer.observe(current);
    return () => {
      observer.disconnect();
      drawn.destroy();
    };
  }, [language, tenant.time_zone, colorScheme]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart that was made anew is empty
  useEffect(() => chart.current?.setData(toData(activity)), [activity, language, tenant.time_zone, colorScheme]);
  return <div ref={place} className="chart" role="img" aria-label={label} />;
}

function toData({ step_seconds, last_step_at, answered, missed, other }: Schemas["CallActivity"]): AlignedData {
  const lastSeconds = Date.parse(last_step_at) / 1000;
  const times = answered.map((_, step) => lastSeconds - (answered.length - 1 - step) * step_seconds);
  const all = answered.map((count, step) => count + (missed[step] ?? 0) + (other[step] ?? 0));
  return [times, all, [...missed]];
}

function toOptions(place: HTMLElement, { language, timeZone }: { language: string; timeZone: string }): Options {
  const colour = (name: string): string => getComputedStyle(place).getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--text-quiet"),
    grid: { show: false },
    ticks: { show: false },
    font: "11px system-ui",
  };
  const clock = new Intl.DateTimeFormat(language, { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const bars = uPlot.paths.bars?.({ size: [0.8, 24] });
  const series = (name: string) => ({
    ...(bars && { paths: bars }),
    ...{ points: { show: false }, stroke: colour(name), fill: colour(name), width: 0 },
  });
  return {
    width: place.clientWidth || 300,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_chart, _least, most) => [0, Math.max(4, most ?? 0)] } },
    axes: [
      { ...axis, size: 22, values: (_chart, splits) => splits.map((at) => clock.format(at * 1000)) },
      { ...axis, size: 34, splits: (_chart, _axis, _least, most) => [0, Math.ceil(most / 2), Math.ceil(most)] },
    ],
    series: [{}, series("--accent-fill"), series("--bad-text")],
  };
}
