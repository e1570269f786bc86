interface Bar {
  name: string;
  value: number;
  /** Of these, drawn in red. */
  bad: number;
}

/** Named amounts as bars beside each other; the numbers stand with them. */
export function BarList({ bars }: { bars: readonly Bar[] }) {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const toWidth = (value: number): string => `${(value / most) * 100}%`;
  return (
    <ul className="plain bar-list">
      {bars.map(({ name, value, bad }) => (
        <li key={name}>
          <span>{name}</span>
          <span className="bar-track" aria-hidden="true">
            <span className="bar" style={{ width: toWidth(value - bad) }} />
            <span className="bar bar-bad" style={{ width: toWidth(bad) }} />
          </span>
          <span className="number">
            {value}
            {bad > 0 && <span className="bad-count"> ({bad})</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
