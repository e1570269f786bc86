import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { useMay, useMe } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";

/** Of all call centres of the installation together: for who operates it. */
const ALL_FIELDS = ["per_second", "channels_max"] as const;
const FIELDS = ["per_second", "channels_max", "channels_per_trunk", "queue_max"] as const;

/** How much all projects together may call; it holds at once. */
export function Limits() {
  const { t } = useText();
  const may = useMay();
  const { is_operator } = useMe();
  const limits = useQuery({
    queryKey: ["dialer-limits"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/dialer/limits", { signal })),
  });
  const save = useAction({
    run: (form: FormData) => {
      const read = (name: string): number | null => {
        const text = String(form.get(name) ?? "").trim();
        return text === "" ? null : Number(text);
      };
      const [per_second, channels_max] = [read("per_second"), read("channels_max")];
      const body = { per_second, channels_max, channels_per_trunk: read("channels_per_trunk") };
      const all = { per_second: read("all_per_second"), channels_max: read("all_channels_max") };
      return ask(
        api.PUT("/api/v1/dialer/limits", {
          body: { ...body, queue_max: read("queue_max") ?? 1, ...(is_operator && { installation: all }) },
        }),
      );
    },
    done: t("dialer.limitsSaved"),
  });
  if (limits.error) return <ErrorNote error={limits.error} onRetry={() => void limits.refetch()} />;
  if (!limits.data || !may("PUT /api/v1/dialer/limits")) return null;
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="card" key={JSON.stringify(limits.data)} onSubmit={submit}>
      <h2>{t("dialer.limits")}</h2>
      <p className="quiet small">{t("dialer.emptyIsNoLimit")}</p>
      <div className="form-grid ends">
        {FIELDS.map((name) => (
          <TextInput
            key={name}
            name={name}
            type="number"
            min={name === "per_second" ? 0.1 : 1}
            step={name === "per_second" ? 0.1 : 1}
            required={name === "queue_max"}
            label={t(`dialer.limit.${name}`)}
            defaultValue={limits.data[name] ?? ""}
          />
        ))}
        {is_operator &&
          ALL_FIELDS.map((name) => (
            <TextInput
              key={name}
              name={`all_${name}`}
              type="number"
              min={name === "per_second" ? 0.1 : 1}
              step={name === "per_second" ? 0.1 : 1}
              label={t(`dialer.limit.all_${name}`)}
              defaultValue={limits.data.installation?.[name] ?? ""}
            />
          ))}
        <Button type="submit" loading={save.isPending}>
          {t("dialer.saveLimits")}
        </Button>
      </div>
      {save.error && <ErrorNote error={save.error} />}
    </form>
  );
}
