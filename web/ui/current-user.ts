import { useCallback, useSyncExternalStore } from "react";
import { currentMe, type Me, may, type OperationName, subscribe } from "../api/session.ts";

/** Who is signed in; pages below the shell always have somebody. */
export function useMe(): Me {
  const me = useSyncExternalStore(subscribe, currentMe);
  return me ?? NOBODY;
}

/** Whether this person may do it, so that nothing is offered which the server would refuse. */
export function useMay(): (operation: OperationName) => boolean {
  const me = useMe();
  return useCallback((operation) => may(me, operation), [me]);
}

/** While the page is being left after signing out. */
const NOBODY: Me = {
  ...{
    kind: "user",
    name: "",
    role: null,
    scopes: [],
    is_operator: false,
    must_change_password: false,
    user: null,
    extensions: [],
  },
  tenant: { number: "", name: "", time_zone: "UTC", country: "ES", language: "en" },
};
