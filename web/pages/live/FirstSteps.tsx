import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";

const DISMISSED = "enlace.firstSteps";

/** What is still to be set up before calls reach a CRM; gone once all is there, or when the person wants no more of it. */
export function FirstSteps() {
  const { t } = useText();
  const isAdmin = useMay()("POST /api/v1/connections");
  const [isHidden, setHidden] = useState(() => localStorage.getItem(DISMISSED) !== null);
  const isWanted = isAdmin && !isHidden;
  const connections = useQuery({
    queryKey: ["connections"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connections", { signal })),
    enabled: isWanted,
  });
  const pbxs = useQuery({
    queryKey: ["pbxs"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/pbxs", { signal })),
    enabled: isWanted,
  });
  const calls = useQuery({
    queryKey: ["calls", "any"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/calls", { signal, params: { query: { limit: 1 } } })),
    enabled: isWanted,
  });
  if (!isWanted || !connections.data || !pbxs.data || !calls.data) return null;
  const hasCalls = calls.data.items.length > 0;
  const steps = [
    {
      text: t("first.crm"),
      done: connections.data.items.length > 0,
      link: <Link to="/connections">{t("nav.connections")}</Link>,
    },
    {
      text: t("first.pbx"),
      done: pbxs.data.items.length > 0 || hasCalls,
      link: (
        <Link to="/admin/$part" params={{ part: "pbxs" }}>
          {t("admin.pbxs")}
        </Link>
      ),
    },
    { text: t("first.call"), done: hasCalls, link: <Link to="/calls">{t("nav.calls")}</Link> },
  ];
  if (steps.every(({ done }) => done)) return null;
  const dismiss = (): void => {
    localStorage.setItem(DISMISSED, "1");
    setHidden(true);
  };
  return (
    <section className="card first-steps" aria-label={t("first.title")}>
      <div className="row spread">
        <h2>{t("first.title")}</h2>
        <span className="row">
          <Link to="/setup">{t("first.go")}</Link>
          <Button size="xs" variant="default" onClick={dismiss}>
            {t("first.dismiss")}
          </Button>
        </span>
      </div>
      <ol>
        {steps.map(({ text, done, link }) => (
          <li key={text}>
            {done ? <s>{text}</s> : text} {done ? `✓ ${t("first.done")}` : link}
          </li>
        ))}
      </ol>
    </section>
  );
}
