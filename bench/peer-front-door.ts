import { createHmac, timingSafeEqual } from "node:crypto";
import fastify from "fastify";

/**
 * The front door that the peers of the pipeline figure get: the same request with the same check, then `enqueue` (which
 * must be durable when it resolves), then 202. Prints `{"port":…}` when it listens.
 */
export async function openFrontDoor(secret: string, enqueue: (call: object) => Promise<unknown>): Promise<void> {
  const server = fastify();
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  server.post("/webhook/call", async (request, reply) => {
    const body = request.body as Buffer;
    const expected = createHmac("sha256", secret).update(body).digest();
    const given = Buffer.from(String(request.headers["x-signature"]), "hex");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return reply.code(401).send();
    await enqueue(JSON.parse(body.toString("utf8")) as object);
    return reply.code(202).send({ status: "accepted" });
  });
  await server.listen({ host: "127.0.0.1", port: 0 });
  const address = server.server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === "object" ? address?.port : 0 })}\n`);
}
