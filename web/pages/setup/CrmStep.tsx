import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Check } from "../connections/Lane.tsx";
import { NewConnectionForm, useConnectors } from "../connections/NewConnection.tsx";

/** Connect a CRM, and see at once whether it can be read and written. */
export function CrmStep() {
  const { t } = useText();
  const connections = useQuery({
    queryKey: ["connections"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connections", { signal })),
  });
  if (connections.error) return <ErrorNote error={connections.error} />;
  if (!connections.data) return <Loading />;
  return (
    <>
      {connections.data.items.map(({ id, name }) => (
        <div key={id} className="stack narrow">
          <h2 className="section-title">{name}</h2>
          <Check id={id} />
        </div>
      ))}
      {connections.data.items.length === 0 && <NewOne />}
      {connections.data.items.length > 0 && <p className="quiet">{t("setup.moreCrms")}</p>}
    </>
  );
}

function NewOne() {
  const { t } = useText();
  const connectors = useConnectors();
  const [chosen, setChosen] = useState("");
  const connector = connectors.data?.items.find(({ id }) => id === chosen) ?? connectors.data?.items[0];
  if (connectors.error) return <ErrorNote error={connectors.error} />;
  if (!connector) return <Loading />;
  return (
    <div className="card stack narrow">
      <NativeSelect
        label={t("setup.which")}
        value={connector.id}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={connectors.data?.items.map(({ id, title }) => ({ value: id, label: title })) ?? []}
      />
      <NewConnectionForm key={connector.id} connector={connector} onMade={() => void connectors.refetch()} />
    </div>
  );
}
