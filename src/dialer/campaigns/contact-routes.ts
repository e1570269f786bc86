import { z } from "zod";
import { toFieldSentence } from "../../core/field-words.ts";
import type { App } from "../../http/app-instance.ts";
import { idParams, noBody, rowIdField } from "../../http/wire.ts";
import { toWireWords, toWordFields } from "../../kit/word-fields.ts";
import { toDoer } from "../administer.ts";
import { toContactAnswer } from "./answer.ts";
import type { ContactChanges, NewContact } from "./contact-changes.ts";
import { type CampaignRouteOptions, loadCampaignFor, steer, tags, write } from "./routes.ts";
import { contactAnswer } from "./schema.ts";

export interface ContactRouteOptions extends Pick<CampaignRouteOptions, "database" | "mayUse"> {
  contacts: ContactChanges;
}

const CONTACTS_MAX = 1_000;
const VARIABLES_MAX = 50;
const VARIABLES_CHARACTERS_MAX = 8_000;
const count = z.int().min(0);

const storable = z
  .string()
  .refine((text) => !text.includes("\0") && text.isWellFormed(), "is not text that can be kept");
const variables = z
  .record(storable.min(1).max(60), storable.max(500))
  .refine((all) => Object.keys(all).length <= VARIABLES_MAX, `has more than ${VARIABLES_MAX} variables`)
  .refine(
    (all) => Object.entries(all).flat().join("").length <= VARIABLES_CHARACTERS_MAX,
    `has more than ${VARIABLES_CHARACTERS_MAX} characters`,
  );
const newContact = z.strictObject({
  number: z
    .string()
    .max(60)
    .meta({ description: "As a person writes it", examples: ["+34 600 000 001"] }),
  variables: variables.default({}),
});
const newContacts = z.union([newContact, z.strictObject({ contacts: z.array(newContact).min(1).max(CONTACTS_MAX) })]);

const addedAnswer = z
  .object({
    inserted: count,
    duplicates: count.meta({ description: "Numbers that the campaign had already, and those that came twice" }),
    invalid: count,
    invalid_lines: z.array(
      z.object({
        line: count.meta({ description: "Of what was sent, from 1" }),
        value: z.string(),
        reason: z.string(),
        ...toWordFields("reason"),
      }),
    ),
  })
  .meta({ id: "AddedContacts" });

const contactParams = z.object({ id: rowIdField, contactId: rowIdField });

/** Contacts one by one; lists come by imports/routes.ts, and are read by routes.ts. */
export function registerContactRoutes(app: App, options: ContactRouteOptions): void {
  const { contacts } = options;
  app.post(
    "/api/v1/campaigns/:id/contacts",
    {
      config: write,
      schema: {
        summary: `Add one contact, or up to ${CONTACTS_MAX}, to a campaign in draft, active or paused`,
        description:
          "A number that the campaign has already is passed over, so that repeating a request changes nothing.",
        tags,
        params: idParams,
        body: newContacts,
        response: { 200: addedAnswer },
      },
    },
    async (request) => {
      const given: readonly NewContact[] = "contacts" in request.body ? request.body.contacts : [request.body];
      const { invalid, ...added } = await contacts.add(toDoer(request), request.params.id, given);
      const invalid_lines = invalid.map((line) => ({
        ...{ ...line, ...toWireWords("reason", toFieldSentence({ message: line.reason })) },
      }));
      return { ...added, invalid: invalid.length, invalid_lines };
    },
  );
  app.post(
    "/api/v1/campaigns/:id/contacts/:contactId/skip",
    {
      config: steer,
      schema: {
        summary: "Do not call one who waits; the contact stays, as skipped",
        tags,
        params: contactParams,
        response: { 200: contactAnswer },
      },
    },
    async (request) => {
      const { id, contactId } = request.params;
      await loadCampaignFor(request.caller, id, options);
      return toContactAnswer(await contacts.skip(toDoer(request), id, contactId));
    },
  );
  app.delete(
    "/api/v1/campaigns/:id/contacts/:contactId",
    {
      config: write,
      schema: {
        summary: "Take a contact out of its campaign, unless it is being called; calls that were made stay in the log",
        tags,
        params: contactParams,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      const { id, contactId } = request.params;
      await contacts.remove(toDoer(request), id, contactId);
      return reply.code(204).send();
    },
  );
}
