import type { z } from "zod";
import { toInstant } from "../../http/wire.ts";
import { toWireWords } from "../../kit/word-fields.ts";
import type { ContactState } from "../campaign.ts";
import type { StoredContact } from "./contact-store.ts";
import type { StoredImport } from "./imports/import-store.ts";
import { toldOf } from "./imports/words.ts";
import { isOpen, nextOpening, type Schedule } from "./schedule.ts";
import type { campaignAnswer, contactAnswer, importAnswer, scheduleAnswer, statisticsAnswer } from "./schema.ts";
import type { ContactCount, StoredCampaign } from "./store.ts";

// Campaigns as they are shown on the wire.

export function toCampaignAnswer(
  campaign: StoredCampaign,
  counts: readonly ContactCount[],
): z.input<typeof campaignAnswer> {
  return {
    id: campaign.id,
    project_id: campaign.projectId,
    name: campaign.name,
    state: campaign.state,
    contacts: toContactCounts(counts),
    started_at: toInstant(campaign.startedAt),
    ended_at: toInstant(campaign.endedAt),
    created_at: toInstant(campaign.createdAt),
    updated_at: toInstant(campaign.updatedAt),
  };
}

export function toContactCounts(counts: readonly ContactCount[]): z.input<typeof campaignAnswer>["contacts"] {
  const sum = (state: ContactState | null): number =>
    counts.reduce((total, each) => total + (state === null || each.state === state ? each.contacts : 0), 0);
  return {
    total: sum(null),
    pending: sum("pending"),
    dialing: sum("dialing"),
    completed: sum("completed"),
    failed: sum("failed"),
    skipped: sum("skipped"),
  };
}

export function toStatisticsAnswer(
  campaign: StoredCampaign,
  { counts, schedule, now }: { counts: readonly ContactCount[]; schedule: Schedule; now: Date },
): z.input<typeof statisticsAnswer> {
  const shown = toCampaignAnswer(campaign, counts);
  const { completed, failed, skipped } = shown.contacts;
  return {
    campaign: shown,
    processed: completed + failed + skipped,
    by_disposition: counts.map(({ disposition, state, contacts }) => ({ disposition, state, contacts })),
    in_schedule: isOpen(schedule, now),
    next_window_at: toInstant(nextOpening(schedule, now)),
  };
}

export function toScheduleAnswer(schedule: Schedule, now: Date): z.input<typeof scheduleAnswer> {
  return {
    time_zone: schedule.timeZone,
    windows: schedule.windows.map(({ weekday, starts, ends, enabled }) => ({
      ...{ weekday, starts: toTime(starts), ends: toTime(ends), enabled },
    })),
    in_schedule: isOpen(schedule, now),
    next_window_at: toInstant(nextOpening(schedule, now)),
  };
}

/** `09:00`, or `09:00:30` where it has seconds. */
function toTime(second: number): string {
  const parts = [second / 3600, (second / 60) % 60, ...(second % 60 === 0 ? [] : [second % 60])];
  return parts.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
}

export function toContactAnswer(contact: StoredContact): z.input<typeof contactAnswer> {
  return {
    id: contact.id,
    number: contact.number,
    variables: { ...contact.variables },
    state: contact.state,
    disposition: contact.disposition,
    attempts: contact.attempts,
    next_at: contact.state === "pending" ? toInstant(contact.nextAt) : null,
    last_attempt_at: toInstant(contact.lastAttemptAt),
  };
}

export function toImportAnswer(given: StoredImport): z.input<typeof importAnswer> {
  return {
    id: given.id,
    campaign_id: given.campaignId,
    kind: given.kind,
    file_name: given.fileName,
    state: given.state,
    lines_read: given.linesRead,
    inserted: given.inserted,
    duplicates: given.duplicates,
    invalid: given.invalid,
    suppressed: given.suppressed,
    columns: given.columns,
    problem: given.problem,
    ...toWireWords("problem", given.problem === null ? null : toldOf(given.problem)),
    created_at: toInstant(given.createdAt),
    updated_at: toInstant(given.updatedAt),
    finished_at: toInstant(given.finishedAt),
  };
}
