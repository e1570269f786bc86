import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { useText } from "../../locales/text.tsx";
import { CAP_UNITS, type Pack, toCapUnit } from "./policy-form.ts";

type Cap = Pack["caps"][number];
interface Row {
  key: number;
  cap: Cap;
}

const CAPS_MAX = 20;

/** How often somebody may be called at most, one cap a row; all of them hold. */
export function PolicyCaps({ caps }: { caps: readonly Cap[] }) {
  const { t } = useText();
  const [rows, setRows] = useState<readonly Row[]>(() => caps.map((cap, key) => ({ key, cap })));
  const add = (): void => {
    const key = Math.max(-1, ...rows.map((row) => row.key)) + 1;
    setRows([...rows, { key, cap: { per: "number", max: 1, within_days: 1 } }]);
  };
  return (
    <fieldset className="pairs wide">
      <legend>{t("dialer.caps")}</legend>
      {rows.map(({ key, cap }, at) => (
        <CapRow key={key} cap={cap} place={at + 1} onRemove={() => setRows(rows.filter((row) => row.key !== key))} />
      ))}
      {rows.length < CAPS_MAX && (
        <div className="row">
          <Button size="xs" variant="default" onClick={add}>
            {t("dialer.addCap")}
          </Button>
        </div>
      )}
    </fieldset>
  );
}

function CapRow({ cap, place, onRemove }: { cap: Cap; place: number; onRemove(): void }) {
  const { t } = useText();
  const [unit, setUnit] = useState(toCapUnit(cap));
  return (
    <div className="row">
      <TextInput
        className="weight"
        name="cap_max"
        type="number"
        min={1}
        max={100}
        required
        aria-label={t("dialer.capMax", { place })}
        defaultValue={cap.max}
      />
      <NativeSelect
        name="cap_per"
        aria-label={t("dialer.capPer", { place })}
        defaultValue={cap.per}
        data={(["number", "debt"] as const).map((value) => ({ value, label: t(`dialer.capPerIs.${value}`) }))}
      />
      <NativeSelect
        name="cap_unit"
        aria-label={t("dialer.capWithin", { place })}
        value={unit}
        onChange={(event) => setUnit(CAP_UNITS.find((one) => one === event.currentTarget.value) ?? "days")}
        data={CAP_UNITS.map((value) => ({ value, label: t(`dialer.capUnit.${value}`) }))}
      />
      <TextInput
        className="weight"
        name="cap_days"
        type="number"
        min={1}
        max={30}
        required
        aria-label={t("dialer.capRunning", { place })}
        hidden={unit !== "days"}
        defaultValue={cap.within_days ?? 1}
      />
      <Button size="xs" variant="default" onClick={onRemove}>
        {t("action.remove")}
        <span className="visually-hidden"> {t("dialer.capOf", { place })}</span>
      </Button>
    </div>
  );
}
