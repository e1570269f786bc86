// Records what a real Asterisk says of the usual ways of a call, as fixtures of the simulated PBX (src/telephony/fake-pbx):
//   node test/peers/asterisk/record-stories.ts [folder]
// Look at the difference before committing it: what Asterisk says of two channels at once may come either way round, and in a
// transfer so may the two who leave a bridge.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { toLinesByChannel } from "../../../src/telephony/fake-pbx/fake-event-line.ts";
import type { FakeFields } from "../../../src/telephony/fake-pbx/fake-wire.ts";
import { startAsterisks } from "./asterisk.ts";
import { openWorld, until } from "./world.ts";

const folder = process.argv[2] ?? join(import.meta.dirname, "../../../src/telephony/fake-pbx/fixtures");
const started = await startAsterisks();
if (typeof started === "string") throw new Error(started);
const world = await openWorld(started);
const headers = new Map<string, Set<string>>();
const stories: Record<string, Record<string, string[]>> = {};

const isTalking = (extension: string) =>
  until(() => world.told.some(({ raw }) => raw.includes(`"talk","extension":"${extension}"`)), `${extension} talks`);
const isRinging = (extension: string) =>
  until(() => world.told.some(({ raw }) => raw.includes(`"ring","extension":"${extension}"`)), `${extension} rings`);
const isHeard = (event: string, channel: string) =>
  until(
    () => world.heard.some((each) => each.get("Event") === event && each.get("Channel")?.startsWith(channel)),
    `${event} of ${channel}`,
  );
const ring = (...extensions: string[]) => Promise.all(extensions.map((extension) => world.phone(extension, "ring")));
const callUuid = (): string => world.told[0]?.callUuid ?? "";
const channelOf = async (extension: string): Promise<string> => {
  const { items } = await world.tester.list({ name: "CoreShowChannels" });
  return items.map((item) => item.get("Channel") ?? "").find((name) => name.startsWith(`PJSIP/${extension}-`)) ?? "";
};
const send = (name: string, fields: Record<string, string>) => world.tester.send({ name, fields });

function story(name: string, run: () => Promise<unknown>): void {
  test(name, { timeout: 60_000 }, async () => {
    await world.reset();
    await run();
    await world.settle();
    const events: FakeFields[] = world.heard.map(({ fields }) => fields);
    stories[name] = toLinesByChannel(events);
    for (const fields of events) {
      const names = fields.filter((_, index) => index % 2 === 0).slice(3);
      const event = fields[1] ?? "";
      headers.set(event, (headers.get(event) ?? new Set()).add(names.join(" ")));
    }
  });
}

async function abandoned(number: string, extensions: readonly string[]): Promise<void> {
  await ring(...extensions);
  const hangUp = await world.callIn(number);
  for (const extension of extensions) await isRinging(extension);
  await isHeard("Newstate", `PJSIP/${extensions.at(-1)}-`);
  await hangUp();
}

async function attended(): Promise<void> {
  await world.talkSeconds(12);
  const hangUp = await world.callIn("0009001");
  await isTalking("101");
  const agent = await channelOf("101");
  await send("Atxfer", { Channel: agent, Context: "from-internal", Exten: "102" });
  await isHeard("BridgeEnter", "PJSIP/102-");
  await send("Hangup", { Channel: agent });
  await isTalking("102");
  await hangUp();
}

async function onTalking(name: string, fields: Record<string, string> = {}): Promise<void> {
  await world.talkSeconds(name === "Hangup" ? 60 : 2);
  await world.callIn("0009001");
  await isTalking("101");
  const Channel = name === "Hangup" ? callUuid() : await channelOf("101");
  await send(name, { Channel, ...fields });
}

async function click(id: string, ringMs: number): Promise<void> {
  const place = { Channel: "PJSIP/101", Context: "from-internal", Exten: "9600000011", Priority: "1" };
  await send("Originate", { ...place, CallerID: "600000011", Timeout: String(ringMs), Async: "true", ChannelId: id });
  await isHeard("Hangup", "PJSIP/101-");
}

const place = { Context: "from-internal", Exten: "102" };
story("answered", () => world.callIn("0009001"));
story("busy", async () => {
  await world.phone("101", "busy");
  await world.callIn("0009001");
});
story("missed-one", () => abandoned("0009001", ["101"]));
story("missed", () => abandoned("0009002", ["101", "102", "103"]));
story("group", async () => {
  await ring("101", "102");
  await world.callIn("0009002");
});
story("queue", async () => {
  await ring("101");
  await world.callIn("0009004");
});
story("queue-abandon", () => abandoned("0009004", ["101", "102"]));
story("blind", () => onTalking("BlindTransfer", place));
story("attended", attended);
story("outbound", () => world.dial("101", "9600000011"));
story("outbound-busy", () => world.dial("101", "9600000013"));
story("internal", () => world.dial("101", "102"));
story("click", () => click("r-click.1", 30_000));
story("click-no-answer", async () => {
  await ring("101");
  await click("r-click.2", 1_000);
});
story("click-busy", async () => {
  await world.phone("101", "busy");
  await click("r-click.3", 30_000);
});
story("redirect", async () => {
  await ring("101");
  await world.callIn("0009001");
  await isRinging("101");
  await isHeard("Newstate", "PJSIP/101-");
  await send("Redirect", { Channel: callUuid(), Context: "from-internal", Exten: "103", Priority: "1" });
});
story("hangup", () => onTalking("Hangup", { Cause: "16" }));

after(() => {
  const forms = Object.fromEntries([...headers].sort().map(([event, names]) => [event, [...names].sort()]));
  const save = (name: string, value: unknown): void =>
    writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  save("asterisk-16-headers.json", forms);
  save("asterisk-16-stories.json", stories);
});
