import "./setup.css";
import { Button } from "@mantine/core";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type TextKey, useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Loading } from "../../ui/Loading.tsx";
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
  const shown = useShownStep(step, progress);
  if (!isAdmin) return <EmptyState title={t("setup.adminOnly")} />;
  if (!shown) return <Loading />;
  const next = STEPS[STEPS.indexOf(shown) + 1];
  const goOn = (): void => {
    progress.remember(shown);
    void navigate(next ? { to: "/setup", search: { step: next } } : { to: "/live" });
  };
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

/**
 * The step of the address, else the first that is left when the page is opened; `null` until that is known. It stays although it
 * gets done meanwhile: a PBX that was just added is still to be checked.
 */
function useShownStep(asked: Step | undefined, { isKnown, isDone }: ReturnType<typeof useProgress>): Step | null {
  const [begun, setBegun] = useState<Step | null>(null);
  if (isKnown && begun === null) setBegun(STEPS.find((one) => !isDone(one)) ?? "trial");
  return asked ?? begun;
}
