import "./connections.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Page } from "../../ui/Page.tsx";
import { RemoveButton } from "../../ui/removals.tsx";
import { useAction } from "../../ui/use-action.ts";
import { Exchanges } from "./Exchanges.tsx";
import { FieldMapping } from "./FieldMapping.tsx";
import { Lane } from "./Lane.tsx";
import { useConnectors } from "./NewConnection.tsx";
import { type ConnectionForm, SettingsForm } from "./SettingsForm.tsx";
import { UserMapping } from "./UserMapping.tsx";

type Connection = Schemas["Connection"];

const route = getRouteApi("/house/connections/$id");
const REFRESH_MS = 5_000;

/** One connection: how its lane runs, what it is set to, and the ways to check, stop and remove it. */
export function ConnectionPage() {
  const { t } = useText();
  const { id } = route.useParams();
  const may = useMay();
  const { data, error, refetch } = useQuery({
    queryKey: ["connection", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connections/{id}", { signal, params: { path: { id } } })),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Page
      title={data?.name ?? t("connections.title")}
      lead={<Link to="/connections">{t("connection.back")}</Link>}
      actions={data && may("DELETE /api/v1/connections/{id}") && <Remove connection={data} />}
    >
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && (
        <div className="call-columns">
          <section className="card">
            <h2>{t("connection.settings")}</h2>
            {data.origin === "environment" && <p className="note note-info small">{t("connection.fromEnvironment")}</p>}
            {/* Another version means that somebody changed it: the form begins anew from what is stored. */}
            {may("PATCH /api/v1/connections/{id}") ? (
              <Settings key={data.version} connection={data} />
            ) : (
              <p className="quiet">{t("connection.readOnly")}</p>
            )}
          </section>
          <Lane connection={data} />
        </div>
      )}
      {data && (
        <div className="stack below">
          <Survey connection={data} />
          <Exchanges connectionId={data.id} />
        </div>
      )}
    </Page>
  );
}

function Settings({ connection }: { connection: Connection }) {
  const { t } = useText();
  const may = useMay();
  const { id, name, settings, enabled, concurrency, per_second, attempts_max } = connection;
  const connectors = useConnectors();
  const connector = connectors.data?.items.find((one) => one.id === connection.connector);
  const save = useAction({
    run: (form: ConnectionForm) => ask(api.PATCH("/api/v1/connections/{id}", { params: { path: { id } }, body: form })),
    done: t("connection.saved"),
  });
  if (connectors.error) return <ErrorNote error={connectors.error} />;
  if (!connector) return <Loading />;
  return (
    <SettingsForm
      connector={connector}
      initial={{ name, settings, enabled, concurrency, per_second, attempts_max }}
      submitLabel={t("action.save")}
      isPending={save.isPending}
      error={save.error}
      hasEditor={connection.problem === null && may("GET /api/v1/connections/{id}/fields")}
      onSubmit={(form) => save.mutate(form)}
    />
  );
}

/** What the other side looks like, as far as its connector can tell. */
function Survey({ connection }: { connection: Connection }) {
  const { t } = useText();
  const connectors = useConnectors();
  const connector = connectors.data?.items.find(({ id }) => id === connection.connector);
  if (!connector || connection.problem !== null) return null;
  const { title, capabilities } = connector;
  if (!capabilities.includes("fields") && !capabilities.includes("users"))
    return <p className="quiet small">{t("connection.noFields", { title })}</p>;
  return (
    <>
      {capabilities.includes("fields") && <FieldMapping key={`fields ${connection.version}`} connection={connection} />}
      {capabilities.includes("users") && <UserMapping key={`users ${connection.version}`} connection={connection} />}
    </>
  );
}

function Remove({ connection }: { connection: Connection }) {
  const { t } = useText();
  const navigate = useNavigate();
  const { id, name, lane } = connection;
  return (
    <RemoveButton
      label={t("connection.remove")}
      removal={{
        name: `connection:${id}`,
        sentence: t("connection.removed", { name, count: lane.queue_depth }),
        run: () => ask(api.DELETE("/api/v1/connections/{id}", { params: { path: { id } }, keepalive: true })),
      }}
      onRemoved={() => void navigate({ to: "/connections" })}
    />
  );
}
