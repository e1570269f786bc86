import { useMantineColorScheme } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { spotlight } from "@mantine/spotlight";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useId } from "react";
import type { OperationName } from "../api/session.ts";
import { signOut } from "../api/session.ts";
import { LANGUAGES, type Language, type TextKey, useText } from "../locales/text.tsx";
import { CommandPalette } from "./CommandPalette.tsx";
import { useMay, useMe } from "./current-user.ts";
import { ErrorNote } from "./ErrorNote.tsx";
import { Icon, type IconName } from "./Icon.tsx";

export interface Place {
  to: "/live" | "/calls" | "/reports" | "/deliveries" | "/connections" | "/dialer" | "/admin" | "/account";
  icon: IconName;
  label: TextKey;
  /** Without the right to this there is nothing to see there. */
  needs?: OperationName;
}

export const PLACES: readonly Place[] = [
  { to: "/live", icon: "live", label: "nav.live" },
  { to: "/calls", icon: "calls", label: "nav.calls" },
  { to: "/reports", icon: "reports", label: "nav.reports", needs: "GET /api/v1/calls/statistics" },
  { to: "/deliveries", icon: "deliveries", label: "nav.deliveries", needs: "GET /api/v1/deliveries" },
  { to: "/connections", icon: "connections", label: "nav.connections", needs: "GET /api/v1/connections" },
  { to: "/dialer", icon: "dialer", label: "dialer.title", needs: "GET /api/v1/campaigns" },
  { to: "/admin", icon: "admin", label: "nav.admin", needs: "GET /api/v1/pbxs" },
];

/** Navigation around every page of somebody who is signed in. */
export function Shell() {
  const { t } = useText();
  const may = useMay();
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t("nav.skip")}
      </a>
      <header className="side">
        <div className="side-brand">
          <img src="/icon.svg" alt="" />
          Enlace
        </div>
        <nav aria-label={t("nav.label")}>
          <ul>
            {PLACES.filter(({ needs }) => !needs || may(needs)).map(({ to, icon, label }) => (
              <li key={to}>
                <Link className="nav" to={to} activeOptions={{ exact: false, includeSearch: false }}>
                  <Icon name={icon} />
                  {t(label)}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <Foot />
      </header>
      <main className="page" id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <CommandPalette />
    </div>
  );
}

function Foot() {
  const { t } = useText();
  const me = useMe();
  const leave = useLeave();
  return (
    <div className="side-foot">
      <button className="nav" type="button" onClick={spotlight.open}>
        <Icon name="search" />
        <span className="foot-text">{t("palette.open")}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <ThemeButton />
      <LanguageChoice />
      <Link className="nav" to="/account">
        <Icon name="account" />
        <span className="foot-text">{me.name}</span>
      </Link>
      <button className="nav" type="button" onClick={leave}>
        <Icon name="leave" />
        <span className="foot-text">{t("nav.signOut")}</span>
      </button>
      <div className="side-tenant">{me.tenant.name}</div>
    </div>
  );
}

/** Ends the session here and on the server; what was loaded is forgotten. */
export function useLeave(): () => Promise<void> {
  const navigate = useNavigate();
  const queries = useQueryClient();
  return async () => {
    try {
      await signOut();
    } catch (error) {
      notifications.show({ color: "red", autoClose: false, message: <ErrorNote error={error} /> });
      return;
    }
    await navigate({ to: "/sign-in" });
    queries.clear();
  };
}

function ThemeButton() {
  const { t } = useText();
  const toggle = useThemeToggle();
  return (
    <button className="nav" type="button" onClick={toggle}>
      <Icon name="theme" />
      <span className="foot-text">{t("nav.theme")}</span>
    </button>
  );
}

export function useThemeToggle(): () => void {
  // Muting transitions during the change would make a <style> by script.
  const { toggleColorScheme } = useMantineColorScheme({ keepTransitions: true });
  return toggleColorScheme;
}

const NAMES: Record<Language, string> = { en: "English", es: "Español", ru: "Русский" };

export function LanguageChoice() {
  const { t, language, setLanguage } = useText();
  const id = useId();
  return (
    <div className="side-language">
      <label className="foot-text" htmlFor={id}>
        {t("nav.language")}
      </label>
      <select id={id} value={language} onChange={(event) => void setLanguage(event.target.value as Language)}>
        {LANGUAGES.map((one) => (
          <option key={one} value={one} lang={one}>
            {NAMES[one]}
          </option>
        ))}
      </select>
    </div>
  );
}
