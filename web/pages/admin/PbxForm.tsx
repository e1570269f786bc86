import { Button, Checkbox, Modal, PasswordInput, TextInput } from "@mantine/core";
import type { FormEvent } from "react";
import { api, ask } from "../../api/client.ts";
import type { paths, Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMe } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";
import { DialFields, RareFields, RecordingFields, toPartsBody } from "./PbxFormParts.tsx";

type NewPbx = paths["/api/v1/pbxs"]["post"]["requestBody"]["content"]["application/json"];

interface PbxFormProps {
  /** null: a new one. */
  pbx: Schemas["Pbx"] | null;
  isOpen: boolean;
  onClose(): void;
}

/** Adds a PBX, or changes one; a secret left as it is stays as it is. */
export function PbxForm({ pbx, isOpen, onClose }: PbxFormProps) {
  const { t } = useText();
  const { tenant } = useMe();
  const save = useAction({
    run: (form: FormData) => {
      const body = toBody(form, pbx);
      return pbx
        ? ask(api.PATCH("/api/v1/pbxs/{id}", { params: { path: { id: pbx.id } }, body }))
        : ask(api.POST("/api/v1/pbxs", { body }));
    },
    done: t("pbx.saved"),
    onDone: onClose,
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={pbx ? t("pbx.editTitle", { name: pbx.name }) : t("pbx.add")}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <form className="stack" onSubmit={submit}>
        <TextInput name="name" label={t("pbx.name")} required maxLength={60} defaultValue={pbx?.name} data-autofocus />
        <TextInput name="host" label={t("pbx.host")} description={t("pbx.hostHint")} defaultValue={pbx?.host ?? ""} />
        <TextInput
          name="port"
          type="number"
          min={1}
          max={65535}
          label={t("pbx.port")}
          required
          defaultValue={pbx?.port ?? 5038}
        />
        <Checkbox name="tls" label={t("pbx.tls")} defaultChecked={pbx?.tls ?? false} />
        <TextInput
          name="username"
          label={t("pbx.username")}
          description={t("pbx.usernameHint")}
          defaultValue={pbx?.username ?? ""}
        />
        <PasswordInput
          name="secret"
          label={t("pbx.secret")}
          autoComplete="new-password"
          defaultValue={pbx?.secret ?? ""}
          visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
        />
        <TextInput
          name="time_zone"
          label={t("tenant.zone")}
          required
          defaultValue={pbx?.time_zone ?? tenant.time_zone}
        />
        <TextInput
          name="trunks"
          label={t("pbx.trunks")}
          description={t("pbx.trunksHint")}
          defaultValue={pbx?.trunks.join(" ")}
        />
        <Checkbox name="enabled" label={t("pbx.enabled")} defaultChecked={pbx?.enabled ?? true} />
        <DialFields pbx={pbx} />
        <RecordingFields pbx={pbx} />
        <RareFields pbx={pbx} />
        {save.error && <ErrorNote error={save.error} />}
        <Button type="submit" loading={save.isPending}>
          {t("action.save")}
        </Button>
      </form>
    </Modal>
  );
}

function toBody(form: FormData, pbx: Schemas["Pbx"] | null): NewPbx {
  const text = (name: string): string => String(form.get(name) ?? "").trim();
  // Without an address it only posts its events.
  const amiText = (name: string): string | null => (text("host") === "" ? null : text(name) || null);
  return {
    name: text("name"),
    host: amiText("host"),
    port: Number(text("port")),
    tls: form.get("tls") !== null,
    username: amiText("username"),
    secret: amiText("secret"),
    time_zone: text("time_zone"),
    trunks: text("trunks")
      .split(/[\s,]+/)
      .filter(Boolean),
    enabled: form.get("enabled") !== null,
    ...toPartsBody(form, pbx),
  };
}
