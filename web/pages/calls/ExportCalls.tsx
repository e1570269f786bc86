import { Button, Modal, Progress } from "@mantine/core";
import { useRef, useState } from "react";
import { fetchSigned } from "../../api/client.ts";
import { toRefusal } from "../../api/problem.ts";
import { useText } from "../../locales/text.tsx";
import { useMay, useMe } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { type CallSearch, toCallQuery } from "./call-search.ts";

interface Course {
  rows: number;
  /** `null` until the server has said. */
  total: number | null;
  state: "running" | "done" | "failed";
  error: unknown;
}

const BEGUN: Course = { rows: 0, total: null, state: "running", error: null };
const NEWLINE = 10;

/** The calls of these filters as a file for spreadsheets: however many, with the way it has come, and a way out. */
export function ExportCalls({ search }: { search: CallSearch }) {
  const { t, language } = useText();
  const { tenant } = useMe();
  const isAllowed = useMay()("POST /api/v1/calls/export");
  const [course, setCourse] = useState<Course | null>(null);
  const stopping = useRef<AbortController>(null);
  const start = async (): Promise<void> => {
    const controller = new AbortController();
    stopping.current = controller;
    setCourse(BEGUN);
    try {
      const query = toCallQuery(search, tenant.time_zone);
      const separator = language === "en" ? "comma" : "semicolon";
      const onRows = (rows: number, total: number): void => setCourse({ ...BEGUN, rows, total });
      const { bytes, name } = await takeCalls({ ...query, separator }, onRows, controller.signal);
      saveFile(bytes, name);
      setCourse((now) => now && { ...now, state: "done" });
    } catch (error) {
      setCourse((now) => (now && !controller.signal.aborted ? { ...now, state: "failed", error } : null));
    }
  };
  const close = (): void => {
    stopping.current?.abort();
    setCourse(null);
  };
  if (!isAllowed) return null;
  return (
    <>
      <Button variant="default" onClick={() => void start()}>
        {t("export.start")}
      </Button>
      <Modal
        opened={course !== null}
        onClose={close}
        title={t("export.title")}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {course && <CourseNote course={course} onClose={close} />}
      </Modal>
    </>
  );
}

function CourseNote({ course, onClose }: { course: Course; onClose(): void }) {
  const { t } = useText();
  const { rows, total, state, error } = course;
  return (
    <div className="stack">
      {state === "failed" && <ErrorNote error={error} />}
      <p role="status">
        {state === "done" ? t("export.done", { count: rows }) : t("export.rows", { rows, total: total ?? "…" })}
      </p>
      <Progress value={total ? (rows / total) * 100 : 0} aria-label={t("export.title")} />
      <Button variant="default" onClick={onClose}>
        {t(state === "running" ? "action.cancel" : "action.close")}
      </Button>
    </div>
  );
}

async function takeCalls(
  body: object,
  onRows: (rows: number, total: number) => void,
  signal: AbortSignal,
): Promise<{ bytes: Blob; name: string }> {
  const headers = { "content-type": "application/json" };
  const request = new Request("/api/v1/calls/export", { method: "POST", headers, body: JSON.stringify(body), signal });
  const response = await fetchSigned(request);
  if (!response.ok || !response.body) throw toRefusal(response, await response.json().catch(() => null));
  const total = Number(response.headers.get("x-total-rows"));
  const parts: BlobPart[] = [];
  let lines = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    for (const byte of value) if (byte === NEWLINE) lines += 1;
    onRows(Math.max(0, lines - 1), Math.max(total, lines - 1));
  }
  const [, name = "calls.csv"] = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "") ?? [];
  return { bytes: new Blob(parts, { type: "text/csv" }), name };
}
