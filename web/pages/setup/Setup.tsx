import "./setup.css";
import { Button } from "@mantine/core";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type TextKey, useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Page } from "../../ui/Page.tsx";
import { Pbxs } from "../admin/Pbxs.tsx";
import { Tenant } from "../admin/Tenant.tsx";
import { CrmStep } from "./CrmStep.tsx";
import { STEPS, type Step } from "./setup-steps.ts";
import { TrialStep } from "./TrialStep.tsx";
import { useProgress } from "./use-progress.ts";

const route = getRouteApi("/house/setup");

/** The first day, step by step: each may be left out and come back to; what is done is seen from what is there. */
export function Setup() {
  const { t } = useText();
  const isAdmin = useMay()("POST /api/v1/connections");
  const { step } = route.useSearch();
  const navigate = useNavigate();
  const progress = useProgress();
  const shown = step ?? STEPS.find((one) => !progress.isDone(one)) ?? "trial";
  const next = STEPS[STEPS.indexOf(shown) + 1];
  const goOn = (): void => {
    progress.remember(shown);
    void navigate(next ? { to: "/setup", search: { step: next } } : { to: "/live" });
  };
  if (!isAdmin) return <EmptyState title={t("setup.adminOnly")} />;
  const contents: Record<Step, ReactNode> = {
    tenant: <Tenant onSaved={goOn} />,
    pbx: <Pbxs />,
    crm: <CrmStep />,
    trial: <TrialStep />,
  };
  return (
    <Page title={t("setup.title")} lead={t("setup.lead")} actions={<Link to="/live">{t("setup.later")}</Link>}>
      <nav aria-label={t("setup.steps")}>
        <ol className="setup-steps">
          {STEPS.map((one, index) => (
            <li key={one}>
              <Link to="/setup" search={{ step: one }} {...(one === shown && { "aria-current": "step" as const })}>
                <span className="setup-number" aria-hidden="true">
                  {progress.isDone(one) ? "✓" : index + 1}
                </span>
                {t(`setup.${one}` satisfies TextKey)}
                {progress.isDone(one) && <span className="visually-hidden"> {t("first.done")}</span>}
              </Link>
            </li>
          ))}
        </ol>
      </nav>
      <section className="stack" aria-label={t(`setup.${shown}`)}>
        <p className="setup-text">{t(`setup.${shown}Text`)}</p>
        {contents[shown]}
        <div className="row">
          <Button onClick={goOn}>{t(next ? "setup.next" : "setup.finish")}</Button>
          {(shown === "pbx" || shown === "crm") && !progress.isDone(shown) && (
            <span className="quiet small">{t("setup.skip")}</span>
          )}
        </div>
      </section>
    </Page>
  );
}
