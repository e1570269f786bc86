import { Button, Checkbox, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import { CAMPAIGN_CONTACT_DISPOSITION, type Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { ConfirmButton } from "../../ui/ConfirmButton.tsx";
import { useMay } from "../../ui/current-user.ts";
import { DialogButton } from "../../ui/DialogButton.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { RemoveButton } from "../../ui/removals.tsx";
import { useAction } from "../../ui/use-action.ts";
import { StartOrPause } from "../live/StartOrPause.tsx";

type Statistics = Schemas["CampaignStatistics"];
interface CampaignProps {
  campaign: Schemas["Campaign"];
}

/** What may be done in the state it is in; the server guards the same. */
export function CampaignActions({ statistics }: { statistics: Statistics }) {
  const { t } = useText();
  const may = useMay();
  const navigate = useNavigate();
  const { campaign } = statistics;
  const { id, name, state } = campaign;
  const isOver = state === "stopped" || state === "completed";
  return (
    <>
      {may("POST /api/v1/campaigns/{id}/start") && <Steering campaign={campaign} />}
      {isOver && may("POST /api/v1/campaigns/{id}/recycle") && <Recycle statistics={statistics} />}
      {may("PATCH /api/v1/campaigns/{id}") && <Rename campaign={campaign} />}
      {(isOver || state === "draft") && may("DELETE /api/v1/campaigns/{id}") && (
        <RemoveButton
          label={t("action.remove")}
          removal={{
            name: `campaign:${id}`,
            sentence: t("dialer.removed", { name }),
            run: () => ask(api.DELETE("/api/v1/campaigns/{id}", { params: { path: { id } }, keepalive: true })),
          }}
          onRemoved={() => void navigate({ to: "/dialer/$part", params: { part: "campaigns" } })}
        />
      )}
    </>
  );
}

function Steering({ campaign }: CampaignProps) {
  const { t } = useText();
  const { id, name, state } = campaign;
  const params = { params: { path: { id } } };
  return (
    <>
      <StartOrPause campaign={campaign} />
      {(state === "active" || state === "paused") && (
        <ConfirmButton
          label={t("dialer.stop")}
          question={t("dialer.stopQuestion", { name })}
          done={t("dialer.stopped")}
          changes={`campaign:${id}`}
          run={() => ask(api.POST("/api/v1/campaigns/{id}/stop", params))}
        />
      )}
    </>
  );
}

function Rename({ campaign: { id, name } }: CampaignProps) {
  const { t } = useText();
  return (
    <DialogButton label={t("dialer.rename")} about={name} title={t("dialer.rename")}>
      {(close) => <NameForm id={id} name={name} onDone={close} />}
    </DialogButton>
  );
}

function NameForm({ id, name, onDone }: { id: string; name: string; onDone(): void }) {
  const { t } = useText();
  const rename = useAction({
    run: (form: FormData) =>
      ask(api.PATCH("/api/v1/campaigns/{id}", { params: { path: { id } }, body: { name: textOf(form, "name") } })),
    done: t("dialer.renamed"),
    onDone,
  });
  return (
    <ActionForm action={rename}>
      <TextInput name="name" label={t("dialer.name")} required maxLength={100} defaultValue={name} data-autofocus />
      <Button type="submit" loading={rename.isPending}>
        {t("action.save")}
      </Button>
    </ActionForm>
  );
}

/** Those who came out so are called again, by a new campaign. */
function Recycle({ statistics }: { statistics: Statistics }) {
  const { t } = useText();
  const { name } = statistics.campaign;
  return (
    <DialogButton label={t("dialer.recycle")} look={{}} title={t("dialer.recycleTitle", { name })}>
      {() => <RecycleForm statistics={statistics} />}
    </DialogButton>
  );
}

/** Whom it is usually worth calling again. */
const WORTH_ANOTHER_TRY: readonly string[] = ["busy", "no_answer", "congestion"];

function RecycleForm({ statistics: { campaign, by_disposition } }: { statistics: Statistics }) {
  const { t } = useText();
  const navigate = useNavigate();
  const recycle = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/campaigns/{id}/recycle", {
          params: { path: { id: campaign.id } },
          body: {
            name: textOf(form, "name"),
            dispositions: CAMPAIGN_CONTACT_DISPOSITION.filter((one) => form.get(one) !== null),
          },
        }),
      ),
    done: t("dialer.recycled"),
    onDone: (made) => void navigate({ to: "/dialer/campaigns/$id", params: { id: made.campaign.id } }),
  });
  return (
    <ActionForm action={recycle}>
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
        {CAMPAIGN_CONTACT_DISPOSITION.map((one) => (
          <Checkbox
            key={one}
            size="xs"
            name={one}
            label={`${t(`dialer.disposition.${one}`)} · ${countOf(by_disposition, one)}`}
            defaultChecked={WORTH_ANOTHER_TRY.includes(one)}
          />
        ))}
      </fieldset>
      <Button type="submit" loading={recycle.isPending}>
        {t("dialer.recycle")}
      </Button>
    </ActionForm>
  );
}

/** Contacts that came out so, in whichever state they are. */
export const countOf = (counts: Statistics["by_disposition"], disposition: string): number =>
  counts.filter((one) => one.disposition === disposition).reduce((sum, { contacts }) => sum + contacts, 0);
