import type { Speaker } from "../../ui/server-words.ts";
import type { FieldSchema } from "./settings-schema.ts";

/**
 * A connector's settings in the language of the screen: titles, descriptions and choices by their names
 * (`setting.vtiger.url`, `….hint`, `….choice.ended`). What has no text there stays as the connector wrote it.
 */
export function toToldSchema(connector: string, schema: FieldSchema, speaker: Speaker): FieldSchema {
  const tell = (path: string, node: FieldSchema): FieldSchema => {
    const find = (key: string): string | undefined => (speaker.knows(key) ? speaker.say(key, {}) : undefined);
    const own = (part: string): string | undefined => find(`setting.${connector}.${path}${part}`);
    const children = Object.entries(node.properties ?? {});
    const choices = (node.items?.enum ?? []).map(String);
    return {
      ...node,
      title: own("") ?? node.title,
      description: own(".hint") ?? node.description,
      isTold: own("") !== undefined,
      choiceLabels: Object.fromEntries(choices.map((one) => [one, own(`.choice.${one}`) ?? one])),
      ...(node.properties && {
        properties: Object.fromEntries(children.map(([name, child]) => [name, tell(toPath(path, name), child)])),
      }),
    };
  };
  return tell("", schema);
}

const toPath = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);
