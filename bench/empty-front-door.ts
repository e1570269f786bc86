// A front door with nothing behind it: what HTTP, the signature and parsing alone allow on this machine.
//   node bench/empty-front-door.ts
import { openFrontDoor } from "./peer-front-door.ts";
import { SECRET } from "./stage.ts";

await openFrontDoor(SECRET, async () => undefined);
