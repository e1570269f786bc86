import { Button, Checkbox, Modal, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ConfirmButton } from "../../ui/ConfirmButton.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { showProblem } from "../../ui/notices.tsx";
import { useAction } from "../../ui/use-action.ts";
import { DISPOSITIONS } from "./lists.ts";

type Campaign = Schemas["Campaign"];

/** What may be done in the state it is in; the server guards the same. */
export function CampaignActions({ campaign }: { campaign: Campaign }) {
  const { t } = useText();
  const may = useMay();
  const navigate = useNavigate();
  const { id, name, state } = campaign;
  const params = { params: { path: { id } } };
  const isOver = state === "stopped" || state === "completed";
  return (
    <>
      {may("POST /api/v1/campaigns/{id}/start") && (
        <>
          {(state === "draft" || state === "paused") && (
            <Deed label={t("dialer.start")} run={() => ask(api.POST("/api/v1/campaigns/{id}/start", params))} />
          )}
          {state === "active" && (
            <Deed label={t("dialer.pause")} run={() => ask(api.POST("/api/v1/campaigns/{id}/pause", params))} />
          )}
          {(state === "active" || state === "paused") && (
            <ConfirmButton
              label={t("dialer.stop")}
              question={t("dialer.stopQuestion", { name })}
              done={t("dialer.stopped")}
              run={() => ask(api.POST("/api/v1/campaigns/{id}/stop", params))}
            />
          )}
        </>
      )}
      {isOver && may("POST /api/v1/campaigns/{id}/recycle") && <Recycle campaign={campaign} />}
      {(isOver || state === "draft") && may("DELETE /api/v1/campaigns/{id}") && (
        <ConfirmButton
          label={t("action.remove")}
          question={t("dialer.removeCampaignQuestion", { name })}
          done={t("dialer.campaignRemoved")}
          run={() => ask(api.DELETE("/api/v1/campaigns/{id}", params))}
          onDone={() => void navigate({ to: "/dialer/$part", params: { part: "campaigns" } })}
        />
      )}
    </>
  );
}

function Deed({ label, run }: { label: string; run(): Promise<unknown> }) {
  const deed = useAction({ run, onError: showProblem });
  return (
    <Button loading={deed.isPending} onClick={() => deed.mutate()}>
      {label}
    </Button>
  );
}

/** Those who came out so are called again, by a new campaign. */
function Recycle({ campaign }: { campaign: Campaign }) {
  const { t } = useText();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const recycle = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/campaigns/{id}/recycle", {
          params: { path: { id: campaign.id } },
          body: {
            name: String(form.get("name")).trim(),
            dispositions: DISPOSITIONS.filter((one) => form.get(one) !== null),
          },
        }),
      ),
    done: t("dialer.recycled"),
    onDone: (made) => {
      setOpen(false);
      void navigate({ to: "/dialer/campaigns/$id", params: { id: made.campaign.id } });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    recycle.mutate(new FormData(event.currentTarget));
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("dialer.recycle")}</Button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={t("dialer.recycleTitle", { name: campaign.name })}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        <form className="stack" onSubmit={submit}>
          <TextInput
            name="name"
            label={t("dialer.name")}
            required
            maxLength={100}
            defaultValue={`${campaign.name} 2`}
            data-autofocus
          />
          <fieldset className="scopes">
            <legend>{t("dialer.recycleWhom")}</legend>
            {DISPOSITIONS.map((one) => (
              <Checkbox
                key={one}
                size="xs"
                name={one}
                label={t(`dialer.disposition.${one}`)}
                defaultChecked={["busy", "no_answer", "congestion"].includes(one)}
              />
            ))}
          </fieldset>
          {recycle.error && <ErrorNote error={recycle.error} />}
          <Button type="submit" loading={recycle.isPending}>
            {t("dialer.recycle")}
          </Button>
        </form>
      </Modal>
    </>
  );
}
