import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/**
 * The figures of one process, for Prometheus. Created once and passed as `metrics`; rooms make their figures once, when
 * they are created, and count them in the helper that logs. Labels come from closed sets (a route pattern, an outcome),
 * never from what a client sent: each new value is a new time series.
 */
export interface Metrics {
  registry: Registry;
  /** Only grows. The name ends in `_total`. */
  counter<L extends string = never>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  /** Spread of durations (seconds unless `buckets` say otherwise). The name ends in the unit. */
  histogram<L extends string = never>(name: string, help: string, options?: HistogramOptions<L>): Histogram<L>;
  /** A level that is read when Prometheus asks: `read` returns it, or sets labelled values on the gauge it is given. */
  gauge<L extends string = never>(name: string, help: string, options?: GaugeOptions<L>): Gauge<L>;
  /** The page Prometheus reads. */
  toText(): Promise<string>;
  contentType: string;
}

export interface HistogramOptions<L extends string> {
  labels?: readonly L[];
  /** Upper bounds, ascending. */
  buckets?: readonly number[];
}

export interface GaugeOptions<L extends string> {
  labels?: readonly L[];
  /** Called for each scrape. Returns the level (or a promise of it); what is not a number is not looked at. */
  read?: (gauge: Gauge<L>) => unknown;
}

/** From a millisecond to half a minute. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface MetricsOptions {
  /** Also measure the process itself: memory, event loop, garbage collection. */
  includeProcess?: boolean;
}

export function createMetrics({ includeProcess = true }: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (includeProcess) collectDefaultMetrics({ register: registry });
  return {
    registry,
    contentType: registry.contentType,
    toText: () => registry.metrics(),
    counter: (name, help, labels = []) => new Counter({ name, help, labelNames: [...labels], registers }),
    histogram: (name, help, { labels = [], buckets = SECONDS } = {}) =>
      new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers }),
    gauge: (name, help, { labels = [], read } = {}) =>
      new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers,
        ...(read && {
          async collect() {
            const level = await read(this);
            if (typeof level === "number") this.set(level);
          },
        }),
      }),
  };
}
