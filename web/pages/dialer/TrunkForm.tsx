import { Button, Checkbox, Modal, NativeSelect, TextInput } from "@mantine/core";
import type { FormEvent } from "react";
import { api, ask } from "../../api/client.ts";
import type { paths, Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";
import { usePbxs } from "./lists.ts";

type Trunk = Schemas["Trunk"];
type NewTrunk = paths["/api/v1/trunks"]["post"]["requestBody"]["content"]["application/json"];

interface TrunkFormProps {
  /** null: a new one. */
  trunk: Trunk | null;
  isOpen: boolean;
  onClose(): void;
}

/** A line the PBX has already, or one that Enlace writes for it when a carrier's host is given. */
export function TrunkForm({ trunk, isOpen, onClose }: TrunkFormProps) {
  const { t } = useText();
  const save = useAction({
    run: (form: FormData) => {
      const body = toBody(form);
      if (trunk) {
        const { pbx_id: _, ...change } = body; // a trunk stays on its PBX
        return ask(api.PATCH("/api/v1/trunks/{id}", { params: { path: { id: trunk.id } }, body: change }));
      }
      return ask(api.POST("/api/v1/trunks", { body }));
    },
    done: t("dialer.trunkSaved"),
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
      title={trunk ? t("dialer.editTrunk", { name: trunk.name }) : t("dialer.addTrunk")}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <form className="stack" onSubmit={submit}>
        <TrunkFields trunk={trunk} />
        <AccountFields trunk={trunk} />
        {save.error && <ErrorNote error={save.error} />}
        <Button type="submit" loading={save.isPending}>
          {t("action.save")}
        </Button>
      </form>
    </Modal>
  );
}

function TrunkFields({ trunk }: { trunk: Trunk | null }) {
  const { t } = useText();
  const pbxs = usePbxs();
  return (
    <>
      <TextInput
        name="name"
        label={t("dialer.trunkName")}
        description={t("dialer.trunkNameHint")}
        required
        pattern="[A-Za-z0-9_\-]{1,40}"
        defaultValue={trunk?.name}
        data-autofocus
      />
      {!trunk && (
        <NativeSelect
          name="pbx_id"
          label={t("dialer.pbx")}
          data={(pbxs.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        />
      )}
      <TextInput
        name="dial_template"
        label={t("dialer.dialTemplate")}
        description={t("dialer.dialTemplateHint")}
        defaultValue={trunk?.dial_template}
      />
      <TextInput
        name="per_second"
        type="number"
        min={0.1}
        step="0.1"
        label={t("dialer.perSecond")}
        description={t("dialer.emptyIsNoLimit")}
        defaultValue={trunk?.per_second ?? ""}
      />
      <TextInput
        name="channels_max"
        type="number"
        min={1}
        required
        label={t("dialer.channels")}
        defaultValue={trunk?.channels_max ?? 20}
      />
      <TextInput name="caller_id" label={t("dialer.callerId")} defaultValue={trunk?.caller_id ?? ""} />
      <Checkbox size="xs" name="enabled" label={t("dialer.enabled")} defaultChecked={trunk?.enabled ?? true} />
    </>
  );
}

function AccountFields({ trunk }: { trunk: Trunk | null }) {
  const { t } = useText();
  const account = trunk?.account;
  return (
    <details className="settings-group" open={account !== null && account !== undefined}>
      <summary>{t("dialer.account")}</summary>
      <div className="form-grid">
        <p className="quiet small wide">{t("dialer.accountHint")}</p>
        <TextInput name="host" label={t("dialer.carrierHost")} defaultValue={account?.host ?? ""} />
        <TextInput
          name="port"
          type="number"
          min={1}
          max={65535}
          label={t("pbx.port")}
          defaultValue={account?.port ?? 5060}
        />
        <TextInput
          name="username"
          label={t("dialer.carrierUser")}
          autoComplete="off"
          defaultValue={account?.username ?? ""}
        />
        <TextInput
          name="password"
          type="password"
          autoComplete="new-password"
          label={t("dialer.carrierPassword")}
          defaultValue={trunk?.password ?? ""}
        />
        <Checkbox size="xs" name="register" label={t("dialer.register")} defaultChecked={account?.register ?? false} />
      </div>
    </details>
  );
}

function toBody(form: FormData): NewTrunk {
  const text = (name: string): string => String(form.get(name) ?? "").trim();
  const account = text("host") !== "" && {
    host: text("host"),
    port: Number(text("port")) || 5060,
    username: text("username") || null,
    register: form.get("register") !== null,
  };
  return {
    name: text("name"),
    ...(text("pbx_id") !== "" && { pbx_id: text("pbx_id") }),
    ...(text("dial_template") !== "" && { dial_template: text("dial_template") }),
    per_second: text("per_second") === "" ? null : Number(text("per_second")),
    channels_max: Number(text("channels_max")),
    caller_id: text("caller_id") || null,
    enabled: form.get("enabled") !== null,
    account: account || null,
    password: account ? text("password") || null : null,
  };
}
