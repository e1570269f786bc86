import { Button, Modal, Progress } from "@mantine/core";
import { useRef, useState } from "react";
import { fetchSigned } from "../../api/client.ts";
import { toRefusal } from "../../api/problem.ts";
import { useText } from "../../locales/text.tsx";
import { useMay, useMe } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { type CallSearch, toCallQuery } from "./call-search.ts";
import { createLineCounter, createSheetCounter } from "./row-counters.ts";

interface Course {
  rows: number;
  /** `null` until the server has said. */
  total: number | null;
  state: "running" | "done" | "failed";
  error: unknown;
}

const BEGUN: Course = { rows: 0, total: null, state: "running", error: null };

type Format = "csv" | "xlsx";

/** The calls of these filters as a file for spreadsheets: however many, with the way it has come, and a way out. */
export function ExportCalls({ search }: { search: CallSearch }) {
  const { t, language } = useText();
  const { tenant } = useMe();
  const isAllowed = useMay()("POST /api/v1/calls/export");
  const [isOpen, setOpen] = useState(false);
  const [course, setCourse] = useState<Course | null>(null);
  const stopping = useRef<AbortController>(null);
  const start = async (format: Format): Promise<void> => {
    const controller = new AbortController();
    stopping.current = controller;
    setCourse(BEGUN);
    try {
      const query = toCallQuery(search, tenant.time_zone);
      const body = { ...query, format, separator: language === "en" ? "comma" : "semicolon" };
      const onRows = (rows: number, total: number): void => setCourse({ ...BEGUN, rows, total });
      const { bytes, name } = await takeCalls(body, onRows, controller.signal);
      saveFile(bytes, name);
      setCourse((now) => now && { ...now, rows: now.total ?? now.rows, state: "done" });
    } catch (error) {
      setCourse((now) => (now && !controller.signal.aborted ? { ...now, state: "failed", error } : null));
    }
  };
  const close = (): void => {
    stopping.current?.abort();
    setCourse(null);
    setOpen(false);
  };
  if (!isAllowed) return null;
  return (
    <>
      <Button variant="default" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {t("export.start")}
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        title={t("export.title")}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {course ? (
          <CourseNote course={course} onClose={close} />
        ) : (
          <Formats onChoose={(format) => void start(format)} />
        )}
      </Modal>
    </>
  );
}

function Formats({ onChoose }: { onChoose(format: Format): void }) {
  const { t } = useText();
  return (
    <div className="stack">
      <p>{t("export.text")}</p>
      <div className="row">
        {(["csv", "xlsx"] as const).map((format) => (
          <Button key={format} variant="default" onClick={() => onChoose(format)}>
            {t(`export.${format}`)}
          </Button>
        ))}
      </div>
    </div>
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
  body: { format: Format },
  onRows: (rows: number, total: number) => void,
  signal: AbortSignal,
): Promise<{ bytes: Blob; name: string }> {
  const headers = { "content-type": "application/json" };
  const request = new Request("/api/v1/calls/export", { method: "POST", headers, body: JSON.stringify(body), signal });
  const response = await fetchSigned(request);
  if (!response.ok || !response.body) throw toRefusal(response, await response.json().catch(() => null));
  const total = Number(response.headers.get("x-total-rows"));
  const parts: BlobPart[] = [];
  const counter = body.format === "csv" ? createLineCounter() : createSheetCounter();
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    const rows = Math.max(0, counter(value) - 1); // but for the heading
    onRows(rows, Math.max(total, rows));
  }
  const [, name = `calls.${body.format}`] =
    /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "") ?? [];
  return { bytes: new Blob(parts, { type: response.headers.get("content-type") ?? "" }), name };
}
