// biome-ignore-all lint/a11y/useSemanticElements: a table would be read out, a grid is walked
// biome-ignore-all lint/a11y/useFocusableInteractive: of a grid one cell at a time is, never a row
import { type KeyboardEvent, useRef, useState } from "react";
import { useText } from "../../locales/text.tsx";
import { type CellState, type Hours, paintHour, toCells, toDayName, WEEKDAYS } from "./week.ts";

const DAY_HOURS = Array.from({ length: 24 }, (_, hour) => hour);

interface Place {
  /** Of the rows on the screen. */
  row: number;
  hour: number;
}

interface WeekCellsProps {
  hours: readonly Hours[];
  isFixed: boolean;
  onChange(hours: Hours[]): void;
}

/**
 * The week as a picture, an hour a cell. Arrows, Home and End walk, the space bar opens or closes, with Shift held the walk
 * takes what it began with along; so does a pressed mouse.
 */
export function WeekCells({ hours, isFixed, onChange }: WeekCellsProps) {
  const { t, language } = useText();
  const grid = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<Place>({ row: 0, hour: 9 });
  const brush = useRef<boolean | null>(null);
  const cells = toCells(hours);
  const stateOf = ({ row, hour }: Place): CellState => cells[WEEKDAYS[row] ?? 0]?.[hour] ?? "none";
  const paint = ({ row, hour }: Place, isOpen: boolean): void => {
    if (!isFixed) onChange(paintHour(hours, { weekday: WEEKDAYS[row] ?? 0, hour }, isOpen));
  };
  const begin = (place: Place): void => {
    brush.current = stateOf(place) !== "all";
    paint(place, brush.current);
  };
  const walk = (place: Place): void => {
    setCurrent(place);
    grid.current?.querySelector<HTMLElement>(`[data-cell="${place.row} ${place.hour}"]`)?.focus();
  };
  const press = (event: KeyboardEvent, place: Place): void => {
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      paint(place, stateOf(place) !== "all");
      return;
    }
    const next = toNext(event.key, place);
    if (!next) return;
    event.preventDefault();
    if (event.shiftKey) paint(next, stateOf(place) === "all");
    walk(next);
  };
  return (
    <div className="week-scroll">
      <div
        ref={grid}
        className="week-cells"
        role="grid"
        aria-label={t("dialer.weekPicture")}
        onPointerUp={() => {
          brush.current = null;
        }}
        onPointerLeave={() => {
          brush.current = null;
        }}
      >
        <div className="day" aria-hidden="true">
          <span />
          {DAY_HOURS.map((hour) => (
            <span key={hour} className="hour">
              {hour}
            </span>
          ))}
        </div>
        {WEEKDAYS.map((weekday, row) => (
          <div className="day" role="row" key={weekday}>
            <div role="rowheader">{toDayName(weekday, language)}</div>
            {DAY_HOURS.map((hour) => {
              const place = { row, hour };
              const state = stateOf(place);
              return (
                <div
                  key={hour}
                  role="gridcell"
                  data-cell={`${row} ${hour}`}
                  className={`cell cell-${state}`}
                  aria-selected={state === "all"}
                  aria-disabled={isFixed}
                  aria-label={t(`dialer.cell.${state}`, {
                    day: toDayName(weekday, language),
                    from: hour,
                    to: hour + 1,
                  })}
                  tabIndex={current.row === row && current.hour === hour ? 0 : -1}
                  onFocus={() => setCurrent(place)}
                  onKeyDown={(event) => press(event, place)}
                  onPointerDown={(event) => {
                    event.currentTarget.releasePointerCapture(event.pointerId); // a finger shall reach the next cells too
                    begin(place);
                  }}
                  onPointerEnter={() => brush.current !== null && paint(place, brush.current)}
                />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

/** Where a key leads; `null`: nowhere. */
function toNext(key: string, { row, hour }: Place): Place | null {
  const clamp = (value: number, max: number): number => Math.min(Math.max(value, 0), max);
  const move = (rows: number, hours: number): Place => ({
    row: clamp(row + rows, WEEKDAYS.length - 1),
    hour: clamp(hour + hours, DAY_HOURS.length - 1),
  });
  if (key === "ArrowLeft") return move(0, -1);
  if (key === "ArrowRight") return move(0, 1);
  if (key === "ArrowUp") return move(-1, 0);
  if (key === "ArrowDown") return move(1, 0);
  if (key === "Home") return { row, hour: 0 };
  if (key === "End") return { row, hour: DAY_HOURS.length - 1 };
  return null;
}
