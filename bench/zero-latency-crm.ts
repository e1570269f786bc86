// The other side of the pipeline figure, in a process of its own: answers 200 at once and counts. GET /count says how many.
import { createServer } from "node:http";

let delivered = 0;
const server = createServer((request, response) => {
  if (request.method === "GET") return void response.end(String(delivered));
  request.resume();
  request.on("end", () => {
    delivered++;
    response.writeHead(200, { "content-length": 2 }).end("{}");
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === "object" ? address?.port : 0 })}\n`);
});
