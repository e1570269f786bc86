const PATHS = {
  live: "M3 12h4l3-8 4 16 3-8h4",
  calls: "M5 4h4l2 5-2.500 1.500a11 11 0 0 0 5 5L15 13l5 2v4a1 1 0 0 1-1 1A16 16 0 0 1 4 5a1 1 0 0 1 1-1",
  reports: "M4 20V4m0 16h16M8 16v-4m4 4V8m4 8v-6",
  deliveries: "M4 7l8-4 8 4v10l-8 4-8-4V7m0 0l8 4 8-4m-8 4v10",
  connections: "M9 15l6-6m-4-3l1-1a4 4 0 0 1 6 6l-1 1m-4 4l-1 1a4 4 0 0 1-6-6l1-1",
  dialer: "M4 9v6h4l7 5V4L8 9zm15-1a6 6 0 0 1 0 8",
  admin: "M4 6h10m4 0h2M4 12h2m4 0h10M4 18h10m4 0h2M14 4v4M8 10v4m8 2v4",
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8m-7 8a7 7 0 0 1 14 0",
  search: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14m5-2l6 6",
  leave: "M14 4h5v16h-5M4 12h11m-4-4l4 4-4 4",
  inbound: "M17 7L7 17m0-8v8h8",
  outbound: "M7 17L17 7M9 7h8v8",
  internal: "M4 9h14l-3-3m5 9H6l3 3",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  theme: "M12 3v18a9 9 0 0 0 0-18m0 0a9 9 0 0 0 0 18",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside a word; it says nothing by itself. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.800"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
