import { Spotlight, type SpotlightActionData } from "@mantine/spotlight";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useText } from "../locales/text.tsx";
import { useMay } from "./current-user.ts";
import { Icon } from "./Icon.tsx";
import { PLACES, useLeave, useThemeToggle } from "./Shell.tsx";

/** Ctrl-K: go anywhere, look for a number, change the theme, leave. */
export function CommandPalette() {
  const { t } = useText();
  const [query, setQuery] = useState("");
  const actions = useActions(query.trim());
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
      returnFocus={false}
      onSpotlightClose={giveFocusBack}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      limit={12}
    />
  );
}

function useActions(query: string): SpotlightActionData[] {
  const { t } = useText();
  const may = useMay();
  const navigate = useNavigate();
  const toggleTheme = useThemeToggle();
  const leave = useLeave();
  const places = PLACES.filter(({ needs }) => !needs || may(needs)).map(({ to, icon, label }) => ({
    id: to,
    label: t(label),
    leftSection: <Icon name={icon} />,
    onClick: () => void navigate({ to }),
  }));
  const isNumber = /^\+?[\d\s().-]{2,}$/.test(query);
  return [
    ...(isNumber
      ? [
          {
            id: "number",
            label: t("palette.number", { number: query }),
            keywords: query,
            leftSection: <Icon name="search" />,
            onClick: () => void navigate({ to: "/calls", search: { number: query } }),
          },
        ]
      : []),
    ...places,
    {
      id: "missed",
      label: t("palette.missed"),
      leftSection: <Icon name="calls" />,
      onClick: () => void navigate({ to: "/calls", search: { outcome: "missed" } }),
    },
    ...(may("GET /api/v1/deliveries")
      ? [
          {
            id: "dead",
            label: t("palette.dead"),
            leftSection: <Icon name="deliveries" />,
            onClick: () => void navigate({ to: "/deliveries", search: { state: "dead" } }),
          },
        ]
      : []),
    {
      id: "account",
      label: t("account.title"),
      leftSection: <Icon name="account" />,
      onClick: () => void navigate({ to: "/account" }),
    },
    { id: "theme", label: t("nav.theme"), leftSection: <Icon name="theme" />, onClick: toggleTheme },
    { id: "leave", label: t("nav.signOut"), leftSection: <Icon name="leave" />, onClick: () => void leave() },
  ];
}
