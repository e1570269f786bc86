import { Spotlight, type SpotlightActionData } from "@mantine/spotlight";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, ask } from "../api/client.ts";
import { LANGUAGE_NAMES, LANGUAGES, useText } from "../locales/text.tsx";
import { useMay } from "./current-user.ts";
import { Icon, type IconName } from "./Icon.tsx";
import { usePaletteParts } from "./palette-parts.ts";
import { chooseNumberForm, useNumberForm } from "./phone-numbers.ts";
import { PLACES } from "./places.ts";
import { useLeave, useThemeToggle } from "./Shell.tsx";

const CAMPAIGNS_MAX = 200;
const CAMPAIGNS_KEPT_MS = 60_000;

/** Ctrl-K: go anywhere, look for a number or a campaign, do what can be done from everywhere. */
export function CommandPalette({ showShortcuts }: { showShortcuts(): void }) {
  const { t } = useText();
  const [query, setQuery] = useState("");
  const wanted = query.trim();
  const actions = [...useFound(wanted), ...usePlaces(wanted !== ""), ...useDeeds(showShortcuts)];
  const cameFrom = useRef<EventTarget | null>(null);
  const giveFocusBack = (): void => {
    if (cameFrom.current instanceof HTMLElement) cameFrom.current.focus({ preventScroll: true });
    cameFrom.current = null;
  };
  return (
    <Spotlight
      actions={actions}
      query={query}
      onQueryChange={setQuery}
      shortcut={["mod + K"]}
      nothingFound={t("palette.nothing")}
      searchProps={{
        placeholder: t("palette.placeholder"),
        "aria-label": t("palette.placeholder"),
        // The library's own focus comes a timer after the field, and what is typed meanwhile would be lost. It would also
        // give the focus back to the field itself, which is gone by then.
        autoFocus: true,
        onFocus: ({ relatedTarget }) => {
          cameFrom.current ??= relatedTarget;
        },
      }}
      attributes={{ content: { "aria-label": t("palette.open") } }}
      returnFocus={false}
      onSpotlightClose={giveFocusBack}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }} // a blur would be painted anew with every call that changes behind it
      limit={12}
    />
  );
}

interface Deed {
  id: string;
  label: string;
  icon: IconName;
  description?: string;
  keywords?: string;
  run(): unknown;
}

const toAction = ({ icon, run, ...deed }: Deed): SpotlightActionData => ({
  ...deed,
  leftSection: <Icon name={icon} />,
  onClick: () => void run(),
});

/** Calls by what looks like a number, campaigns by name. */
function useFound(wanted: string): SpotlightActionData[] {
  const { t } = useText();
  const may = useMay();
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: ["palette-campaigns"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/campaigns", { signal, params: { query: { limit: CAMPAIGNS_MAX } } })),
    enabled: wanted !== "" && may("GET /api/v1/campaigns"),
    staleTime: CAMPAIGNS_KEPT_MS,
  });
  const isNumber = /^\+?[\d\s().-]{2,}$/.test(wanted);
  const deeds: Deed[] = (wanted === "" ? [] : (data?.items ?? [])).map(({ id, name }) => ({
    id: `campaign ${id}`,
    label: name,
    icon: "dialer",
    description: t("dialer.campaign"),
    run: () => navigate({ to: "/dialer/campaigns/$id", params: { id } }),
  }));
  if (isNumber)
    deeds.unshift({
      id: "number",
      label: t("palette.number", { number: wanted }),
      icon: "search",
      keywords: wanted,
      run: () => navigate({ to: "/calls", search: { number: wanted } }),
    });
  return deeds.map(toAction);
}

/** Pages and, once somebody types, their tabs. */
function usePlaces(isTyping: boolean): SpotlightActionData[] {
  const { t } = useText();
  const may = useMay();
  const navigate = useNavigate();
  const parts = usePaletteParts(isTyping && may("GET /api/v1/pbxs"));
  const places = PLACES.filter(({ needs }) => !needs || may(needs)).map(
    ({ to, icon, label }): Deed => ({ id: to, label: t(label), icon, run: () => navigate({ to }) }),
  );
  const tabs = (isTyping ? parts : []).map(
    ({ to, name, label }): Deed => ({
      id: `${to} ${name}`,
      label: t(label),
      icon: to === "/admin/$part" ? "admin" : "dialer",
      description: t(to === "/admin/$part" ? "nav.admin" : "dialer.title"),
      run: () => navigate({ to, params: { part: name } }),
    }),
  );
  return [...places, ...tabs].map(toAction);
}

/** What can be done from everywhere. */
function useDeeds(showShortcuts: () => void): SpotlightActionData[] {
  const { t, language, setLanguage } = useText();
  const may = useMay();
  const navigate = useNavigate();
  const toggleTheme = useThemeToggle();
  const leave = useLeave();
  const form = useNumberForm();
  const otherForm = form === "national" ? "e164" : "national";
  const missed = (): unknown => navigate({ to: "/calls", search: { direction: "inbound", outcome: "missed" } });
  const dead = (): unknown => navigate({ to: "/deliveries", search: { state: "dead" } });
  const newProject = (): unknown => navigate({ to: "/dialer/projects/$id", params: { id: "new" } });
  const deeds: (Deed | false)[] = [
    { id: "missed", label: t("palette.missed"), icon: "calls", run: missed },
    may("GET /api/v1/deliveries") && { id: "dead", label: t("palette.dead"), icon: "deliveries", run: dead },
    may("POST /api/v1/projects") && { id: "project", label: t("dialer.newProject"), icon: "dialer", run: newProject },
    may("POST /api/v1/pbxs") && {
      ...{ id: "setup", label: t("setup.title"), icon: "admin", run: () => navigate({ to: "/setup" }) },
    },
    { id: "account", label: t("account.title"), icon: "account", run: () => navigate({ to: "/account" }) },
    { id: "theme", label: t("nav.theme"), icon: "theme", run: toggleTheme },
    {
      ...{ id: "numbers", label: t(`numbers.${otherForm}`), icon: "calls" },
      run: () => chooseNumberForm(otherForm),
    },
    ...LANGUAGES.filter((one) => one !== language).map(
      (one): Deed => ({
        ...{ id: one, label: LANGUAGE_NAMES[one], icon: "account", description: t("nav.language") },
        run: () => setLanguage(one),
      }),
    ),
    { id: "shortcuts", label: t("shortcuts.title"), icon: "keyboard", run: showShortcuts },
    { id: "leave", label: t("nav.signOut"), icon: "leave", run: leave },
  ];
  return deeds.filter((deed) => deed !== false).map(toAction);
}
