import { z } from "zod";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import type { RecordingPlaces } from "../../core/pbx-record.ts";
import type { Sentence } from "../../core/sentence.ts";
import { instantField, toInstant } from "../../http/wire.ts";
import { hasNoCredentials } from "../../kit/address-guard.ts";
import { toWireWords, toWordFields } from "../../kit/word-fields.ts";
import { MASK } from "../connections/settings.ts";
import { timeZoneField } from "../schema.ts";
import { DEFAULT_DIAL, type NewPbxFields, type PbxFields } from "./pbx-changes.ts";
import type { StoredPbx } from "./store.ts";

/** How a PBX stands as this process sees it; the room telephony tells. */
export interface PbxState {
  isOwner: boolean;
  ami: { state: string; sinceAt: Date; banner: string | null; problem: Sentence | null } | null;
  calls: number | null;
  facts: { waiting: number };
}

const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !/\p{Cc}/u.test(text), FIELD_SENTENCES.line);
const TEMPLATE = /^[A-Za-z0-9]+\/[A-Za-z0-9_.@/+*#-]*\$\{extension\}[A-Za-z0-9_.@/+*#-]*$/;

const dialFields = z.strictObject({
  extension: z
    .string()
    .max(200)
    .regex(TEMPLATE, "must be a channel with the placeholder extension in it")
    .default(DEFAULT_DIAL.extension)
    .meta({ description: "Channel that rings a phone" }),
  context: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,79}$/, FIELD_SENTENCES.context)
    .default(DEFAULT_DIAL.context)
    .meta({ description: "Context that dials numbers for phones" }),
  number: z
    .string()
    .regex(/^[\d*#]{0,8}\$\{number\}[\d*#]{0,8}$/, "must be the placeholder number, with digits around it or not")
    .default(DEFAULT_DIAL.number)
    .meta({ description: "What a phone dials for an outside number" }),
  form: z
    .enum(["local", "e164"])
    .default(DEFAULT_DIAL.form)
    .meta({ description: "Numbers as dialled in the tenant's country, or with a plus" }),
});

/** A path without `..` and other surprises. */
const folder = z
  .string()
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/\p{Cc}]+)+$/u, FIELD_SENTENCES.path)
  .max(500);
const recordingFields = z
  .strictObject({
    folder: folder
      .nullable()
      .default(null)
      .meta({ description: "Folder of Enlace's machine with the PBX's recordings in it; only operators may name one" }),
    pbx_folder: folder
      .default("/var/spool/asterisk/monitor")
      .meta({ description: "The same folder as the PBX calls it" }),
    url: z
      .url({ protocol: /^https?$/, error: FIELD_SENTENCES.httpAddress })
      .max(1000)
      .refine((text) => /\$(\{|%7B)file(\}|%7D)/i.test(text), "must have the placeholder file in it")
      .refine(hasNoCredentials, FIELD_SENTENCES.credentials)
      .nullable()
      .default(null)
      .meta({ description: "Address of a recording: placeholders year, month, day, hour, file, uniqueid" }),
  })
  .refine(({ folder, url }) => folder !== null || url !== null, "needs a folder or an address")
  .nullable();

const fields = {
  name: line(60).meta({ description: "Calls carry it as `pbx`" }),
  host: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,253}$/, FIELD_SENTENCES.host)
    .nullable()
    .meta({ description: "null, with username and secret: no AMI, it only posts events (docs/hooks.md)" }),
  port: z.int().min(1).max(65_535),
  tls: z.boolean(),
  tls_ca: z
    .string()
    .max(20_000)
    .startsWith("-----BEGIN CERTIFICATE-----", "must be PEM")
    .nullable()
    .meta({ description: "Authority that signed its certificate; null: those of the system" }),
  username: line(80).nullable().meta({ description: "AMI user of manager.conf" }),
  secret: line(200).nullable(),
  time_zone: timeZoneField,
  call_id_prefix: z
    .string()
    .regex(/^[A-Za-z0-9._:@-]{0,32}$/, "may have 32 letters, digits and . _ : @ -")
    .meta({ description: "Before the ids of its calls; no two PBXs have the same" }),
  trunks: z
    .array(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, FIELD_SENTENCES.trunkName))
    .max(200)
    .meta({ description: "Peers that are trunks. Others are, too, unless their name is a short number" }),
  dial: dialFields,
  recordings: recordingFields.meta({ description: "Where its recordings are found; null: nowhere" }),
  enabled: z.boolean(),
};

