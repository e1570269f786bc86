import { Button } from "@mantine/core";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { showProblem } from "../../ui/notices.tsx";
import { RemoveButton } from "../../ui/removals.tsx";
import { useAction } from "../../ui/use-action.ts";

interface UserActionsProps {
  user: Schemas["User"];
  onPassword(password: string | null): void;
}

/** What an administrator may do to somebody else. */
export function UserActions({ user, onPassword }: UserActionsProps) {
  const { t } = useText();
  const { id, username, disabled_at } = user;
  const params = { params: { path: { id } } };
  const reset = useAction({
    run: () => ask(api.POST("/api/v1/users/{id}/password", { ...params, body: {} })),
    onDone: ({ one_time_password }) => onPassword(one_time_password),
    onError: showProblem,
  });
  const toggle = useAction({
    run: () => ask(api.PATCH("/api/v1/users/{id}", { ...params, body: { disabled: disabled_at === null } })),
    done: t("user.changed"),
    onError: showProblem,
  });
  return (
    <span className="row">
      <Button size="xs" variant="default" loading={reset.isPending} onClick={() => reset.mutate()}>
        {t("user.newPassword")}
        <span className="visually-hidden"> {username}</span>
      </Button>
      <Button size="xs" variant="default" loading={toggle.isPending} onClick={() => toggle.mutate()}>
        {t(disabled_at === null ? "user.disable" : "user.enable")}
        <span className="visually-hidden"> {username}</span>
      </Button>
      <RemoveButton
        label={t("action.remove")}
        about={username}
        removal={{
          name: `user:${id}`,
          sentence: t("user.removed", { name: username }),
          run: () => ask(api.DELETE("/api/v1/users/{id}", { ...params, keepalive: true })),
        }}
      />
    </span>
  );
}
