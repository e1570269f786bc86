import { Button, NativeSelect, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { PROJECT_CONSENT_BASIS, type Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";

/** On what grounds the project's people are called, and who says so: policies ask for it. */
export function ProjectConsent({ projectId: id }: { projectId: string }) {
  const stated = useQuery({
    queryKey: ["project-consent", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/projects/{id}/consent", { signal, params: { path: { id } } })),
  });
  if (stated.error) return <ErrorNote error={stated.error} onRetry={() => void stated.refetch()} />;
  if (!stated.data) return null;
  return <ConsentForm key={stated.data.consent?.stated_at} id={id} stated={stated.data.consent} />;
}

function ConsentForm({ id, stated }: { id: string; stated: Schemas["ProjectConsent"] | null }) {
  const { t } = useText();
  const may = useMay();
  const save = useAction({
    run: (form: FormData) => {
      const basis = PROJECT_CONSENT_BASIS.find((one) => one === textOf(form, "basis")) ?? "none";
      const body = { basis, evidence: textOf(form, "evidence") };
      return ask(api.PUT("/api/v1/projects/{id}/consent", { params: { path: { id } }, body }));
    },
    done: t("dialer.groundsSaved"),
  });
  const isFixed = !may("PUT /api/v1/projects/{id}/consent");
  return (
    <ActionForm className="card stack narrow" action={save}>
      <h2>{t("dialer.grounds")}</h2>
      <p className="quiet small">{t("dialer.groundsHint")}</p>
      <fieldset className="plain-set stack" disabled={isFixed}>
        <legend className="visually-hidden">{t("dialer.grounds")}</legend>
        <NativeSelect
          name="basis"
          label={t("dialer.basis")}
          defaultValue={stated?.basis ?? "none"}
          data={PROJECT_CONSENT_BASIS.map((value) => ({ value, label: t(`dialer.basisIs.${value}`) }))}
        />
        <Textarea
          size="xs"
          name="evidence"
          label={t("dialer.evidence")}
          description={t("dialer.evidenceHint")}
          required
          minLength={3}
          maxLength={2000}
          rows={2}
          defaultValue={stated?.evidence}
        />
        {stated && (
          <p className="quiet small">
            {t("dialer.statedBy", { name: stated.stated_by })} <Time at={stated.stated_at} />
          </p>
        )}
        {!isFixed && (
          <div className="row">
            <Button type="submit" loading={save.isPending}>
              {t("dialer.saveGrounds")}
            </Button>
          </div>
        )}
      </fieldset>
    </ActionForm>
  );
}
