// What the benchmark tells a server, as lines on its standard input: "broadcast" sends the text to
// every viewer, "settle" gives memory back that is not needed. The server ends with its input.

import { createInterface } from "node:readline";

export const text = process.argv[2];

export function obey(port, broadcast) {
  console.log(JSON.stringify({ port, pid: process.pid }));
  const orders = createInterface({ input: process.stdin });
  orders.on("line", (order) => {
    if (order === "broadcast") broadcast();
    else globalThis.gc?.();
  });
  orders.on("close", () => process.exit(0));
}
