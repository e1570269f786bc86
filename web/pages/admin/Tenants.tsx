import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { LANGUAGES, useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { useMe } from "../../ui/current-user.ts";
import { DialogButton } from "../../ui/DialogButton.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { LanguageOptions } from "../../ui/LanguageOptions.tsx";
import { ListCard, usePagedList } from "../../ui/ListCard.tsx";
import { showProblem } from "../../ui/notices.tsx";
import { SecretOnce } from "../../ui/SecretOnce.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";

type Tenant = Schemas["Tenant"];

/** Every call centre of the installation, for whoever operates it. */
export function Tenants() {
  const { t } = useText();
  const [password, setPassword] = useState<string | null>(null);
  const list = usePagedList<Tenant>({
    key: ["tenants"],
    load: (query, signal) => ask(api.GET("/api/v1/tenants", { signal, params: { query } })),
  });
  return (
    <div className="stack">
      <div className="row">
        <DialogButton label={t("tenants.add")} title={t("tenants.add")} look={{}}>
          {(close) => <NewTenant onClose={close} onPassword={setPassword} />}
        </DialogButton>
      </div>
      <ListCard
        list={list}
        empty={{ title: t("tenants.none"), text: t("tenants.noneText") }}
        columns={[
          { label: t("tenants.number"), className: "mono", show: ({ number }) => number },
          { label: t("tenant.name"), show: (tenant) => <Name tenant={tenant} /> },
          { label: t("tenant.zone"), show: ({ time_zone, country }) => `${time_zone} · ${country}` },
          { label: t("tenants.since"), show: ({ created_at }) => <Time at={created_at} /> },
          { label: t("deliveries.actions"), show: (tenant) => <Actions tenant={tenant} /> },
        ]}
      />
      <SecretOnce title={t("user.oneTime")} secret={password} onClose={() => setPassword(null)} />
    </div>
  );
}

function Name({ tenant: { name, is_default, disabled_at } }: { tenant: Tenant }) {
  const { t } = useText();
  return (
    <span className="row">
      {name}
      {is_default && <Badge tone="still">{t("tenants.default")}</Badge>}
      {disabled_at && <Badge tone="warn">{t("user.disabled")}</Badge>}
    </span>
  );
}

function Actions({ tenant }: { tenant: Tenant }) {
  const { t } = useText();
  const me = useMe();
  const { id, name, number, is_default, disabled_at } = tenant;
  const toggle = useAction({
    run: () =>
      ask(
        api.PATCH("/api/v1/tenants/{id}", {
          params: { path: { id: Number(id) } },
          body: { disabled: disabled_at === null },
        }),
      ),
    done: t("tenant.saved"),
    onError: showProblem,
  });
  return (
    <span className="row">
      <DialogButton label={t("action.edit")} about={name} title={t("tenants.edit", { name })}>
        {(close) => <EditTenant tenant={tenant} onClose={close} />}
      </DialogButton>
      {!is_default && me.tenant.number !== number && (
        <Button size="xs" variant="default" loading={toggle.isPending} onClick={() => toggle.mutate()}>
          {t(disabled_at === null ? "user.disable" : "user.enable")}
          <span className="visually-hidden"> {name}</span>
        </Button>
      )}
    </span>
  );
}

function EditTenant({ tenant, onClose }: { tenant: Tenant; onClose(): void }) {
  const { t } = useText();
  const save = useAction({
    run: (form: FormData) =>
      ask(api.PATCH("/api/v1/tenants/{id}", { params: { path: { id: Number(tenant.id) } }, body: toFields(form) })),
    done: t("tenant.saved"),
    onDone: onClose,
  });
  return (
    <ActionForm action={save}>
      <Fields tenant={tenant} />
      <Button type="submit" loading={save.isPending}>
        {t("action.save")}
      </Button>
    </ActionForm>
  );
}

interface NewTenantProps {
  onClose(): void;
  onPassword(password: string | null): void;
}

function NewTenant({ onClose, onPassword }: NewTenantProps) {
  const { t } = useText();
  const create = useAction({
    run: (form: FormData) => {
      const body = { ...toFields(form), number: textOf(form, "number"), admin: { username: textOf(form, "admin") } };
      return ask(api.POST("/api/v1/tenants", { body }));
    },
    done: t("tenants.added"),
    onDone: ({ one_time_password }) => {
      onClose();
      onPassword(one_time_password);
    },
  });
  return (
    <ActionForm action={create}>
      <TextInput
        name="number"
        label={t("tenants.number")}
        description={t("tenants.numberHint")}
        required
        maxLength={32}
        data-autofocus
      />
      <Fields tenant={null} />
      <TextInput name="admin" label={t("tenants.admin")} description={t("tenants.adminHint")} required />
      <Button type="submit" loading={create.isPending}>
        {t("tenants.addNow")}
      </Button>
    </ActionForm>
  );
}

function Fields({ tenant }: { tenant: Tenant | null }) {
  const { t } = useText();
  const me = useMe();
  const shown = tenant ?? { ...me.tenant, name: "" };
  return (
    <>
      <TextInput name="name" label={t("tenant.name")} required maxLength={200} defaultValue={shown.name} />
      <TextInput
        name="time_zone"
        label={t("tenant.zone")}
        required
        list="tenant-zones"
        defaultValue={shown.time_zone}
      />
      <datalist id="tenant-zones">
        {Intl.supportedValuesOf("timeZone").map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <TextInput
        name="country"
        label={t("tenant.country")}
        description={t("tenant.countryHint")}
        required
        maxLength={2}
        defaultValue={shown.country}
      />
      <NativeSelect name="language" label={t("tenant.language")} defaultValue={shown.language}>
        <LanguageOptions />
      </NativeSelect>
    </>
  );
}

function toFields(form: FormData) {
  const language = LANGUAGES.find((one) => one === textOf(form, "language")) ?? "en";
  const country = textOf(form, "country").toUpperCase();
  return { name: textOf(form, "name"), time_zone: textOf(form, "time_zone"), country, language };
}
