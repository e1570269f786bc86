import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Page } from "../../ui/Page.tsx";
import { useAction } from "../../ui/use-action.ts";
import { type ConnectionForm, SettingsForm } from "./SettingsForm.tsx";
import { type FieldSchema, toDefaults } from "./settings-schema.ts";

const route = getRouteApi("/house/connections/new/$connector");

export function NewConnection() {
  const { t } = useText();
  const navigate = useNavigate();
  const { connector: id } = route.useParams();
  const connectors = useConnectors();
  const connector = connectors.data?.items.find((one) => one.id === id);
  return (
    <Page
      title={t("connection.newTitle", { title: connector?.title ?? id })}
      lead={<Link to="/connections">{t("connection.back")}</Link>}
    >
      {connectors.error && <ErrorNote error={connectors.error} />}
      {connectors.isLoading && <Loading />}
      {connectors.data && !connector && <EmptyState title={t("connection.noConnector")} />}
      {connector && (
        <div className="card narrow">
          <NewConnectionForm
            connector={connector}
            onMade={(made) => void navigate({ to: "/connections/$id", params: { id: made } })}
          />
        </div>
      )}
    </Page>
  );
}

export function useConnectors() {
  return useQuery({
    queryKey: ["connectors"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connectors", { signal })),
  });
}

interface NewConnectionFormProps {
  connector: Schemas["Connector"];
  onMade(id: string): void;
}

export function NewConnectionForm({ connector, onMade }: NewConnectionFormProps) {
  const { t } = useText();
  const create = useAction({
    run: (form: ConnectionForm) => ask(api.POST("/api/v1/connections", { body: { connector: connector.id, ...form } })),
    done: t("connection.created"),
    onDone: (made) => onMade(made.id),
  });
  return (
    <SettingsForm
      connector={connector}
      hasEditor
      initial={{
        name: connector.title,
        settings: toDefaults(connector.settings_schema as FieldSchema),
        enabled: true,
        concurrency: connector.concurrency,
        per_second: connector.per_second,
      }}
      submitLabel={t("connection.create")}
      isPending={create.isPending}
      error={create.error}
      onSubmit={(form) => create.mutate(form)}
    />
  );
}
