import type { ReactNode } from "react";

/** Addresses come from PBXs and CRMs: anything but http and https is shown as text. */
export function isWebAddress(url: string): boolean {
  return URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol);
}

export function OutsideLink({ url, children }: { url: string; children: ReactNode }) {
  if (!isWebAddress(url)) return <span className="break">{children}</span>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {children} <span aria-hidden="true">↗</span>
    </a>
  );
}
