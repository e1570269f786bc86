import { Button } from "@mantine/core";
import { useText } from "../locales/text.tsx";
import { ErrorNote } from "./ErrorNote.tsx";

interface PagedList {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError: boolean;
  error: unknown;
  fetchNextPage(): unknown;
}

/** The way to older rows of a list; nothing on its last page. */
export function MoreButton({ list }: { list: PagedList }) {
  const { t } = useText();
  if (!list.hasNextPage) return null;
  return (
    <div className="table-foot">
      {list.isFetchNextPageError && <ErrorNote error={list.error} />}
      <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        {t("action.more")}
      </Button>
    </div>
  );
}