export const newPbx = z.strictObject({
  ...fields,
  host: fields.host.default(null),
  username: fields.username.default(null),
  secret: fields.secret.default(null),
  port: fields.port.default(5038),
  tls: fields.tls.default(false),
  tls_ca: fields.tls_ca.default(null),
  time_zone: fields.time_zone.optional(),
  call_id_prefix: fields.call_id_prefix.optional(),
  trunks: fields.trunks.default([]),
  dial: dialFields.default(DEFAULT_DIAL),
  recordings: recordingFields.default(null),
  enabled: fields.enabled.default(true),
});

export const pbxChange = z.strictObject(fields).partial();

export const pbxAnswer = z
  .object({
    id: z.string(),
    ...fields,
    name: z.string(),
    host: z.string().nullable(),
    username: z.string().nullable(),
    secret: z.literal(MASK).nullable().meta({ description: "Never shown; sent back it means the stored one" }),
    tls_ca: z.string().nullable(),
    dial: z.object({ extension: z.string(), context: z.string(), number: z.string(), form: z.enum(["local", "e164"]) }),
    recordings: z
      .object({ folder: z.string().nullable(), pbx_folder: z.string(), url: z.string().nullable() })
      .nullable(),
    origin: z.enum(["environment", "api"]),
    posts_events: z.boolean().meta({ description: "Whether it has a token for the events it posts" }),
    status: z
      .object({
        owned_here: z.boolean().meta({ description: "Whether the answering process listens to it; else another may" }),
        state: z.string().nullable().meta({ description: "Of the AMI connection; `ready` is good" }),
        since: instantField.nullable(),
        problem: z.string().nullable(),
        ...toWordFields("problem"),
        asterisk: z.string().nullable().meta({ description: "What it greets with" }),
        calls: z.int().nullable().meta({ description: "Going on now" }),
        facts_waiting: z.int().meta({ description: "For the store" }),
      })
      .meta({ description: "As the answering process sees it" }),
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "Pbx" });

export function toPbxAnswer(pbx: StoredPbx, state: PbxState | undefined): z.infer<typeof pbxAnswer> {
  const { id, name, host, port, tls, username, origin, enabled, dial } = pbx;
  return {
    ...{ id, name, host, port, tls, username, origin, enabled, dial },
    tls_ca: pbx.tlsCa,
    secret: pbx.sealedSecret === null ? null : MASK,
    posts_events: pbx.postsEvents,
    time_zone: pbx.timeZone,
    call_id_prefix: pbx.callIdPrefix,
    trunks: [...pbx.trunks],
    recordings: pbx.recordings && toWirePlaces(pbx.recordings),
    status: {
      owned_here: state?.isOwner ?? false,
      state: state?.ami?.state ?? null,
      since: toInstant(state?.ami?.sinceAt ?? null),
      problem: state?.ami?.problem?.text ?? null,
      ...toWireWords("problem", state?.ami?.problem),
      asterisk: state?.ami?.banner ?? null,
      calls: state?.calls ?? null,
      facts_waiting: state?.facts.waiting ?? 0,
    },
    created_at: toInstant(pbx.createdAt),
    updated_at: toInstant(pbx.updatedAt),
  };
}

const toWirePlaces = ({ folder, pbxFolder, url }: RecordingPlaces) => ({ folder, pbx_folder: pbxFolder, url });

function fromWirePlaces(given: z.infer<typeof recordingFields>): RecordingPlaces | null {
  return given && { folder: given.folder, pbxFolder: given.pbx_folder, url: given.url };
}

export function toNewFields({ tls_ca, time_zone, call_id_prefix, ...rest }: z.infer<typeof newPbx>): NewPbxFields {
  return {
    ...rest,
    recordings: fromWirePlaces(rest.recordings),
    tlsCa: tls_ca,
    ...(time_zone !== undefined && { timeZone: time_zone }),
    ...(call_id_prefix !== undefined && { callIdPrefix: call_id_prefix }),
  };
}

/** Only what was sent: a field left out stays as it is, and so does a secret that comes back masked. */
export function toChangedFields(body: z.infer<typeof pbxChange>): Partial<PbxFields> {
  const { tls_ca, time_zone, call_id_prefix, secret, recordings, ...rest } = body;
  const changed = {
    ...rest,
    tlsCa: tls_ca,
    timeZone: time_zone,
    callIdPrefix: call_id_prefix,
    secret: secret === MASK ? undefined : secret,
    recordings: recordings === undefined ? undefined : fromWirePlaces(recordings),
  };
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
}
