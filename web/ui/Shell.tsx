import { useMantineColorScheme } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useCallback, useId, useMemo, useState } from "react";
import { signOut } from "../api/session.ts";
import { type Language, useText } from "../locales/text.tsx";
import { CommandPalette } from "./CommandPalette.tsx";
import { useMay, useMe } from "./current-user.ts";
import { Icon } from "./Icon.tsx";
import { LanguageOptions } from "./LanguageOptions.tsx";
import { showProblem } from "./notices.tsx";
import { PLACES } from "./places.ts";
import { finishRemovals } from "./removals.tsx";
import { ShortcutList } from "./ShortcutList.tsx";
import { useShortcuts } from "./shortcuts.ts";

/** Navigation around every page of somebody who is signed in. */
export function Shell() {
  const { t } = useText();
  const may = useMay();
  const [isListOpen, setListOpen] = useState(false);
  const showShortcuts = useCallback(() => setListOpen(true), []);
  const places = useMemo(() => PLACES.filter(({ needs }) => !needs || may(needs)), [may]);
  useShortcuts({ places, showHelp: showShortcuts });
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t("nav.skip")}
      </a>
      {/* No banner: the head of a dialog is one. */}
      <section className="side" aria-label="Enlace">
        <div className="side-brand">
          <img src="/icon.svg" alt="" />
          Enlace
        </div>
        <nav aria-label={t("nav.label")}>
          <ul>
            {places.map(({ to, icon, label }) => (
              <li key={to}>
                <Link className="nav" to={to} activeOptions={{ exact: false, includeSearch: false }}>
                  <Icon name={icon} />
                  {t(label)}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <Foot showShortcuts={showShortcuts} />
      </section>
      <main className="page" id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <CommandPalette showShortcuts={showShortcuts} />
      <ShortcutList places={places} isOpen={isListOpen} onClose={() => setListOpen(false)} />
    </div>
  );
}

function Foot({ showShortcuts }: { showShortcuts(): void }) {
  const { t } = useText();
  const me = useMe();
  const leave = useLeave();
  return (
    <div className="side-foot">
      <button className="nav" type="button" aria-haspopup="dialog" onClick={spotlight.open}>
        <Icon name="search" />
        <span className="foot-text">{t("palette.open")}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <button className="nav keyboard-only" type="button" aria-haspopup="dialog" onClick={showShortcuts}>
        <Icon name="keyboard" />
        <span className="foot-text">{t("shortcuts.title")}</span>
        <kbd>?</kbd>
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
      await finishRemovals();
      await signOut();
    } catch (error) {
      showProblem(error);
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

export function LanguageChoice() {
  const { t, language, setLanguage } = useText();
  const id = useId();
  return (
    <div className="side-language">
      <label className="foot-text" htmlFor={id}>
        {t("nav.language")}
      </label>
      <select id={id} value={language} onChange={(event) => void setLanguage(event.target.value as Language)}>
        <LanguageOptions />
      </select>
    </div>
  );
}
