import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

/** Of a long table only what is seen is drawn: rows of one height in a box that scrolls. */
export interface VisibleRows {
  box: RefObject<HTMLDivElement | null>;
  onScroll(): void;
  first: number;
  /** Behind the last. */
  end: number;
  abovePx: number;
  belowPx: number;
}

const OVERSCAN = 8;
/** So many rows go by before others are drawn: a frame in between only moves what is there. */
const STRIDE = 4;
const ROW_PX = 36;

/** `count` rows; each drawn one carries `data-row`. */
export function useVisibleRows(count: number): VisibleRows {
  const box = useRef<HTMLDivElement>(null);
  const [rowPx, setRowPx] = useState(ROW_PX);
  const [view, setView] = useState({ topPx: 0, heightPx: 800 });
  const onScroll = useCallback(() => {
    const { current } = box;
    if (!current) return;
    const stridePx = STRIDE * rowPx;
    const topPx = Math.floor(current.scrollTop / stridePx) * stridePx;
    const heightPx = current.clientHeight;
    setView((now) => (now.topPx === topPx && now.heightPx === heightPx ? now : { topPx, heightPx }));
  }, [rowPx]);
  const isEmpty = count === 0;
  // Measured once for each width of the box: rows differ by a hair, and one that is measured while it moves moves the others.
  useLayoutEffect(() => {
    const { current } = box;
    if (!current || isEmpty) return;
    const measure = (): void => {
      const rows = current.querySelectorAll("[data-row]");
      const [top, end] = [rows[0]?.getBoundingClientRect().top, rows[rows.length - 1]?.getBoundingClientRect().bottom];
      if (top === undefined || end === undefined || end <= top) return;
      const px = (end - top) / rows.length;
      setRowPx((now) => (Math.abs(now - px) < 1 ? now : px));
    };
    let widthPx = 0;
    const observer = new ResizeObserver(() => {
      if (current.clientWidth !== widthPx) measure();
      widthPx = current.clientWidth;
      onScroll();
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, [isEmpty, onScroll]);
  const first = Math.max(0, Math.min(count, Math.floor(view.topPx / rowPx)) - OVERSCAN);
  const end = Math.min(count, first + Math.ceil(view.heightPx / rowPx) + 2 * OVERSCAN);
  return { box, onScroll, first, end, abovePx: first * rowPx, belowPx: (count - end) * rowPx };
}
