import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { showDone, showProblem } from "../../ui/notices.tsx";

/** Ends a call that is going on. */
export function HangUp({ call }: { call: { id: string } }) {
  const { t } = useText();
  const may = useMay();
  const queries = useQueryClient();
  const hangUp = useMutation({
    mutationFn: () => ask(api.POST("/api/v1/calls/{id}/hangup", { params: { path: { id: call.id } } })),
    onSuccess: async () => {
      showDone(t("call.hungUp"));
      await queries.invalidateQueries();
    },
    onError: showProblem,
  });
  if (!may("POST /api/v1/calls/{id}/hangup")) return null;
  return (
    <Button color="red" size="xs" loading={hangUp.isPending} onClick={() => hangUp.mutate()}>
      {t("call.hangUp")}
    </Button>
  );
}
